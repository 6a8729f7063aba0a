"""What a PDF file says of itself: pages, outline, title, author, dates, language."""

from __future__ import annotations

import ctypes
import re
from typing import Any

from pipelines.parsers.pdf.letters import clean, read_utf16

_DATE = re.compile(r"D?:?(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:([-+Z])(\d\d)?'?(\d\d)?)?")


def read_facts(document: Any, total: int) -> dict[str, Any]:
    """Pages and outline; title, author, created, modified and language if the file tells them."""
    facts: dict[str, Any] = {"pages": total, "outline": next(document.get_toc(), None) is not None}
    for key, name in (("title", "Title"), ("author", "Author")):
        value = clean(_metadata(document, name))[:500]
        if value:
            facts[key] = value
    for key, name in (("created", "CreationDate"), ("modified", "ModDate")):
        date = _date(_metadata(document, name))
        if date:
            facts[key] = date
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
