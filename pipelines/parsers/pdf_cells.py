"""Cells of rows and the columns that they stand in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from pipelines.parsers.pdf_layout import Row
from pipelines.parsers.pdf_text import Piece

_CURRENCY = r"(?:US\$|A\$|C\$|[$€£¥₩₹]|CHF|EUR|USD|GBP)"
_BEFORE = re.compile(rf"^(?:\(|{_CURRENCY}|{_CURRENCY}\s?\(|\({_CURRENCY})$")
"""What belongs to the amount that follows, however far the sign stands before it."""
_AFTER = re.compile(r"^(?:\)|%|\)\s?%|%\s?\)|°|pp|bps|x)$")
_AMOUNT = re.compile(r"^[(\-–−+$€£¥₩₹]*\s*(?:[\d.,]*\d|[—–\-])")
VALUE = re.compile(
    rf"^[(\-–−+~<>]*\s?{_CURRENCY}?\s?[(\-–−+]*\s?\d[\d,.'  /:]*\s?[)%]*\s?[)%xX]*(?:\s?\(\w\))?$"
    rf"|^{_CURRENCY}?\s?[—–\-−]+\s?%?$|^(?:n/?[am]\.?|nm|\*+|N/?[AM])$"
)
_STRAY_SIGN = re.compile(rf"^(.*[\d)%—–-])\s*({_CURRENCY})$")
_TWO_AMOUNTS = re.compile(rf"^(\(?[\d.,]*\d\)?\s?%?\)?|—)\s+({_CURRENCY}\s?[(\d.,)]*\d\)?)$")
_SHORT = 12
"""Characters of a head such as a year, which stands anywhere over its column."""
_SIGN_REACH = 30
"""Sizes of the font that a sign stands before its amount at most: at the edge of a wide column."""
_MAX_LAID_OUT = 60
"""Columns of a table; more are a drawing."""
_MAX_COLUMNS = 20
_MAX_GROUPS = 4
"""Heads over groups and columns below them; the ways to match more are too many to try."""
YEAR = re.compile(r"^(?:FY\s?)?(?:19|20)\d\d(?:\s?[/–-]\s?\d{2,4})?(?:\s?\(\w\))?\*?$")
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
    return bool(VALUE.match(text)) and not YEAR.match(text)


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


def columns_of(rows: list[list[Cell]], size: float) -> list[Column]:
    """The columns that the cells of rows stand in, from left to right.

    Narrow cells lay them out first; a cell that then reaches over several columns (a long label,
    a head over a group) is one that spans them and widens none. None of what would have more
    columns than any table.
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
    return _merged(columns, rows, size)


def _width(cell: Cell) -> float:
    return cell.x1 - cell.x0


def _merged(columns: list[Column], rows: list[list[Cell]], size: float) -> list[Column]:
    """Neighbours made one that are never both filled and close, or joined by a cell: a year
    centred over amounts, a dash, the sign far before an amount, an indent."""
    index = 0
    while index + 1 < len(columns):
        left, right = columns[index], columns[index + 1]
        near = right.x0 - left.x1 < 2 * size or any(
            _inside(cell, left) and _inside(cell, right) for row in rows for cell in row
        )
        if near and not any(_parted(row, left, right) for row in rows):
            columns[index : index + 2] = [Column(left.x0, max(left.x1, right.x1))]
            index = max(0, index - 1)
        else:
            index += 1
    return columns


def _parted(row: list[Cell], left: Column, right: Column) -> bool:
    """Whether one cell of the row stands in one column and another in the other."""
    ends = [cell.x1 for cell in row if _stands(cell, left)]
    return bool(ends) and any(min(ends) <= cell.x0 + 1 for cell in row if _stands(cell, right))


def _stands(cell: Cell, column: Column) -> bool:
    """Whether a cell is one of the column's own: by its middle, an amount by its end."""
    at = cell.x1 - 1 if cell.is_value else (cell.x0 + cell.x1) / 2
    return column.x0 <= at <= column.x1


def _inside(cell: Cell, column: Column) -> bool:
    return cell.x0 < column.x1 and cell.x1 > column.x0


def _shared(cell: Cell, column: Column) -> float:
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
            number = max(touched, key=lambda i: _shared(cell, columns[i]))
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
    """Whether a head stands over the columns after the first."""
    between = (columns[1].x0 - columns[0].x1) / 2
    return (cell.x0 + cell.x1) / 2 > columns[1].x0 - max(size, min(4 * size, between))


def spread(
    cells: list[Cell], columns: list[Column], heads_below: list[Column], size: float
) -> list[list[Cell]]:
    """The cells of a row of heads by column, a head over a group of columns in each of them.

    A head that is centred over several columns, and not over the one it touches, is theirs. So is
    one head alone in the middle of all columns but the first. `heads_below` is where the columns'
    own heads stand, which a head over a group is centred on.
    """
    placed = place(cells, columns)
    heads = [cell for cell in cells if is_over(cell, columns, size)]
    # Nearly as many heads as columns are their own, some of them wrapped.
    many = len(heads) > _MAX_GROUPS or len(columns) > _MAX_COLUMNS
    if not heads or many or len(heads) > 0.6 * len(columns):
        return placed
    groups = _groups(heads, heads_below, 1, size)
    if groups is None:
        return placed
    out = [[cell for cell in column if cell not in heads] for column in placed]
    for cell, (start, stop) in zip(heads, groups[1], strict=True):
        for number in range(start, stop):
            out[number].append(cell)
    return out


def _groups(
    heads: list[Cell], columns: list[Column], first: int, size: float
) -> tuple[float, list[tuple[int, int]]] | None:
    """For each head the columns (start, stop) that it is centred over, and how far off they are.

    None when a head fits none. Among groups equally well centred the wider one is meant.
    """
    if not heads:
        return 0.0, []
    head, middle = heads[0], (heads[0].x0 + heads[0].x1) / 2
    best: tuple[float, list[tuple[int, int]]] | None = None
    for start in range(first, len(columns)):
        for stop in range(start + 1, len(columns) + 1):
            left, right = columns[start].x0, columns[stop - 1].x1
            off = abs((left + right) / 2 - middle)
            touches = stop == start + 1 and head.x0 < right and head.x1 > left
            if not touches and off > max(1.5 * size, 0.1 * (right - left)):
                continue
            rest = _groups(heads[1:], columns, stop, size)
            if rest is None:
                continue
            cost = off - 0.8 * size * (stop - start) + rest[0]
            if best is None or cost < best[0]:
                best = cost, [(start, stop), *rest[1]]
    return best


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
