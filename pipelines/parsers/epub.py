"""E-books (EPUB 2 and 3, a zip of XHTML): chapters in reading order.

Nothing is unpacked to disk: members are looked up by their names in the archive and read up to a
limit, whatever size they claim. XML is parsed without entities, DTDs or network.
"""

from __future__ import annotations

import posixpath
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pipelines.errors import SourceTooLarge, SourceUnreadable
from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.located_text import PlainText, facts_of, part_of, section_bounds, wanted
from pipelines.parsers.pieces import Piece, add_pieces
from pipelines.parsers.web.page import decode_page, page_warnings, pieces_of
from pipelines.types import ParseWarning, Part, SourceType

MAX_MEMBER = 16 * 2**20
MAX_ALL = 256 * 2**20
MAX_MEMBERS = 20_000
MAX_CHAPTERS = 5_000
_PAGES = ("application/xhtml+xml", "text/html", "application/x-dtbook+xml")
_FONTS = ("http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC")


@dataclass(frozen=True)
class _Book:
    chapters: tuple[str, ...]
    """Names of members, in the order of the spine."""
    titles: dict[str, str]
    """What the table of contents calls a chapter."""
    facts: dict[str, Any]
    warnings: tuple[ParseWarning, ...]


class EpubParser:
    """Parts are chapters; a long one is several."""

    source_type: SourceType = "document"
    media_types = frozenset({"application/epub+zip"})

    def parse(self, path: Path, options: ParseOptions) -> Iterator[Part]:
        try:
            with zipfile.ZipFile(path) as archive:
                yield from _parse(_Members(archive), options)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as exc:
            raise SourceUnreadable("The e-book is damaged; get it again.") from exc


class _Members:
    """Reads members of the archive within limits."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._left = MAX_ALL
        names = archive.namelist()
        if len(names) > MAX_MEMBERS:
            raise SourceTooLarge(f"The e-book holds more than {MAX_MEMBERS:,} files.")
        self._names = set(names)

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def read(self, name: str) -> bytes:
        """KeyError when there is none, SourceTooLarge past a limit."""
        if self._archive.getinfo(name).flag_bits & 1:
            raise SourceUnreadable("The e-book is encrypted; it can't be read.")
        limit = min(MAX_MEMBER, self._left)
        with self._archive.open(name) as member:
            data = member.read(limit + 1)
        self._left -= len(data)
        if len(data) > limit:
            raise SourceTooLarge(
                f"The e-book unpacks to more than {MAX_ALL // 2**20} MiB, or a chapter to more "
                f"than {MAX_MEMBER // 2**20} MiB."
            )
        return data

    def xml(self, name: str) -> Any:
        """Root of an XML member. SourceUnreadable when it is broken or missing."""
        from lxml import etree

        parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=True
        )
        try:
            root = etree.fromstring(self.read(name), parser)
        except (KeyError, etree.XMLSyntaxError, ValueError) as exc:
            raise SourceUnreadable(f"The e-book is damaged: {name} can't be read.") from exc
        if root is None:
            raise SourceUnreadable(f"The e-book is damaged: {name} is empty.")
        return root


def _parse(members: _Members, options: ParseOptions) -> Iterator[Part]:
    _refuse_encrypted(members)
    book = _book(members)
    plain = PlainText()
    facts, warnings, index = dict(book.facts), list(book.warnings), 0
    for number, name in enumerate(book.chapters, 1):
        pieces, told = _chapter(members, name, book.titles.get(name))
        warnings += [w.model_copy(update={"place": f"chapter {number}"}) for w in told]
        segments = list(add_pieces(pieces, plain))
        for start, stop in section_bounds(segments):
            if wanted(index, options):
                yield part_of(
                    segments[start:stop],
                    index,
                    total=None,
                    unit="sections",
                    facts={**facts, "characters": plain.characters},
                    warnings=warnings,
                )
            warnings = []
            index += 1


def _chapter(
    members: _Members, name: str, title: str | None
) -> tuple[list[Piece], list[ParseWarning]]:
    if name not in members:
        message = f"The chapter {name} is missing from the e-book."
        return [], [ParseWarning(code="chapter_missing", message=message)]
    markup, _, warnings = decode_page(members.read(name))
    page, found = pieces_of(markup)
    pieces = [_anchored(piece, name) for piece in found]
    if pieces and title and not any(piece.kind == "title" for piece in pieces[:3]):
        pieces.insert(0, Piece("title", title, level=1, anchor=name))
    return pieces, [*warnings, *page_warnings(page, pieces)]


def _anchored(piece: Piece, name: str) -> Piece:
    """With an anchor that says which file of the book it is in."""
    return replace(piece, anchor=f"{name}{piece.anchor or ''}")


def _refuse_encrypted(members: _Members) -> None:
    """Fonts may be scrambled; a book whose text is encrypted can't be read."""
    if "META-INF/encryption.xml" not in members:
        return
    for method in members.xml("META-INF/encryption.xml").iter("{*}EncryptionMethod"):
        if method.get("Algorithm") not in _FONTS:
            raise SourceUnreadable(
                "The e-book is protected against copying (DRM), so it can't be read."
            )


