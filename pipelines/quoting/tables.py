"""Reading a table's rows as a person does: the row that is asked for, under the columns asked for.

A Fragment of a table has a line per row, "cell | cell | cell"; the first line of each table in
it is the header, repeated in every Fragment that the table is spread over.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.keywords import index_words

CELL = "|"
MOST_COLUMNS = 4
"""More columns than this are not read out unless the question names them."""
_VALUE = re.compile(r"^[\s$€£¥(+\-–—]*\d[\d\s.,]*[%)]*$|^[-–—]+$")
_YEAR = re.compile(r"^(?:FY\s?)?(?:19|20)\d\d$")
_UNITS = re.compile(r"\b(?:in|thousands?|millions?|billions?)\b|[$€£¥%]", re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """A row with the header of its table, cell by cell; no header where none is known."""

    start: int
    end: int
    cells: tuple[str, ...]
    header: tuple[str, ...]
    section: str
    """The line above it that stands for several rows, such as "Current assets:"."""
    top: tuple[str, ...] = ()
    """The first row of its table, be it a header or not."""

    def label(self, thing: frozenset[str]) -> str:
        """What the row is called: the cells that `thing` names, or else the first."""
        named = self._named(thing)
        return " ".join(self.cells[at] for at in named) or next(filter(None, self.cells), "")

    def columns(self) -> list[str]:
        """The heads of the columns that it has a value in."""
        if len(self.top) != len(self.cells):
            return []
        return [head for head, cell in zip(self.top, self.cells, strict=True) if head and cell]

    @property
    def head(self) -> str:
        """The header's words."""
        return " ".join(cell for cell in self.header if cell)

    def read(self, asked: frozenset[str]) -> str:
        """The row as a sentence: its first cell, the cells that `asked` names, and the values under
        the columns that `asked` names, or under all of them."""
        label = self.cells[0]
        values = [at for at in range(1, len(self.cells)) if self.cells[at]]
        if not label or not values:
            return ", ".join(cell for cell in self.cells if cell)
        if not self.header or len(self.cells) == 2:
            return f"{label}: {'; '.join(self.cells[at] for at in values)}"
        chosen = sorted({*self._asked_for(values, asked), *self._named(asked)} - {0})
        if len(chosen) > MOST_COLUMNS:
            return f"{label}: {'; '.join(self.cells[at] for at in values)}"
        said = [self._under(at) for at in chosen]
        return f"{label}, {said[0]}" if len(said) == 1 else f"{label}: {'; '.join(said)}"

    def _under(self, at: int) -> str:
        column = self.header[at]
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
        """The columns whose heads hold most of the asked words that tell columns apart."""
        heads = {at: set(index_words(self.header[at])) for at in values}
        shared = set.intersection(*heads.values()) if len(heads) > 1 else set()
        named = {at: asked & (words - shared) for at, words in heads.items()}
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


def rows(text: str) -> list[Row]:
    """The rows of the tables in a Fragment's text, headers left out, in order."""
    found: list[Row] = []
    header: tuple[str, ...] = ()
    top: tuple[str, ...] = ()
    width = 0
    section = ""
    position = 0
    for line in text.split("\n"):
        start, position = position, position + len(line) + 1
        if CELL not in line:
            if width and line.rstrip().endswith(":"):
                section = line.strip().rstrip(":")
            continue
        cells = tuple(cell.strip() for cell in line.split(CELL))
        if len(cells) != width:
            width, section, top = len(cells), "", cells
            header = cells if _is_header(cells) else ()
            if header:
                continue
        if any(cells[1:]) and any(cells):
            left = start + len(line) - len(line.lstrip())
            found.append(Row(left, start + len(line.rstrip()), cells, header, section, top))
    return found


def headers(text: str) -> set[str]:
    """The lines of a Fragment's text that are a table's header."""
    found = set()
    width = 0
    for line in text.split("\n"):
        if CELL in line:
            cells = tuple(cell.strip() for cell in line.split(CELL))
            if len(cells) != width and _is_header(cells):
                found.add(line.strip())
            width = len(cells)
    return found


def _is_header(cells: Sequence[str]) -> bool:
    """Whether a table's first row names columns: no plain value stands in it, but years may."""
    heads = [cell for cell in cells[1:] if cell]
    return (
        len(cells) > 2 and bool(heads) and all(_YEAR.match(c) or not _VALUE.match(c) for c in heads)
    )
