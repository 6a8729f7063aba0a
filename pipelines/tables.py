"""A table's cells: which characters of a text each of them is, by row and column.

The text of a table is for people and for the embedding model: a line per row, cells parted by
" | ". A bar may stand within a cell as well, so nobody reads cells back from the text. They travel
beside it, from the parser to the proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import BaseModel, ConfigDict

BETWEEN = " | "
"""Parts the cells of a row for people."""

Range = tuple[int, int]
"""Characters start (inclusive) to end (exclusive) of a text."""


@dataclass(frozen=True)
class Row:
    """One row of a table, with what its columns are called."""

    start: int
    end: int
    """Its characters in the text that the table stands in."""
    cells: tuple[str, ...]
    """A text for each column, "" where it holds nothing; one that reaches over several columns is
    the text of each."""
    headers: tuple[tuple[str, ...], ...]
    """For each column its header cells from the outermost on, as ("2024", "H1"); all empty where
    no header is known."""
    header: str
    """The header rows as they stand in the text, with what introduces the table."""
    is_header: bool
    header_columns: int
    reaches: tuple[bool, ...]
    """For each column whether its cell is the one of the column before."""
    label: str = ""
    """What it is called: its first cell, together with those of the rows that it goes on with."""
    goes_on: bool = False
    """Whether it goes on with the row above: it has no first cell, or one that begins in small
    letters as the second line of a name does."""

    def moved(self, shift: int, length: int) -> Row:
        """The row in a piece of its text: of `length`, begun `shift` characters earlier."""
        return replace(self, start=max(0, self.start + shift), end=min(length, self.end + shift))


class Table(BaseModel):
    """Where the cells of a table stand in the text of its Segment, Fragment or Hit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: tuple[tuple[Range, ...], ...]
    """For each row the ranges of its cells by column, as far as it is filled: an empty one where
    nothing stands, the same one for each column that a cell reaches over. A cell that reaches over
    rows is repeated in each, in the text too."""
    header_rows: int = 0
    """How many of the first rows name the columns; 0 where that is not known."""
    header_columns: int = 0
    """How many of the first columns name the rows; 0 where that is not known."""
    lead: Range = (0, 0)
    """What introduces the table and holds for all its rows: a caption, "in thousands"."""
    is_continued: bool = False
    """Whether it goes on with the rows of the table before it, whose lead and header rows are
    repeated here."""

    @property
    def columns(self) -> int:
        return max(map(len, self.rows), default=0)

    def cell(self, text: str, row: int, column: int) -> str:
        cells = self.rows[row]
        return text[slice(*cells[column])] if column < len(cells) else ""

    def row_range(self, row: int) -> Range:
        """From the first to the last character of the row's line."""
        cells = self.rows[row]
        return cells[0][0], max(end for _, end in cells)

    def rows_in(self, start: int, end: int) -> list[int]:
        """The rows that have characters of start..end, header rows too."""
        ranges = map(self.row_range, range(len(self.rows)))
        return [row for row, (first, last) in enumerate(ranges) if first < end and last > start]

    def header_path(self, text: str, column: int) -> tuple[str, ...]:
        """The header cells of a column from the outermost on; () where there are none."""
        names: list[str] = []
        for row in range(self.header_rows):
            name = self.cell(text, row, column)
            if name and name not in names[-1:]:
                names.append(name)
        return tuple(names)

    def header(self, text: str) -> str:
        """The lead and the header rows as they stand in the text; "" where there are none."""
        return text[slice(*self.header_range)]

    @property
    def header_range(self) -> Range:
        """The characters that give every row its meaning: lead and header rows."""
        starts = [self.lead[0]] if self.lead[0] < self.lead[1] else []
        ends = [self.lead[1]]
        if self.header_rows:
            starts.append(self.rows[0][0][0])
            ends.append(self.row_range(self.header_rows - 1)[1])
        return (min(starts), max(ends)) if starts else (0, 0)

    def rows_of(self, text: str, rows: Iterable[int] | None = None) -> list[Row]:
        """The rows of those numbers, or all of them, headers included."""
        columns = range(self.columns)
        labels = self._labels(text)
        headers = tuple(self.header_path(text, column) for column in columns)
        header = self.header(text)
        return [
            Row(
                *self.row_range(row),
                tuple(self.cell(text, row, column) for column in columns),
                headers,
                header,
                row < self.header_rows,
                self.header_columns,
                tuple(self._reaches(row, column) for column in columns),
                *labels[row],
            )
            for row in (range(len(self.rows)) if rows is None else rows)
        ]

    def _labels(self, text: str) -> list[tuple[str, bool]]:
        """For each row what it is called, and whether it goes on with the one above."""
        found: list[tuple[str, bool]] = []
        for row in range(len(self.rows)):
            own = self.cell(text, row, 0)
            goes_on = row > self.header_rows and (not own or own[:1].islower())
            above = found[-1][0] if goes_on else ""
            found.append((" ".join(filter(None, (above, own))), goes_on))
        return found

    def _reaches(self, row: int, column: int) -> bool:
        cells = self.rows[row]
        if not 0 < column < len(cells):
            return False
        start, end = cells[column]
        return start < end and cells[column] == cells[column - 1]

    def moved(self, shift: int) -> Table:
        """The table in a text that has `shift` more characters before it."""
        return self.model_copy(
            update={
                "rows": tuple(
                    tuple((start + shift, end + shift) for start, end in row) for row in self.rows
                ),
                "lead": _moved(self.lead, shift),
            }
        )

    def within(self, left: int, right: int) -> Table | None:
        """The rows that have characters of left..right, cut to those; None where there are none."""
        kept = self.rows_in(left, right)
        lead = _cut(self.lead, left, right)
        if not kept and lead[0] == lead[1]:
            return None
        return self.model_copy(
            update={
                "rows": tuple(
                    tuple(_cut(place, left, right) for place in self.rows[row]) for row in kept
                ),
                "header_rows": sum(row < self.header_rows for row in kept),
                "lead": lead if lead[0] < lead[1] else (0, 0),
                "is_continued": self.is_continued or (bool(kept) and kept[0] > 0),
            }
        )


