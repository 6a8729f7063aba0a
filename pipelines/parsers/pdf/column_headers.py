"""Headers of a table's columns: which columns a header stands over, and the row that they make."""

from __future__ import annotations

import re

from pipelines.parsers.pdf.cells import Cell, Column, is_over, place, shared
from pipelines.parsers.pdf.rows import Row
from pipelines.parsers.pdf.ruling_lines import Rules

_MAX_COLUMNS = 20
_MAX_GROUPS = 4
"""Headers over groups and columns below them; the ways to match more are too many to try."""
UNIT = re.compile(
    r"^(?=.*(?:thousand|million|billion|unaudited|percent|except|amounts))(?:\([^()]+\)\s*)+$", re.I
)
"""What the amounts of a table are told in."""
_TIGHT = 0.2
"""Sizes of the font between two lines of one header at most; a header over a group stands apart."""

Group = tuple[int, int]
"""Columns start..stop that a header stands over."""


def column_headers(
    rows: list[Row], cells: list[list[Cell]], columns: list[Column], size: float, rules: Rules
) -> list[list[Cell]]:
    """The header of each column from top to bottom, headers over groups told with each.

    `cells` are those of the first rows, which are headers; `rows` are all of the table's.
    """
    headers: list[list[Cell]] = [[] for _ in columns]
    fullest = max(reversed(cells), key=len)
    below = _own_headers(fullest, columns)
    groups: list[Group] = []
    for index, own in enumerate(cells):
        if len(own) == 1 and UNIT.match(own[0].text):
            # A remark on all amounts is told once, not with each column that it reaches over.
            headers[0].append(own[0])
            continue
        top = rows[index].bottom
        bottom = rows[index + 1].top if index + 1 < len(rows) else top
        ruled: list[Group | None] = [None for _ in own]
        if index + 1 < len(cells):
            reach = (top - 0.3 * size, max(top, bottom) + 0.3 * size)
            ruled = [
                _group_ruled(cell, own, below, rules.under(cell.x0, cell.x1, *reach))
                for cell in own
            ]
        tight = bottom - top < _TIGHT * size
        tiles = None if own is not fullest else _tiled(own, columns, size)
        if tiles is None:
            placed, found = _spread(own, columns, below, size, groups, ruled, tight)
        else:
            placed, found = _over(own, place(own, columns), tiles), tiles
        groups = found or groups
        for number, inside in enumerate(placed):
            headers[number] += inside
    return headers


def _own_headers(fullest: list[Cell], columns: list[Column]) -> list[Column]:
    """Where each column's header stands in the fullest row of headers, else the column itself."""
    return [
        Column(inside[0].x0, inside[-1].x1) if inside else column
        for inside, column in zip(place(fullest, columns), columns, strict=True)
    ]


def _group_ruled(
    cell: Cell, row: list[Cell], columns: list[Column], line: tuple[float, float] | None
) -> Group | None:
    """The columns that the line under a header reaches over; None for one, and for all.

    A line under several headers of the row shows none of their groups.
    """
    if line is None or abs(line[0] + line[1] - cell.x0 - cell.x1) > 0.3 * (line[1] - line[0]):
        return None
    if sum(line[0] < (other.x0 + other.x1) / 2 < line[1] for other in row) > 1:
        return None
    inside = [i for i, column in enumerate(columns) if line[0] <= column.middle <= line[1]]
    if len(inside) < 2 or inside[0] == 0:
        return None
    return inside[0], inside[-1] + 1


def _spread(
    cells: list[Cell],
    columns: list[Column],
    headers_below: list[Column],
    size: float,
    above: list[Group],
    ruled: list[Group | None],
    tight: bool,
) -> tuple[list[list[Cell]], list[Group]]:
    """The cells of a row of headers by column, a header over a group of columns in each of them.

    A header that is centred over several columns, and not over the one it touches, is theirs. So is
    one header alone in the middle of all columns but the first. `headers_below` is where the
    columns' own headers stand, which a header over a group is centred on. `above` are the groups of
    the headers above, which none reaches out of. `ruled` are the groups of these headers that a
    line under each shows; narrow headers without one, in lines set `tight`, are lines of a column's
    own header. Also returned: the groups of these headers.
    """
    placed = place(cells, columns)
    headers = [cell for cell in cells if is_over(cell, columns, size)]
    shown = {id(cell): group for cell, group in zip(cells, ruled, strict=True) if group}
    # Nearly as many headers as columns are their own, some of them wrapped.
    many = len(headers) > min(_MAX_GROUPS, 0.6 * len(columns)) or len(columns) > _MAX_COLUMNS
    if not headers or (many and not shown):
        return placed, []
    groups = None if many else _tiled(headers, headers_below, size)
    if groups is None and shown:
        bounds = [*above, *shown.values()]
        groups = [
            shown.get(id(header)) or _group_of(header, headers_below, size, bounds, tight or many)
            for header in headers
        ]
    elif groups is None:
        found = _groups(headers, headers_below, 1, size, above, tight)
        if found is None:
            return placed, []
        groups = found[1]
    return _over(headers, placed, groups), groups


