"""Spreadsheets and CSV: rows that can be understood alone, each with the place of its cells.

Excel files are read through openpyxl, in its streaming mode and with the values that were last
computed, and not through unstructured's `partition_xlsx`: that one loads every sheet into memory
and joins all cells of a table into one text without saying which cell a value stands in.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal

from pipelines.errors import PipelineError, SourceTooLarge, SourceUnreadable
from pipelines.parsers.cell_kinds import is_value
from pipelines.parsers.chart_captions import chart_captions
from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.detect import XLSX
from pipelines.parsers.header_rows import header_of
from pipelines.parsers.located_text import PlainText, clean, facts_of, part_of, read_limited, wanted
from pipelines.parsers.ooxml import open_package
from pipelines.parsers.pieces import MOST_LEAD_CHARACTERS
from pipelines.parsers.sheets.beside import read_beside_cells
from pipelines.parsers.sheets.drawings import Notes, read_extras
from pipelines.parsers.sheets.number_formats import shown
from pipelines.parsers.text import MAX_TEXT_BYTES, decode
from pipelines.types import ParseWarning, Part, Segment, SourceType

BLOCK_ROWS = 500
MAX_SHEET_BYTES = 768 * 2**20
"""Of one sheet's XML, which is streamed, not held."""
MAX_CELLS = 50_000_000
"""Empty ones that have to be walked over included: a sheet may claim a cell at its far corner."""
MAX_CELL_CHARACTERS = 32_767
"""Excel's own limit; a longer CSV field is a quotation mark that was never closed."""

_SEPARATOR_LINE = re.compile(r"sep=([^\w\s\"]|\t)\r?\n")
"""A first line that tells Excel the separator."""
_PLAIN_NAME = re.compile(r"[A-Za-z_][\w.]*\Z", re.ASCII)

Row = tuple[int, list[str]]
"""Number of a row, from 1, and the texts of its cells from the first column on."""


@dataclass
class _Grid:
    """Rows of one sheet on their way to segments; it remembers the header from block to block."""

    plain: PlainText
    place: Callable[[int, int, int], str]
    """Anchor of a row's cells: row, first and last column, all from 1."""
    header: list[Row] = field(default_factory=list)
    earlier: list[Row] = field(default_factory=list)
    """The header of the table above."""
    reaching: dict[int, dict[int, int]] = field(default_factory=dict)
    """Number of a row -> columns, from 0, whose cell reaches over further ones -> over how many."""
    line: tuple[int, int, str] | None = None
    """Row, column from 0 and text of a row of one cell: it names the table right below it."""
    lead: str = ""
    """What names the table that the rows go on with."""
    is_inside: bool = False
    """Whether the next row goes on with a table."""
    last_row: int = 0

    def segments(self, rows: Sequence[Row]) -> list[Segment]:
        """Segments of the next rows. A blank row ends a table; a row of one cell right above a
        table names it, and is text anywhere else."""
        found: list[Segment] = []
        region: list[Row] = []
        for number, cells in rows:
            if not any(cells):
                continue
            if number != self.last_row + 1:
                found += self._table(region) + self._line()
                self.earlier, self.header = self.header or self.earlier, []
                region, self.is_inside, self.lead = [], False, ""
            self.last_row = number
            if not region and not self.is_inside and sum(map(bool, cells)) == 1:
                found += self._line()
                column = next(i for i, cell in enumerate(cells) if cell)
                self.line = (number, column, cells[column])
            else:
                region.append((number, cells))
        return found + self._table(region) + self._line()

    def _line(self) -> list[Segment]:
        """The row of one cell that waited for a table to name, as text."""
        if self.line is None:
            return []
        (number, column, text), self.line = self.line, None
        return self.plain.add(text, anchor=self.place(number, column + 1, column + 1))

    def _table(self, region: list[Row]) -> list[Segment]:
        if not region:
            return []
        found: list[Segment] = []
        goes_on = self.is_inside
        if not self.is_inside:
            self.is_inside = True
            if self.line and len(self.line[2]) <= MOST_LEAD_CHARACTERS:
                self.lead, self.line = self.line[2], None
            found = self._line()
            if self._goes_on(region[0][1]):
                self.header, goes_on = self.earlier, True
            else:
                first, _, texts = _block(region)
                start, body = header_of(texts, self._reaching(region, first))
                found += self._rows([], region[:start])
                self.header, region = region[start:body], region[body:]
        return found + self._rows(self.header, region, is_continued=goes_on)

    def _goes_on(self, cells: list[str]) -> bool:
        """Whether a row below a blank one belongs to the table above, whose columns it fills."""
        named = {i for _, row in self.earlier for i, cell in enumerate(row) if cell}
        filled = {i for i, cell in enumerate(cells) if cell}
        has_value = any(is_value(cells[i]) for i in filled)
        return has_value and filled <= named and 2 * len(filled) > len(named)

    def _rows(
        self, header: list[Row], body: list[Row], *, is_continued: bool = False
    ) -> list[Segment]:
        rows = [*header, *body]
        if not rows:
            return []
        first, last, texts = _block(rows)
        return self.plain.add_table(
            texts,
            header_rows=len(header),
            anchors=[self.place(number, first + 1, last + 1) for number, _ in rows],
            reaching=self._reaching(rows, first),
            is_continued=is_continued,
            lead=self.lead,
        )

    def _reaching(self, rows: Sequence[Row], first: int) -> dict[tuple[int, int], int]:
        """(row, column from `first`) of cells -> the columns that they reach over."""
        return {
            (at, column - first): columns
            for at, (number, _) in enumerate(rows)
            for column, columns in self.reaching.get(number, {}).items()
        }

    def forget(self) -> None:
        """Drop what is known of rows that are done with; headers are needed on."""
        kept = {number for number, _ in (*self.header, *self.earlier)}
        self.reaching = {n: columns for n, columns in self.reaching.items() if n in kept}


