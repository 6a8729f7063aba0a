"""Rows of a region that stand in aligned columns -> tables; entries of contents pages.

Prose that is taken for a table harms more than a table read as lines. So a table needs three rows
(two between ruling lines) of short cells that keep the same edges, and columns of prose, labels
of a figure, numbered equations and contents pages are told apart.
"""

from __future__ import annotations

from pipelines.parsers.pdf.cells import YEAR, Cell, cells_of, is_over
from pipelines.parsers.pdf.list_items import CAPTION, ITEM, Entry, is_led
from pipelines.parsers.pdf.rows import Row
from pipelines.parsers.pdf.ruling_lines import Rules
from pipelines.parsers.pdf.table_check import Run, is_contents, is_table
from pipelines.parsers.pdf.table_rows import Table, build

_MAX_WAITING = 6
"""Lines of one wrapped label."""
_MAX_LOOKED_AT = 60_000
"""Cells of one region, each time they are tried as a table; a drawing is tried over and over."""
_MAX_CELLS = 60
"""Of one row; more are a drawing."""
_LONG = 100
"""Characters of a row that are a line of prose when the rows above it hold amounts."""
_MAX_HEADERS = 8


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
            if stop - start >= 2 and is_table(run, rules, rows[stop : stop + 3]):
                if is_contents(run):
                    found += [Entry(row.pieces) for row in run.rows]
                elif _headers_of_next(run, cells[stop : stop + 4]):
                    found += run.rows
                else:
                    headers = _headers_above(found, run)
                    if headers:
                        del found[-len(headers) :]
                        run.rows[:0] = headers
                        run.cells[:0] = [cells_of(row) for row in headers]
                    found.append(build(run.rows, run.cells, run.columns, run.lines, rules))
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
            if held and not amounts and (index > stop or gap > 1.5 * size) and _are_headers(own):
                break
            held = held or amounts
            spans += [(cell.x0, cell.x1) for cell in own[1:]]
            label_edge = min(label_edge, own[0].x0)
            stop = index + 1
        elif row.x0 > max(label_edge + 4 * size, min(x0 for x0, _ in spans) - size):
            # Alone in a column to the right: a wrapped cell, or a total without a label.
            if gap > (2.5 if own[0].is_value else 1.2) * size:
                break
            goes_on = index == stop and _goes_on(own[0], cells[index - 1])
            if held and not own[0].is_value and not goes_on:
                break
            stop = index + 1
        elif gap > 2.5 * size or not _may_wait(row, spans, label_edge, size):
            break
    right = max(x1 for _, x1 in spans)
    while stop < len(rows) and _is_boxed(rows[stop], label_edge, right, rules):
        stop += 1
    return stop


def _is_boxed(row: Row, left: float, right: float, rules: Rules) -> bool:
    """Whether a label alone stands between two lines as wide as the table that it ends."""
    room = 1.5 * row.size
    above = rules.within(left, right, row.top - room, row.top + 1)
    below = rules.within(left, right, row.bottom - 1, row.bottom + room)
    return left - row.size < row.x0 and row.x1 < right and bool(above) and bool(below)


def _are_headers(own: list[Cell]) -> bool:
    """Whether the cells after the first name the columns of another table."""
    return all(
        YEAR.match(cell.text) or cell.text[:1].isupper() or cell.text == "%" for cell in own[1:]
    )


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
    """Whether a row of one piece can be a label, the heading of a section or a wrapped cell."""
    if row.x0 < label_edge - 2 * size or ITEM.match(row.text):
        return False
    if row.x1 <= min(x0 for x0, _ in spans) + size:
        return True
    return len(row.text) <= 130 and not row.text.endswith(".")


def _headers_above(found: list[Row | Table | Entry], run: Run) -> list[Row]:
    """Rows right above a table that stand over its columns after the first.

    Headings of sections at the first column may stand between those and the table.
    """
    headers: list[Row] = []
    taken, below = 0, run.rows[0]
    edge = run.columns[1].x0 - 2 * run.size
    left, right = run.columns[0].x0 - 2 * run.size, run.columns[-1].x1 + 3 * run.size
    while len(headers) < min(_MAX_HEADERS, len(found)):
        row = found[-1 - len(headers)]
        if not isinstance(row, Row) or below.top - row.bottom > 2.2 * row.size:
            break
        cells = cells_of(row)
        if row.x0 < left or row.x1 > right or row.text.endswith("."):
            break
        if max(len(cell.text) for cell in cells) > (60 if len(cells) > 2 else 90):
            break
        if CAPTION.match(row.text) or row.size > 1.15 * run.size:
            break
        if _is_title(row, run):
            # The heading of the first section may stand between the headers and the amounts.
            if taken or row.size > 1.05 * run.size or len(row.text) > 40:
                break
            headers.insert(0, row)
            below = row
            continue
        headers.insert(0, row)
        if any(cell.is_value for cell in cells[1:]):
            break
        over = [cell for cell in cells if is_over(cell, run.columns, run.size)]
        if over and row.text.endswith(":"):
            break
        if over and len(over) >= len(cells) - 1:
            taken = len(headers)
        elif (
            len(cells) > 1
            or row.x0 > left + 14 * run.size > edge
            or (len(row.text) > 60 and row.x1 > run.columns[1].x0)
        ):
            break
        below = row
    return headers[-taken:] if taken else []


def _headers_of_next(run: Run, following: list[list[Cell]]) -> bool:
    """Whether rows of words are the headers of amounts that stand right under them."""
    if len(run.rows) > _MAX_HEADERS or any(c.is_value for own in run.cells for c in own[1:]):
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