def laid_out(
    rows: Sequence[Sequence[str]],
    *,
    header_rows: int = 0,
    header_columns: int = 0,
    reaching: Mapping[tuple[int, int], int] | None = None,
    is_continued: bool = False,
) -> tuple[str, Table]:
    """The text of a table and where its cells stand in it. Cells are without line ends.

    `reaching`: (row, column) -> how many columns the cell there reaches over; those after the
    first hold nothing of their own.
    """
    columns = max(map(len, rows), default=0)
    reaching = reaching or {}
    lines: list[str] = []
    placed: list[tuple[Range, ...]] = []
    at = 0
    for number, row in enumerate(rows):
        filled = max((i + 1 for i, cell in enumerate(row) if cell), default=0)
        line = BETWEEN.join(row[:filled])
        cells: list[Range] = []
        start = at
        for text in row[:filled]:
            cells.append((start, start + len(text)))
            start += len(text) + len(BETWEEN)
        if not filled:
            cells.append((at, at))
        elif not row[0]:
            # The row begins with the bar: nobody quotes the space before it.
            cells[0] = (at + 1, at + 1)
        for column in range(filled):
            for further in range(column + 1, column + reaching.get((number, column), 1)):
                if further == len(cells) < columns:
                    cells.append(cells[column])
                elif further < len(cells) and not row[further]:
                    cells[further] = cells[column]
        lines.append(line)
        placed.append(tuple(cells))
        at += len(line) + 1
    table = Table(
        rows=tuple(placed),
        header_rows=min(header_rows, len(rows)),
        header_columns=header_columns,
        is_continued=is_continued,
    )
    return "\n".join(lines), table


def rows_between(
    text: str, tables: Iterable[Table], start: int = 0, end: int | None = None
) -> list[Row]:
    """The rows of a text's tables that have characters of start..end, in order."""
    end = len(text) if end is None else end
    return [row for table in tables for row in table.rows_of(text, table.rows_in(start, end))]


def words_of(text: str, tables: Iterable[Table]) -> str:
    """The text with the cells of its tables parted by a space and nothing else."""
    parts: list[str] = []
    at = 0
    for table in tables:
        for row, cells in enumerate(table.rows):
            start, end = table.row_range(row)
            filled = [text[a:b] for a, b in dict.fromkeys(cells) if a < b]
            parts += (text[at:start], " ".join(filled))
            at = end
    return "".join((*parts, text[at:]))


def _moved(place: Range, shift: int) -> Range:
    return (place[0] + shift, place[1] + shift) if place[0] < place[1] else place


def _cut(place: Range, left: int, right: int) -> Range:
    start = min(max(place[0], left), right)
    return start, max(start, min(place[1], right))
