"""Rows of a table from its HTML, whatever spans it uses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipelines.errors import SourceTooLarge

MAX_SPAN = 200
MAX_CELLS = 1_000_000


def rows_of(table: Any, text_of: Callable[[Any], str]) -> tuple[list[list[str]], int]:
    """Cell texts by row, and how many of the first rows are headers (`thead`, or only `th`).

    `table` is an lxml element. A cell that spans rows is repeated in each, so that every row says
    all that holds for it; one that spans columns leaves the further ones empty.
    Raises SourceTooLarge.
    """
    rows: list[list[str]] = []
    header_rows = 0
    below: dict[int, tuple[int, str]] = {}
    cells_left = MAX_CELLS
    for tr in _own_rows(table):
        cells = [cell for cell in tr if cell.tag in ("td", "th")]
        row: list[str] = []
        for cell in cells:
            _fill_from_above(row, below)
            text = text_of(cell)
            columns, deep = _span(cell, "colspan"), _span(cell, "rowspan")
            if deep > 1:
                below[len(row)] = (deep - 1, text)
            row += [text, *[""] * (columns - 1)]
        _fill_from_above(row, below)
        cells_left -= len(row)
        if cells_left < 0:
            raise SourceTooLarge(
                f"One table holds more than {MAX_CELLS:,} cells. Split it, or upload it as CSV."
            )
        heads = bool(cells) and (
            tr.getparent().tag == "thead" or all(cell.tag == "th" for cell in cells)
        )
        if heads and header_rows == len(rows):
            header_rows += 1
        rows.append(row)
    return rows, header_rows


def _own_rows(table: Any) -> list[Any]:
    rows = []
    for child in table:
        if child.tag == "tr":
            rows.append(child)
        elif child.tag in ("thead", "tbody", "tfoot"):
            rows += [tr for tr in child if tr.tag == "tr"]
    return rows


def _fill_from_above(row: list[str], below: dict[int, tuple[int, str]]) -> None:
    while len(row) in below:
        left, text = below.pop(len(row))
        if left > 1:
            below[len(row)] = (left - 1, text)
        row.append(text)


def _span(cell: Any, name: str) -> int:
    value = str(cell.get(name) or "1").strip()
    return max(1, min(int(value), MAX_SPAN)) if value.isascii() and value.isdecimal() else 1
