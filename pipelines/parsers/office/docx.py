"""Word documents: one walk over the body, in reading order.

Notes and comments come after what they are about, and text boxes after the paragraph that they
hang on. Pictures, charts and diagrams are not read; those of some size are told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.errors import PipelineError, SourceUnreadable
from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.detect import DOCX
from pipelines.parsers.list_marks import BULLET, is_bulleted
from pipelines.parsers.located_text import PlainText, sections
from pipelines.parsers.office.numbering import Numbering
from pipelines.parsers.office.word_styles import Style, Styles
from pipelines.parsers.office.word_tables import (
    cells_in,
    is_box,
    is_continued,
    rows_in,
    table_cells,
)
from pipelines.parsers.office.word_text import ParagraphText, read_paragraph
from pipelines.parsers.office.word_xml import R, W, children, is_on, related
from pipelines.parsers.office_properties import properties
from pipelines.parsers.ooxml import is_sizeable, open_package
from pipelines.parsers.pieces import Piece, add_pieces
from pipelines.types import ParseWarning, Part, Segment, SegmentKind, SourceType

_SAYS_SOMETHING = re.compile(r"[^\W\d_]|\d{4}")
"""A number of a page or two says nothing."""
_TWIP = 635
"""EMU to a twentieth of a point, in which Word measures pages."""


class DocxParser:
    """A Word document; text of headers and footers comes once, first, as `metadata`."""

    source_type: SourceType = "document"
    media_types = frozenset({DOCX})

    def parse(self, path: Path, options: ParseOptions) -> Iterator[Part]:
        import docx

        plain = PlainText()
        with open_package(path, options.password) as file:
            try:
                document = docx.Document(file)
                facts = properties(document.core_properties)
                walk = _Walk(document, plain)
                segments = [*walk.margins(), *walk.body()]
            except (PipelineError, MemoryError):
                raise
            except Exception as exc:
                raise SourceUnreadable(
                    "The Word document is damaged or not what its name says. "
                    "Open it, save it again and upload that."
                ) from exc
        yield from sections(segments, plain, options, facts=facts, warnings=walk.warnings)


class _Walk:
    def __init__(self, document: Any, plain: PlainText) -> None:
        self.warnings: list[ParseWarning] = []
        self._document = document
        self._body = document.element.body
        self._plain = plain
        self._styles = Styles(document.styles.element)
        self._numbering = Numbering(next(related(document.part, "numbering"), None))
        self._notes = _notes(document.part)
        self._referred: list[tuple[str, str]] = []
        self._heading: str | None = None
        self._page = _page_area(self._body)

    def body(self) -> Iterator[Segment]:
        return add_pieces(self._pieces(), self._plain)

    def _pieces(self) -> Iterator[Piece]:
        for block in children(self._body):
            yield from self._block(block)
            for key in self._referred:
                yield Piece("text", self._notes.pop(key, ""))
            self._referred.clear()

    def margins(self) -> Iterator[Segment]:
        """Headers and footers, each text once."""
        settings = self._document.settings
        texts: dict[str, None] = {}
        for section in self._body.iter(f"{W}sectPr"):
            shown = {"default": True, "first": is_on(section, "titlePg")}
            shown["even"] = settings.odd_and_even_pages_header_footer
            for kind in ("header", "footer"):
                for reference in section.findall(f"{W}{kind}Reference"):
                    part = self._document.part.related_parts.get(reference.get(f"{R}id"))
                    margin = getattr(part, "element", None)
                    if margin is not None and shown.get(reference.get(f"{W}type", "default")):
                        lines = (" ".join(self._lines(one)) for one in children(margin))
                        texts["\n".join(filter(None, lines))] = None
        self._referred.clear()
        self.warnings.clear()
        for text in texts:
            if _SAYS_SOMETHING.search(text):
                yield from self._plain.add(text, "metadata")

    def _block(self, node: Any) -> Iterator[Piece]:
        if node.tag == f"{W}p":
            found, style, label = self._read(node)
            if found.text:
                yield self._paragraph(found.text, style, label)
            self._tell(found.pictures)
            for box in found.boxes:
                for inner in children(box):
                    yield from self._block(inner)
        elif node.tag == f"{W}tbl" and is_box(node):
            for row in rows_in(node):
                for cell in cells_in(row):
                    for inner in children(cell):
                        yield from self._block(inner)
        elif node.tag == f"{W}tbl":
            yield table_cells(node, lambda cell: " ".join(self._lines(cell))).piece()

    def _paragraph(self, text: str, style: Style, label: str) -> Piece:
        kind: SegmentKind = "text"
        if style.heading:
            kind = "title"
        elif style.name == "caption":
            kind = "caption"
        elif label or style.is_list or is_bulleted(text):
            kind = "list_item"
        text = f"{label} {text}" if label else text
        if kind == "title":
            self._heading = text.replace("\n", " ")[:80]
        return Piece(kind, text, style.heading)

    def _lines(self, node: Any) -> Iterator[str]:
        """What stands in a cell or a margin, paragraph by paragraph."""
        if node.tag == f"{W}p":
            found, _, label = self._read(node)
            self._tell(found.pictures)
            yield from filter(None, (label, found.text))
            for box in found.boxes:
                yield from self._lines(box)
        elif node.tag != f"{W}tc" or not is_continued(node):
            for child in children(node):
                yield from self._lines(child)

    def _read(self, node: Any) -> tuple[ParagraphText, Style, str]:
        """A paragraph with its style and its number or bullet."""
        found, style = read_paragraph(node), self._styles.of(node)
        self._referred += found.notes
        # An empty paragraph that only ends a section is not numbered.
        is_break = not found.text and node.find(f"{W}pPr/{W}sectPr") is not None
        label = "" if is_break else self._numbering.label(style)
        return found, style, "" if label == BULLET and is_bulleted(found.text) else label

    def _tell(self, pictures: list[tuple[int, int]]) -> None:
        for width, height in pictures:
            if is_sizeable(width, height, self._page):
                self.warnings.append(
                    ParseWarning(
                        code="pictures_not_read",
                        message="Pictures or charts of the document were not read; what is "
                        "written in them is missing.",
                        place=f'under "{self._heading}"' if self._heading else None,
                    )
                )


def _notes(part: Any) -> dict[tuple[str, str], str]:
    """(`footnote`, `endnote` or `comment`, its id) -> its text; a comment says whose it is."""
    notes: dict[tuple[str, str], str] = {}
    for kind in ("footnote", "endnote", "comment"):
        for root in related(part, f"{kind}s"):
            for note in root.iter(f"{W}{kind}"):
                lines = (read_paragraph(p).text for p in note.iter(f"{W}p"))
                text, author = " ".join(filter(None, lines)), note.get(f"{W}author")
                text = f"Comment by {author}: {text}" if text and author else text
                notes[kind, note.get(f"{W}id", "")] = text
    return notes


def _page_area(body: Any) -> int:
    """Of the first section's page, in square EMU; 0 where the file tells none."""
    size = next(body.iter(f"{W}pgSz"), None)
    sides = [size.get(f"{W}{side}", "") if size is not None else "" for side in ("w", "h")]
    width, height = (int(side) * _TWIP if side.isdecimal() else 0 for side in sides)
    return width * height
