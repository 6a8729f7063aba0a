"""Characters as a PDF gives them -> text as people write it."""

from __future__ import annotations

import ctypes
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache
from typing import Any

_LINE_END_HYPHEN = re.compile("[\x02\ufffe]")
"""What pdfium puts for a hyphen that ends a line, by character and in bulk."""
_MAX_BYTES = 64_000
LEADER = "…"
_LEADERS = re.compile(r"\s?(?:(?:\.\s?){4,}|(?:…\s?){2,}|(?:·\s?){4,}|_{4,})\s?")
"""Dots that lead the eye to a page number, or a line to write on; one character says as much."""
_LEADS = ("..", ". .", "…", "·", "__")
"""What a leader holds: looking for these first spares most texts the search for one."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\ufeff\ufffe\uffff]")
_COMPATIBILITY = re.compile(r"[\ufb00-\ufdff\ufe70-\ufefc]+")
_STRAY_SPACE = re.compile(
    r"(?<=[\u3001-\u30ff\u3400-\u9fff\uff01-\uff5e]) (?=[\u3001-\u30ff\u3400-\u9fff\uff01-\uff5e])"
    r"| (?=[\u064b-\u065f])"
)
"""Between Chinese or Japanese characters set wide, and before an Arabic vowel sign."""
_SCRIPT_CHANGE = re.compile(
    r"(?<=[\u05d0-\u05ea\u0620-\u064a])(?=[A-Za-z])|(?<=[A-Za-z])(?=[\u05d0-\u05ea\u0620-\u064a])"
)
"""Files often lose the space between a right-to-left word and a Latin one; no word has both."""
_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")


def clean(text: str) -> str:
    """Text with ligatures and presentation forms spelled out and invisible characters dropped."""
    if not text.isascii():
        text = _COMPATIBILITY.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
        text = text.replace("\u00a0", " ").replace("\u00ad", "-").replace("\u2010", "-")
        text = _SCRIPT_CHANGE.sub(" ", text)
    if not text.isprintable():
        text = _CONTROL.sub("", _LINE_END_HYPHEN.sub("-", text))
    if any(lead in text for lead in _LEADS):
        text = _LEADERS.sub(f" {LEADER} ", text)
    text = " ".join(text.split())
    return text if text.isascii() else _STRAY_SPACE.sub("", text)


def mostly_right_to_left(text: str) -> bool:
    """Whether more than half of the letters are Arabic, Hebrew or the like."""
    if text.isascii():
        return False
    found = len(_RIGHT_TO_LEFT.findall(text))
    return found * 2 > sum(character.isalpha() for character in text)


@lru_cache(maxsize=1)
def presentation_forms() -> frozenset[str]:
    """What Unicode's Arabic presentation forms are spelled out as."""
    blocks = (*range(0xFB50, 0xFE00), *range(0xFE70, 0xFEFD))
    return frozenset(unicodedata.normalize("NFKC", chr(code)) for code in blocks)


def read_utf16(read: Callable[[Any, int], int]) -> str:
    """What a pdfium function writes as UTF-16 into a buffer of a size in bytes; "" when too long.

    `read` is called first with None and 0 and answers how many bytes it needs.
    """
    length = read(None, 0)
    if not 2 < length <= _MAX_BYTES:
        return ""
    buffer = ctypes.create_string_buffer(length)
    if read(buffer, length) > length:
        return ""
    return buffer.raw.decode("utf-16-le", errors="ignore").rstrip("\0")
