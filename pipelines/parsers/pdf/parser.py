"""PDF files: text with a box per line, tables, filled fields, and OCR where text is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipelines.errors import PasswordRequired, SourceTooLarge, SourceUnreadable, WrongPassword
from pipelines.parsers.contract import ParseOptions
from pipelines.types import Part, SourceType


class PdfParser:
    """One Part per page. pdfium is not thread-safe: one parse at a time in a process."""

    source_type: SourceType = "pdf"
    media_types = frozenset({"application/pdf"})

    def parse(self, path: Path, options: ParseOptions) -> Iterator[Part]:
        import pypdfium2 as pdfium

        from pipelines.ordered_pool import in_order, threads_each, worker_count
        from pipelines.parsers.pdf.document_style import learn_style
        from pipelines.parsers.pdf.facts import read_facts
        from pipelines.parsers.pdf.outline import read_outline
        from pipelines.parsers.pdf.pages import Known, page_parts, sample

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
            known: Known = {}
            style = learn_style(sample(document, total, known))
            if not style.heading_sizes:
                style = replace(style, outline=read_outline(document))
            facts = read_facts(document, total)
            stop = total if options.stop is None else min(options.stop, total)
            pages = range(max(0, options.start), stop)
            workers = worker_count(len(pages))
            threads = threads_each(workers)
            parts = page_parts(document, pages, total, style, options, known, threads)
            with closing(in_order(parts, workers)) as ordered:
                for part in ordered:
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
