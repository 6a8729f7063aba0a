"""Presentations: one walk over the shapes of each slide, from the top down, its title first.

Pictures are not read; those of some size, and diagrams, are told.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.errors import PipelineError, SourceUnreadable
from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.detect import PPTX
from pipelines.parsers.located_text import PlainText, part_of, wanted
from pipelines.parsers.office.charts import chart_segments
from pipelines.parsers.office.slide_text import A, paragraphs_of, shown_children
from pipelines.parsers.office_properties import properties
from pipelines.parsers.ooxml import is_sizeable, open_package
from pipelines.parsers.pieces import TableCells, add_pieces
from pipelines.types import ParseWarning, Part, Segment, SourceType

log = logging.getLogger(__name__)

_P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_SHAPES = frozenset(f"{_P}{name}" for name in ("sp", "grpSp", "graphicFrame", "pic", "cxnSp"))
_TITLES = ("title", "ctrTitle")
_SLIDE_NUMBER = "sldNum"
_FILE_NAME = re.compile(r"\S+\.[a-z]{3,4}", re.I)


class PptxParser:
    """A presentation; a Part is a slide, its notes come after what it shows."""

    source_type: SourceType = "document"
    media_types = frozenset({PPTX})

    def parse(self, path: Path, options: ParseOptions) -> Iterator[Part]:
        import pptx

        plain = PlainText()
        with open_package(path, options.password) as file:
            try:
                presentation = pptx.Presentation(file)
                slides = list(presentation.slides)
                facts = {**properties(presentation.core_properties), "slides": len(slides)}
                area = (presentation.slide_width or 0) * (presentation.slide_height or 0)
                for index, slide in enumerate(slides):
                    walk = _SlideWalk(slide, plain, index + 1, area)
                    segments = walk.segments()
                    if wanted(index, options):
                        yield part_of(
                            segments,
                            index,
                            total=len(slides),
                            unit="slides",
                            facts={**facts, "characters": plain.characters},
                            warnings=walk.warnings(is_empty=not segments),
                        )
            except (PipelineError, MemoryError):
                raise
            except Exception as exc:
                raise SourceUnreadable(
                    "The presentation is damaged or not what its name says. "
                    "Open it, save it again and upload that."
                ) from exc


class _SlideWalk:
    def __init__(self, slide: Any, plain: PlainText, number: int, area: int) -> None:
        self._slide = slide
        self._plain = plain
        self._number = number
        self._anchor = f"#slide-{number}"
        self._area = area
        self._inherited = {
            p.shape_id: (p.top or 0, p.left or 0, p.width or 0, p.height or 0)
            for p in slide.placeholders
        }
        self._pictures = self._sizeable = self._diagrams = 0

    def segments(self) -> list[Segment]:
        shapes = list(self._in_order(self._slide.shapes.element))
        shapes.sort(key=_rank)
        found = [segment for shape in shapes for segment in self._shape(shape)]
        notes = self._slide.notes_slide.notes_placeholder if self._slide.has_notes_slide else None
        body = notes.element.find(f"{_P}txBody") if notes is not None else None
        return found + list(self._text(body, is_title=False)) if body is not None else found

    def warnings(self, *, is_empty: bool) -> list[ParseWarning]:
        """What on the slide can't be read."""
        if not (self._diagrams or self._sizeable or (self._pictures and is_empty)):
            return []
        what = "a diagram" if self._diagrams else "pictures"
        message = f"The slide holds {what} whose text was not read."
        place = f"slide {self._number}"
        return [ParseWarning(code="pictures_not_read", message=message, place=place)]

    def _in_order(self, group: Any) -> Iterator[Any]:
        """Shapes from the top down and from left to right; those of a group stay together."""
        shapes = [shape for shape in shown_children(group) if shape.tag in _SHAPES]
        for shape in sorted(shapes, key=lambda shape: self._box(shape)[:2]):
            if shape.tag == f"{_P}grpSp":
                yield from self._in_order(shape)
            else:
                yield shape

    def _box(self, shape: Any) -> tuple[int, int, int, int]:
        """(top, left, width, height) in EMU; a placeholder may have them from its layout."""
        paths = (f"{_P}spPr/{A}xfrm", f"{_P}xfrm", f"{_P}grpSpPr/{A}xfrm")
        for place in (found for path in paths if (found := shape.find(path)) is not None):
            offset, size = place.find(f"{A}off"), place.find(f"{A}ext")
            return _whole(offset, "y"), _whole(offset, "x"), _whole(size, "cx"), _whole(size, "cy")
        shape_id = _whole(next(shape.iter(f"{_P}cNvPr"), None), "id")
        return self._inherited.get(shape_id, (0, 0, 0, 0))

    def _shape(self, shape: Any) -> Iterator[Segment]:
        body = shape.find(f"{_P}txBody")
        kind = _placeholder(shape)
        if body is not None and kind != _SLIDE_NUMBER:
            yield from self._text(body, is_title=kind in _TITLES)
        data = next(shape.iter(f"{A}graphicData"), None)
        if data is not None:
            yield from self._graphic(data)
        if shape.tag == f"{_P}pic":
            self._pictures += 1
            self._sizeable += is_sizeable(*self._box(shape)[2:], self._area)
            yield from self._plain.add(_told(shape), "caption", anchor=self._anchor)

    def _text(self, body: Any, *, is_title: bool) -> Iterator[Segment]:
        for mark, text in paragraphs_of(body):
            if is_title and not mark:
                yield from self._plain.add(text, "title", level=1, anchor=self._anchor)
                is_title = False
            elif mark:
                yield from self._plain.add(f"{mark} {text}", "list_item", anchor=self._anchor)
            else:
                yield from self._plain.add(text, anchor=self._anchor)

    def _graphic(self, data: Any) -> Iterator[Segment]:
        if (table := data.find(f"{A}tbl")) is not None:
            yield from self._table(table)
        elif (chart := data.find(f"{_C}chart")) is not None:
            try:
                part = self._slide.part.related_part(chart.get(f"{_R}id"))
                yield from chart_segments(part.chart, self._plain, self._anchor)
            except (ValueError, KeyError, AttributeError, TypeError, NotImplementedError):
                log.warning("chart not read", exc_info=True)
                self._diagrams += 1
        elif "diagram" in data.get("uri", "") or data.get("uri", "").endswith("/chartex"):
            self._diagrams += 1

    def _table(self, table: Any) -> Iterator[Segment]:
        """A cell that spans rows is repeated in each, so that every row says all of it."""
        cells = TableCells()
        rows = cells.rows
        for number, tr in enumerate(table.iterchildren(f"{A}tr")):
            row: list[str] = []
            for cell in tr.iterchildren(f"{A}tc"):
                text = _cell_text(cell)
                is_continued = cell.get("vMerge") in ("1", "true")
                if is_continued and not text and rows and len(row) < len(rows[-1]):
                    text = rows[-1][len(row)]
                columns = _whole(cell, "gridSpan")
                if columns > 1:
                    cells.reaching[number, len(row)] = columns
                row.append(text)
            rows.append(row)
            cells.bold.append(_is_bold(tr))
        if all(len(row) <= 1 for row in rows):
            for row in rows:
                for text in row:
                    yield from self._plain.add(text, anchor=self._anchor)
            return
        yield from add_pieces([cells.piece(self._anchor)], self._plain)


