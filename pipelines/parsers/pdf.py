"""PDF files: text with a box per line, tables, filled fields, and OCR where text is missing."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from pipelines.errors import (
    ModelUnavailable,
    ParserStalled,
    PasswordRequired,
    SourceTooLarge,
    SourceUnreadable,
    WrongPassword,
)
from pipelines.parsers.pdf_blocks import page_segments
from pipelines.parsers.pdf_fields import page_fields
from pipelines.parsers.pdf_layout import main_turn
from pipelines.parsers.pdf_letters import clean, read_utf16
from pipelines.parsers.pdf_rules import Rules
from pipelines.parsers.pdf_scan import is_better, judge, needs_ocr, read_scan, render
from pipelines.parsers.pdf_style import (
    DocumentStyle,
    learn_style,
    sample_pages,
    without_furniture,
)
from pipelines.parsers.pdf_text import PageShape, PageText, page_shape, read_page_text
from pipelines.types import ParseOptions, ParseWarning, Part, Segment, SourceType

_LOW_CONFIDENCE = 0.7
_DATE = re.compile(r"D?:?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:([-+Z])(\d\d)?'?(\d\d)?)?")


class PdfParser:
    """One Part per page. pdfium is not thread-safe: one parse at a time in a process."""

    source_type: SourceType = "pdf"
    media_types = frozenset({"application/pdf"})

    def parse(self, path: Path, options: ParseOptions) -> Iterator[Part]:
        import pypdfium2 as pdfium

        with closing(_open(path, options.password)) as document:
            total = len(document)
            if total < 1:
                raise SourceUnreadable("This PDF has no pages. Export it again and upload it.")
            if total > options.max_pages:
                raise SourceTooLarge(
                    f"This PDF has {total:,} pages; at most {options.max_pages:,} are read. "
                    "Split it and upload the parts."
                )
            if document.get_formtype() != pdfium.raw.FORMTYPE_NONE:
                document.init_forms()
            style = learn_style(_sample(document, total))
            facts = _facts(document, total)
            stop = total if options.stop is None else min(options.stop, total)
            for index in range(max(0, options.start), stop):
                part = _page_part(document, index, total, style, options)
                yield part.model_copy(update={"facts": facts}) if facts else part
                facts = {}


def _open(path: Path, password: str | None) -> Any:
    import pypdfium2 as pdfium

    try:
        return pdfium.PdfDocument(path, password=password)
    except pdfium.PdfiumError as exc:
        if getattr(exc, "err_code", None) == pdfium.raw.FPDF_ERR_PASSWORD:
            if password is None:
                raise PasswordRequired(
                    "This PDF is protected. Give its password to have it read."
                ) from exc
            raise WrongPassword(
                "The password does not open this PDF. Check it and try again."
            ) from exc
        if getattr(exc, "err_code", None) == pdfium.raw.FPDF_ERR_SECURITY:
            raise SourceUnreadable(
                "This PDF is encrypted in a way that can't be read. Save it without protection "
                "and upload it again."
            ) from exc
        raise SourceUnreadable(
            "This file can't be read as a PDF: it is broken or incomplete. Open it in a viewer, "
            "export it as PDF again and upload that."
        ) from exc


def _sample(document: Any, total: int) -> Iterator[tuple[PageShape, PageText]]:
    import pypdfium2 as pdfium

    for index in sample_pages(total):
        try:
            with closing(document[index]) as page:
                shape = page_shape(page)
                yield shape, read_page_text(page, shape)
        except pdfium.PdfiumError:
            # The page is told as unreadable when its turn comes.
            continue


def _page_part(
    document: Any, index: int, total: int, style: DocumentStyle, options: ParseOptions
) -> Part:
    import pypdfium2 as pdfium

    segments: list[Segment] = []
    warnings: list[ParseWarning] = []
    counts: dict[str, int] = {}
    try:
        with closing(document[index]) as page:
            segments, warnings, by_ocr = _read_page(page, index + 1, style, options)
        if by_ocr or segments or not warnings:
            counts["pages_ocr" if by_ocr else "pages_read"] = 1
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
    page: Any, number: int, style: DocumentStyle, options: ParseOptions
) -> tuple[list[Segment], list[ParseWarning], bool]:
    """Segments and warnings of a page, and whether OCR read it. `number` counts from 1."""
    place = f"page {number}"
    shape = page_shape(page)
    text = read_page_text(page, shape)
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
    segments = page_segments(kept, shape, number, style, rules) + (recognised or [])
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


def _facts(document: Any, total: int) -> dict[str, Any]:
    """What the file says of itself: pages, outline; title, author, created, language if given."""
    facts: dict[str, Any] = {"pages": total, "outline": next(document.get_toc(), None) is not None}
    for key, name in (("title", "Title"), ("author", "Author")):
        value = clean(_metadata(document, name))[:500]
        if value:
            facts[key] = value
    created = _date(_metadata(document, "CreationDate"))
    if created:
        facts["created"] = created
    language = _language(document)
    if language:
        facts["language"] = language
    return facts


def _metadata(document: Any, name: str) -> str:
    import pypdfium2.raw as raw

    return read_utf16(
        lambda buffer, size: raw.FPDF_GetMetaText(document, name.encode(), buffer, size)
    )


def _date(text: str) -> str | None:
    """A PDF date (ISO 32000-1, 7.9.4) as RFC 3339; None when it is none."""
    from datetime import UTC, datetime, timedelta, timezone

    found = _DATE.match(text.strip())
    if not found:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    zone = UTC
    if found[7] in ("+", "-"):
        offset = timedelta(hours=int(found[8] or 0), minutes=int(found[9] or 0))
        zone = timezone(offset if found[7] == "+" else -offset)  # type: ignore[assignment]
    try:
        moment = datetime(year, month or 1, day or 1, hour, minute, second, tzinfo=zone)
        return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError):
        return None


def _language(document: Any) -> str:
    import pypdfium2.raw as raw

    def read(buffer: Any, size: int) -> int:
        pointer = ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR)) if buffer else None
        return raw.FPDFCatalog_GetLanguage(document, pointer, size)

    return clean(read_utf16(read))[:35]
