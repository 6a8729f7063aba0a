"""Whether rows that might be a table are one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from pipelines.parsers.cell_kinds import kind_of
from pipelines.parsers.pdf.cells import Cell, Column, aligned, columns_of, in_sequence, place
from pipelines.parsers.pdf.fonts import is_monospaced
from pipelines.parsers.pdf.list_items import leads_to_pages
from pipelines.parsers.pdf.rows import Row
from pipelines.parsers.pdf.ruling_lines import Rules
from pipelines.parsers.pdf.table_rows import header_length

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


def is_table(run: Run, rules: Rules, following: list[Row]) -> bool:
    """Whether the rows of a run form a table; gives it its columns and ruling lines."""
    size = run.size
    length = header_length(run.rows, run.cells)
    body, headers = run.cells[length:], run.cells[length - 1] if length else []
    # Headers stand anywhere over their columns, so that the cells below them tell where those are.
    tells = body if sum(len(own) > 1 for own in body) >= 2 else run.cells
    run.columns = columns_of(tells, size, headers)
    full = [cells for cells in run.cells if len(cells) >= 2]
    if len(run.columns) < 2 or len(full) < 2:
        return False
    left, right = run.columns[0].x0, run.columns[-1].x1
    run.lines = rules.within(left, right, run.rows[0].top - size, run.rows[-1].bottom + size)
    grid = _is_grid(run)
    if _is_record(run, body):
        return True
    if len(full) < (2 if grid else 3):
        return False
    if len(full) < (6 if grid else 10) and any(_FIGURE.match(row.text) for row in following):
        return False
    by_column: list[list[Cell]] = [[] for _ in run.columns]
    for cells in tells:
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
    told = sum(kind_of(cell.text) not in ("", "words") for cell in rest)
    if told >= max(3, 0.75 * len(rest)) and straight >= len(run.columns):
        # Part numbers and measures in straight columns are no prose, wherever labels begin.
        return _is_dense(full, run.columns) and len(full) >= 0.8 * len(run.rows)
    # Words of prose set wide stand under each other by chance, at the two edges by intent.
    straight = sum(aligned(column, size, 0.75) for column in filled)
    return straight >= max(2, 0.75 * len(run.columns)) and _has_short_cells(full, by_column, run)


def _is_record(run: Run, body: list[list[Cell]]) -> bool:
    """Whether headers have one row of amounts under them, which may have a label.

    Three amounts at least: two pairs of words and amounts are a list as often.
    """
    if len(body) != 1 or len(run.cells) < 2:
        return False
    headers = next((own for own in run.cells[-2::-1] if len(own) >= 3), [])
    amounts = body[0]
    if not amounts[0].is_value:
        headers = [header for header in headers if header.x1 > amounts[0].x1]
        amounts = amounts[1:]
    if len(amounts) < 3 or len(headers) < 3 or not all(amount.is_value for amount in amounts):
        return False
    return all(
        not header.is_value
        and any(
            header.x0 - 2 * run.size < amount.x1 and amount.x0 < header.x1 + 2 * run.size
            for amount in amounts
        )
        for header in headers
    )


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


def is_contents(run: Run) -> bool:
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
