"""Plain text that knows its places: what the document parsers share.

The plain text of a document is the text of all its segments joined by one blank line. Every
TextLocator counts characters in it, so a viewer that joins the segments can mark any proof.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pipelines.errors import SourceTooLarge
from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.header_rows import groups_of
from pipelines.tables import BETWEEN, laid_out
from pipelines.types import ParseWarning, Part, Segment, SegmentKind, TextLocator

SEPARATOR = "\n\n"
PARAGRAPH_CHARACTERS = 4_000
"""A longer paragraph is parted at a line, a sentence or a space: no segment is a whole file."""
TABLE_CHARACTERS = 600
"""Rows of a table go into one segment up to about this many characters, header row included."""
SECTION_SEGMENTS = 200
SECTION_CHARACTERS = 200_000
MAX_CHARACTERS = 100_000_000

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2060\ufeff\ufffe\uffff\ud800-\udfff]")
_SPACES = re.compile(r"[^\S\n]+")
_SENTENCE_END = re.compile(r"[.!?]\s+|[。！？]")
_LINE_END = re.compile(r"\n")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class _TableRow:
    cells: list[str]
    anchor: str | None
    reaching: dict[int, int]
    """Columns whose cell reaches over further ones -> over how many."""

    @property
    def length(self) -> int:
        """Characters of its line."""
        filled = max((i + 1 for i, cell in enumerate(self.cells) if cell), default=1)
        return sum(map(len, self.cells)) + len(BETWEEN) * (filled - 1)


@dataclass
class PlainText:
    """Turns pieces of text, in reading order, into Segments with their offsets."""

    characters: int = 0
    """Length of the plain text so far."""

    def add(
        self,
        text: str,
        kind: SegmentKind = "text",
        *,
        level: int | None = None,
        anchor: str | None = None,
    ) -> list[Segment]:
        """Segments for one paragraph, title, list item or block of code; none if it is blank."""
        cleaned = clean_code(text) if kind == "code" else clean(text)
        return [
            Segment(
                text=piece,
                kind=kind,
                level=level,
                locators=(self._place(piece, anchor),),
            )
            for piece in _pieces(cleaned)
        ]

    def add_table(
        self,
        rows: Sequence[Sequence[str]],
        *,
        header_rows: int = 0,
        header_columns: int = 0,
        anchors: Sequence[str | None] | str | None = None,
        reaching: Mapping[tuple[int, int], int] | None = None,
        is_continued: bool = False,
        lead: str = "",
    ) -> list[Segment]:
        """Table segments: their cells, and as text a line per row; one Locator and span per row.

        A long table becomes several segments, each of which begins with the header rows again, so
        that any of its rows can be understood without the others. `anchors` is one for all rows or
        one per row. `header_columns`: how many of the first columns name the rows, as far as that
        is known. `reaching`: (row, column) of a cell -> the columns that it reaches over, the
        further ones left empty; header cells over groups of columns are recognised without it.
        `is_continued`: these rows go on with the table that was added before. `lead`: what names
        the table, put before its rows.
        """
        per_row = [anchors] * len(rows) if isinstance(anchors, str | None) else list(anchors)
        cleaned = [[clean(cell).replace("\n", " ") for cell in row] for row in rows]
        reaching = {**groups_of(cleaned[:header_rows]), **(reaching or {})}
        whole = [
            _TableRow(cells, anchor, {}) for cells, anchor in zip(cleaned, per_row, strict=True)
        ]
        for (number, column), columns in reaching.items():
            whole[number].reaching[column] = columns
        header = [row for row in whole[:header_rows] if any(row.cells)]
        body = [row for row in whole[header_rows:] if any(row.cells)]
        lead = clean(lead).replace("\n", " ")
        header_length = sum(row.length + 1 for row in header) + len(lead)
        segments: list[Segment] = []
        group: list[_TableRow] = []
        length = header_length

        def close() -> None:
            continued = is_continued or bool(segments)
            segments.append(
                self._table(lead, header, group, header_columns, is_continued=continued)
            )

        for row in body:
            if group and length + row.length > TABLE_CHARACTERS:
                close()
                group, length = [], header_length
            group.append(row)
            length += row.length + 1
        if group or (header and not segments):
            close()
        return segments

    def _table(
        self,
        lead: str,
        header: Sequence[_TableRow],
        body: Sequence[_TableRow],
        header_columns: int,
        *,
        is_continued: bool,
    ) -> Segment:
        rows = [*header, *body]
        text, table = laid_out(
            [row.cells for row in rows],
            header_rows=len(header),
            header_columns=header_columns,
            reaching={(r, c): n for r, row in enumerate(rows) for c, n in row.reaching.items()},
            is_continued=is_continued,
        )
        locators, spans, at = [], [], 0
        if lead:
            at = len(lead) + 1
            text = f"{lead}\n{text}"
            table = table.moved(at).model_copy(update={"lead": (0, len(lead))})
        begin = self._place(text, None).start
        if lead:
            anchor = rows[0].anchor if rows else None
            locators.append(TextLocator(start=begin, end=begin + len(lead), anchor=anchor))
            spans.append((0, len(lead), 0, -1))
        for number, row in enumerate(rows):
            end = table.row_range(number)[1]
            locators.append(TextLocator(start=begin + at, end=begin + end, anchor=row.anchor))
            spans.append((at, end, len(locators) - 1, -1))
            at = end + 1
        return Segment(
            text=text, kind="table", locators=tuple(locators), spans=tuple(spans), table=table
        )

    def _place(self, text: str, anchor: str | None) -> TextLocator:
        start = self.characters + len(SEPARATOR) if self.characters else 0
        self.characters = start + len(text)
        if self.characters > MAX_CHARACTERS:
            raise SourceTooLarge(
                f"The document holds more than {MAX_CHARACTERS:,} characters of text. "
                "Split it and upload the parts."
            )
        return TextLocator(start=start, end=self.characters, anchor=anchor)


def clean(text: str) -> str:
    """Text without control characters (a database refuses NUL) and runs of spaces."""
    text = _SPACES.sub(" ", _CONTROL.sub("", _lines(text)))
    return re.sub(r" ?\n ?", "\n", text).strip()


def clean_code(text: str) -> str:
    """Text without control characters; its indentation is kept."""
    return _CONTROL.sub("", _lines(text)).strip("\n").rstrip()


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\v", "\n").replace("\f", "\n")


def _pieces(text: str) -> Iterator[str]:
    start = 0
    while len(text) - start > PARAGRAPH_CHARACTERS:
        window = text[start : start + PARAGRAPH_CHARACTERS]
        ends = (_last_end(pattern, window) for pattern in (_LINE_END, _SENTENCE_END, _SPACE))
        cut = next(filter(None, ends), len(window))
        if piece := window[:cut].strip():
            yield piece
        start += cut
    if piece := text[start:].strip() if start else text:
        yield piece


def _last_end(pattern: re.Pattern[str], window: str) -> int | None:
    """Where the last match in the second half of `window` ends."""
    ends = [match.end() for match in pattern.finditer(window, len(window) // 2)]
    return ends[-1] if ends else None


def sections(
    segments: Iterable[Segment],
    plain: PlainText,
    options: ParseOptions,
    *,
    facts: dict[str, Any],
    warnings: Sequence[ParseWarning] = (),
) -> Iterator[Part]:
    """Parts of up to 200 segments, parted before a title where one comes in the last half.

    `facts` go with every Part, so that a run that was resumed knows them too; `warnings` with the
    first. A document without a segment yields one Part without segments.
    """
    all_segments = list(segments)
    bounds = section_bounds(all_segments)
    facts = {**facts, "characters": plain.characters}
    for index, (start, stop) in enumerate(bounds):
        if wanted(index, options):
            yield part_of(
                all_segments[start:stop],
                index,
                total=len(bounds),
                unit="sections",
                facts=facts,
                warnings=warnings if index == 0 else (),
            )


def section_bounds(segments: Sequence[Segment]) -> list[tuple[int, int]]:
    """(first, one after the last) of the segments of each Part; one empty range for none."""
    bounds, start, characters = [], 0, 0
    for index, segment in enumerate(segments):
        count = index - start
        heading = segment.kind == "title" and count >= SECTION_SEGMENTS // 2
        full = count >= SECTION_SEGMENTS or characters >= SECTION_CHARACTERS
        if count and (heading or full):
            bounds.append((start, index))
            start, characters = index, 0
        characters += len(segment.text)
    bounds.append((start, len(segments)))
    return bounds


def wanted(index: int, options: ParseOptions) -> bool:
    """Whether the unit lies in what was asked for."""
    return options.start <= index and (options.stop is None or index < options.stop)


def part_of(
    segments: Sequence[Segment],
    index: int,
    *,
    total: int | None,
    unit: Literal["slides", "sheets", "sections"],
    facts: dict[str, Any],
    warnings: Sequence[ParseWarning] = (),
) -> Part:
    """The Part of one unit, with its words counted."""
    return Part(
        start=index,
        stop=index + 1,
        total=total,
        unit=unit,
        segments=tuple(segments),
        warnings=tuple(warnings),
        facts=facts,
        counts={
            f"{unit}_read": 1,
            "words": sum(len(segment.text.split()) for segment in segments),
        },
    )


def number_text(value: float) -> str:
    """A number without a needless `.0`, with the 15 digits that an office program keeps: what it
    computes to 12.299999999999999 it shows as 12.3."""
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        return repr(float(f"{value:.15g}"))
    return str(value)


def read_limited(path: Path, limit: int) -> bytes:
    """The bytes of a file that is parsed whole; SourceTooLarge above `limit` bytes."""
    size = path.stat().st_size
    if size > limit:
        raise SourceTooLarge(
            f"The file has {size / 2**20:.0f} MiB; this kind of file is read up to "
            f"{limit / 2**20:.0f} MiB. Split it and upload the parts."
        )
    return path.read_bytes()


def facts_of(**known: Any) -> dict[str, Any]:
    """The facts that have a value; dates as ISO 8601."""
    facts = {}
    for name, value in known.items():
        if hasattr(value, "isoformat"):
            value = value.isoformat()
        if isinstance(value, str):
            value = clean(value)[:500]
        if value:
            facts[name] = value
    return facts
