"""E-mails as files (.eml, RFC 5322): who wrote when about what, the body, and the attachments.

All of it is one plain text, so that the viewer of the e-mail can show any proof. An attachment is
read by the parser of its own kind; its text stands under a heading that is its name. Boxes on its
pages can't be shown in an e-mail: who needs those uploads the attachment itself.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from pathlib import Path, PurePosixPath
from typing import Any

from pipelines.errors import PipelineError, SourceUnreadable
from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.detect import WINDOW, detect
from pipelines.parsers.located_text import (
    PlainText,
    clean,
    facts_of,
    part_of,
    read_limited,
    section_bounds,
    wanted,
)
from pipelines.parsers.pieces import add_pieces
from pipelines.parsers.text import decode, paragraphs
from pipelines.parsers.web.page import decode_page, pieces_of
from pipelines.types import ParseWarning, Part, Segment, SourceType

MAX_BYTES = 64 * 2**20
MAX_DEPTH = 3
"""Messages in messages in messages."""
MAX_ATTACHMENTS = 50
MAX_PAGES = 200
"""Of one attachment."""
STUB = 3
"""Plain text with this many times fewer words than the HTML beside it isn't the message."""
SMALL_PICTURE = 10 * 1024
"""Bytes; a smaller one within the text is a logo or a smiley."""

_HEADERS = ("From", "To", "Cc", "Date", "Subject")


@dataclass
class _State:
    """What is counted over the whole e-mail, those inside included."""

    plain: PlainText
    options: ParseOptions
    attachments: int = 0


@dataclass(frozen=True)
class _Found:
    """Some segments, parted from the next, and warnings about them."""

    segments: list[Segment]
    warnings: list[ParseWarning]


class EmailParser:
    """Parts are the headers with the body, then each page, slide or section of an attachment."""

    source_type: SourceType = "document"
    media_types = frozenset({"message/rfc822"})

    def parse(self, path: Path, options: ParseOptions) -> Iterator[Part]:
        message = message_from_bytes(read_limited(path, MAX_BYTES), policy=policy.default)
        if not message.keys():
            raise SourceUnreadable("The file is no e-mail: it has no headers.")
        yield from parts_of_message(message, options)


def parts_of_message(message: Message, options: ParseOptions) -> Iterator[Part]:
    """What EmailParser yields, for a message from wherever it comes."""
    state = _State(PlainText(), options)
    facts: dict[str, Any] = facts_of(
        title=_header(message, "Subject"),
        author=_header(message, "From"),
        created=_date(message),
    )
    index = 0
    for found in _read(message, state, depth=0, level=1):
        for start, stop in section_bounds(found.segments):
            if wanted(index, options):
                yield part_of(
                    found.segments[start:stop],
                    index,
                    total=None,
                    unit="sections",
                    facts={
                        **facts,
                        "attachments": state.attachments,
                        "characters": state.plain.characters,
                    },
                    warnings=found.warnings if start == 0 else (),
                )
            index += 1


def _read(message: Message, state: _State, *, depth: int, level: int) -> Iterator[_Found]:
    bodies: list[Message] = []
    attached: list[Message] = []
    for leaf in _leaves(message):
        (bodies if _is_body(leaf) else attached).append(leaf)
    plain = state.plain
    lines = [f"{name}: {value}" for name in _HEADERS if (value := _header(message, name))]
    segments = plain.add("\n".join(lines), "metadata")
    segments += plain.add(_header(message, "Subject"), "title", level=level)
    warnings: list[ParseWarning] = []
    for body in bodies:
        segments += _body(body, plain, warnings)
    yield _Found(segments, warnings)
    for leaf in attached:
        state.attachments += 1
        if state.attachments > MAX_ATTACHMENTS:
            yield _Found([], [_unread(_name(leaf), f"more than {MAX_ATTACHMENTS} are attached")])
            return
        yield from _attachment(leaf, state, depth=depth, level=level + 1)


def _leaves(part: Message) -> Iterator[Message]:
    """The parts that hold something; of alternatives the one that is read best."""
    if part.get_content_maintype() != "multipart":
        yield part
        return
    children = [child for child in _payload(part) if isinstance(child, Message)]
    if part.get_content_subtype() == "alternative":
        leaves = [leaf for child in children for leaf in _leaves(child)]
        best = _fullest([leaf for leaf in leaves if _is_body(leaf)])
        yield from (leaf for leaf in leaves if leaf is best or not _is_body(leaf))
        return
    for child in children:
        yield from _leaves(child)


def _fullest(texts: list[Message]) -> Message | None:
    """Plain text, unless it is empty or only says that there is another form."""
    plain = next((x for x in texts if x.get_content_type() == "text/plain"), None)
    other = next((x for x in texts if x is not plain), None)
    if plain is None or other is None:
        return plain or other
    words = [
        sum(len(s.text.split()) for s in _body(text, PlainText(), [])) for text in (plain, other)
    ]
    return other if words[0] * STUB <= words[1] else plain


