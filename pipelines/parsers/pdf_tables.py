"""Rows of a region that stand in aligned columns -> tables; entries of contents pages.

Prose that is taken for a table harms more than a table read as lines. So a table needs three rows
(two between ruling lines) of short cells that keep the same edges, and columns of prose, labels
of a figure, numbered equations and contents pages are told apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from pipelines.parsers.pdf_cells import (
    YEAR,
    Cell,
    Column,
    aligned,
    cells_of,
    columns_of,
    in_sequence,
    is_over,
    place,
)
from pipelines.parsers.pdf_fonts import is_monospaced
from pipelines.parsers.pdf_layout import Row
from pipelines.parsers.pdf_lists import CAPTION, ITEM, Entry, is_led, leads_to_pages
from pipelines.parsers.pdf_rules import Rules
from pipelines.parsers.pdf_table_rows import Table, build, head_length

_MAX_WAITING = 6
"""Lines of one wrapped label."""
_MAX_LOOKED_AT = 60_000
"""Cells of one region, each time they are tried as a table; a drawing is tried over and over."""
_MAX_CELLS = 60
"""Of one row; more are a drawing."""
_LONG = 100
"""Characters of a row that are a line of prose when the rows above it hold amounts."""
_MAX_HEADS = 8
_FIGURE = re.compile(r"^(?:fig(?:ure)?|abb(?:ildung)?|chart|plate|scheme)\b\.?\s*[A-Z]?\d", re.I)


@dataclass(slots=True)
class Run:
    """Rows start..stop that may be a table, with their cells and columns."""

    rows: list[Row]
    cells: list[list[Cell]]
    columns: list[Column] = field(default_factory=list)
    lines: list[float] = field(default_factory=list)
    """Heights of the ruling lines that reach over the whole table."""

    @property
    def size(self) -> float:
        return float(median(row.size for row in self.rows))


def find_tables(rows: list[Row], rules: Rules) -> list[Row | Table | Entry]:
    """The rows in their order, those that form a table or a list of contents replaced by it."""
    if not any(len(row.pieces) > 1 for row in rows):
        return [Entry(row.pieces) if is_led(row.text) else row for row in rows]
    cells = [cells_of(row) for row in rows]
    found: list[Row | Table | Entry] = []
    start, budget = 0, _MAX_LOOKED_AT
    while start < len(rows):
        if is_led(rows[start].text):
            found.append(Entry(rows[start].pieces))
            start += 1
            continue
        may_begin = budget > 0 and 2 <= len(cells[start]) <= _MAX_CELLS
        if may_begin and not CAPTION.match(rows[start].text):
            stop = _grow(rows, cells, start, rules)
            run = Run(rows[start:stop], cells[start:stop])
            budget -= sum(map(len, run.cells))
            if stop - start >= 2 and _is_table(run, rules, rows[stop : stop + 3]):
                if _is_contents(run):
                    found += [Entry(row.pieces) for row in run.rows]
                elif _heads_of_next(run, cells[stop : stop + 4]):
                    found += run.rows
                else:
                    heads = _heads_above(found, run)
                    if heads:
                        del found[-len(heads) :]
                        run.rows[:0] = heads
                        run.cells[:0] = [cells_of(row) for row in heads]
                    found.append(build(run.rows, run.cells, run.columns, run.lines))
                start = stop
                continue
        found.append(rows[start])
        start += 1
    return found


def _grow(rows: list[Row], cells: list[list[Cell]], start: int, rules: Rules) -> int:
    """The row after the last that may belong to the table begun by `start`."""
    stop, label_edge = start + 1, cells[start][0].x0
    spans = [(cell.x0, cell.x1) for cell in cells[start][1:]]
    held = any(cell.is_value for cell in cells[start][1:])
    for index in range(start + 1, len(rows)):
        row, above, own = rows[index], rows[index - 1], cells[index]
        size = row.size
        gap = row.top - above.bottom
        if index - stop > _MAX_WAITING or len(own) > _MAX_CELLS:
            break
        if is_led(row.text) or CAPTION.match(row.text):
            break
        if len(own) >= 2:
            fits = _fits(own, spans, size)
            allowed = 4.0 if fits else 2.2
            ruled = gap < 8 * size and rules.within(own[0].x0, own[-1].x1, above.bottom, row.top)
            if gap > allowed * size and not ruled:
                break
            amounts = any(cell.is_value for cell in own[1:])
            if not fits and index - start > 1 and not amounts:
                break
            if held and not amounts and len(row.text) > _LONG:
                break
            if held and not amounts and (index > stop or gap > 1.5 * size) and _heads(own):
                break
            held = held or amounts
            spans += [(cell.x0, cell.x1) for cell in own[1:]]
            label_edge = min(label_edge, own[0].x0)
            stop = index + 1
        elif row.x0 > max(label_edge + 4 * size, min(x0 for x0, _ in spans) - size):
            # Alone in a column to the right: a wrapped cell, or a total without a label.
            if gap > (2.5 if own[0].is_value else 1.2) * size:
                break
            if held and not own[0].is_value and not _goes_on(own[0], cells[index - 1]):
                break
            stop = index + 1
        elif gap > 2.5 * size or not _may_wait(row, spans, label_edge, size):
            break
    return stop


def _heads(own: list[Cell]) -> bool:
    """Whether the cells after the first head the columns of another table."""
    return all(YEAR.match(cell.text) or cell.text[:1].isupper() for cell in own[1:])


def _goes_on(cell: Cell, above: list[Cell]) -> bool:
    """Whether words stand under words of the row above: a wrapped cell."""
    return any(not a.is_value and a.x0 < cell.x1 and a.x1 > cell.x0 for a in above)


def _fits(own: list[Cell], spans: list[tuple[float, float]], size: float) -> bool:
    """Whether half of a row's cells after the first share an edge with cells above."""
    hits = 0
    for cell in own[1:]:
        hits += any(
            abs(cell.x0 - x0) < size
            or abs(cell.x1 - x1) < size
            or abs(cell.x0 + cell.x1 - x0 - x1) < size
            for x0, x1 in spans
        )
    return hits * 2 >= len(own) - 1


