"""Characters of the fonts Symbol and Wingdings, which Word files name by font and code.

Of Wingdings only what says something: boxes, ticks and arrows (Symbol: Adobe's encoding vector).
"""

from __future__ import annotations

from pipelines.parsers.list_marks import BULLET

_SYMBOL = dict(
    zip(
        (*range(0x41, 0x5B), *range(0x61, 0x7B)),
        "ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖαβχδεφγηιϕκλμνοπθρστυϖωξψζ",
        strict=True,
    )
) | {
    **dict(zip((0x22, 0x24, 0x27, 0x2A, 0x2D, 0x40, 0x5C, 0x5E, 0x7E), "∀∃∋∗−≅∴⊥∼", strict=True)),
    **dict(zip(range(0xA2, 0xB0), "′≤⁄∞ƒ♣♦♥♠↔←↑→↓", strict=True)),
    **dict(zip(range(0xB0, 0xC0), "°±″≥×∝∂•÷≠≡≈…|—↵", strict=True)),
    **dict(zip(range(0xC4, 0xD0), "⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉", strict=True)),
    **dict(zip(range(0xD0, 0xE0), "∠∇®©™∏√⋅¬∧∨⇔⇐⇑⇒⇓", strict=True)),
    **dict(zip((0xE5, 0xF2), "∑∫", strict=True)),
}
_WINGDINGS = dict(
    zip(
        (0x6F, 0x72, 0xA8, 0xA7, 0xDF, 0xE0, 0xE1, 0xE2, 0xE8, 0xF0, 0xFB, 0xFC, 0xFD, 0xFE),
        "☐☐☐▪←→↑↓→⇨✗✓☒☑",
        strict=True,
    )
)


def symbol(font: str | None, code: str | None) -> str:
    """The character, of `code` in hexadecimal (F0xx or xx); empty for a mere ornament."""
    try:
        number = int(code or "", 16)
    except ValueError:
        return ""
    is_private = 0xF000 <= number <= 0xF0FF
    number = number & 0xFF if is_private else number
    if (font or "").lower() == "symbol":
        return _SYMBOL.get(number) or (chr(number) if 0x20 <= number < 0x7F else "")
    if (font or "").lower().startswith("wingdings"):
        return _WINGDINGS.get(number, "")
    return "" if is_private or not 0x20 <= number < 0xD800 else chr(number)


def bullet(font: str | None, sign: str) -> str:
    """The sign itself where it says something, such as an empty box; else a plain bullet."""
    if len(sign) != 1 or sign.isalnum():
        return BULLET
    return symbol(font, f"{ord(sign):x}") or BULLET