def _payload(part: Message) -> list[Any]:
    payload = part.get_payload()
    return payload if isinstance(payload, list) else []


def _is_body(leaf: Message) -> bool:
    texts = ("text/plain", "text/html")
    return leaf.get_content_type() in texts and not (
        leaf.get_content_disposition() == "attachment" or leaf.get_filename()
    )


def _body(leaf: Message, plain: PlainText, warnings: list[ParseWarning]) -> list[Segment]:
    data = _bytes(leaf)
    charset = leaf.get_content_charset()
    if leaf.get_content_type() == "text/html":
        text, _, told = decode(data, charset) if charset else decode_page(data)
        warnings += told
        return list(add_pieces(pieces_of(text)[1], plain))
    text, _, told = decode(data, charset)
    warnings += told
    return paragraphs(text, plain)


def _attachment(leaf: Message, state: _State, *, depth: int, level: int) -> Iterator[_Found]:
    name = _name(leaf)
    if leaf.get_content_type() == "message/rfc822":
        inner = next((m for m in _payload(leaf) if isinstance(m, EmailMessage)), None)
        if inner is None or depth + 1 >= MAX_DEPTH:
            yield _Found([], [_unread(name, "e-mails are attached to e-mails too deeply")])
            return
        yield _Found(state.plain.add(name, "title", level=min(level, 6)), [])
        yield from _read(inner, state, depth=depth + 1, level=level + 1)
        return
    data = _bytes(leaf)
    if _is_decoration(leaf, data):
        return
    heading = state.plain.add(name, "title", level=min(level, 6))
    try:
        for part in _parts(name, data, state.options):
            segments = heading + [
                again
                for segment in part.segments
                for again in state.plain.add(
                    segment.text,
                    segment.kind,
                    level=min(segment.level + level, 6) if segment.level else None,
                )
            ]
            heading = []
            yield _Found(segments, [_placed(warning, name) for warning in part.warnings])
        if heading:
            yield _Found(heading, [])
    except MemoryError:
        raise
    except PipelineError as error:
        yield _Found(heading, [_unread(name, str(error))])
    except Exception:  # noqa: BLE001 - one broken attachment does not cost the e-mail
        yield _Found(heading, [_unread(name, "it is damaged, or not what it says it is")])


def _parts(name: str, data: bytes, options: ParseOptions) -> Iterator[Part]:
    from pipelines.parsers import parser_for

    if not data:
        raise SourceUnreadable("it is empty")
    media_type = detect(data[:WINDOW], name, data[-WINDOW:])
    parser = parser_for(media_type)
    if parser.source_type in ("audio", "video"):
        raise SourceUnreadable("recordings are not read from an e-mail; upload it by itself")
    with tempfile.TemporaryDirectory(prefix="attachment-") as folder:
        path = Path(folder) / "file"
        path.write_bytes(data)
        inner = options.model_copy(
            update={"start": 0, "stop": None, "subtitles": None, "max_pages": MAX_PAGES}
        )
        yield from parser.parse(path, inner)


def _is_decoration(leaf: Message, data: bytes) -> bool:
    inline = leaf.get("Content-ID") and leaf.get_content_disposition() != "attachment"
    return bool(inline and leaf.get_content_maintype() == "image" and len(data) < SMALL_PICTURE)


def _bytes(leaf: Message) -> bytes:
    payload = leaf.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _name(leaf: Message) -> str:
    try:
        name = leaf.get_filename()
    except (ValueError, LookupError, TypeError, AttributeError):
        name = None
    if not name and leaf.get_content_type() == "message/rfc822":
        inner = next(iter(_payload(leaf)), None)
        name = _header(inner, "Subject") if isinstance(inner, Message) else None
    last = PurePosixPath((name or "").replace("\\", "/")).name
    return clean(last)[:255] or f"attachment ({leaf.get_content_type()})"


def _header(message: Message, name: str) -> str:
    """The header decoded; as it is written where it can't be."""
    try:
        value = message.get(name)
    except (ValueError, LookupError, TypeError, AttributeError):
        value = dict(message.raw_items()).get(name)
    return clean(str(value)).replace("\n", " ") if value else ""


def _date(message: Message) -> datetime | None:
    try:
        return getattr(message.get("Date"), "datetime", None)
    except (ValueError, LookupError, TypeError, AttributeError):
        return None


def _unread(name: str, why: str) -> ParseWarning:
    return ParseWarning(
        code="attachment_not_read", message=f"An attachment was not read: {why}", place=name
    )


def _placed(warning: ParseWarning, name: str) -> ParseWarning:
    place = f"{name}, {warning.place}" if warning.place else name
    return warning.model_copy(update={"place": place})
