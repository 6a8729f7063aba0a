"""Reading a table's rows as a person does: the one asked for, under the columns asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.retrieval.keywords import index_words
from pipelines.tables import Row as CellRow
from pipelines.types import Hit

MOST_COLUMNS = 4
"""More columns than this are not read out unless the question names them."""
_VALUE = re.compile(r"^[\s$€£¥(+\-–—]*\d[\d\s.,]*[%)]*$|^[-–—]+$")


@dataclass(frozen=True)
class Row:
    """A row that may be quoted, cell by cell; a cell that reaches over columns is in the first."""

    start: int
    end: int
    cells: tuple[str, ...]
    column_headers: tuple[str, ...]
    """What each column is called, "" where that is not known."""
    header: str
    """The header rows' words, with what introduces the table."""
    section: str
    """The row above it that stands for several rows, such as "Current assets:"."""

    @property
    def is_headed(self) -> bool:
        """Whether its columns' headers say what its values are: two columns are a name and its
        value, however they are called."""
        return len(self.cells) > 2 and any(self.column_headers)

    def label(self, thing: frozenset[str]) -> str:
        """What the row is called: the cells that `thing` names, or else the first."""
        named = self._named(thing)
        return " ".join(self.cells[at] for at in named) or next(filter(None, self.cells), "")

    def columns(self) -> list[str]:
        """The headers of the columns that it has a value in."""
        columns = zip(self.column_headers, self.cells, strict=True)
        return [header for header, cell in columns if header and cell]

    def read(self, asked: frozenset[str]) -> str:
        """The row as a sentence: its first cell, the cells that `asked` names, and the values under
        the columns that `asked` names, or under all of them."""
        label = self.cells[0]
        values = [at for at in range(1, len(self.cells)) if self.cells[at]]
        if not label or not values:
            return ", ".join(cell for cell in self.cells if cell)
        if not self.is_headed:
            return f"{label}: {'; '.join(self.cells[at] for at in values)}"
        chosen = sorted({*self._asked_for(values, asked), *self._named(asked)} - {0})
        if len(chosen) > MOST_COLUMNS:
            return f"{label}: {'; '.join(self.cells[at] for at in values)}"
        between = ", " if len(chosen) == 1 else ": "
        return label + between + "; ".join(map(self._under, chosen))

    def _under(self, at: int) -> str:
        column = self.column_headers[at]
        return f"{column}: {self.cells[at]}" if column else self.cells[at]

    def _named(self, asked: frozenset[str]) -> list[int]:
        """The cells, values left out, that hold words, all of them asked for."""
        words = [set(index_words(cell)) for cell in self.cells]
        return [
            at
            for at, own in enumerate(words)
            if own and own <= asked and not _VALUE.match(self.cells[at])
        ]

    def _asked_for(self, values: Sequence[int], asked: frozenset[str]) -> list[int]:
        """The columns whose headers hold most of the asked words that tell columns apart."""
        headers = {at: set(index_words(self.column_headers[at])) for at in values}
        shared = set.intersection(*headers.values()) if len(headers) > 1 else set()
        named = {at: asked & (words - shared) for at, words in headers.items()}
        most = max(len(words) for words in named.values())
        if not most:
            return list(values)
        # "2019 to 2021" names several columns: each that holds something no better one holds.
        covered: set[str] = set()
        chosen = []
        for at in sorted(values, key=lambda at: (-len(named[at]), at)):
            if named[at] - covered or len(named[at]) == most:
                chosen.append(at)
                covered |= named[at]
        return sorted(chosen)


@dataclass(frozen=True)
class Line:
    """Characters start..end of a text, a row of a table: one that may be quoted under its columns,
    or else a header, which is never quoted, or a row of one cell (`row` is None for both)."""

    start: int
    end: int
    row: Row | None
    is_header: bool


def lines(hit: Hit) -> list[Line]:
    """The rows of the Hit's tables, in order."""
    found: list[Line] = []
    section = ""
    for table in hit.tables:
        section = section if table.is_continued else ""
        for row in table.rows_of(hit.text):
            # Of two columns the first row may be a name and its value as well.
            if row.is_header and len(row.cells) > 2:
                found.append(Line(row.start, row.end, None, is_header=True))
                continue
            has_values = any(row.cells[1:])
            if not has_values and row.cells[0].endswith((":", "：")):
                section = row.cells[0].rstrip(":：")
            quotable = _quotable(row, section) if has_values else None
            found.append(Line(row.start, row.end, quotable, is_header=False))
    return found


def _quotable(row: CellRow, section: str) -> Row:
    return Row(
        row.start,
        row.end,
        tuple(
            "" if reaches else cell for cell, reaches in zip(row.cells, row.reaches, strict=True)
        ),
        tuple(" ".join(path) for path in row.headers),
        row.header,
        section,
    )
