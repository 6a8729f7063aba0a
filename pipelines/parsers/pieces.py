"""What a walk over a document yields before it has a place in a plain text: paragraphs, titles,
list items, tables with what names them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from pipelines.parsers.header_rows import Reaching, header_rows
from pipelines.parsers.located_text import PlainText
from pipelines.types import Segment, SegmentKind

MOST_LEAD_CHARACTERS = 180
"""Of what is told again with each part of a long table."""

_WORD = re.compile(r"\w+")
_CAPTION = re.compile(
    r"(?:tab(?:le|elle|leau|la|ela|el|\.)?|cuadro|quadro|表|표)\s*[A-Z]?\d[\w.\-–]*\s*"
    r"(?:[.:：–—|-]|$|(?-i:(?=[A-Z\u00c0-\u00de\u3400-\u9fff\uac00-\ud7a3])))",
    re.IGNORECASE,
)
"""The number of a table, and then its name or nothing: no sentence that speaks of a table."""


@dataclass(frozen=True)
class Piece:
    """A paragraph, title, list item, table ... of a page, before it has a place in a text."""

    kind: SegmentKind
    text: str = ""
    level: int | None = None
    anchor: str | None = None
    rows: list[list[str]] = field(default_factory=list)
    """Of a table, which has no `text`."""
    header_rows: int = 0
    header_columns: int = 0
    reaching: Reaching = field(default_factory=dict)
    lead: str = ""
    """What names the table."""
    linked: float = 0.0
    """Share of the characters that are a link's."""
    mark: str = ""
    """Of a list item, as shown before its text; no finder of main texts tells it."""

    @property
    def content(self) -> str:
        return "\n".join(" ".join(row) for row in self.rows) if self.rows else self.text

    @property
    def characters(self) -> int:
        return len(self.content)

    @cached_property
    def words(self) -> list[str]:
        return _WORD.findall(self.content)

    @property
    def names_table(self) -> bool:
        """Whether it is the caption of a table: "Table 3: Fuses"."""
        return (
            self.kind in ("caption", "text", "title")
            and not self.lead
            and len(self.text) <= MOST_LEAD_CHARACTERS
            and _CAPTION.match(self.text) is not None
        )


@dataclass
class TableCells:
    """The rows of a table as a file has them: a cell that reaches over rows repeated in each, the
    columns that one reaches over left empty."""

    rows: list[list[str]] = field(default_factory=list)
    reaching: dict[tuple[int, int], int] = field(default_factory=dict)
    """(row, column) -> how many columns the cell reaches over."""
    marked: int = 0
    """How many of the first rows the file says are headers."""
    bold: list[bool] = field(default_factory=list)
    """For the first rows whether all that they hold is bold."""
    header_columns: int = 0

    def piece(self, anchor: str | None = None, caption: str = "") -> Piece:
        """The table as a piece. A first row of one cell over all columns is what names it."""
        rows, first = self.rows, 0
        columns = max(map(len, rows), default=0)
        while first < len(rows) - 1 and self.reaching.get((first, 0), 1) >= columns > 1:
            first += 1
        names = [caption, *(row[0] for row in rows[:first])]
        lead = ". ".join(filter(None, names))
        if len(lead) > MOST_LEAD_CHARACTERS:
            lead, first = caption, 0
        reaching = {(r - first, c): n for (r, c), n in self.reaching.items() if r >= first}
        rows = rows[first:]
        return Piece(
            "table",
            rows=rows,
            header_rows=header_rows(
                rows,
                marked=max(0, self.marked - first),
                reaching=reaching,
                bold=self.bold[first:],
            ),
            header_columns=self.header_columns,
            reaching=reaching,
            lead=lead,
            anchor=anchor,
        )


def with_leads(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """The pieces, captions of tables told with the table that they stand above or else below."""
    taken: set[int] = set()
    for at, piece in enumerate(pieces):
        if piece.kind != "table":
            following = pieces[at + 1] if at + 1 < len(pieces) else None
            is_above = piece.names_table and following and following.kind == "table"
            if not (is_above and following and not following.lead) and at not in taken:
                yield piece
            continue
        above = pieces[at - 1] if at and at - 1 not in taken else None
        if piece.lead:
            yield piece
        elif above and above.names_table:
            yield replace(piece, lead=above.text)
        elif _stands_below(pieces, at):
            taken.add(at + 1)
            yield replace(piece, lead=pieces[at + 1].text)
        else:
            yield piece


def _stands_below(pieces: Sequence[Piece], at: int) -> bool:
    """Whether the piece after a table is its caption and not that of the table after it."""
    below = pieces[at + 1 : at + 3]
    return bool(below) and below[0].names_table and not (below[1:] and below[1].kind == "table")


def add_pieces(pieces: Iterable[Piece], plain: PlainText) -> Iterator[Segment]:
    """Segments of the pieces, at their places in the plain text."""
    for piece in with_leads(list(pieces)):
        if piece.kind == "table":
            yield from plain.add_table(
                piece.rows,
                header_rows=piece.header_rows,
                header_columns=piece.header_columns,
                anchors=piece.anchor,
                reaching=piece.reaching,
                lead=piece.lead,
            )
        else:
            text = f"{piece.mark} {piece.text}" if piece.mark else piece.text
            yield from plain.add(text, piece.kind, level=piece.level, anchor=piece.anchor)