def _may_wait(row: Row, spans: list[tuple[float, float]], label_edge: float, size: float) -> bool:
    """Whether a row of one piece can be a label, the head of a section or a wrapped cell."""
    if row.x0 < label_edge - 2 * size or ITEM.match(row.text):
        return False
    if row.x1 <= min(x0 for x0, _ in spans) + size:
        return True
    return len(row.text) <= 130 and not row.text.endswith(".")


def _heads_above(found: list[Row | Table | Entry], run: Run) -> list[Row]:
    """Rows right above a table that stand over its columns after the first.

    Heads of sections at the first column may stand between those and the table.
    """
    heads: list[Row] = []
    taken, below = 0, run.rows[0]
    edge = run.columns[1].x0 - 2 * run.size
    left, right = run.columns[0].x0 - 2 * run.size, run.columns[-1].x1 + 3 * run.size
    while len(heads) < min(_MAX_HEADS, len(found)):
        row = found[-1 - len(heads)]
        if not isinstance(row, Row) or below.top - row.bottom > 2.2 * row.size:
            break
        if row.x0 < left or row.x1 > right or len(row.text) > 90 or row.text.endswith("."):
            break
        if CAPTION.match(row.text) or row.size > 1.15 * run.size:
            break
        if _is_title(row, run):
            break
        heads.insert(0, row)
        cells = cells_of(row)
        if any(cell.is_value for cell in cells[1:]):
            break
        over = [cell for cell in cells if is_over(cell, run.columns, run.size)]
        if over and row.text.endswith(":"):
            break
        if over and len(over) >= len(cells) - 1:
            taken = len(heads)
        elif len(cells) > 1 or len(row.text) > 60 or row.x0 > left + 14 * run.size > edge:
            break
        below = row
    return heads[-taken:] if taken else []


def _heads_of_next(run: Run, following: list[list[Cell]]) -> bool:
    """Whether rows of words are the heads of amounts that stand right under them."""
    if len(run.rows) > _MAX_HEADS or any(c.is_value for own in run.cells for c in own[1:]):
        return False
    for own in following:
        amounts = [cell for cell in own[1:] if cell.is_value]
        under = sum(any(c.x0 < a.x1 and c.x1 > a.x0 for c in run.columns) for a in amounts)
        if len(amounts) >= 2 and under * 2 >= len(amounts):
            return True
    return False


def _is_title(row: Row, run: Run) -> bool:
    """Whether a row is centred over the whole table rather than over its columns of cells."""
    middle, columns = (row.x0 + row.x1) / 2, run.columns
    off_all = abs((columns[0].x0 + columns[-1].x1) / 2 - middle)
    off_cells = abs((columns[1].x0 + columns[-1].x1) / 2 - middle)
    return len(row.pieces) == 1 and off_all < 1.5 * run.size and off_all < off_cells


