"""Tables of web pages: rows of cells, whatever spans they use."""

from __future__ import annotations

from typing import Any

from pipelines.errors import SourceTooLarge
from pipelines.parsers.located_text import clean, clean_code

MAX_SPAN = 200
MAX_CELLS = 1_000_000

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_PARTING = frozenset(
    ("div", "li", "tr", "td", "th", "p", "pre", "ul", "ol", "dl", "blockquote", "table")
).union(_HEADINGS)


def is_layout(table: Any) -> bool:
    """A table that only arranges the page: it holds tables, titles, or a single column."""
    if table.xpath("./tr/th | ./thead | ./tbody/tr/th"):
        return False
    if any(node is not table for node in table.iter("table", "pre", *_HEADINGS)):
        return True
    cells = [len(row.findall("td")) + len(row.findall("th")) for row in table.iter("tr")]
    return not cells or max(cells) <= 1


def rows_of(table: Any) -> tuple[list[list[str]], int]:
    """Cell texts by row, and how many of the first rows are headers (`thead`, or only `th`).

    A cell that spans rows is repeated in each, so that every row says all that holds for it; one
    that spans columns leaves the further ones empty. Raises SourceTooLarge.
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


def text_of(node: Any, between: str = " ") -> str:
    """Text of a cell or, with a line end `between`, of code: `br` and blocks part words."""
    from lxml import etree

    parts: list[str] = []
    for event, part in etree.iterwalk(node, events=("start", "end")):
        is_block = part is not node and part.tag in _PARTING
        if part.tag == "br":
            parts += [between] if event == "start" else []
        elif is_block and parts and not parts[-1].endswith(between):
            parts.append(between)
        text = part.text if event == "start" else part.tail if part is not node else None
        if text:
            parts.append(text)
    joined = "".join(parts)
    return clean(" ".join(joined.split())) if between == " " else clean_code(joined)


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
