"""Plain text files, in whatever encoding they come."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from pipelines.errors import SourceUnreadable
from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.detect import BOMS
from pipelines.parsers.located_text import PlainText, facts_of, read_limited, sections
from pipelines.types import ParseWarning, Part, Segment, SourceType

MAX_TEXT_BYTES = 64 * 2**20

_FILLED = 0.6
"""Share of the longest line that a wrapped one is long at least: a long word goes to the next."""
_NARROWEST = 40
"""Characters that text is wrapped at."""
_COLUMNS = re.compile(r"\S {3,}\S|\t|\|")
_LIST_ITEM = re.compile(r"\s*([-*•‣▪–]|\d{1,3}[.)]|[a-z][.)])\s+\S")


def decode(data: bytes, declared: str | None = None) -> tuple[str, str, list[ParseWarning]]:
    """Text, encoding, and a warning when the encoding had to be guessed.

    A byte order mark says it; so does `declared` when it fits; else UTF-8 when it fits. What is
    left is guessed from how often its letters come.
    """
    for bom, encoding in BOMS:
        if data.startswith(bom):
            text = data.decode(encoding, "replace")
            return text, encoding.removesuffix("-sig"), _replaced(text)
    for candidate in ("utf-8", declared):
        if candidate is None:
            continue
        try:
            return data.decode(candidate), codecs.lookup(candidate).name, []
        except (UnicodeDecodeError, LookupError):
            continue
    if b"\x00" in data[:4096]:
        raise SourceUnreadable("The file is not text: it holds binary data.")
    encoding = _guess(data)
    text = data.decode(encoding, "replace")
    warning = ParseWarning(
        code="encoding_guessed",
        message=f"The file does not say its encoding; it was read as {encoding}. "
        "If letters look wrong, save it as UTF-8 and upload it again.",
    )
    return text, encoding, [warning, *_replaced(text)]


def _replaced(text: str) -> list[ParseWarning]:
    count = text.count("\ufffd")
    if not count:
        return []
    return [
        ParseWarning(
            code="characters_replaced",
            message=f"{count} characters could not be decoded and were replaced.",
        )
    ]


def _guess(data: bytes) -> str:
    from charset_normalizer import from_bytes

    # A short text gives statistics nothing to hold on to; Western European is what is common.
    if len(data) < 256:
        return "cp1252" if not set(data) & {0x81, 0x8D, 0x8F, 0x90, 0x9D} else "latin-1"
    best = from_bytes(data[: 256 * 1024]).best()
    return codecs.lookup(best.encoding).name if best else "latin-1"


class TextParser:
    """Paragraphs are parted by blank lines; a run of lines that begin like a list is one."""

    source_type: SourceType = "document"
    media_types = frozenset({"text/plain"})

    def parse(self, path: Path, options: ParseOptions) -> Iterator[Part]:
        text, encoding, warnings = decode(read_limited(path, MAX_TEXT_BYTES))
        plain = PlainText()
        segments = paragraphs(text, plain)
        facts = facts_of(encoding=encoding)
        yield from sections(segments, plain, options, facts=facts, warnings=warnings)


def paragraphs(text: str, plain: PlainText) -> list[Segment]:
    """Segments of a plain text: its paragraphs and the items of its lists."""
    segments = []
    for paragraph in re.split(r"\n[^\S\n]*\n\s*?(?=\S|\Z)", text.replace("\r\n", "\n")):
        lines = [line for line in paragraph.splitlines() if line.strip()]
        starts = [at for at, line in enumerate(lines) if _LIST_ITEM.match(line)]
        if len(starts) < 2 and len(starts) < len(lines):
            segments += plain.add(_unwrapped(lines))
            continue
        segments += plain.add(_unwrapped(lines[: starts[0]])) if starts else []
        for start, stop in pairwise((*starts, len(lines))):
            segments += plain.add(_unwrapped(lines[start:stop]), "list_item")
    return segments


def _unwrapped(lines: list[str]) -> str:
    """Lines as one where they are a paragraph that was wrapped at a width: a sentence goes on from
    one to the next, and each but the last is filled."""
    width = max(map(len, lines), default=0)
    is_filled = all(len(line) >= _FILLED * width for line in lines[:-1])
    goes_on = any(
        below.lstrip()[:1].islower() and above.rstrip()[-1:] not in ".!?:;"
        for above, below in pairwise(lines)
    )
    laid_out = any(_COLUMNS.search(line.strip()) for line in lines)
    if goes_on and is_filled and not laid_out and width >= _NARROWEST:
        return " ".join(line.strip() for line in lines)
    return "\n".join(lines)
