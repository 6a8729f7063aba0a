"""Numbers and bullets of list items, as a reader sees them: "step 3" is only found where 3 is
written, and a list is only told whole where its items are marked."""

from __future__ import annotations

import re

BULLET = "•"

_BULLETED = re.compile(r"\s*(?:[•‣⁃∙●○◦▪■□·]|[-–*](?=\s))")
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l")),
    *((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)


def is_bulleted(text: str) -> bool:
    """Whether the text itself begins with a bullet; a minus sign is none."""
    return _BULLETED.match(text) is not None


def number_as(number: int, kind: str | None) -> str:
    """Letters for `a` and `A`, Roman for `i` and `I` (HTML, 4.4.5); digits for anything else."""
    if kind in ("a", "A") and 1 <= number <= len(_LETTERS):
        text = _LETTERS[number - 1]
    elif kind in ("i", "I") and 1 <= number < 4000:
        text = ""
        for value, sign in _ROMAN:
            text += sign * (number // value)
            number %= value
    else:
        return str(number)
    return text.upper() if kind in ("A", "I") else text
