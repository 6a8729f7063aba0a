"""Rows -> blocks -> segments: paragraphs, headings, list items, captions and tables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pipelines.parsers.pdf.captions import name_table, with_figures
from pipelines.parsers.pdf.document_style import DocumentStyle
from pipelines.parsers.pdf.fonts import is_monospaced
from pipelines.parsers.pdf.joined_lines import COMPOUND, join_lines, stacked
from pipelines.parsers.pdf.letters import LEADER
from pipelines.parsers.pdf.line_pieces import Piece
from pipelines.parsers.pdf.list_items import BULLETS, CAPTION, ITEM, Entry, join_markers
from pipelines.parsers.pdf.margins import margin_notes
from pipelines.parsers.pdf.numbered import numbered
from pipelines.parsers.pdf.outline import key
from pipelines.parsers.pdf.page_geometry import PageShape
from pipelines.parsers.pdf.reading_order import MAX_PIECES, reading_order
from pipelines.parsers.pdf.rows import Row, rows_of
from pipelines.parsers.pdf.ruling_lines import Rules
from pipelines.parsers.pdf.side_heads import Section, side_sections
from pipelines.parsers.pdf.table_rows import Table
from pipelines.parsers.pdf.tables import find_tables
from pipelines.tables import laid_out
from pipelines.types import Box, PageLocator, Segment, SegmentKind, Span

_WIDE_LEADING = 1.0
"""Sizes of the font between two lines of one paragraph at most."""
_HALF_ABBREVIATION = re.compile(r"(?:^|[\s(])[A-Za-z]\.$")
"""The first half of "e. g." at the end of a line."""
_MAX_TITLE_ROWS = 4
"""Lines of a heading that the file's outline names."""
_MAX_COLUMN = 200
"""Of a line of code, in characters."""
_STREWN = 3.0
"""Sizes of the font between two pieces of a row that are no words of one sentence."""
_SENTENCE_END = (".", "!", "?", "。", "！", "？", "؟", ":", ";")


@dataclass(slots=True)
class _Block:
    rows: list[Row]


def page_segments(
    pieces: list[Piece],
    shape: PageShape,
    page: int,
    style: DocumentStyle,
    rules: Rules,
    form: bool = False,
) -> list[Segment]:
    """Segments of a page (`page` counts from 1) in reading order; a form has no tables.

    Notes in the margin come last, as segments of their own.
    """
    compounds = {word.lower() for piece in pieces for word in COMPOUND.findall(piece.text)}
    segments: list[Segment] = []
    notes = margin_notes(pieces, shape)
    aside = {id(note) for side in notes for note in side}
    body = [piece for piece in pieces if id(piece) not in aside]
    sections = [Section([], body)] if form else side_sections(body, shape)
    for section in sections:
        if section.heading:
            segments.append(_side_title(section.heading, shape, page, style))
        for region in reading_order(join_markers(section.body), rules.across):
            segments += _region_segments(region, compounds, shape, page, style, rules, form)
    for region in notes:
        segments += _region_segments(region, compounds, shape, page, style, rules, form)
    return with_figures(numbered(segments), rules)


def _region_segments(
    region: list[Piece],
    compounds: set[str],
    shape: PageShape,
    page: int,
    style: DocumentStyle,
    rules: Rules,
    form: bool,
) -> list[Segment]:
    """Segments of what reading goes through from top to bottom."""
    segments: list[Segment] = []
    rows: list[Row] = []
    found = rows_of(region)
    plain = form or len(region) > MAX_PIECES
    for item in found if plain else find_tables(found, rules):
        if isinstance(item, Row):
            rows.append(item)
            continue
        above = _segments_of(rows, compounds, shape, page, style)
        rows = []
        if isinstance(item, Entry):
            segments += [*above, _entry_segment(item, shape, page)]
        else:
            segments += _named(above, table_segment(item, shape, page), style)
    return segments + _segments_of(rows, compounds, shape, page, style)


def _side_title(pieces: list[Piece], shape: PageShape, page: int, style: DocumentStyle) -> Segment:
    """A heading that stands beside its text."""
    text, spans = join_lines([piece.text for piece in pieces], set())
    boxes = tuple(_box([piece], shape) for piece in pieces)
    return Segment(
        text=text,
        kind="title",
        level=_level(pieces[0].size, style),
        locators=(page_locator(shape, page, boxes),),
        spans=spans,
    )


def _named(above: list[Segment], table: Segment, style: DocumentStyle) -> list[Segment]:
    """The segments above a table and the table, told what it is of by those right above it."""
    level = min(6, 1 + len(style.heading_sizes))
    left: Segment | None = None
    while above and left is None:
        left, table = name_table(above.pop(), table, level)
    return [*above, *([left] if left else []), table]