def _block(rows: Sequence[Row]) -> tuple[int, int, list[list[str]]]:
    """First and last column, from 0, that hold anything, and the cells from one to the other."""
    filled = [i for _, cells in rows for i, cell in enumerate(cells) if cell]
    first, last = min(filled), max(filled)
    return (
        first,
        last,
        [[*cells, *[""] * (last + 1 - len(cells))][first : last + 1] for _, cells in rows],
    )


class XlsxParser:
    """An Excel workbook. A Part is a sheet, or the next 500 rows of it; its unit counts those."""

    source_type: SourceType = "document"
    media_types = frozenset({XLSX})

    def parse(self, path: Path, options: ParseOptions) -> Iterator[Part]:
        import openpyxl

        plain = PlainText()
        with open_package(path, options.password, xml_limit=MAX_SHEET_BYTES) as file:
            try:
                book = openpyxl.load_workbook(file, read_only=True, data_only=True)
                facts = {**_properties(book.properties), "sheets": len(book.sheetnames)}
                blocks = chain.from_iterable(_blocks(s, plain, book) for s in book.worksheets)
                charts = (_chart_sheet(s, plain) for s in book.chartsheets)
                pages = chain(blocks, (page for page in charts if any(page)))
                for index, (segments, warnings) in enumerate(pages):
                    if wanted(index, options):
                        yield part_of(
                            segments,
                            index,
                            total=None,
                            unit="sheets",
                            facts={**facts, "characters": plain.characters},
                            warnings=warnings,
                        )
            except (PipelineError, MemoryError):
                raise
            except Exception as exc:
                raise SourceUnreadable(
                    "The workbook is damaged or not what its name says. "
                    "Open it, save it again and upload that."
                ) from exc


