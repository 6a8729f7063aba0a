"""Where sentences end, in the languages that mark it."""

from __future__ import annotations

import re

# A terminator, closing quotes or brackets, then white space; CJK terminators need no space.
_END = re.compile(r"(?:[.!?…]+[\"'”’»)\]]*(?=\s|$))|(?:[。！？｡؟۔।]+[\"'”’」』）]*)|\n+")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(\[])(?:[A-Za-z]|(?:[A-Za-z]\.)+[A-Za-z]|e\.g|i\.e|cf|vs|etc|approx|ca|resp|incl|max|min"
    r"|Mr|Mrs|Ms|Dr|Prof|Sr|Jr|St|No|Nos|Fig|Figs|Eq|Eqs|Ref|Refs|Sec|Ch|Vol|pp|p|ed|eds|al|Inc|Ltd"
    r"|Co|Corp|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec|U\.S|U\.K|bzw|z\.B|d\.h|usw|Nr|Abb)\.$"
)
# "order no. S-104", "art. 12": part of a name when a number or code follows.
_NUMBERED = re.compile(
    r"(?:^|[\s(\[])(?:no|nos|art|fig|figs|eq|sec|vol|ch|pos|item)\.$", re.IGNORECASE
)
# "2." that begins a line is the number of a list's item, and the item goes on behind it.
_ITEM = re.compile(r"(?:^|\n)[ \t]*\(?\d{1,3}\.$")


def sentences(text: str) -> list[tuple[int, int]]:
    """Character ranges of the sentences of `text`, trimmed of white space, in order.

    A line end is an end too: headings, list items and table rows stand alone. Text that was
    wrapped must have been joined before.
    """
    found: list[tuple[int, int]] = []
    start = 0
    for match in _END.finditer(text):
        end = match.end()
        if text[match.start()] == "." and not _ends_here(text, start, match):
            continue
        _add(found, text, start, end)
        start = end
    _add(found, text, start, len(text))
    return found


def _ends_here(text: str, start: int, match: re.Match[str]) -> bool:
    """Whether a full stop ends a sentence, rather than an abbreviation within one."""
    following = text[match.end() :].lstrip(" \t")[:1]
    if not following or following == "\n":
        return True
    if following.islower():
        return False
    head = text[max(start, match.start() - 12) : match.start() + 1]
    if _ITEM.search(text[max(0, match.start() - 12) : match.start() + 1]):
        return False
    if _NUMBERED.search(head) and any(c.isdigit() for c in text[match.end() :].split()[0]):
        return False
    return _ABBREVIATION.search(head) is None


def _add(found: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    left = start + len(piece) - len(piece.lstrip())
    right = start + len(piece.rstrip())
    if right > left:
        found.append((left, right))
