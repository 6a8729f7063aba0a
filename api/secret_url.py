"""A URL that may hold a password, as a setting."""

from __future__ import annotations

import re

from pydantic import SecretStr

_URL = re.compile(r"(?P<scheme>[\w+.-]+://)(?P<credentials>.*@)?(?P<address>[^?#]*)(?P<rest>.*)")


class SecretUrl(SecretStr):
    """Shown as scheme, host and path, so that an operator can tell one server from another; what
    stands before the @, and parameters, which may hold a password too, are shown as asterisks."""

    def _display(self) -> str:
        found = _URL.fullmatch(self.get_secret_value())
        if found is None:
            return super()._display()
        credentials = "**********@" if found["credentials"] else ""
        rest = "**********" if found["rest"] else ""
        return f"{found['scheme']}{credentials}{found['address']}{rest}"