def _over(headers: list[Cell], placed: list[list[Cell]], groups: list[Group]) -> list[list[Cell]]:
    """The cells by column, each header in all the columns of its group."""
    out = [[cell for cell in column if cell not in headers] for column in placed]
    for cell, (start, stop) in zip(headers, groups, strict=True):
        for number in range(start, stop):
            out[number].append(cell)
    return out


def _group_of(
    header: Cell, columns: list[Column], size: float, above: list[Group], tight: bool
) -> Group:
    """The columns that one header is centred over; the one nearest to it when there are none."""
    found = _groups([header], columns, 1, size, above, tight)
    if found is not None:
        return found[1][0]
    nearest = min(
        range(1, len(columns)),
        key=lambda n: abs(columns[n].middle * 2 - header.x0 - header.x1),
    )
    return nearest, nearest + 1


def _tiled(headers: list[Cell], columns: list[Column], size: float) -> list[Group] | None:
    """Groups of equally many columns that take all but the first, each header centred over its own.

    None when the headers, two at least, are not set so.
    """
    width, rest = divmod(len(columns) - 1, len(headers))
    if len(headers) < 2 or rest or width < 2:
        return None
    groups = [(start, start + width) for start in range(1, len(columns), width)]
    for header, (start, stop) in zip(headers, groups, strict=True):
        left, right = columns[start].x0, columns[stop - 1].x1
        off = abs((left + right) - (header.x0 + header.x1)) / 2
        if header.x0 < left - size or header.x1 > right + size:
            return None
        if off > max(2.2 * size, 0.1 * (right - left)):
            return None
    return groups


def _allowed(left: float, right: float, size: float) -> float:
    """How far off the middle of a group its header may stand."""
    return max(1.5 * size, 0.1 * (right - left))


def _groups(
    headers: list[Cell],
    columns: list[Column],
    first: int,
    size: float,
    above: list[Group],
    tight: bool,
) -> tuple[float, list[Group]] | None:
    """For each header the columns that it is centred over, and how far off they are.

    None when a header fits none. Among groups equally well centred the wider one is meant.
    """
    if not headers:
        return 0.0, []
    header, middle = headers[0], (headers[0].x0 + headers[0].x1) / 2
    best: tuple[float, list[Group]] | None = None
    # A header set exactly over another, that of one column and about as wide, is a
    # line of that one.
    own = min(
        (
            abs(column.middle - middle)
            for column in columns[first:]
            if (column.x0, column.x1) != (header.x0, header.x1)
            and header.x1 - header.x0 < 1.3 * (column.x1 - column.x0)
        ),
        default=size,
    )
    line = tight and sum(shared(header, c) > 0.2 * (c.x1 - c.x0) for c in columns[first:]) < 2
    for start in range(first, len(columns)):
        for stop in range(start + 1, len(columns) + 1):
            left, right = columns[start].x0, columns[stop - 1].x1
            off = abs((left + right) / 2 - middle)
            alone = stop == start + 1
            touches = alone and header.x0 < right and header.x1 > left
            if not alone and (line or (off > own + 0.3 * size and own < 0.3 * size)):
                continue
            if any(start < b and stop > a and not a <= start < stop <= b for a, b in above):
                continue
            if not touches and off > _allowed(left, right, size):
                continue
            rest = _groups(headers[1:], columns, stop, size, above, tight)
            if rest is None:
                continue
            cost = off - 0.8 * size * (stop - start) + rest[0]
            if best is None or cost < best[0]:
                best = cost, [(start, stop), *rest[1]]
    return best
