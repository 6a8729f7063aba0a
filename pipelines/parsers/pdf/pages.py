"""A page of a PDF -> its Part: from the text layer, by OCR, or a warning that says why not."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from pipelines.errors import ModelUnavailable, SourceTooLarge, SourceUnreadable
from pipelines.ordered_pool import Later, in_order, threads_each, worker_count
from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.pdf.blocks import page_segments
from pipelines.parsers.pdf.continued_tables import (
    OpenTable,
    go_on,
    looking_back,
    table_before,
)
from pipelines.parsers.pdf.document_style import (
    DocumentStyle,
    sample_pages,
    without_running_headers,
)
from pipelines.parsers.pdf.form_fields import is_form, page_fields
from pipelines.parsers.pdf.line_pieces import PageShape, PageText, Piece, page_shape, read_page_text
from pipelines.parsers.pdf.pictures import has_unread_pictures
from pipelines.parsers.pdf.reading_order import main_turn
from pipelines.parsers.pdf.ruling_lines import Rules
from pipelines.parsers.pdf.running_headers import PAGES_THAT_TELL
from pipelines.parsers.pdf.scan_running_headers import (
    EdgeLine,
    edges_only,
    learn_edges,
    sample_scans,
)
from pipelines.parsers.pdf.scans import TextLayer, is_better, judge, needs_ocr, read_scan, render
from pipelines.types import ParseWarning, Part, Segment

if TYPE_CHECKING:
    from PIL.Image import Image

    from pipelines.ocr import OcrLine

_LOW_CONFIDENCE = 0.7
_MAX_KNOWN = 5_000
"""Pieces of a page whose text is kept until its turn; more would take memory for little time."""
_OCR_FAILS = (SourceUnreadable, ModelUnavailable, ValueError, OverflowError)

Known = dict[int, PageText]
"""Text of pages by index, read when the style was learned and not to be read again."""


def sample(document: Any, total: int, known: Known) -> Iterator[tuple[int, PageShape, PageText]]:
    """Index, shape and text of the pages that tell what the document's pages have in common.

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
        yield index, shape, text


def _sample_scans(document: Any, total: int, known: Known, max_pixels: int) -> tuple[EdgeLine, ...]:
    """Running headers and footers that repeat on the document's scans, of which a few are read."""
    import pypdfium2 as pdfium

    fails = (pdfium.PdfiumError, ValueError, OverflowError)
    scans = []
    for index in sample_scans(total):
        # A page that can't be read is told when its turn comes.
        with suppress(*fails), closing(document[index]) as page:
            shape = page_shape(page)
            text = known.get(index) or read_page_text(page, shape)
            content = needs_ocr(text, page, shape)
            if content is not None:
                scans.append((index, shape, content))
    if len(scans) < PAGES_THAT_TELL:
        return ()
    workers = worker_count(len(scans))

    def pictures() -> Generator[list[OcrLine] | Later[list[OcrLine]], None, None]:
        for index, shape, content in scans:
            try:
                with closing(document[index]) as page:
                    picture = edges_only(render(page, shape, content, max_pixels))
            except (SourceTooLarge, *fails):
                continue
            yield Later(partial(_read_edges, picture, threads_each(workers)))

    with closing(in_order(pictures(), workers)) as read:
        return learn_edges(list(read))


def _read_edges(picture: Image, threads: int) -> list[OcrLine]:
    """The lines at a page's top and bottom; none where OCR fails: the page itself will tell."""
    from pipelines.ocr import upright

    try:
        return upright.read_scan(picture, threads).lines
    except _OCR_FAILS:
        return []


@dataclass(frozen=True)
class _PageRead:
    """What pdfium tells of a page; OCR has still to read `picture`."""

    index: int
    shape: PageShape
    layer: TextLayer
    text: PageText
    kept: list[Piece]
    """Of the text layer."""
    segments: list[Segment]
    """Of `kept`."""
    fields: list[Segment]
    warnings: list[ParseWarning]
    picture: Image | None
    unread_pictures: bool
    """Whether pictures stand beside the text layer, which alone is read."""


def page_parts(
    document: Any,
    indexes: Iterable[int],
    total: int,
    style: DocumentStyle,
    options: ParseOptions,
    known: Known,
    threads: int,
) -> Generator[Part | Later[Part], None, None]:
    """The Parts of the pages `indexes`, counted from 0; those that OCR has to read are for later.

    `threads` is how many OCR may use for one page. A page that can't be read becomes a warning of
    its Part.
    """
    import pypdfium2 as pdfium

    edges: tuple[EdgeLine, ...] | None = None
    table: OpenTable | None = None
    for number, index in enumerate(indexes):
        if number == 0 and index:
            table = table_before(_pages_before(document, index, known, style))
        try:
            with closing(document[index]) as page:
                text = known.pop(index, None) or read_page_text(page, page_shape(page))
                read = _read_page(page, index, text, style, options)
        except (pdfium.PdfiumError, ValueError, OverflowError) as exc:
            message = f"This page could not be read: {exc}"
            yield _part(index, total, [], [_warning("page_unreadable", message, index)], {})
            table = None
            continue
        if read.picture is None:
            segments, table = go_on(table, read.segments)
            read = replace(read, segments=segments)
            yield _finish(read, total, (), threads)
            continue
        table = None
        if edges is None:
            edges = _sample_scans(document, total, known, options.max_pixels)
        yield Later(partial(_finish, read, total, edges, threads))


