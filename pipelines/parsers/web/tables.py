"""Tables of web pages: rows of cells, whatever spans they use."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pipelines.errors import SourceTooLarge
from pipelines.parsers.header_rows import MAX_HEADER_ROWS
from pipelines.parsers.located_text import clean, clean_code
from pipelines.parsers.pieces import TableCells

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


def cells_of(table: Any) -> TableCells:
    """The rows of a table; marked as headers are those of `thead`, or of `th` only.

    A cell that spans rows is repeated in each, so that every row says all that holds for it; one
    that spans columns leaves the further ones empty. Raises SourceTooLarge.
    """
    found = TableCells()
    below: dict[int, tuple[int, str, int]] = {}
    cells_left, labels = MAX_CELLS, []
    for number, tr in enumerate(_own_rows(table)):
        cells = [cell for cell in tr if cell.tag in ("td", "th")]
        row = _Row(number, found.reaching, below)
        for cell in cells:
            row.fill_from_above()
            row.add(text_of(cell), _span(cell, "colspan"), _span(cell, "rowspan"))
        row.fill_from_above()
        cells_left -= len(row.texts)
        if cells_left < 0:
            raise SourceTooLarge(
                f"One table holds more than {MAX_CELLS:,} cells. Split it, or upload it as CSV."
            )
        heads = bool(cells) and (
            tr.getparent().tag == "thead" or all(cell.tag == "th" for cell in cells)
        )
        if heads and found.marked == number:
            found.marked += 1
        elif not heads:
            labels.append(next((i for i, cell in enumerate(cells) if cell.tag != "th"), 0))
        if number < MAX_HEADER_ROWS + 1:
            found.bold.append(bool(cells) and all(map(_is_bold, cells)))
        found.rows.append(row.texts)
    found.header_columns = max(labels, default=0)
    return found


@dataclass
class _Row:
    number: int
    reaching: dict[tuple[int, int], int]
    below: dict[int, tuple[int, str, int]]
    """Column -> rows still to come that its cell reaches into, its text, its columns."""
    texts: list[str] = field(default_factory=list)

    def add(self, text: str, columns: int, rows: int = 1) -> None:
        at = len(self.texts)
        if rows > 1:
            self.below[at] = (rows - 1, text, columns)
        if columns > 1:
            self.reaching[self.number, at] = columns
        self.texts += [text, *[""] * (columns - 1)]

    def fill_from_above(self) -> None:
        while (at := len(self.texts)) in self.below:
            left, text, columns = self.below.pop(at)
            self.add(text, columns, left)


def _is_bold(cell: Any) -> bool:
    """Whether a cell's text is all in one bold element."""
    inner = [node for node in cell if node.tag in ("b", "strong")]
    return bool(inner) and text_of(cell) == text_of(inner[0]) != ""


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


def _span(cell: Any, name: str) -> int:
    value = str(cell.get(name) or "1").strip()
    return max(1, min(int(value), MAX_SPAN)) if value.isascii() and value.isdecimal() else 1
