"""Word and PowerPoint files, through unstructured's partitioners.

They find styles, list labels and tables well, but not all of the text: `partition_docx` passes
over tracked insertions, content controls, text boxes, equations and notes; `partition_pptx` over
charts, and puts notes before the slide. So a file is first rewritten (`docx_whole`, `pptx_whole`),
and slides are completed through python-pptx. Pictures inside are not read; those of some size are
told.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pipelines.errors import PipelineError, SourceUnreadable
from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.detect import DOCX, PPTX
from pipelines.parsers.docx_whole import whole_docx
from pipelines.parsers.located_text import PlainText, looks_like_header, part_of, sections, wanted
from pipelines.parsers.office_properties import properties
from pipelines.parsers.ooxml import is_sizeable, open_package
from pipelines.parsers.pptx_charts import chart_segments
from pipelines.parsers.pptx_whole import whole_pptx
from pipelines.parsers.tables import rows_of
from pipelines.parsers.unstructured_setup import prepare_unstructured
from pipelines.types import ParseWarning, Part, Segment, SourceType

log = logging.getLogger(__name__)

_SAYS_SOMETHING = re.compile(r"[^\W\d_]|\d{4}")
"""A number of a page or two says nothing."""


class DocxParser:
    """A Word document; text of headers and footers comes once, first, as `metadata`."""

    source_type: SourceType = "document"
    media_types = frozenset({DOCX})

    def parse(self, path: Path, options: ParseOptions) -> Iterator[Part]:
        prepare_unstructured()
        from unstructured.partition.docx import partition_docx

        plain = PlainText()
        with open_package(path, options.password) as file:
            try:
                facts, ready, warnings = whole_docx(file)
                elements = partition_docx(file=ready, languages=[""], include_page_breaks=False)
                segments = list(_docx_segments(elements, plain))
            except (PipelineError, MemoryError):
                raise
            except Exception as exc:
                raise _unreadable("Word document") from exc
        yield from sections(segments, plain, options, facts=facts, warnings=warnings)


class PptxParser:
    """A presentation; a Part is a slide, its notes come after what it shows."""

    source_type: SourceType = "document"
    media_types = frozenset({PPTX})

    def parse(self, path: Path, options: ParseOptions) -> Iterator[Part]:
        prepare_unstructured()
        import pptx
        from unstructured.partition.pptx import partition_pptx

        with open_package(path, options.password) as file:
            try:
                presentation = pptx.Presentation(file)
                slides = list(presentation.slides)
                ready = whole_pptx(presentation)
                elements = partition_pptx(file=ready, languages=[""], include_page_breaks=False)
            except (PipelineError, MemoryError):
                raise
            except Exception as exc:
                raise _unreadable("presentation") from exc
            facts = {**properties(presentation.core_properties), "slides": len(slides)}
            shown: dict[int, list[Any]] = {}
            for element in elements:
                shown.setdefault(element.metadata.page_number or 1, []).append(element)
            plain = PlainText()
            area = (presentation.slide_width or 0) * (presentation.slide_height or 0)
            for index, slide in enumerate(slides):
                number = index + 1
                segments = _slide_segments(shown.get(number, ()), plain, f"#slide-{number}")
                completed, warnings = _completed(
                    slide, plain, number, area=area, empty=not segments
                )
                if wanted(index, options):
                    yield part_of(
                        [*segments, *completed],
                        index,
                        total=len(slides),
                        unit="slides",
                        facts={**facts, "characters": plain.characters},
                        warnings=warnings,
                    )


def _unreadable(what: str) -> SourceUnreadable:
    return SourceUnreadable(
        f"The {what} is damaged or not what its name says. Open it, save it again and upload that."
    )


def _docx_segments(elements: Sequence[Any], plain: PlainText) -> Iterator[Segment]:
    margins = {e.text: e for e in elements if e.category in ("Header", "Footer")}
    for text in margins:
        if _SAYS_SOMETHING.search(text):
            yield from plain.add(text, "metadata")
    for element in elements:
        category = element.category
        if category in ("Header", "Footer"):
            continue
        if category == "Table":
            yield from _table(element, plain, None)
        elif category == "Title":
            level = min((element.metadata.category_depth or 0) + 1, 6)
            yield from plain.add(element.text, "title", level=level)
        elif category == "ListItem":
            yield from plain.add(element.text, "list_item")
        else:
            yield from plain.add(element.text)


def _table(element: Any, plain: PlainText, anchor: str | None) -> list[Segment]:
    from lxml import html

    if not element.metadata.text_as_html:
        return plain.add(element.text, "table", anchor=anchor)
    table = html.fragment_fromstring(element.metadata.text_as_html)
    rows, header_rows = rows_of(table, lambda cell: " ".join(cell.itertext()))
    if all(len(row) <= 1 for row in rows):
        # A box drawn round a paragraph.
        return [s for row in rows for cell in row for s in plain.add(cell, anchor=anchor)]
    if not header_rows and looks_like_header(rows):
        header_rows = 1
    return plain.add_table(rows, header_rows=header_rows, anchors=anchor)


def _slide_segments(elements: Sequence[Any], plain: PlainText, anchor: str) -> list[Segment]:
    """What a slide shows. Only the title placeholder makes a title: the partitioner also guesses
    titles among body text, at a greater depth. It comes first, wherever it stands."""

    def is_title(element: Any) -> bool:
        return element.category == "Title" and not element.metadata.category_depth

    segments: list[Segment] = []
    for element in sorted(elements, key=is_title, reverse=True):
        if element.category == "Table":
            segments += _table(element, plain, anchor)
        elif is_title(element):
            segments += plain.add(element.text, "title", level=1, anchor=anchor)
        elif element.category == "ListItem":
            segments += plain.add(element.text, "list_item", anchor=anchor)
        else:
            segments += plain.add(element.text, anchor=anchor)
    return segments


def _completed(
    slide: Any, plain: PlainText, number: int, *, area: int, empty: bool
) -> tuple[list[Segment], list[ParseWarning]]:
    """Charts and notes of a slide of `area`, and a warning about what on it can't be read."""
    anchor = f"#slide-{number}"
    segments: list[Segment] = []
    pictures = sizeable = diagrams = 0
    for shape in _shapes(slide.shapes):
        if getattr(shape, "has_chart", False):
            try:
                segments += chart_segments(shape.chart, plain, anchor)
            except (ValueError, KeyError, AttributeError, TypeError, NotImplementedError):
                log.warning("chart not read", exc_info=True)
                diagrams += 1
        elif shape.element.xpath(".//*[local-name()='graphicData'][contains(@uri,'diagram')]"):
            diagrams += 1
        elif shape.element.tag.endswith("}pic"):
            pictures += 1
            sizeable += is_sizeable(shape.width or 0, shape.height or 0, area)
    if slide.has_notes_slide and slide.notes_slide.notes_text_frame is not None:
        for paragraph in slide.notes_slide.notes_text_frame.paragraphs:
            segments += plain.add(paragraph.text, anchor=anchor)
    warnings = []
    if diagrams or sizeable or (pictures and empty and not segments):
        what = "a diagram" if diagrams else "pictures"
        warnings.append(
            ParseWarning(
                code="pictures_not_read",
                message=f"The slide holds {what} whose text was not read.",
                place=f"slide {number}",
            )
        )
    return segments, warnings


def _shapes(shapes: Any) -> Iterator[Any]:
    for shape in shapes:
        if hasattr(shape, "shapes"):
            yield from _shapes(shape.shapes)
        else:
            yield shape