def _read_page(
    page: Any, index: int, text: PageText, style: DocumentStyle, options: ParseOptions
) -> _PageRead:
    """All that needs pdfium, which one thread at a time may use."""
    shape = page_shape(page)
    warnings = []
    if text.truncated:
        message = "This page holds more text than is read of one page; the rest is left out."
        warnings.append(_warning("page_truncated", message, index))
    layer = judge(text)
    kept = [] if layer == "garbage" else without_running_headers(text, index, shape, style)
    picture = None
    content = needs_ocr(text, page, shape)
    if content is not None:
        try:
            picture = render(
                page, shape, content, options.max_pixels, 0.5 if options.reduced else 1
            )
        except SourceTooLarge as exc:
            message = f"The pictures of this page were not read: {exc}"
            warnings.append(_warning("page_not_drawn", message, index))
    return _PageRead(
        index=index,
        shape=shape,
        layer=layer,
        text=text,
        kept=kept,
        segments=_segments(page, index, shape, kept, style),
        fields=page_fields(page, page.formenv, shape, index + 1) if page.formenv else [],
        warnings=warnings,
        picture=picture,
        unread_pictures=content is None and has_unread_pictures(page, shape, text.pieces),
    )


def _segments(
    page: Any, index: int, shape: PageShape, kept: list[Piece], style: DocumentStyle
) -> list[Segment]:
    """Of the text layer's pieces."""
    rules = Rules(page, shape, main_turn(kept))
    form = bool(page.formenv) and is_form(page)
    return page_segments(kept, shape, index + 1, style, rules, form)


def _pages_before(
    document: Any, index: int, known: Known, style: DocumentStyle
) -> Iterator[list[Segment] | None]:
    """Segments of the pages before one, the nearest first; None for one whose text is no text."""
    import pypdfium2 as pdfium

    for before in looking_back(index):
        try:
            with closing(document[before]) as page:
                shape = page_shape(page)
                text = known.get(before) or read_page_text(page, shape)
                if judge(text) == "garbage" or needs_ocr(text, page, shape) is not None:
                    yield None
                    return
                kept = without_running_headers(text, before, shape, style)
                yield _segments(page, before, shape, kept, style)
        except (pdfium.PdfiumError, ValueError, OverflowError):
            yield None
            return


def _finish(read: _PageRead, total: int, edges: tuple[EdgeLine, ...], threads: int) -> Part:
    """The page's Part, its picture read by OCR if it has one. Needs no pdfium."""
    segments, warnings = read.segments, list(read.warnings)
    recognised, complete = None, True
    if read.picture is not None:
        known = read.kept if read.layer == "sound" else []
        try:
            recognised, complete = read_scan(
                read.picture, read.shape, read.index + 1, known, edges, threads
            )
        except _OCR_FAILS as exc:
            message = f"The pictures of this page were not read: {exc}"
            warnings.append(_warning("ocr_failed", message, read.index))
    if recognised is not None and read.layer == "unmapped":
        if is_better(recognised, read.text):
            segments = []
        else:
            recognised = None
    if not complete and recognised is not None:
        message = (
            "Some lines of this page could not be read: they are blurred, or in a script that OCR "
            "does not know."
        )
        warnings.append(_warning("low_confidence", message, read.index))
    elif _unsure(recognised or []):
        message = "OCR was unsure of this page's text; some of it may be wrong."
        warnings.append(_warning("low_confidence", message, read.index))
    segments = segments + (recognised or []) + read.fields
    counts = {}
    if recognised is not None or segments or not warnings:
        counts["pages_read"] = 1
        if recognised is not None:
            counts["pages_ocr"] = 1
    if read.unread_pictures:
        message = "Pictures beside the text were not read; what is written in them is missing."
        warnings.append(_warning("pictures_not_read", message, read.index))
    return _part(read.index, total, segments, warnings, counts)


def _part(
    index: int,
    total: int,
    segments: list[Segment],
    warnings: list[ParseWarning],
    counts: dict[str, int],
) -> Part:
    return Part(
        start=index,
        stop=index + 1,
        total=total,
        unit="pages",
        segments=tuple(segments),
        warnings=tuple(warnings),
        counts={**counts, "words": sum(len(segment.text.split()) for segment in segments)},
    )


def _warning(code: str, message: str, index: int) -> ParseWarning:
    return ParseWarning(code=code, message=message, place=f"page {index + 1}")


def _unsure(recognised: list[Segment]) -> bool:
    letters = sum(len(segment.text) for segment in recognised)
    sure = sum((segment.confidence or 0.0) * len(segment.text) for segment in recognised)
    return sure < _LOW_CONFIDENCE * letters
