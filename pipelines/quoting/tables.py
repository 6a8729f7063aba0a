"""A table's rows as a person reads them: the one asked for, under the columns asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.retrieval.index_words import index_words
from pipelines.tables import Row
from pipelines.types import Hit

MOST_COLUMNS = 4
"""More columns than this are not read out unless the question names them."""
_VALUE = re.compile(r"^[\s$€£¥(+\-–—]*\d[\d\s.,]*[%)]*$|^[-–—]+$")


@dataclass(frozen=True)
class Line:
    """A row of a Hit's table that may be quoted; `section`: the row above it that stands for
    several, such as "Current assets:"."""

    row: Row
    section: str = ""

    @property
    def filled(self) -> list[str]:
        """The headers of the columns that it has a value in."""
        return [name for name, cell in zip(self.columns, self._cells, strict=True) if name and cell]

    def label(self, thing: frozenset[str] = frozenset()) -> str:
        """What the row is called: the cells that `thing` names, or else its label."""
        named = self._named(thing)
        return " ".join(self._cells[at] for at in named) or self.row.label

    def refers(self, asked: frozenset[str]) -> bool:
        """Whether `asked` names a column and what the row has there: "which replaces PN-1?"."""
        pairs = list(zip(self.columns, self._cells, strict=True))[1:]
        words = ((set(index_words(name)), set(index_words(cell))) for name, cell in pairs)
        return any(name and cell and name | cell <= asked for name, cell in words)

    @property
    def columns(self) -> tuple[str, ...]:
        """What each column is called, "" where that is not known. Two columns are a name and its
        value, however they are called."""
        names = tuple(" ".join(path) for path in self.row.headers)
        return names if len(names) > 2 else ("",) * len(names)

    def read(self, asked: frozenset[str]) -> str:
        """The row as a sentence: what it is called, the cells that `asked` names, and the values
        under the columns that `asked` names, or under all of them."""
        cells, columns = self._cells, self.columns
        values = [at for at in range(1, len(cells)) if cells[at]]
        label = self.row.label
        if not label or not values:
            return ", ".join(cell for cell in cells if cell)
        if not any(columns):
            return f"{label}: {'; '.join(cells[at] for at in values)}"
        chosen = sorted({*self._asked_for(values, asked), *self._named(asked)} - {0})
        if len(chosen) > MOST_COLUMNS:
            return f"{label}: {'; '.join(cells[at] for at in values)}"
        between = ", " if len(chosen) == 1 else ": "
        return (
            label
            + between
            + "; ".join(
                f"{columns[at]}: {cells[at]}" if columns[at] else cells[at] for at in chosen
            )
        )

    @property
    def _cells(self) -> tuple[str, ...]:
        """Its cells; one that reaches over columns is in the first."""
        pairs = zip(self.row.cells, self.row.reaches, strict=True)
        return tuple("" if reaches else cell for cell, reaches in pairs)

    def _named(self, asked: frozenset[str]) -> list[int]:
        """The cells, values left out, that hold words, all of them asked for."""
        words = [set(index_words(cell)) for cell in self._cells]
        return [
            at
            for at, own in enumerate(words)
            if own and own <= asked and not _VALUE.match(self._cells[at])
        ]

    def _asked_for(self, values: Sequence[int], asked: frozenset[str]) -> list[int]:
        """The columns whose headers hold most of the asked words that tell columns apart."""
        headers = {at: set(index_words(self.columns[at])) for at in values}
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


def lines(hit: Hit) -> list[Line]:
    """The rows of the Hit's tables, headers too, in order."""
    found: list[Line] = []
    section = ""
    for table in hit.tables:
        section = section if table.is_continued else ""
        for row in table.rows_of(hit.text):
            if not row.is_header and not any(row.cells[1:]) and row.cells[0].endswith((":", "：")):
                section = row.cells[0].rstrip(":：")
            found.append(Line(row, section))
    return found
