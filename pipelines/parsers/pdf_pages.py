"""A page of a PDF -> its Part: from the text layer, by OCR, or a warning that says why not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

from pipelines.errors import ModelUnavailable, ParserStalled, SourceTooLarge
from pipelines.parsers.pdf_blocks import page_segments
from pipelines.parsers.pdf_fields import is_form, page_fields
from pipelines.parsers.pdf_layout import main_turn
from pipelines.parsers.pdf_rules import Rules
from pipelines.parsers.pdf_scan import is_better, judge, needs_ocr, read_scan, render
from pipelines.parsers.pdf_style import DocumentStyle, sample_pages, without_furniture
from pipelines.parsers.pdf_text import PageShape, PageText, page_shape, read_page_text
from pipelines.types import ParseOptions, ParseWarning, Part, Segment

_LOW_CONFIDENCE = 0.7
_MAX_KNOWN = 5_000
"""Pieces of a page whose text is kept until its turn; more would take memory for little time."""


Known = dict[int, PageText]
"""Text of pages by index, read when the style was learned and not to be read again."""


def sample(document: Any, total: int, known: Known) -> Iterator[tuple[PageShape, PageText]]:
    """Shape and text of the pages that tell what the document's pages have in common.

    Those of usual size are put into `known`.
    """
    import pypdfium2 as pdfium

    for index in sample_pages(total):
        try:
            with closing(document[index]) as page:
                shape = page_shape(page)
                text = read_page_text(page, shape)
        except pdfium.PdfiumError:
            # The page is told as unreadable when its turn comes.
            continue
        if len(text.pieces) <= _MAX_KNOWN:
            known[index] = text
        yield shape, text


def page_part(
    document: Any,
    index: int,
    total: int,
    style: DocumentStyle,
    options: ParseOptions,
    known: Known,
) -> Part:
    """The Part of page `index`, counted from 0; its warning when it can't be read."""
    import pypdfium2 as pdfium

    segments: list[Segment] = []
    warnings: list[ParseWarning] = []
    counts: dict[str, int] = {}
    try:
        with closing(document[index]) as page:
            text = known.pop(index, None) or read_page_text(page, page_shape(page))
            segments, warnings, by_ocr = _read_page(page, index + 1, text, style, options)
        if by_ocr or segments or not warnings:
            counts["pages_read"] = 1
            if by_ocr:
                counts["pages_ocr"] = 1
    except (pdfium.PdfiumError, ValueError, OverflowError) as exc:
        warnings = [
            ParseWarning(
                code="page_unreadable",
                message=f"This page could not be read: {exc}",
                place=f"page {index + 1}",
            )
        ]
    counts["words"] = sum(len(segment.text.split()) for segment in segments)
    return Part(
        start=index,
        stop=index + 1,
        total=total,
        unit="pages",
        segments=tuple(segments),
        warnings=tuple(warnings),
        counts=counts,
    )


def _read_page(
    page: Any, number: int, text: PageText, style: DocumentStyle, options: ParseOptions
) -> tuple[list[Segment], list[ParseWarning], bool]:
    """Segments and warnings of a page, and whether OCR read it. `number` counts from 1."""
    place = f"page {number}"
    shape = page_shape(page)
    warnings = []
    if text.truncated:
        warnings.append(
            ParseWarning(
                code="page_truncated",
                message="This page holds more text than is read of one page; the rest is left out.",
                place=place,
            )
        )
    layer = judge(text)
    kept = [] if layer == "garbage" else without_furniture(text, shape, style)
    recognised = None
    content = needs_ocr(text, page, shape)
    if content is not None:
        try:
            image = render(page, shape, content, options.max_pixels)
            recognised = read_scan(image, shape, number, kept if layer == "sound" else [])
        except (SourceTooLarge, ModelUnavailable, ParserStalled) as exc:
            warnings.append(
                ParseWarning(
                    code="page_not_drawn" if isinstance(exc, SourceTooLarge) else "ocr_failed",
                    message=f"The pictures of this page were not read: {exc}",
                    place=place,
                )
            )
    if recognised is not None and layer == "unmapped":
        if is_better(recognised, text):
            kept = []
        else:
            recognised = None
    warnings += _doubts(recognised or [], place)
    rules = Rules(page, shape, main_turn(kept))
    form = bool(page.formenv) and is_form(page)
    segments = page_segments(kept, shape, number, style, rules, form) + (recognised or [])
    if page.formenv:
        segments += page_fields(page, page.formenv, shape, number)
    return segments, warnings, recognised is not None


def _doubts(recognised: list[Segment], place: str) -> list[ParseWarning]:
    letters = sum(len(segment.text) for segment in recognised)
    if not letters:
        return []
    sure = sum((s.confidence or 0.0) * len(s.text) for s in recognised) / letters
    if sure >= _LOW_CONFIDENCE:
        return []
    return [
        ParseWarning(
            code="low_confidence",
            message=f"OCR was unsure of this page's text (confidence {sure:.2f}).",
            place=place,
        )
    ]
