"""Pieces that share a height -> rows from top to bottom."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.parsers.pdf.line_pieces import Piece

Region = list[Piece]


@dataclass(slots=True)
class Row:
    """Pieces that stand beside each other, in reading order. Sides are those of the frame."""

    pieces: list[Piece]
    x0: float
    top: float
    x1: float
    bottom: float

    _longest: Piece | None = None
    _text: str | None = None

    def add(self, piece: Piece) -> None:
        """Takes a piece in; the order of the pieces is left to `_sort_row`."""
        x0, top, x1, bottom = piece.frame
        self.pieces.append(piece)
        self.x0, self.x1 = min(self.x0, x0), max(self.x1, x1)
        self.top, self.bottom = min(self.top, top), max(self.bottom, bottom)

    @property
    def longest(self) -> Piece:
        if self._longest is None:
            self._longest = max(self.pieces, key=lambda piece: len(piece.text))
        return self._longest

    @property
    def size(self) -> float:
        return self.longest.size

    @property
    def font(self) -> bytes:
        return self.longest.font

    @property
    def bold(self) -> bool:
        return all(piece.bold for piece in self.pieces)

    @property
    def text(self) -> str:
        if self._text is None:
            self._text = " ".join(piece.text for piece in self.pieces)
        return self._text


def rows_of(pieces: Region) -> list[Row]:
    """Pieces that share a height, as rows from top to bottom."""
    rows: list[Row] = []
    for piece in sorted(pieces, key=lambda piece: piece.frame[1] + piece.frame[3]):
        x0, top, x1, bottom = piece.frame
        # A row may come just before the last one: sub- and superscripts shift the middle.
        for row in rows[:-4:-1]:
            shared = min(bottom, row.bottom) - max(top, row.top)
            if shared > 0.55 * min(bottom - top, row.bottom - row.top) and not _overlaps(
                row, piece
            ):
                row.add(piece)
                break
        else:
            rows.append(Row([piece], x0, top, x1, bottom))
    for row in rows:
        _sort_row(row)
    rows.sort(key=lambda row: row.top + row.bottom)
    return rows


def _overlaps(row: Row, piece: Piece) -> bool:
    """Whether the piece would be printed over one of the row's: then it is another line."""
    x0, _, x1, _ = piece.frame
    for other in row.pieces:
        shared = min(x1, other.frame[2]) - max(x0, other.frame[0])
        if shared > 0.5 * min(x1 - x0, other.frame[2] - other.frame[0]):
            return True
    return False


def _sort_row(row: Row) -> None:
    if len(row.pieces) > 1:
        backwards = mostly_backwards(row.pieces)
        row.pieces.sort(key=lambda piece: -piece.frame[2] if backwards else piece.frame[0])


def mostly_backwards(pieces: list[Piece]) -> bool:
    """Whether most of the text runs from right to left."""
    turned = sum(len(piece.text) for piece in pieces if piece.right_to_left)
    return turned * 2 > sum(len(piece.text) for piece in pieces)