def _is_table(run: Run, rules: Rules, following: list[Row]) -> bool:
    """Whether the rows of a run form a table; gives it its columns and ruling lines."""
    size = run.size
    body = run.cells[head_length(run.rows, run.cells) :]
    # Heads stand anywhere over their columns, so that the cells below them tell where those are.
    run.columns = columns_of(body if sum(len(own) > 1 for own in body) >= 2 else run.cells, size)
    full = [cells for cells in run.cells if len(cells) >= 2]
    if len(run.columns) < 2 or len(full) < 2:
        return False
    left, right = run.columns[0].x0, run.columns[-1].x1
    run.lines = rules.within(left, right, run.rows[0].top - size, run.rows[-1].bottom + size)
    grid = _is_grid(run)
    if len(full) < (2 if grid else 3):
        return False
    if len(full) < (6 if grid else 10) and any(_FIGURE.match(row.text) for row in following):
        return False
    by_column: list[list[Cell]] = [[] for _ in run.columns]
    for cells in body:
        for number, inside in enumerate(place(cells, run.columns)):
            by_column[number] += inside
    rest = [cell for column in by_column[1:] for cell in column]
    if len(run.columns) == 2 and in_sequence([cell.text for cell in rest]):
        return False
    if not grid and sum(is_monospaced(row.font) for row in run.rows) >= 0.6 * len(run.rows):
        return False
    amounts = sum(cell.is_value for cell in rest)
    filled = [column for column in by_column if len(column) >= 2]
    straight = sum(aligned(column, size, 0.6) for column in filled)
    if amounts >= 0.6 * len(rest) and amounts >= 3:
        label = median(len(cell.text) for cell in by_column[0]) if by_column[0] else 0
        return straight >= 1 and label <= 120 and _is_dense(full, run.columns)
    if grid:
        return straight >= 2
    # Words of prose set wide stand under each other by chance, at the two edges by intent.
    straight = sum(aligned(column, size, 0.75) for column in filled)
    return straight >= max(2, 0.75 * len(run.columns)) and _has_short_cells(full, by_column, run)


def _is_grid(run: Run) -> bool:
    """Whether lines part most of the rows: three, or as many as half of the rows."""
    if len(run.lines) < 3:
        return False
    middles = [(row.top + row.bottom) / 2 for row in run.rows]
    bands = {sum(line < middle for line in run.lines) for middle in middles}
    return len(bands) >= max(2, 0.3 * len(run.rows))


def _is_dense(full: list[list[Cell]], columns: list[Column]) -> bool:
    """Whether rows fill their columns: labels strewn over a drawing do not."""
    return sum(map(len, full)) >= 0.4 * len(full) * len(columns)


def _has_short_cells(full: list[list[Cell]], by_column: list[list[Cell]], run: Run) -> bool:
    """Whether cells of words are those of a table rather than lines of columns of prose."""
    if sum(len(cells) for cells in full) < 0.6 * len(full) * len(run.columns):
        return False
    if any(b.x0 - a.x1 < run.size for cells in full for a, b in pairwise(cells)):
        return False
    first = [cell.x0 for cell in by_column[0]]
    if not first or sum(x - min(first) < 0.4 * run.size for x in first) < 0.6 * len(first):
        return False
    gutter = run.columns[1].x0 + run.size
    if any(
        row.x0 < gutter - 2 * run.size and row.x1 > gutter and len(own) == 1 and not row.bold
        for row, own in zip(run.rows, run.cells, strict=True)
    ):
        return False
    if len(full) * 2 < len(run.rows):
        return False
    length = float(median(len(cell.text) for cells in full for cell in cells))
    if length > (30 if len(run.columns) == 2 else 40):
        return False
    # Set solid, as prose is, most lines of a column are as wide as the column.
    solid = 0
    for column, cells in zip(run.columns, by_column, strict=True):
        width = column.x1 - column.x0
        wide = sum(cell.x1 - cell.x0 > 0.85 * width for cell in cells)
        solid += width > 8 * run.size and len(cells) >= 3 and wide >= 0.6 * len(cells)
    return solid < 2


def _is_contents(run: Run) -> bool:
    """Whether the last cells of the rows are the pages of a contents page."""
    if len(run.columns) > 3:
        return False
    last = run.columns[-1]
    full = [cells for cells in run.cells if len(cells) >= 2]
    numbers = [cells[-1].text for cells in full if cells[-1].x1 > last.x0]
    if numbers and not numbers[0].isdigit():
        numbers = numbers[1:]
    others = [cell for cells in full for cell in cells[:-1]]
    words = sum(any(c.isalpha() for c in cell.text) for cell in others)
    return leads_to_pages(numbers) and words >= 0.6 * len(others)