def _book(members: _Members) -> _Book:
    container = members.xml("META-INF/container.xml")
    opf_name = next((n.get("full-path") for n in container.iter("{*}rootfile")), None)
    if not opf_name:
        raise SourceUnreadable("The e-book is damaged: it does not say where it begins.")
    opf = members.xml(opf_name)
    folder = posixpath.dirname(opf_name)
    items = {node.get("id"): node for node in opf.iter("{*}item")}
    chapters = []
    for reference in opf.iter("{*}itemref"):
        item = items.get(reference.get("idref"))
        if item is not None and item.get("media-type") in _PAGES and item.get("href"):
            chapters.append(_member(folder, item.get("href")))
    if not chapters:
        raise SourceUnreadable("The e-book lists no chapters.")
    warnings = []
    if len(chapters) > MAX_CHAPTERS:
        message = f"Only the first {MAX_CHAPTERS:,} of {len(chapters):,} chapters were read."
        warnings.append(ParseWarning(code="chapters_left_out", message=message))
    facts = facts_of(
        title=opf.findtext(".//{*}metadata/{*}title"),
        author=", ".join(n.text for n in opf.iter("{*}creator") if n.text),
        created=opf.findtext(".//{*}metadata/{*}date"),
        language=(opf.findtext(".//{*}metadata/{*}language") or "")[:2].lower(),
        chapters=len(chapters),
    )
    # A chapter that is listed twice is read once.
    order = tuple(dict.fromkeys(chapters))[:MAX_CHAPTERS]
    return _Book(order, _titles(members, folder, list(items.values())), facts, tuple(warnings))


def _titles(members: _Members, folder: str, items: Sequence[Any]) -> dict[str, str]:
    """Chapter -> its name in the table of contents (EPUB 3's nav or EPUB 2's ncx)."""
    titles: dict[str, str] = {}
    for item in items:
        is_nav = "nav" in (item.get("properties") or "").split()
        is_ncx = item.get("media-type") == "application/x-dtbncx+xml"
        name = _member(folder, item.get("href") or "")
        if not (is_nav or is_ncx) or name not in members:
            continue
        root, base = members.xml(name), posixpath.dirname(name)
        if is_nav:
            links = [(a.get("href"), "".join(a.itertext())) for a in root.iter("{*}a")]
        else:
            links = [
                (point.find("{*}content"), point.findtext("{*}navLabel/{*}text"))
                for point in root.iter("{*}navPoint")
            ]
            links = [(c.get("src"), text) for c, text in links if c is not None]
        for href, text in links:
            if href and text and text.strip():
                titles.setdefault(_member(base, href), " ".join(text.split()))
    return titles


def _member(folder: str, href: str) -> str:
    """Name in the archive of what `href` means; one that leaves the archive names nothing."""
    return posixpath.normpath(posixpath.join(folder, unquote(href.partition("#")[0])))
