"""Pieces of lines -> regions in reading order -> lines.

A region is cut where white space runs between columns (Nagy and Seth's XY-cut, with the pieces
that cross a gutter parting the page into bands). White space also parts the cells of a table or a
form, which read row by row; `_reads_as_columns` tells the two apart.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from pipelines.parsers.pdf.fonts import is_monospaced
from pipelines.parsers.pdf.line_pieces import Piece
from pipelines.parsers.pdf.page_geometry import Rotation
from pipelines.parsers.pdf.rows import Region, Row, mostly_backwards, rows_of

_MAX_DEPTH = 8
MAX_PIECES = 6000
"""More pieces than this on one page are a drawing; they are read in rows, without columns."""

_FEW_LETTERS = 50
"""Fewer on one side of a gutter are labels of a figure or the rest of a line, not a column."""

_MAX_PARTS = 20
_MANY_LINES = 5
"""On either side of a gutter in a part of a page; fewer are cells of wrapped text as often."""

_MAX_HEAD_ROWS = 9
"""Lines that the column headers of a table take at most."""
_AMOUNT = re.compile(r"^[$€£(\-–—]*\s*\d[\d.,]*\)?\s?%?$|^[—–-]$")

CountRules = Callable[[float, float, float, float], int]
"""Ruling lines that cross from x0 to x1 between two heights, top and bottom, of the frame."""


def reading_order(pieces: list[Piece], count_rules: CountRules) -> list[Region]:
    """Regions of the page in the order in which a person reads them.

    Ruling lines across a gutter make cells of a table of what would be columns otherwise.
    """
    upright = main_turn(pieces)
    regions: list[Region] = []
    main = [piece for piece in pieces if piece.turn == upright]
    right_to_left = mostly_backwards(main)
    if len(main) > MAX_PIECES:
        regions.append(main)
    else:
        _cut(main, regions, right_to_left, count_rules, 0)
    # What runs another way (a stamp in the margin, a sideways header of a table) is read last.
    for turn in (0, 90, 180, 270):
        sideways = [piece for piece in pieces if piece.turn == turn != upright]
        if sideways:
            regions.append(sideways)
    return regions


def main_turn(pieces: list[Piece]) -> Rotation:
    """The way that most of the text runs."""
    weights: dict[Rotation, int] = {0: 0, 90: 0, 180: 0, 270: 0}
    for piece in pieces:
        weights[piece.turn] += len(piece.text)
    return max(weights, key=lambda turn: weights[turn])


def _cut(
    pieces: Region,
    regions: list[Region],
    right_to_left: bool,
    count_rules: CountRules,
    depth: int,
) -> None:
    if not pieces:
        return
    found = _columns(pieces, count_rules) if len(pieces) >= 6 and depth < _MAX_DEPTH else None
    if found is None:
        regions.append(pieces)
        return
    for band in found:
        if isinstance(band, tuple):
            left, right = band
            for side in (right, left) if right_to_left else (left, right):
                _cut(side, regions, right_to_left, count_rules, depth + 1)
        else:
            _cut(band, regions, right_to_left, count_rules, depth + 1)


def _columns(
    pieces: Region, count_rules: CountRules
) -> list[Region | tuple[Region, Region]] | None:
    """Bands from top to bottom, each one region or a left and a right column; None if no gutter."""
    for gutter in _gutters(pieces):
        bands = _bands(pieces, gutter, count_rules)
        if bands is not None:
            return bands
    return None


def _gutters(pieces: Region) -> list[tuple[float, float]]:
    """At most four vertical stripes that few pieces cross, those crossed least first."""
    x0 = np.array([piece.frame[0] for piece in pieces])
    x1 = np.array([piece.frame[2] for piece in pieces])
    size = float(np.median([piece.size for piece in pieces]))
    left, width = float(x0.min()), float(x1.max() - x0.min())
    if width < 8 * size or width > 20_000:
        return []
    bins = int(width) + 2
    starts = np.bincount(np.ceil(x0 - left).astype(int), minlength=bins)[:bins]
    stops = np.bincount(np.floor(x1 - left).astype(int), minlength=bins + 1)[:bins]
    begun, ended = np.cumsum(starts), np.cumsum(stops)
    crossing, to_left, to_right = begun - ended, ended, len(pieces) - begun
    possible = (to_left >= 3) & (to_right >= 3) & (crossing <= 0.5 * len(pieces))
    if not possible.any():
        return []
    narrowest = max(0.6 * size, 4)
    stripes: dict[int, tuple[float, float, float, float]] = {}
    # A page number or a heading may reach into the gutter, so stripes are sought by how many
    # pieces cross them at most, not only where the same ones do.
    for level in np.unique(crossing[possible])[:6].tolist():
        edges = np.diff(np.concatenate(([0], (possible & (crossing <= level)).view(np.int8), [0])))
        for start, stop in zip(np.flatnonzero(edges > 0), np.flatnonzero(edges < 0), strict=True):
            middle = int(start + stop) // 2
            if stop - start < narrowest or middle in stripes:
                continue
            balance = min(int(to_left[middle]), int(to_right[middle]))
            cost = level - 0.5 * balance
            stripes[middle] = (cost, float(start - stop), left + start, left + stop - 1)
    return [(float(low), float(high)) for _, _, low, high in sorted(stripes.values())[:4]]


def _bands(
    pieces: Region,
    gutter: tuple[float, float],
    count_rules: CountRules,
) -> list[Region | tuple[Region, Region]] | None:
    middle = (gutter[0] + gutter[1]) / 2
    spanning = sorted((p.frame[1], p.frame[3]) for p in pieces if p.frame[0] < middle < p.frame[2])
    ordered = sorted(pieces, key=lambda piece: piece.frame[1] + piece.frame[3])
    groups: list[tuple[bool, Region]] = []
    for piece in ordered:
        crosses = piece.frame[0] < middle < piece.frame[2]
        # What stands beside a spanning piece belongs to its row.
        center = (piece.frame[1] + piece.frame[3]) / 2
        crosses = crosses or any(top < center < bottom for top, bottom in spanning)
        if groups and groups[-1][0] == crosses:
            groups[-1][1].append(piece)
        else:
            groups.append((crosses, [piece]))
    bands: list[Region | tuple[Region, Region]] = []
    for crosses, group in groups:
        left, right = _sides(group, middle)
        if not crosses and left and right and _reads_as_columns(left, right, gutter, count_rules):
            bands.append((left, right))
            continue
        for band in [group] if crosses else _columns_within(group, gutter, count_rules):
            if isinstance(band, list) and bands and isinstance(bands[-1], list):
                bands[-1].extend(band)
            else:
                bands.append(band)
    bands = _with_column_headers(bands)
    return bands if any(isinstance(band, tuple) for band in bands) else None


def _columns_within(
    group: Region, gutter: tuple[float, float], count_rules: CountRules
) -> list[Region | tuple[Region, Region]]:
    """A band that is no columns as a whole, parted where some of it is: prose above a table.

    Blank lines across the band part it; as many of the parts as still read as columns are two.
    """
    parts: list[Region] = []
    bottom = float("-inf")
    for piece in sorted(group, key=lambda piece: piece.frame[1]):
        if not parts or piece.frame[1] - bottom > 0.6 * piece.size:
            parts.append([])
        parts[-1].append(piece)
        bottom = max(bottom, piece.frame[3])
    if not 1 < len(parts) <= _MAX_PARTS:
        return [list(group)]
    middle = (gutter[0] + gutter[1]) / 2
    out: list[Region | tuple[Region, Region]] = []
    start = 0
    while start < len(parts):
        for stop in range(len(parts), start, -1):
            left, right = _sides([p for part in parts[start:stop] for p in part], middle)
            heads_next = stop < len(parts) and len(parts[stop - 1]) == 1
            if heads_next or min(len(left), len(right)) < _MANY_LINES:
                continue
            if _reads_as_columns(left, right, gutter, count_rules):
                above = _sides(parts[start - 1], middle) if start else ([], [])
                if len(above[0]) == len(above[1]) == 1 and out[-1] is parts[start - 1]:
                    # A heading over each column.
                    out.pop()
                    left, right = above[0] + left, above[1] + right
                out.append((left, right))
                start = stop
                break
        else:
            out.append(parts[start])
            start += 1
    return out


def _sides(pieces: Region, middle: float) -> tuple[Region, Region]:
    """The pieces that begin left of a gutter and those that begin right of it."""
    left = [piece for piece in pieces if piece.frame[0] < middle]
    return left, [piece for piece in pieces if piece.frame[0] >= middle]


def _with_column_headers(
    bands: list[Region | tuple[Region, Region]],
) -> list[Region | tuple[Region, Region]]:
    """The bands; what seemed columns but heads the amounts right below it is made one with them."""
    out: list[Region | tuple[Region, Region]] = []
    for band in bands:
        above = out[-1] if out else None
        if isinstance(band, list) and isinstance(above, tuple) and _heads_amounts(*above, band):
            out.pop()
            band = [*above[0], *above[1], *band]
            if out and isinstance(out[-1], list):
                band = [*out.pop(), *band]
        out.append(band)
    return out


def _heads_amounts(left: Region, right: Region, below: Region) -> bool:
    """Whether few lines stand over the amounts of the first row below them, closely."""
    first = rows_of(below)[0]
    amounts = [piece for piece in first.pieces if _AMOUNT.match(piece.text)]
    if len(amounts) < 2 or len(first.pieces) < 3:
        return False
    bottom = max(piece.frame[3] for piece in (*left, *right))
    if first.top - bottom > 3 * first.size or len(rows_of(right)) > _MAX_HEAD_ROWS:
        return False
    under = [
        any(a.frame[0] < head.frame[2] and a.frame[2] > head.frame[0] for a in amounts)
        for head in right
    ]
    return sum(under) * 2 >= len(under) and len(rows_of(left)) <= _MAX_HEAD_ROWS


def _reads_as_columns(
    left: Region,
    right: Region,
    gutter: tuple[float, float],
    count_rules: CountRules,
) -> bool:
    """Whether two sides are columns, each read to its end, rather than cells read by row."""
    rows_left, rows_right = rows_of(left), rows_of(right)
    fewer, more = sorted((rows_left, rows_right), key=len)
    if len(fewer) < 2:
        return False
    shared_top = max(rows_left[0].top, rows_right[0].top)
    shared_bottom = min(rows_left[-1].bottom, rows_right[-1].bottom)
    if shared_bottom - shared_top < 1.5 * fewer[0].size:
        return False
    in_step = _in_step(fewer, more)
    letters = min(_mean_length(left), _mean_length(right))
    content = sorted([(piece.order, 0) for piece in left] + [(piece.order, 1) for piece in right])
    changes = sum(a[1] != b[1] for a, b in pairwise(content))
    drawn_by_column = changes <= max(2, 0.25 * len(fewer))
    if in_step >= 0.5:
        lines = count_rules(gutter[0], gutter[1], shared_top, shared_bottom)
        if lines >= max(2, 0.15 * len(fewer)):
            return False
    if in_step < 0.5:
        return letters >= 4 and _letters(fewer) >= _FEW_LETTERS
    if drawn_by_column:
        return letters >= 12
    if all(is_monospaced(piece.font) for piece in (*left, *right)):
        # Of a print-out, drawn line by line, spaces stand under each other.
        return False
    return letters >= 20 and min(_fill(rows_left), _fill(rows_right)) > 0.7


def _in_step(fewer: list[Row], more: list[Row]) -> float:
    """Share of the rows of one side that have a row at the same height on the other."""
    bottoms = np.array([row.bottom for row in more])
    tops = np.array([row.top for row in more])
    hits = 0
    for row in fewer:
        allowed = 0.2 * row.size
        near = (np.abs(bottoms - row.bottom) < allowed) | (np.abs(tops - row.top) < allowed)
        hits += bool(near.any())
    return hits / len(fewer)


def _letters(rows: list[Row]) -> int:
    return sum(len(piece.text) for row in rows for piece in row.pieces)


def _mean_length(pieces: Region) -> float:
    return sum(len(piece.text) for piece in pieces) / len(pieces)


def _fill(rows: list[Row]) -> float:
    """Mean share of the column's width that its rows take."""
    width = max(row.x1 for row in rows) - min(row.x0 for row in rows)
    return sum(row.x1 - row.x0 for row in rows) / (len(rows) * max(width, 1.0))
