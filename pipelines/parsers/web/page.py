"""Web pages and Markdown as files.

Of a web page only the main text is kept, as `main_text` finds it; Markdown and what is mailed have
no menus and are kept whole.

Markdown becomes HTML by markdown-it-py (CommonMark with tables), and is read as such.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.located_text import PlainText, facts_of, read_limited, sections
from pipelines.parsers.main_text import main_text
from pipelines.parsers.pieces import Piece, add_pieces
from pipelines.parsers.text import decode
from pipelines.parsers.web.tree import Page, prepare
from pipelines.parsers.web.walk import pieces_in
from pipelines.types import ParseWarning, Part, SourceType

MAX_PAGE_BYTES = 16 * 2**20
MAX_MARKDOWN_BYTES = 8 * 2**20
SIGN_IN_WORDS = 150
"""A page that asks for a password and holds no more than this is told to look like a sign-in."""

_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([\w.:-]+)|encoding\s*=\s*["']([\w.:-]+)""", re.I)
_FRONT_MATTER = re.compile(r"\A---[^\S\n]*\n(.*?)\n---[^\S\n]*(?:\n|\Z)", re.S)

_CUT = ParseWarning(
    code="nested_too_deep",
    message="The page nests elements more than 2,000 deep; what is inside them was not read.",
)
_SIGN_IN = ParseWarning(
    code="looks_like_sign_in",
    message="The page asks for a password and holds little else. If it stands before what you "
    "wanted, sign in with a browser, save that page and upload the file.",
)


class HtmlParser:
    """Text of the page's main part. Scripts, styles, forms' controls and menus are never text."""

    source_type: SourceType = "web"
    media_types = frozenset({"text/html", "application/xhtml+xml"})

    def parse(self, path: Path, options: ParseOptions) -> Iterator[Part]:
        markup, encoding, warnings = decode_page(read_limited(path, MAX_PAGE_BYTES))
        page, pieces = pieces_of(markup)
        found = main_text(markup, pieces)
        facts = {**(page.facts if page else {}), "encoding": encoding, **found.facts}
        warnings = [*warnings, *page_warnings(page, pieces), *found.warnings]
        yield from _parts(found.pieces, options, facts, warnings)


class MarkdownParser:
    """Markdown with headings as anchors, the way a code host names them."""

    source_type: SourceType = "document"
    media_types = frozenset({"text/markdown"})

    def parse(self, path: Path, options: ParseOptions) -> Iterator[Part]:
        from markdown_it import MarkdownIt

        text, encoding, warnings = decode(read_limited(path, MAX_MARKDOWN_BYTES))
        text = text.replace("\r\n", "\n")
        facts = {"encoding": encoding}
        if front := _FRONT_MATTER.match(text):
            text = text[front.end() :]
            facts |= _front_matter(front[1])
        renderer = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
        page, pieces = pieces_of(renderer.render(text), name_headings=True)
        facts = {**(page.facts if page else {}), **facts}
        warnings = [*warnings, *page_warnings(page, pieces)]
        yield from _parts(pieces, options, facts, warnings)


def decode_page(data: bytes) -> tuple[str, str, list[ParseWarning]]:
    """Markup, encoding and warnings, by what the page declares at its beginning."""
    declared = _CHARSET.search(data[:4096])
    name = (declared[1] or declared[2]).decode("ascii", "ignore") if declared else None
    return decode(data, name)


def pieces_of(markup: str, *, name_headings: bool = False) -> tuple[Page | None, list[Piece]]:
    """The page made ready (None when it holds nothing) and its pieces in reading order."""
    page = prepare(markup, name_headings=name_headings)
    return page, pieces_in(page.body, page.anchors) if page else []


def page_warnings(page: Page | None, pieces: Sequence[Piece]) -> list[ParseWarning]:
    """What a reader of the report should know of the whole page."""
    if page is None:
        return []
    warnings = [_CUT] if page.cut else []
    if page.asks_password and sum(len(piece.words) for piece in pieces) <= SIGN_IN_WORDS:
        warnings.append(_SIGN_IN)
    return warnings


def _parts(
    pieces: Iterable[Piece],
    options: ParseOptions,
    facts: dict[str, Any],
    warnings: list[ParseWarning],
) -> Iterator[Part]:
    plain = PlainText()
    segments = list(add_pieces(pieces, plain))
    title = next((s.text for s in segments if s.kind == "title"), None)
    facts = {
        **facts_of(title=title),
        **{name: value for name, value in facts.items() if value},
    }
    yield from sections(segments, plain, options, facts=facts, warnings=warnings)


def _front_matter(text: str) -> dict[str, Any]:
    """The simple `name: value` lines of a YAML front matter that we have a fact for."""
    known = dict(re.findall(r"^(title|author|date|description)[^\S\n]*:[^\S\n]*(.+)$", text, re.M))
    values = {name: value.strip().strip("\"'") for name, value in known.items()}
    return facts_of(
        title=values.get("title"),
        author=values.get("author"),
        created=values.get("date"),
        description=values.get("description"),
    )
