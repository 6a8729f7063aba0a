"""Tables of Word files: rows of cells, whatever is merged."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pipelines.errors import SourceTooLarge
from pipelines.parsers.header_rows import MAX_HEADER_ROWS
from pipelines.parsers.office.word_xml import W, children, is_on, val, whole
from pipelines.parsers.pieces import TableCells

MAX_COLUMNS = 63
"""Of a table in Word; a cell that claims to span more does not."""
MAX_CELLS = 1_000_000


def rows_in(table: Any) -> Iterator[Any]:
    """The rows of a `w:tbl` that were not deleted."""
    for row in children(table):
        if row.tag == f"{W}tr" and row.find(f"{W}trPr/{W}del") is None:
            yield row


def cells_in(row: Any) -> Iterator[Any]:
    """The cells of a `w:tr`."""
    return (cell for cell in children(row) if cell.tag == f"{W}tc")


def is_continued(cell: Any) -> bool:
    """Whether a cell only goes on with the one above it."""
    merge = cell.find(f"{W}tcPr/{W}vMerge")
    return merge is not None and merge.get(f"{W}val", "continue") == "continue"


def is_box(table: Any) -> bool:
    """Whether it is a box drawn round paragraphs: no row has more than one cell."""
    return all(len(list(cells_in(row))) <= 1 for row in rows_in(table))


def table_cells(table: Any, text_of: Callable[[Any], str]) -> TableCells:
    """The rows of a table; marked as headers are those that the file repeats on each page.

    A cell that spans rows is repeated in each, so that every row says all that holds for it; one
    that spans columns leaves the further ones empty. `text_of` is called once for each `w:tc` that
    shows something, in the order of the document. Raises SourceTooLarge.
    """
    found = TableCells()
    cells = 0
    above: dict[int, str] = {}
    for number, node in enumerate(rows_in(table)):
        row = [""] * _columns(node, "trPr", "gridBefore", least=0)
        for cell in cells_in(node):
            at = len(row)
            if at not in above or not is_continued(cell):
                above[at] = text_of(cell)
            columns = _columns(cell, "tcPr", "gridSpan", least=1)
            if columns > 1:
                found.reaching[number, at] = columns
            row += [above[at], *[""] * (columns - 1)]
        cells += len(row)
        if cells > MAX_CELLS:
            raise SourceTooLarge(
                f"One table holds more than {MAX_CELLS:,} cells. Split it, or save it as CSV."
            )
        if found.marked == number and is_on(node, "trPr", "tblHeader"):
            found.marked += 1
        if number < MAX_HEADER_ROWS + 1:
            found.bold.append(_is_bold(node))
        found.rows.append(row)
    return found


def _is_bold(row: Any) -> bool:
    """Whether all words of a row are set bold."""
    runs = [run for run in row.iter(f"{W}r") if any(text.text for text in run.iter(f"{W}t"))]
    return bool(runs) and all(is_on(run, "rPr", "b") for run in runs)


def _columns(node: Any, *path: str, least: int) -> int:
    told = whole(val(node, *path))
    return least if told is None else max(least, min(told, MAX_COLUMNS))