class CsvParser:
    """Comma, semicolon, tab or bar separated values; a Part is 500 rows.

    Anchors name rows the way RFC 7111 does: `#row=2`.
    """

    source_type: SourceType = "document"
    media_types = frozenset({"text/csv", "text/tab-separated-values"})

    def parse(self, path: Path, options: ParseOptions) -> Iterator[Part]:
        text, encoding, warnings = decode(read_limited(path, MAX_TEXT_BYTES))
        csv.field_size_limit(MAX_TEXT_BYTES)
        stated = _SEPARATOR_LINE.match(text)
        delimiter = stated[1] if stated else _delimiter(text)
        lines: Iterable[str] = io.StringIO(text, newline="")
        quoting: Literal[0, 3] = csv.QUOTE_MINIMAL
        count = _quoted_rows(text, delimiter)
        if count is None:
            lines, quoting = text.splitlines(), csv.QUOTE_NONE
            count = len(lines)
            warnings = [*warnings, _quotes_ignored()]
        reader = enumerate(csv.reader(lines, delimiter=delimiter, quoting=quoting), start=1)
        if stated:
            next(reader)
        grid = _Grid(PlainText(), lambda row, _first, _last: f"#row={row}")
        total = max(1, -(-count // BLOCK_ROWS))
        for index in range(total):
            rows = [
                (n, [clean(cell) for cell in record]) for n, record in islice(reader, BLOCK_ROWS)
            ]
            segments = grid.segments(rows)
            if wanted(index, options):
                yield part_of(
                    segments,
                    index,
                    total=total,
                    unit="sections",
                    facts={
                        **facts_of(encoding=encoding, rows=count),
                        "characters": grid.plain.characters,
                    },
                    warnings=warnings if index == 0 else (),
                )


def _quoted_rows(text: str, delimiter: str) -> int | None:
    """How many rows there are; None when a quotation mark swallows what can't be one cell."""
    count = 0
    try:
        for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if any(len(cell) > MAX_CELL_CHARACTERS and "\n" in cell for cell in record):
                return None
            count += 1
    except csv.Error:
        return None
    return count


def _quotes_ignored() -> ParseWarning:
    return ParseWarning(
        code="csv_quotes_ignored",
        message="A quotation mark is opened and not closed, so quotation marks were read as text.",
    )


def _delimiter(text: str) -> str:
    """The separator that parts the first lines into the same number of fields most often."""
    sample = text[: 64 * 1024].splitlines()[:100]
    best, best_score = ",", 0.0
    for delimiter in (",", ";", "\t", "|"):
        try:
            widths = Counter(len(record) for record in csv.reader(sample, delimiter=delimiter))
        except csv.Error:
            continue
        width, lines = max(widths.items(), key=lambda item: (item[0] > 1, item[1]), default=(0, 0))
        score = lines / max(1, len(sample)) + width / 1000 if width > 1 else 0.0
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _properties(core: Any) -> dict[str, Any]:
    author = core.creator if core.creator != "openpyxl" else None
    return facts_of(title=core.title, author=author, created=core.created, modified=core.modified)


def _blocks(
    sheet: Any, plain: PlainText, book: Any
) -> Iterator[tuple[list[Segment], list[ParseWarning]]]:
    """Segments and warnings of a sheet by blocks of rows; one empty block for an empty sheet."""
    # A sheet says how far it reaches, and may be wrong; without the claim all rows are walked.
    sheet.reset_dimensions()
    name = _reference(sheet.title)
    grid = _Grid(plain, lambda row, first, last: f"{name}!{_cell_range(row, first, last)}")
    notes, warnings = read_extras(book._archive, sheet._worksheet_path, sheet.title)
    merged, more = read_beside_cells(sheet, book)
    warnings += more
    rows = enumerate(sheet.iter_rows(), start=1)
    named, cells_left, first = False, MAX_CELLS, True
    while block := list(islice(rows, BLOCK_ROWS)):
        texts: list[Row] = []
        for number, cells in block:
            values, reaching = merged.fill(number, [shown(cell) for cell in cells])
            if reaching:
                grid.reaching[number] = reaching
            # A cell merged over rows may stand far to the right of all others.
            cells_left -= len(values) + 1
            if cells_left < 0:
                raise SourceTooLarge(
                    f"The sheet {sheet.title} holds more than {MAX_CELLS:,} cells. Split it."
                )
            if any(values):
                texts.append((number, values))
        noted = {row: notes.pop(row) for row, _ in block if row in notes}
        segments: list[Segment] = []
        if (texts or noted) and not named:
            segments += plain.add(sheet.title, "title", level=1, anchor=f"{name}!A1")
            named = True
        segments += grid.segments(texts)
        segments += _noted(noted, dict(texts), grid)
        grid.forget()
        # A stretch of empty rows is no Part of its own.
        if segments or first:
            yield segments, warnings if first else []
            first = False
    # Notes may hang on cells below the last that holds a value.
    segments = []
    if notes and not named:
        segments += plain.add(sheet.title, "title", level=1, anchor=f"{name}!A1")
    segments += _noted(notes, {}, grid)
    if segments or first:
        yield segments, warnings if first else []


def _chart_sheet(sheet: Any, plain: PlainText) -> tuple[list[Segment], list[ParseWarning]]:
    """Titles of a chart that has a sheet of its own; what it draws stands in other sheets."""
    try:
        captions = [c for chart in sheet._charts for c in chart_captions(chart._write())]
    except (ValueError, TypeError, AttributeError, KeyError):
        # What openpyxl stumbles over in a chart must not take the cells of other sheets with it.
        message = "The titles of the chart are damaged and were not read."
        place = f"sheet {sheet.title}"
        return [], [ParseWarning(code="chart_not_read", message=message, place=place)]
    if not captions:
        return [], []
    anchor = _reference(sheet.title)
    segments = plain.add(sheet.title, "title", level=1, anchor=anchor)
    return segments + plain.add("Chart: " + "\n".join(captions), anchor=anchor), []


def _reference(title: str) -> str:
    """A sheet's name as formulas write it."""
    quoted = title.replace("'", "''")
    return title if _PLAIN_NAME.match(title) else f"'{quoted}'"


def _noted(notes: Notes, texts: dict[int, list[str]], grid: _Grid) -> list[Segment]:
    """A segment for each, at its cell, with what begins the row and what the cell shows."""
    segments: list[Segment] = []
    for row, of_row in notes.items():
        cells = texts.get(row, [])
        begin = next(filter(None, cells), "")
        for column, kind, note in of_row:
            value = cells[column - 1] if column <= len(cells) else ""
            about = " | ".join(dict.fromkeys(filter(None, (begin[:100], value[:100]))))
            where = _cell_range(row, column, column) + (f" ({about})" if about else "")
            anchor = grid.place(row, column, column)
            segments += grid.plain.add(f"{kind} on {where}: {note}", anchor=anchor)
    return segments


def _cell_range(row: int, first: int, last: int) -> str:
    from openpyxl.utils import get_column_letter

    begin = f"{get_column_letter(first)}{row}"
    return begin if first == last else f"{begin}:{get_column_letter(last)}{row}"
