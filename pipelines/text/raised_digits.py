"""Exponents in raised digits."""

from __future__ import annotations

import re

_RAISED = str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")
_EXPONENT = re.compile(r"\s*[-+−]?\d{1,3}\s*")


def raised(text: str) -> str:
    """A raised number in raised digits, so that 10⁵ is not read as 105; anything else as it is."""
    return text.translate(_RAISED) if _EXPONENT.fullmatch(text) else text
