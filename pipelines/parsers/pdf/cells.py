"""Cells of rows and the columns that they stand in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from pipelines.parsers.pdf.line_pieces import Piece
from pipelines.parsers.pdf.rows import Row

_CURRENCY = r"(?:US\$|A\$|C\$|[$€£¥₩₹]|CHF|EUR|USD|GBP)"
_BEFORE = re.compile(rf"^(?:\(|{_CURRENCY}|{_CURRENCY}\s?\(|\({_CURRENCY})$")
"""What belongs to the amount that follows, however far the sign stands before it."""
_AFTER = re.compile(r"^(?:\)|%|\)\s?%|%\s?\)|°|pp|bps|x)$")
_NOTE = re.compile(r"^\(\w\)$")
"""The sign of a footnote, set smaller right behind what it belongs to."""
_AMOUNT = re.compile(r"^[(\-–−+$€£¥₩₹]*\s*(?:[\d.,]*\d|[—–\-])")
VALUE = re.compile(
    rf"^[(\-–−+~<>]*\s?{_CURRENCY}?\s?[(\-–−+]*\s?\d[\d,.'  /:]*\s?[)%]*\s?[)%xX]*(?:\s?\(\w\))?$"
    rf"|^{_CURRENCY}?\s?[—–\-−]+\s?%?$|^(?:n/?[am]\.?|nm|\*+|N/?[AM])$"
)
_STRAY_SIGN = re.compile(rf"^(.*[\d)%—–-])\s*({_CURRENCY})$")
_TWO_AMOUNTS = re.compile(rf"^(\(?[\d.,]*\d\)?\s?%?\)?|—)\s+({_CURRENCY}\s?[(\d.,)]*\d\)?)$")
_SHORT = 12
"""Characters of a header such as a year, which stands anywhere over its column."""
_SIGN_REACH = 30
"""Sizes of the font that a sign stands before its amount at most: at the edge of a wide column."""
_MAX_LAID_OUT = 60
"""Columns of a table; more are a drawing."""
YEAR = re.compile(r"^(?:FY\s?|\d{1,2}, )?(?:19|20)\d\d(?:\s?[/–-]\s?\d{2,4})?(?:\s?\(\w\))?\*?$")
"""A year, or the end of a date wrapped after its month: headers, not amounts."""
_GLUE_AFTER = re.compile(rf"({_CURRENCY})\s+(?=[\d(.—–\-])|(\()\s+(?=[\d$€£])")
_GLUE_BEFORE = re.compile(r"(?<=\d)\s+(?=\)|%\))")


@dataclass(slots=True)
class Cell:
    """Pieces that make one cell, signs and amounts together; sides are those of the frame."""

    pieces: list[Piece]
    x0: float
    x1: float
    text: str

    @property
    def is_value(self) -> bool:
        return _is_value(self.text)


@dataclass(slots=True)
class Column:
    x0: float
    x1: float

    @property
    def middle(self) -> float:
        return (self.x0 + self.x1) / 2


@lru_cache(maxsize=4096)
def _is_value(text: str) -> bool:
    # A comma at the end is that of a date in a narrow header: January / 28, / 2023.
    return bool(VALUE.match(text)) and not text.endswith(",") and not YEAR.match(text)


def tidy(text: str) -> str:
    """An amount without the spaces that part it from its signs."""
    text = _GLUE_AFTER.sub(lambda found: found[1] or found[2], text)
    return _GLUE_BEFORE.sub("", text)


def cells_of(row: Row) -> list[Cell]:
    """The cells of a row in its reading order."""
    cells: list[Cell] = []
    waiting: Piece | None = None
    for piece in row.pieces:
        x0, _, x1, _ = piece.frame
        if waiting is not None:
            near = x0 - waiting.frame[2] < _SIGN_REACH * piece.size
            if near and _AMOUNT.match(piece.text):
                text = tidy(waiting.text + piece.text)
                cells.append(Cell([waiting, piece], min(waiting.frame[0], x0), x1, text))
                waiting = None
                continue
            cells.append(_alone(waiting))
            waiting = None
        if _BEFORE.match(piece.text):
            waiting = piece
            continue
        last = cells[-1] if cells else None
        if last and _NOTE.match(piece.text) and -1 <= x0 - last.x1 < 0.5 * piece.size:
            last.pieces.append(piece)
            last.x1, last.text = x1, f"{last.text} {piece.text}"
            continue
        if last and _AFTER.match(piece.text) and 0 <= x0 - last.x1 < 2.5 * piece.size:
            last.pieces.append(piece)
            last.x1, last.text = x1, last.text + piece.text
            continue
        cells += _split(piece)
    if waiting is not None:
        cells.append(_alone(waiting))
    for cell, following in pairwise(cells):
        # A sign set close to the amount before it is the next one's.
        stray = _STRAY_SIGN.match(cell.text)
        if stray and _AMOUNT.match(following.text):
            cell.text, following.text = stray[1], tidy(stray[2] + following.text)
    return cells


def _alone(piece: Piece) -> Cell:
    return Cell([piece], piece.frame[0], piece.frame[2], tidy(piece.text))


def _split(piece: Piece) -> list[Cell]:
    """The cell of a piece; two when it holds two amounts that stand close to each other."""
    found = _TWO_AMOUNTS.match(piece.text)
    if not found:
        return [_alone(piece)]
    x0, _, x1, _ = piece.frame
    share = (x1 - x0) / len(piece.text)
    left = Cell([piece], x0, x0 + share * len(found[1]), tidy(found[1]))
    right = Cell([piece], x1 - share * len(found[2]), x1, tidy(found[2]))
    return [left, right]


def columns_of(rows: list[list[Cell]], size: float, headers: Sequence[Cell] = ()) -> list[Column]:
    """The columns that the cells of rows stand in, from left to right.

    Narrow cells lay them out first; a cell that then reaches over several columns (a long label,
    a header over a group) is one that spans them and widens none. Columns of which each row fills
    one are two where each has a header of its own. None of what would have more columns than any
    table.
    """
    columns: list[Column] = []
    cells = sorted((cell for row in rows if len(row) > 1 for cell in row), key=_width)
    for cell in cells:
        touched = [c for c in columns if c.x0 < cell.x1 and c.x1 > cell.x0]
        if not touched:
            if len(columns) >= _MAX_LAID_OUT:
                return []
            columns.append(Column(cell.x0, cell.x1))
        elif len(touched) == 1:
            touched[0].x0 = min(touched[0].x0, cell.x0)
            touched[0].x1 = max(touched[0].x1, cell.x1)
    columns.sort(key=lambda column: column.x0)
    return _merged(columns, rows, size, headers)


def parted(cells: list[Cell], columns: list[Column], size: float) -> list[Cell]:
    """The cells of a row, those set so close that they were taken for one told apart.

    Such a cell has as many words as columns that it reaches over, each with a digit and each in
    its own column.
    """
    out: list[Cell] = []
    for cell in cells:
        touched = [column for column in columns if _inside(cell, column)]
        words = cell.text.split()
        if len(words) < 2 or len(words) != len(touched):
            out.append(cell)
            continue
        share = (cell.x1 - cell.x0) / len(cell.text)
        found: list[Cell] = []
        start = 0
        for word in words:
            x0 = cell.x0 + share * start
            found.append(Cell(cell.pieces, x0, x0 + share * len(word), word))
            start += len(word) + 1
        fits = all(
            any(map(str.isdigit, one.text))
            and column.x0 - size < (one.x0 + one.x1) / 2 < column.x1 + size
            for one, column in zip(found, touched, strict=True)
        )
        out += found if fits else [cell]
    return out


def _width(cell: Cell) -> float:
    return cell.x1 - cell.x0


def _merged(
    columns: list[Column], rows: list[list[Cell]], size: float, headers: Sequence[Cell]
) -> list[Column]:
    """Neighbours made one that are never both filled or headed and close, or joined by a cell: a
    year centred over amounts, a dash, the sign far before an amount, an indent."""
    index = 0
    while index + 1 < len(columns):
        left, right = columns[index], columns[index + 1]
        near = right.x0 - left.x1 < 2 * size or any(
            _inside(cell, left) and _inside(cell, right) for row in rows for cell in row
        )
        if near and not any(_parted(row, left, right) for row in (*rows, headers)):
            columns[index : index + 2] = [Column(left.x0, max(left.x1, right.x1))]
            index = max(0, index - 1)
        else:
            index += 1
    return columns


def _parted(row: Sequence[Cell], left: Column, right: Column) -> bool:
    """Whether one cell of the row stands in one column and another in the other."""
    ends = [cell.x1 for cell in row if _stands(cell, left)]
    return bool(ends) and any(min(ends) <= cell.x0 + 1 for cell in row if _stands(cell, right))


def _stands(cell: Cell, column: Column) -> bool:
    """Whether a cell is one of the column's own: by its middle, an amount by its end."""
    at = cell.x1 - 1 if cell.is_value else (cell.x0 + cell.x1) / 2
    return column.x0 <= at <= column.x1