def _segments_of(
    rows: list[Row], compounds: set[str], shape: PageShape, page: int, style: DocumentStyle
) -> list[Segment]:
    found = []
    entries = style.outline.get(page - 1, {})
    for block in _blocks(rows, not style.body_monospaced):
        kind, level = _kind(block, style)
        if entries and kind in ("text", "list_item") and len(block.rows) <= _MAX_TITLE_ROWS:
            named = entries.get(key(" ".join(row.text for row in block.rows)))
            kind, level = ("title", named) if named else (kind, level)
        if kind == "code":
            lines = [row.pieces for row in block.rows]
            text, spans = stacked(_typed(block.rows))
        else:
            lines = [line for row in block.rows for line in _lines(row)]
            texts = [" ".join(piece.text for piece in line) for line in lines]
            text, spans = join_lines(texts, compounds)
        boxes = tuple(_box(line, shape) for line in lines)
        found.append(
            Segment(
                text=text,
                kind=kind,
                level=level,
                locators=(page_locator(shape, page, boxes),),
                spans=spans,
            )
        )
    return found


def _lines(row: Row) -> list[list[Piece]]:
    """The row's pieces, those far apart (labels of a figure, a label and its value) by themselves.

    Each is given its own box, so that a quote from one does not mark the white space between.
    """
    lines = [[row.pieces[0]]]
    for before, piece in pairwise(row.pieces):
        gap = max(piece.frame[0] - before.frame[2], before.frame[0] - piece.frame[2])
        if gap > 1.5 * piece.size:
            lines.append([piece])
        else:
            lines[-1].append(piece)
    return lines


def _typed(rows: list[Row]) -> list[str]:
    """Lines of code with the spaces that indent and align them, which a file often leaves out."""
    widths = [(p.frame[2] - p.frame[0]) / len(p.text) for row in rows for p in row.pieces]
    left, width = min(row.x0 for row in rows), max(float(np.median(widths)), 0.1)
    lines = []
    for row in rows:
        line = ""
        for piece in row.pieces:
            column = round((piece.frame[0] - left) / width)
            line = line.ljust(max(min(column, _MAX_COLUMN), len(line) + bool(line))) + piece.text
        lines.append(line)
    return lines


def table_segment(table: Table, shape: PageShape, page: int) -> Segment:
    """A box and a span for each cell that holds anything."""
    text, cells = laid_out(
        [[cell.text for cell in row] for row in table.rows], header_rows=int(table.has_header)
    )
    boxes: list[Box] = []
    spans: list[Span] = []
    for row, places in zip(table.rows, cells.rows, strict=True):
        # Empty cells at the end of a row have no place.
        for cell, (start, end) in zip(row, places, strict=False):
            if start < end:
                spans.append((start, end, 0, len(boxes)))
                boxes.append(_box(cell.pieces, shape))
    return Segment(
        text=text,
        kind="table",
        locators=(page_locator(shape, page, tuple(boxes)),),
        spans=tuple(spans),
        table=cells,
    )


def _entry_segment(entry: Entry, shape: PageShape, page: int) -> Segment:
    text = entry.text
    return Segment(
        text=text,
        kind="list_item",
        locators=(page_locator(shape, page, (_box(entry.pieces, shape),)),),
        spans=((0, len(text), 0, 0),),
    )


def page_locator(shape: PageShape, page: int, boxes: tuple[Box, ...]) -> PageLocator:
    """Where `boxes` (fractions of the page as seen) stand; `page` counts from 1."""
    return PageLocator(
        page=page,
        boxes=boxes,
        page_width=round(shape.width, 3),
        page_height=round(shape.height, 3),
        rotation=shape.rotation,
    )


def _box(pieces: list[Piece], shape: PageShape) -> Box:
    width, height = shape.seen
    x0, y0, x1, y1 = pieces[0].box
    for piece in pieces[1:]:
        left, top, right, bottom = piece.box
        x0, y0 = min(x0, left), min(y0, top)
        x1, y1 = max(x1, right), max(y1, bottom)
    return (
        round(min(1.0, max(0.0, x0 / width)), 5),
        round(min(1.0, max(0.0, y0 / height)), 5),
        round(min(1.0, max(0.0, x1 / width)), 5),
        round(min(1.0, max(0.0, y1 / height)), 5),
    )


def _blocks(rows: list[Row], code: bool) -> list[_Block]:
    if not rows:
        return []
    gaps = [max(0.0, b.top - a.bottom) for a, b in pairwise(rows)]
    usual = float(np.quantile(gaps, 0.25)) if gaps else 0.0
    blocks = [_Block([rows[0]])]
    for above, row in pairwise(rows):
        block = blocks[-1]
        if _parts(block.rows, above, row, usual, code):
            blocks.append(_Block([row]))
        else:
            block.rows.append(row)
    return blocks


