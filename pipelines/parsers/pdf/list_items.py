"""What the first words of a line tell: list items, captions, entries of a contents page."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise

from pipelines.parsers.pdf.letters import LEADER
from pipelines.parsers.pdf.line_pieces import Piece
from pipelines.parsers.pdf.reading_order import MAX_PIECES

BULLETS = "•◦▪■●○►▸‣·❖➢✓✔✗✘□☐☑☒★◆◇" + "".join(map(chr, range(0xF0A0, 0xF100)))
_MARKER = re.compile(
    rf"^(?:[{BULLETS}–*\-]|\(?\d{{1,3}}[.)]|\(?[A-Za-z][.)]|\(?[ivx]{{1,5}}[.)]|[①-⑳])$"
)
ITEM = re.compile(
    rf"^(?:[{BULLETS}]\s*|[–—*\-]\s+|\(?\d{{1,3}}[.)]\s+|\(?[A-Za-z][.)]\s+"
    r"|\(?[ivx]{1,5}[.)]\s+|[①-⑳]\s*)\S"
)
"""Text that begins with the marker of a list item."""
CAPTION = re.compile(
    r"^(?:fig(?:ure)?|table|tab|abbildung|tabelle|tableau|figura|tabla|listing|example)"
    r"\.?\s*[A-Z]?\d++(?:[.\-–]\d+)*+[a-z]?+\b(?!\s+(?-i:[a-z]))",
    re.IGNORECASE,
)
"""The number of a figure or table, not a sentence that speaks of one."""
_WORDS = re.compile(r"[^\W\d_]{2}")
_HANGING = 4.5
"""Sizes of the font that a marker stands before its text at most."""
_PAGE_NUMBER = re.compile(r"^(?:\d{1,4}|[ivxlc]{1,6}|[A-Z]{1,2}-\d{1,3})$")
_LED = re.compile(rf"\s*{LEADER}\s*(?=(?:\d{{1,4}}|[ivxlc]{{1,6}}|[A-Z]{{1,2}}-\d{{1,3}})$)")
_MAX_MARKERS = 400
"""Of one page; more are the labels of a drawing or the cells of a table."""


@dataclass(slots=True)
class Entry:
    """A line of a contents page: what stands there and its page."""

    pieces: list[Piece]

    @property
    def text(self) -> str:
        return _LED.sub(" ", " ".join(piece.text for piece in self.pieces))


def join_markers(pieces: list[Piece]) -> list[Piece]:
    """The pieces, each list marker made one with the text at its hanging indent.

    A marker alone would make a column of the numbers of all items and another of their texts.
    """
    if len(pieces) > MAX_PIECES:
        return pieces
    markers = [piece for piece in pieces if len(piece.text) <= 6 and _MARKER.match(piece.text)]
    if not markers or len(markers) > _MAX_MARKERS:
        return pieces
    gone: set[int] = set()
    joined: dict[int, Piece] = {}
    for marker in markers:
        text = _text_of(marker, pieces)
        if text is None or id(text) in joined:
            continue
        gone.add(id(marker))
        joined[id(text)] = _joined(marker, text)
    return [joined.get(id(piece), piece) for piece in pieces if id(piece) not in gone]


def _text_of(marker: Piece, pieces: list[Piece]) -> Piece | None:
    """The nearest piece on the marker's line, towards the end of the line, when it is prose."""
    best, best_gap = None, _HANGING * marker.size
    _, top, _, bottom = marker.frame
    for piece in pieces:
        if piece is marker or piece.turn != marker.turn:
            continue
        shared = min(bottom, piece.frame[3]) - max(top, piece.frame[1])
        if shared < 0.5 * min(bottom - top, piece.frame[3] - piece.frame[1]):
            continue
        gap = (
            marker.frame[0] - piece.frame[2]
            if piece.right_to_left
            else piece.frame[0] - marker.frame[2]
        )
        if -0.3 * marker.size < gap < best_gap:
            best, best_gap = piece, gap
    return best if best and _WORDS.search(best.text) else None


def _joined(marker: Piece, text: Piece) -> Piece:
    def around(a: tuple[float, ...], b: tuple[float, ...]) -> tuple[float, float, float, float]:
        return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])

    return replace(
        text,
        text=f"{marker.text} {text.text}",
        box=around(marker.box, text.box),
        frame=around(marker.frame, text.frame),
        order=min(marker.order, text.order),
    )


def is_led(text: str) -> bool:
    """Whether leader dots take the eye to a page number at the end of the line."""
    return LEADER in text and _LED.search(text) is not None


def leads_to_pages(numbers: list[str]) -> bool:
    """Whether the last cells of some rows are page numbers of a contents page: they only grow."""
    if len(numbers) < 6 or not all(_PAGE_NUMBER.match(number) for number in numbers):
        return False
    pages = [int(number) for number in numbers if number.isdigit()]
    grows = all(a <= b for a, b in pairwise(pages))
    return len(pages) >= 5 and grows and len(set(pages)) >= 0.4 * len(pages)
