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
# "24 V.", "5 min.": after a number it is a unit, and the stop is the sentence's own.
_UNIT = re.compile(
    r"\d[)\]]?[ \u00a0\u202f]?(?:[kmM]?[VAW] )?"
    r"(?:(?:[A-Za-z]\.)?[A-Za-z]|min|max|sec)\.$"
)
# Words that begin a sentence and no name: "Press key A. The lamp", "bolts, nuts, etc. Then".
_BEGINNING = re.compile(
    r"(?:The|This|That|These|Those|There|It|Its|If|When|Then|After|Before|Do|Does|Use|For|In|On|At"
    r"|An?|And|But|You|Your|We|They|All|No|Not|Each|Make|Press|Turn|See|Note"
    r"|Der|Die|Das|Dies\w*|Wenn|Ein\w*|Bei|Im|Nach|Vor|Sie|Es|Danach|Dann"
    r"|Les?|Une?|Cette|Si|Ils?|Elles?|Pour|Dans|Après|Avant"
    r"|El|Los|Las|Una|Este|Esta|Cuando|Para|Después|Antes|Il|Lo|Gli|Quando|Dopo|Prima)\b"
)
# Never the last word of a sentence, or a title that a name follows.
_NEVER_LAST = re.compile(
    r"(?:^|[\s(\[])(?:e\.\s?g|i\.\s?e|cf|vs|z\.\s?B|d\.\s?h|bzw|approx|ca|Mr|Mrs|Ms|Dr|Prof|St|Nos?"
    r"|Nr|Figs?|Eqs?|Refs?|Sec|Ch|Vol|pp|Abb)\.$"
)
# "2." that begins a line is the number of a list's item, and the item goes on behind it.
_ITEM = re.compile(r"(?:^|\n)[ \t]*\(?\d{1,3}\.$")

_OPEN = re.compile(r"\([^()\n]{0,60}\Z")
_CLOSES = re.compile(r"[^()\n]{0,40}\)")
"""A full stop between two near brackets ends nothing: "(8 HR. TWA)"."""


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
    if _OPEN.search(text[start : match.start()]) and _CLOSES.match(text, match.end()):
        return False
    rest = text[match.end() : match.end() + 40].lstrip(" \t\u00a0")
    if not rest or rest[0] == "\n":
        return True
    if rest[0].islower():
        return False
    head = text[max(start, match.start() - 12) : match.start() + 1]
    if _UNIT.search(head):
        return True
    if _ITEM.search(text[max(0, match.start() - 12) : match.start() + 1]):
        return False
    if _NUMBERED.search(head) and any(c.isdigit() for c in text[match.end() :].split()[0]):
        return False
    if _ABBREVIATION.search(head) is None:
        return True
    return _BEGINNING.match(rest) is not None and _NEVER_LAST.search(head) is None


def _add(found: list[tuple[int, int]], text: str, start: int, end: int) -> None:
    piece = text[start:end]
    left = start + len(piece) - len(piece.lstrip())
    right = start + len(piece.rstrip())
    if right > left:
        found.append((left, right))
