"""Headings that stand beside their text, in a column of their own at the left.

Read line by line they would be glued to the text ("Removing 1. Cut open the pouch"), and read
column by column they would all come before it. Each is told as a title above what it stands beside.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from pipelines.parsers.pdf.line_pieces import Piece
from pipelines.parsers.pdf.page_geometry import PageShape

_MARGIN = 0.08
"""Share of the page's height, at its top and bottom, in which headers and footers stand."""
_LARGER = 1.12
_MOST_CHARACTERS = 40
"""Of one line of such a heading."""
_TEXT_LINE = 25
"""Characters of a line of text, at the median. What stands beside labels of a table is shorter:
there only larger type makes a heading."""
_ROOM_ABOVE = 0.3
"""Sizes of the heading's font above the paragraph that it stands beside."""
_STARTING = 0.8
"""Share of the headings that a paragraph begins beside; a column beside another begins anywhere."""
_FEWEST_LINES = 3
"""Lines of text for each heading."""


@dataclass(frozen=True)
class Section:
    """A heading at the side, none for what stands above the first, and what it stands beside."""

    heading: list[Piece]
    body: list[Piece]


def side_sections(pieces: list[Piece], shape: PageShape) -> list[Section]:
    """The page parted at its headings at the side; one section without a heading where it has
    none."""
    heads = _heads(pieces, shape)
    if not heads:
        return [Section([], pieces)]
    aside = {id(piece) for head in heads for piece in head}
    tops = [min(p.frame[1] - 0.4 * p.size for p in head) for head in heads]
    bodies: list[list[Piece]] = [[] for _ in range(len(heads) + 1)]
    for piece in pieces:
        if id(piece) not in aside:
            middle = (piece.frame[1] + piece.frame[3]) / 2
            bodies[sum(top <= middle for top in tops)].append(piece)
    return [Section(head, body) for head, body in zip([[], *heads], bodies, strict=True)]


def _heads(pieces: list[Piece], shape: PageShape) -> list[list[Piece]]:
    """The headings at the side, from the top down, each as its lines."""
    height = shape.seen[1]
    inner = [
        piece
        for piece in pieces
        if piece.turn == 0
        and not piece.right_to_left
        and _MARGIN * height < piece.frame[1]
        and piece.frame[3] < (1 - _MARGIN) * height
    ]
    fonts: Counter[tuple[bytes, float, bool]] = Counter()
    for piece in inner:
        fonts[piece.font, round(piece.size), piece.bold] += len(piece.text)
    if not fonts:
        return []
    (font, size, bold), _ = fonts.most_common(1)[0]
    set_apart = {
        id(piece)
        for piece in inner
        if piece.size >= _LARGER * size or (piece.bold and not bold and piece.font != font)
    }
    text = [piece for piece in inner if id(piece) not in set_apart]
    left = min(piece.frame[0] for piece in text)
    aside = [
        piece
        for piece in inner
        if id(piece) in set_apart
        and piece.frame[2] < left - 0.3 * piece.size
        and len(piece.text) <= _MOST_CHARACTERS
        and any(map(str.isalpha, piece.text))
    ]
    body = [piece for piece in inner if piece.frame[0] >= left]
    heads = [head for head in _grouped(aside) if any(_is_beside(p, body) for p in head)]
    lengths = sorted(len(piece.text) for piece in text)
    if lengths[len(lengths) // 2] < _TEXT_LINE:
        heads = [head for head in heads if head[0].size >= _LARGER * size]
    starting = sum(_begins(head[0], body) for head in heads)
    is_told = len(body) >= _FEWEST_LINES * len(heads) and starting >= _STARTING * len(heads)
    return heads if is_told else []


def _grouped(aside: list[Piece]) -> list[list[Piece]]:
    """Lines that follow each other closely, of one size, as one heading."""
    groups: list[list[Piece]] = []
    for piece in sorted(aside, key=lambda piece: (piece.frame[1], piece.frame[0])):
        last = groups[-1][-1] if groups else None
        near = last and piece.frame[1] - last.frame[3] < 0.6 * piece.size
        if near and last and abs(piece.size - last.size) < 0.1 * piece.size:
            groups[-1].append(piece)
        else:
            groups.append([piece])
    return groups


def _begins(head: Piece, body: list[Piece]) -> bool:
    """Whether a paragraph begins beside a heading: there is room above its first line."""
    first = min((p.frame[1] for p in body if _is_beside(head, [p])), default=None)
    if first is None:
        return True
    above = max((p.frame[3] for p in body if p.frame[3] < first + 0.5 * p.size), default=0.0)
    return first - above > _ROOM_ABOVE * head.size


def _is_beside(head: Piece, text: list[Piece]) -> bool:
    _, top, _, bottom = head.frame
    return any(
        min(bottom, p.frame[3]) - max(top, p.frame[1]) > 0.3 * min(head.size, p.size) for p in text
    )
