"""Rows of a region that stand in aligned columns -> tables.

Prose that is taken for a table harms more than a table read as lines, so a table needs three rows
(two between ruling lines) whose cells keep the same edges.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pipelines.parsers.pdf_fonts import is_monospaced
from pipelines.parsers.pdf_layout import Row
from pipelines.parsers.pdf_letters import LEADER
from pipelines.parsers.pdf_rules import Rules
from pipelines.parsers.pdf_text import Piece

_MARKER = re.compile(r"^(?:[•◦▪■●○–—►▸‣·\uf0a0-\uf0ff*\-]|\(?[0-9]{1,3}[.)]|\(?[A-Za-z][.)]|\d+)$")
_BEFORE = {"$", "€", "£", "¥", "₩", "US$", "CHF"}
_AFTER = {"%", ")", ")%", "°"}

Columns = list[list[float]]


@dataclass(slots=True)
class Table:
    """Cells row by row, "" where a column has none, and the pieces that each row is made of."""

    cells: list[list[str]]
    pieces: list[list[Piece]]


def find_tables(rows: list[Row], rules: Rules) -> list[Row | Table]:
    """The rows in their order, those that form a table replaced by it."""
    found: list[Row | Table] = []
    start = 0
    while start < len(rows):
        if len(rows[start].pieces) >= 2:
            stop, columns = _grow(rows, start, rules)
            body = rows[start:stop]
            if _is_table(body, columns, rules):
                found.append(_table(body, columns, rules))
                start = stop
                continue
        found.append(rows[start])
        start += 1
    return found


def _grow(rows: list[Row], start: int, rules: Rules) -> tuple[int, Columns]:
    """The row after the last that fits the columns begun by `start`, and the columns."""
    columns = [[p.frame[0], p.frame[2]] for p in rows[start].pieces]
    columns.sort()
    stop = start + 1
    for index in range(start + 1, len(rows)):
        row = rows[index]
        gap = row.top - rows[index - 1].bottom
        if gap > 2.2 * row.size and not (
            gap < 8 * row.size
            and rules.within(columns[0][0], columns[-1][1], rows[index - 1].bottom, row.top)
        ):
            break
        merged = _merge(columns, row.pieces)
        if merged is None or (len(row.pieces) == 1 and gap > 1.2 * row.size):
            break
        columns = merged
        if len(row.pieces) >= 2 or row.pieces[0].frame[0] > columns[0][1]:
            stop = index + 1
    return stop, columns


def _merge(columns: Columns, pieces: list[Piece]) -> Columns | None:
    """The columns widened by a row's pieces; None when a piece reaches over two columns."""
    merged = [list(column) for column in columns]
    for piece in pieces:
        x0, x1 = piece.frame[0], piece.frame[2]
        touched = [column for column in merged if column[0] < x1 and column[1] > x0]
        if len(touched) > 1:
            return None
        if touched:
            touched[0][0], touched[0][1] = min(touched[0][0], x0), max(touched[0][1], x1)
        else:
            merged.append([x0, x1])
            merged.sort()
    for left, right in pairwise(merged):
        if right[0] - left[1] < 0:
            return None
    return merged


def _cells(row: Row, columns: Columns) -> list[list[Piece]]:
    cells: list[list[Piece]] = [[] for _ in columns]
    for piece in row.pieces:
        center = (piece.frame[0] + piece.frame[2]) / 2
        inside = [i for i, (low, high) in enumerate(columns) if low <= center <= high]
        cells[inside[0] if inside else 0].append(piece)
    return cells


def _is_table(rows: list[Row], columns: Columns, rules: Rules) -> bool:
    full = [row for row in rows if len(row.pieces) >= 2]
    if len(columns) < 2 or len(full) < 2:
        return False
    if sum(LEADER in row.text for row in rows) * 2 > len(rows):
        return False
    size = float(np.median([row.size for row in rows]))
    if min(right[0] - left[1] for left, right in pairwise(columns)) < 0.5 * size:
        return False
    by_column: list[list[Piece]] = [[] for _ in columns]
    for row in rows:
        for index, cell in enumerate(_cells(row, columns)):
            by_column[index].extend(cell)
    if all(_MARKER.match(piece.text) for piece in by_column[0]) and len(columns) == 2:
        return False
    lines = rules.within(columns[0][0], columns[-1][1], rows[0].top - size, rows[-1].bottom + size)
    ruled = len(lines) >= 3
    if len(full) < (2 if ruled else 3) or (len(full) * 2 < len(rows) and not ruled):
        return False
    if not ruled and all(is_monospaced(row.font) for row in rows):
        return False
    aligned = sum(_aligned(column, size) for column in by_column if len(column) >= 2)
    if aligned < 2:
        return False
    length = float(np.median([len(p.text) for row in full for p in row.pieces]))
    return ruled or length <= (30 if len(columns) == 2 else 40)


def _join_signs(rows: list[Row], columns: Columns) -> Columns:
    """Columns of nothing but currency signs joined to the amounts that follow them.

    Likewise those of per cent signs and closing brackets to what stands before.
    """
    texts: list[set[str]] = [set() for _ in columns]
    for row in rows:
        for index, cell in enumerate(_cells(row, columns)):
            texts[index].update(piece.text for piece in cell)
    joined: Columns = []
    follows = False
    for index, column in enumerate(columns):
        trails = texts[index] <= _AFTER
        if joined and (follows or trails):
            joined[-1][1] = column[1]
        else:
            joined.append(list(column))
        follows = texts[index] <= _BEFORE and index + 1 < len(columns)
    return joined if len(joined) >= 2 else columns


def _aligned(column: list[Piece], size: float) -> bool:
    """Whether most of the cells share their left edge, right edge or middle."""
    left = np.array([piece.frame[0] for piece in column])
    right = np.array([piece.frame[2] for piece in column])
    for edges in (left, right, (left + right) / 2):
        if (np.abs(edges - np.median(edges)) < 0.3 * size).mean() >= 0.6:
            return True
    return False


def _table(rows: list[Row], columns: Columns, rules: Rules) -> Table:
    size = float(np.median([row.size for row in rows]))
    lines = rules.within(columns[0][0], columns[-1][1], rows[0].top - size, rows[-1].bottom + size)
    bands = np.searchsorted(lines, [(row.top + row.bottom) / 2 for row in rows])
    # A line under every row, give or take wrapped cells, makes a grid: what stands between two
    # lines is one row. Three lines alone (above, below and under the head) don't.
    grid = len(set(bands.tolist())) >= max(3, 0.3 * len(rows))
    columns = _join_signs(rows, columns)
    table = Table([], [])
    merged: list[list[list[Piece]]] = []
    for index, row in enumerate(rows):
        cells = _cells(row, columns)
        wrapped = False
        if index:
            tight = row.top - rows[index - 1].bottom < 0.3 * size
            wrapped = (
                bool(bands[index] == bands[index - 1])
                if grid
                else len(row.pieces) == 1 and not cells[0] and tight
            )
        if wrapped:
            for cell, more in zip(merged[-1], cells, strict=True):
                cell.extend(more)
        else:
            merged.append(cells)
    for cells in merged:
        table.cells.append([" ".join(piece.text for piece in cell) for cell in cells])
        table.pieces.append([piece for cell in cells for piece in cell])
    return table
