"""What kind of thing a cell holds: an amount, a code, a yes or no, words.

A row is told from the rows below it by these: the name of a column is seldom of the kind that the
column holds.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

Kind = Literal["", "year", "number", "amount", "code", "flag", "words"]
"""`number`: also dates, times and ranges; `amount`: a number with its unit or what it counts;
`code`: letters and digits without a space, such as a part number; `flag`: one of a few answers,
such as yes, a tick, a dash."""

VALUES = frozenset(("year", "number", "amount"))

_LONG = 120
_CURRENCY = r"(?:US\$|[$€£¥₩₹]|CHF|EUR|USD|GBP)"
_SIGN = rf"(?:[-+−–~≈<>≤≥±(=]|{_CURRENCY})"
_NUMBER = re.compile(rf"{_SIGN}{{0,3}}\s*{_SIGN}?\s*\d[\d.,:'/\s%‰–−\-+±)]*(?:{_CURRENCY})?\W?")
_YEAR = re.compile(r"(?:FY\s?)?(?:19|20)\d\d")
_HEDGE = re.compile(
    r"(?:(?:max|min|approx|appr|ca|circa|about|up to|typ|nom|bis(?: zu)?|von|ab|from|over|under"
    r"|env|jusqu'à|máx|mín|hasta|fino a|até|tot|最大|最小|约|約|최대|최소)\b\.?\s*){1,2}",
    re.IGNORECASE,
)
_COUNTED = re.compile(rf"{_SIGN}{{0,2}}\s*\d(?!\d*(?:st|nd|rd|th)\b)(?![\w.]*[-/_][A-Za-z])")
_WORD = re.compile(r"[^\W\d_]+")
_CODE = re.compile(r"(?=[^\s]*\d)(?=[^\s]*[^\W\d_])[\w][\w./+#-]{0,24}")
_UNIT_BEHIND = re.compile(r"\d+(?:[.,]\d+)?\s?(?:[^\W\d_]{1,3}|[°µμΩ]\w{0,2}|%)")
_MONTHS = frozenset("jan feb mar mär apr may mai jun jul aug sep oct okt nov dec dez".split())
_FLAGS = frozenset(
    "yes no y n true false on off none n/a na n.a. x o ja nein nee oui non sí si sì sim não nao "
    "是 否 有 无 無 はい いいえ あり なし 예 아니오 아니요 ✓ ✔ ✗ ✘ × ● ○ • - – —".split()
)


@lru_cache(maxsize=8192)
def kind_of(text: str) -> Kind:
    """The kind of a cell; "" for an empty one."""
    text = " ".join(text.split())
    if not text:
        return ""
    if text.casefold() in _FLAGS:
        return "flag"
    if len(text) > _LONG:
        return "words"
    if _YEAR.fullmatch(text):
        return "year"
    if _NUMBER.fullmatch(text):
        return "number"
    if _is_amount(text):
        return "amount"
    return "code" if _CODE.fullmatch(text) else "words"


def is_value(text: str) -> bool:
    """Whether a cell holds a number, an amount, a date or a time and no name."""
    return kind_of(text) in VALUES


def is_measure(text: str) -> bool:
    """Whether a cell holds an amount in a unit of few letters, and no date: 49 g, max 2 W."""
    if kind_of(text) != "amount":
        return False
    words = _WORD.findall(_HEDGE.sub("", text, count=1))
    return len(words) == 1 and len(words[0]) <= 3 and words[0].casefold() not in _MONTHS


def unit_of(text: str) -> str:
    """The first word of an amount, "" where there is none."""
    found = _WORD.search(_HEDGE.sub("", text, count=1))
    return found[0] if found else ""


def pattern_of(text: str) -> str:
    """The words of a cell with one sign for each that holds a digit: `Bearing #` for `Bearing G2`;
    "" where none does."""
    if not any(map(str.isdigit, text)):
        return ""
    return " ".join("#" if any(map(str.isdigit, word)) else word for word in text.split())


def _is_amount(text: str) -> bool:
    """A number with few words behind it, and short ones if there are more than two: `49 g`,
    `max 2 W`, `77 mm (w) x 186 mm (d)`; `24V`, and no code such as `2N2222`."""
    begin = _HEDGE.match(text)
    rest = text[begin.end() :] if begin else text
    if not _COUNTED.match(rest):
        return False
    if " " not in rest:
        return _UNIT_BEHIND.fullmatch(rest.lstrip("-+−–~≈<>≤≥±(= ").rstrip(")")) is not None
    words = _WORD.findall(rest)
    return len(words) <= 2 or all(len(word) <= 4 for word in words)
