"""Text beside the body, at a page's left or right edge: running side notes, tabs, margin notes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipelines.parsers.pdf.line_pieces import Piece
from pipelines.parsers.pdf.page_geometry import PageShape

Signature = tuple[str, int]
"""Text, its digits masked where they count pages or chapters; its height in 1/200 of the page."""

_STRIP = 0.13
"""Share of the page's width, at the left and at the right, where text is beside the body."""
_OUTSIDE = 0.1
"""Share of a page's letters that may begin left of its body, or end right of it."""
_SMALLER = 0.95
"""Of the body's size: what is larger may be a label that belongs to the line beside it."""
_DIGITS = re.compile(r"\d+")
_WORD = re.compile(r"[^\W\d_]{2}")


def side_signatures(pieces: list[Piece], shape: PageShape) -> Iterator[Signature]:
    """What may be a running side note.

    Headers of a table's last column stand at the edge and on many pages too: they are printed like
    their neighbours and on one line with them.
    """
    for piece in _beside(pieces, shape):
        if not any(_are_one_line(piece, other) for other in pieces if other is not piece):
            yield _signature(piece, shape)


def without_sides(
    pieces: list[Piece], shape: PageShape, sides: frozenset[Signature]
) -> list[Piece]:
    """The pieces except running side notes, wherever the page's body ends."""
    if not sides:
        return pieces
    return [
        piece for piece in pieces if not (_in_strip(piece, shape) and _is_of(piece, shape, sides))
    ]


def margin_notes(pieces: list[Piece], shape: PageShape) -> list[list[Piece]]:
    """Upright notes at the left and those at the right, in smaller type than the body."""
    found = [piece for piece in _beside(pieces, shape) if piece.turn == 0]
    if not found:
        return []
    body = max(pieces, key=lambda piece: len(piece.text)).size
    notes = [piece for piece in found if piece.size < _SMALLER * body]
    middle = shape.seen[0] / 2
    left = [piece for piece in notes if piece.box[0] < middle]
    right = [piece for piece in notes if piece.box[0] >= middle]
    return [side for side in (left, right) if side]


def _is_of(piece: Piece, shape: PageShape, sides: frozenset[Signature]) -> bool:
    text, place = _signature(piece, shape)
    return any((text, place + shift) in sides for shift in (-1, 0, 1))


def _signature(piece: Piece, shape: PageShape) -> Signature:
    """Text and place. A tab names its chapter, and moves down the edge from one to the next."""
    if piece.turn in (90, 270):
        return _DIGITS.sub("#", piece.text)[:80], -9
    center = (piece.box[1] + piece.box[3]) / 2
    return piece.text[:80], round(center / shape.seen[1] * 200)


def _beside(pieces: list[Piece], shape: PageShape) -> list[Piece]:
    found = [p for p in pieces if _in_strip(p, shape) and _WORD.search(p.text)]
    if not found:
        return []
    left, right = _body_sides(pieces)
    return [piece for piece in found if piece.box[2] <= left or piece.box[0] >= right]


def _in_strip(piece: Piece, shape: PageShape) -> bool:
    width = shape.seen[0]
    return piece.box[2] < _STRIP * width or piece.box[0] > (1 - _STRIP) * width


def _body_sides(pieces: list[Piece]) -> tuple[float, float]:
    """Left and right edge of most of the page's text, in points."""
    allowed = _OUTSIDE * sum(len(piece.text) for piece in pieces)
    edges = []
    for side, sign in ((0, 1), (2, -1)):
        passed = 0
        for piece in sorted(pieces, key=lambda piece: sign * piece.box[side]):
            passed += len(piece.text)
            if passed > allowed:
                edges.append(piece.box[side])
                break
    return edges[0], edges[1]


def _are_one_line(piece: Piece, other: Piece) -> bool:
    if piece.turn != other.turn or piece.font != other.font:
        return False
    _, top, _, bottom = piece.frame
    shared = min(bottom, other.frame[3]) - max(top, other.frame[1])
    alike = abs(piece.size - other.size) < 0.05 * piece.size
    return alike and shared > 0.9 * min(bottom - top, other.frame[3] - other.frame[1])