def _parts(block: list[Row], above: Row, row: Row, usual: float, code: bool) -> bool:
    """Whether a new block begins with `row`; `code` if monospaced rows are that, however strewn."""
    size, before = row.size, above.size
    if max(size, before) > 1.12 * min(size, before):
        return True
    if row.bold != above.bold and not (_flows(above, row) and _was_full(above, row, block)):
        return True
    if len(block) == 1 and row.font != above.font and above.x1 - row.x0 < 0.85 * (row.x1 - row.x0):
        return True
    gap = row.top - above.bottom
    monospaced = is_monospaced(row.font) and is_monospaced(above.font)
    if (_is_strewn(row) or _is_strewn(above)) and not (code and monospaced):
        return True
    if monospaced:
        return gap > 2 * size
    heading = row.bold and above.bold
    flows = _flows(above, row)
    is_item = ITEM.match(row.text) and not _HALF_ABBREVIATION.search(above.text)
    if flows and 0 <= gap < _WIDE_LEADING * size and not is_item:
        return False
    # Between two headings there is one gap, which is then the usual one.
    least, further = (0.4, 0.6) if heading else (0.6, 0.3)
    if gap > min(usual, least * size) + further * size or gap < -2 * size:
        return True
    if is_item:
        return True
    backwards = sum(piece.right_to_left for piece in row.pieces) * 2 > len(row.pieces)
    start = -row.x1 if backwards else row.x0
    start_above = -above.x1 if backwards else above.x0
    indent = start - start_above
    if indent > 0.7 * size and (len(block) > 1 or not ITEM.match(above.text)):
        return indent < 4 * size
    if indent < -0.7 * size and len(block) > 1:
        return True
    width = max(r.x1 for r in block) - min(r.x0 for r in block)
    end, edge = (
        (above.x0, min(r.x0 for r in block))
        if backwards
        else (
            above.x1,
            max(r.x1 for r in block),
        )
    )
    return len(block) > 2 and abs(edge - end) > 0.4 * width and above.text.endswith(_SENTENCE_END)


def _is_strewn(row: Row) -> bool:
    """Whether the row is labels and values of a form or of a figure rather than a line of text."""
    return any(
        max(b.frame[0] - a.frame[2], a.frame[0] - b.frame[2]) > _STREWN * row.size
        for a, b in pairwise(row.pieces)
    )


def _flows(above: Row, row: Row) -> bool:
    """Whether a sentence goes on in `row`: however far apart lines are set, it is one paragraph."""
    first, last = row.text[:1], above.text[-1:]
    beside = min(above.x1, row.x1) - max(above.x0, row.x0) > 0.3 * (row.x1 - row.x0)
    return first.islower() and (last == "-" or last == "," or last.islower()) and beside


def _was_full(above: Row, row: Row, block: list[Row]) -> bool:
    """Whether the first word of a row had no room at the end of the line above."""
    word = row.text.split(" ", 1)[0]
    width = (row.x1 - row.x0) * (len(word) + 1) / max(1, len(row.text))
    return above.x1 + width > max(row.x1, *(one.x1 for one in block))


def _kind(block: _Block, style: DocumentStyle) -> tuple[SegmentKind, int | None]:
    first = block.rows[0]
    text = " ".join(row.text for row in block.rows)
    size = max(block.rows, key=lambda row: len(row.text)).size
    if all(is_monospaced(row.font) for row in block.rows) and not style.body_monospaced:
        return "code", None
    if CAPTION.match(text) and size < 1.15 * style.body_size and len(text) < 400:
        return "caption", None
    if style.body_size and len(text) <= 200 and _is_wordy(text) and LEADER not in text:
        bold = all(row.bold for row in block.rows)
        whole = all(len(row.pieces) == 1 for row in block.rows)
        larger = size >= 1.15 * style.body_size and len(block.rows) <= 4 and len(text) <= 200
        larger = larger and (bold or whole or size >= 1.3 * style.body_size)
        bolder = (
            bold
            and not style.body_bold
            and size >= 0.95 * style.body_size
            and len(block.rows) <= 2
            and len(text) <= 120
            and not text.endswith((".", ",", ";", ":"))
        )
        if (larger or bolder) and text[0] not in BULLETS:
            return "title", _level(size, style)
    if ITEM.match(first.text):
        return "list_item", None
    return "text", None


def _is_wordy(text: str) -> bool:
    letters = sum(map(str.isalpha, text))
    return letters >= 2 and letters * 2 > len(text.replace(" ", ""))


def _level(size: float, style: DocumentStyle) -> int:
    return min(6, 1 + sum(other > 1.08 * size for other in style.heading_sizes))
