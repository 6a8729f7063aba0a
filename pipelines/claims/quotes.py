"""What a claim is checked against: a quote, the table rows in it, and what it stands under."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipelines.tables import Row, Table, rows_between
from pipelines.text.sentences import sentences
from pipelines.types import Hit


@dataclass(frozen=True)
class Quote:
    """Text of a source that is cited.

    `context`: title and headings, which lend it words and names. `rows`: the table rows that stand
    in it, with what their columns are called; their ranges are those in `text`.
    """

    text: str
    context: str = ""
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Passage:
    """A sentence, or a whole table row, at start..end of a text; `row` is the row that it is, or
    that it stands in."""

    start: int
    end: int
    row: Row | None = None


def quote_of(hit: Hit, start: int, end: int) -> Quote:
    """Characters start..end of the Hit's text as a quote."""
    return quote_in(hit.text, hit.tables, start, end, (hit.title, *hit.heading_path))


def quote_in(
    text: str, tables: Iterable[Table], start: int, end: int, context: Iterable[str] = ()
) -> Quote:
    """Characters start..end of a text that stands under the title and headings of `context`."""
    rows = (row.moved(-start, end - start) for row in rows_between(text, tables, start, end))
    return Quote(text[start:end], " - ".join(filter(None, context)), tuple(rows))


def passages(text: str, rows: Sequence[Row]) -> list[Passage]:
    """The table rows of a text and the sentences between them, in order; all of a text that has
    neither. A row is parted where one of its cells holds several sentences."""
    found: list[Passage] = []
    at = 0
    for row in rows:
        found += _sentences(text, at, row.start)
        parts = _sentences(text, row.start, row.end, row)
        if len(parts) > 1 and any(len(sentences(cell)) > 1 for cell in row.cells):
            found += parts
        else:
            found.append(Passage(row.start, row.end, row))
        at = row.end
    return [*found, *_sentences(text, at, len(text))] or [Passage(0, len(text))]


def _sentences(text: str, start: int, end: int, row: Row | None = None) -> list[Passage]:
    return [Passage(start + a, start + b, row) for a, b in sentences(text[start:end])]
