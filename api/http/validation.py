"""Refuses characters that no text holds, at the edge: Postgres stores neither NUL nor halves of
surrogate pairs, and nobody means to send them."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask, request

from api.errors import refuse, unprocessable

_UNTEXT = re.compile("[\x00\ud800-\udfff]")
_MESSAGE = "Contains a character that is no text (NUL or half of a surrogate pair); remove it."


def init_app(app: Flask) -> None:
    app.before_request(_check)


def _check() -> None:
    if _UNTEXT.search(request.path):
        refuse(404, "There is nothing at this address.")
    for name, value in request.args.items(multi=True):
        if _UNTEXT.search(value):
            unprocessable(name, _MESSAGE, "query")
    if request.is_json:
        body: Any = request.get_json(silent=True)
        field = _first(body, "body")
        if field is not None:
            unprocessable(field, _MESSAGE)


def _first(value: Any, name: str) -> str | None:
    """Name of the first field that holds such a character."""
    if isinstance(value, str):
        return name if _UNTEXT.search(value) else None
    if isinstance(value, dict):
        found = (_first(each, str(key)) or _first(str(key), "body") for key, each in value.items())
        return next((field for field in found if field), None)
    if isinstance(value, list):
        return next((field for each in value if (field := _first(each, name))), None)
    return None
