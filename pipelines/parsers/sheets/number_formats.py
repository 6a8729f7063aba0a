"""What a cell of a sheet shows: its value with the unit, currency or zeros of its number format."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Any

from pipelines.parsers.located_text import clean, number_text

_SECTION = re.compile(r'(?:"[^"]*"|\\.|[^;"\\])*')
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|\[\$(?P<currency>[^\]-]*)[^\]]*\]|\[[^\]]*\]|[_*].'
    r"|(?P<digits>General|[0#?@.,/E%][-+0#?@.,/E%]*)|(?P<sign>.)"
)
_LITERALS = ("quoted", "escaped", "currency", "sign")


def shown(cell: Any) -> str:
    """Digits are kept as they are stored (openpyxl's `cell`): no format rounds them away."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number(value, cell.number_format or "General")
    if isinstance(value, datetime):
        midnight = value.time() == time(0)
        return value.date().isoformat() if midnight else value.isoformat(" ", "seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        seconds = round(value.total_seconds())
        sign, seconds = "-" if seconds < 0 else "", abs(seconds)
        return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return clean(str(value))


def _number(value: float, number_format: str) -> str:
    # 0.1235 formatted as a percentage: rounding hides the noise of the multiplication.
    if "%" in number_format:
        return f"{number_text(round(value * 100, 10))}%"
    before, digits, after = _parts(number_format)
    sign, text = "-" if value < 0 else "", number_text(abs(value))
    if re.fullmatch("00+", digits) and text.isdecimal():
        text = text.zfill(len(digits))
    return f"{sign}{before}{text}{after}"


def _parts(number_format: str) -> tuple[str, str, str]:
    """Words before the digits, their places, and words after them, such as `€ ` or ` bar`.

    Signs and brackets that only say whether a number is negative are no words. Where words stand
    between digits, there are none (ECMA-376, 18.8.31).
    """
    words, digits = ["", ""], ""
    for token in _TOKEN.finditer(_SECTION.match(number_format)[0]):  # type: ignore[index]
        if token["digits"]:
            if digits:
                return "", "", ""
            digits = token["digits"]
            continue
        words[bool(digits)] += next((token[n] for n in _LITERALS if token[n]), "")
    before, after = (re.sub(r"[-+()]", "", word) for word in words)
    if not digits or not (before + after).strip():
        return "", digits, ""
    return before.lstrip() if before.strip() else "", digits, after.rstrip()
