"""Numbers in the styles that lists count in."""

from __future__ import annotations

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l")),
    *((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)


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
