"""Outlook's own files of e-mails (.msg, [MS-OXMSG]), read as the e-mail that they hold."""

from __future__ import annotations

import io
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from pipelines.errors import SourceUnreadable
from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.located_text import clean, read_limited
from pipelines.parsers.mail.email import MAX_BYTES, parts_of_message
from pipelines.parsers.text import decode
from pipelines.parsers.web.page import decode_page
from pipelines.types import Part, SourceType


class OutlookParser:
    """Parts are those of an EmailParser: headers with the body, then the attachments."""

    source_type: SourceType = "document"
    media_types = frozenset({"application/vnd.ms-outlook"})

    def parse(self, path: Path, options: ParseOptions) -> Iterator[Part]:
        import oxmsg

        data = read_limited(path, MAX_BYTES)
        try:
            message = _as_email(oxmsg.Message.load(io.BytesIO(data)))
        except MemoryError:
            raise
        except Exception as exc:
            # Broken compound files fail wherever the library first trips over them.
            raise SourceUnreadable(
                "The e-mail is damaged. Save it in Outlook again, or forward it as an attachment."
            ) from exc
        yield from parts_of_message(message, options)


def _as_email(outlook: Any) -> EmailMessage:
    told = outlook.message_headers
    message = EmailMessage()
    recipients = ", ".join(
        filter(None, (one.email_address or one.name for one in outlook.recipients))
    )
    for name, value in (
        ("From", outlook.sender),
        ("To", told.get("To") or recipients),
        ("Cc", told.get("Cc")),
        ("Subject", outlook.subject),
    ):
        if line := " ".join(clean(value or "").split()):
            message[name] = line
    if outlook.sent_date:
        message["Date"] = outlook.sent_date
    message.set_content(_text(outlook.body))
    if html := _html(outlook):
        message.add_alternative(_text(html), subtype="html")
    for attachment in outlook.attachments:
        message.add_attachment(
            attachment.file_bytes or b"",
            maintype="application",
            subtype="octet-stream",
            filename=attachment.file_name or "attachment",
        )
    return message


def _html(outlook: Any) -> str | None:
    """The body in HTML, by the encoding that it declares, else by that of the file."""
    from oxmsg.domain import constants

    data = outlook.properties.binary_prop_value(constants.PID_HTML)
    if not data:
        return outlook.properties.str_prop_value(constants.PID_BODY_HTML)
    if b"charset" in data[:4096]:
        return decode_page(data)[0]
    return decode(data, outlook.properties.body_encoding)[0]


def _text(body: str | None) -> str:
    """A lone surrogate, which no e-mail can hold, is replaced."""
    return (body or "").encode("utf-8", "replace").decode()