def _rank(shape: Any) -> int:
    """The title is read before all others, and charts, which explain what is said, after."""
    if _placeholder(shape) in _TITLES:
        return 0
    return 1 if next(shape.iter(f"{_C}chart"), None) is None else 2


def _whole(node: Any | None, name: str) -> int:
    told = node.get(name, "") if node is not None else ""
    return int(told) if re.fullmatch(r"-?[0-9]{1,12}", told) else 0


def _is_bold(row: Any) -> bool:
    """Whether all words of a row are set bold."""
    runs = [run for run in row.iter(f"{A}r") if run.findtext(f"{A}t", "").strip()]
    bold = [run.find(f"{A}rPr") for run in runs]
    return bool(runs) and all(it is not None and it.get("b") in ("1", "true") for it in bold)


def _cell_text(cell: Any) -> str:
    body = cell.find(f"{A}txBody")
    if body is None:
        return ""
    return " ".join(f"{mark} {text}".strip() for mark, text in paragraphs_of(body))


def _placeholder(shape: Any) -> str | None:
    """What the shape is a placeholder for, such as `title`; None for any other shape."""
    told = shape.find(f"{_P}nvSpPr/{_P}nvPr/{_P}ph")
    return told.get("type", "obj") if told is not None else None


def _told(picture: Any) -> str:
    """The alternative text that a person wrote."""
    told = picture.find(f"{_P}nvPicPr/{_P}cNvPr")
    text = told.get("descr", "").strip() if told is not None else ""
    is_made = _FILE_NAME.fullmatch(text) or "automatically generated" in text
    return "" if is_made else text