def _inside(cell: Cell, column: Column) -> bool:
    return cell.x0 < column.x1 and cell.x1 > column.x0


def shared(cell: Cell, column: Column) -> float:
    """Points of the width that a cell and a column have in common; negative when apart."""
    return min(cell.x1, column.x1) - max(cell.x0, column.x0)


def place(cells: list[Cell], columns: list[Column]) -> list[list[Cell]]:
    """The cells of a row by column.

    Of several columns that a cell reaches over, an amount stands in the one it fills most (its sign
    may stand far before it), words where they begin.
    """
    placed: list[list[Cell]] = [[] for _ in columns]
    for cell in cells:
        touched = [i for i, column in enumerate(columns) if _inside(cell, column)]
        if touched and (cell.is_value or len(cell.text) <= _SHORT):
            number = max(touched, key=lambda i: shared(cell, columns[i]))
        elif touched:
            number = touched[0]
        else:
            number = min(
                range(len(columns)),
                key=lambda i: max(columns[i].x0 - cell.x1, cell.x0 - columns[i].x1),
            )
        placed[number].append(cell)
    return placed


def is_over(cell: Cell, columns: list[Column], size: float) -> bool:
    """Whether a header stands over the columns after the first."""
    between = (columns[1].x0 - columns[0].x1) / 2
    return (cell.x0 + cell.x1) / 2 > columns[1].x0 - max(size, min(4 * size, between))


def aligned(cells: list[Cell], size: float, share: float) -> bool:
    """Whether that share of a column's cells has the same left edge, right edge or middle."""
    for edge in (
        sorted(cell.x0 for cell in cells),
        sorted(cell.x1 for cell in cells),
        sorted((cell.x0 + cell.x1) / 2 for cell in cells),
    ):
        usual = edge[len(edge) // 2]
        if sum(abs(value - usual) < 0.4 * size for value in edge) >= share * len(edge):
            return True
    return False


def in_sequence(texts: list[str]) -> bool:
    """Whether the texts are (1), (2), (3): numbers of equations, not amounts."""
    numbers = [re.fullmatch(r"\((\d{1,3})\)", text) for text in texts]
    if not all(numbers):
        return False
    found = [int(number[1]) for number in numbers if number]
    return all(b == a + 1 for a, b in pairwise(found))
