"""One pass over a page's tree, in reading order: text gathers until a block begins or ends and
then becomes a Piece.

Nothing recurses, so a page may nest as deep as its tree does. What is inline (also elements
nobody knows) belongs to the paragraph around it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.parsers.list_marks import is_bulleted
from pipelines.parsers.pieces import MOST_LEAD_CHARACTERS, Piece
from pipelines.parsers.web.lists import marks_of
from pipelines.parsers.web.tables import cells_of, is_layout, text_of
from pipelines.types import SegmentKind

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")

_LEADS = frozenset({*HEADINGS, "li", "dd", "caption", "figcaption"})
"""What the first text in these is depends on them."""
_BLOCKS = _LEADS | {
    *("address", "article", "aside", "blockquote", "body", "center", "details", "dir", "div"),
    *("dl", "dt", "fieldset", "figure", "footer", "form", "header", "hgroup", "hr", "legend"),
    *("main", "menu", "ol", "optgroup", "p", "search", "section", "summary", "ul"),
    *("table", "tbody", "td", "tfoot", "th", "thead", "tr"),
}


def pieces_in(body: Any, anchors: Mapping[Any, str]) -> list[Piece]:
    """The pieces of `body`, an element of a tree made ready; `anchors` are of headings."""
    walk = _Walk(marks_of(body), anchors)
    walk.over(body)
    return walk.pieces


@dataclass
class _Lead:
    """An open heading, list item or caption."""

    node: Any
    is_new: bool = True
    """Whether none of its text has become a piece."""


class _Walk:
    def __init__(self, marks: Mapping[Any, str], anchors: Mapping[Any, str]) -> None:
        self.pieces: list[Piece] = []
        self._marks = marks
        self._anchors = anchors
        self._anchor: str | None = None
        self._leads: list[_Lead] = []
        self._texts: list[str] = []
        self._linked: list[str] = []
        self._links = 0
        self._pictures: list[str] = []

    def over(self, body: Any) -> None:
        from lxml import etree

        events = etree.iterwalk(body, events=("start", "end"))
        for event, node in events:
            if event == "end":
                self._end(node)
                if node is not body:
                    self._add(node.tail)
            elif self._takes_whole(node):
                events.skip_subtree()
            else:
                self._begin(node)
                self._add(node.text)
        self._flush()

    def _takes_whole(self, node: Any) -> bool:
        """Code and tables are read in one go."""
        if node.tag == "pre":
            self._flush()
            self.pieces.append(Piece("code", text_of(node, "\n"), anchor=self._anchor))
            return True
        if node.tag == "table" and not is_layout(node):
            self._flush()
            self._add_table(node)
            return True
        return False

    def _begin(self, node: Any) -> None:
        if node.tag in _BLOCKS:
            self._flush()
        if node.tag in _LEADS:
            self._leads.append(_Lead(node))
            self._anchor = self._anchors.get(node, self._anchor)
        elif node.tag == "br":
            self._add(" ")
        elif node.tag == "a" and node.get("href"):
            self._links += 1
        elif node.tag == "img" and (told := " ".join((node.get("alt") or "").split())):
            self._pictures.append(told)

    def _end(self, node: Any) -> None:
        if node.tag in _BLOCKS:
            self._flush()
        if node.tag in _LEADS:
            self._leads.pop()
        elif node.tag == "a" and node.get("href"):
            self._links -= 1

    def _add(self, text: str | None) -> None:
        if text:
            self._texts.append(text)
            if self._links:
                self._linked.append(text)

    def _flush(self) -> None:
        """Makes a piece of the text so far; captions of pictures in it come after it."""
        text, linked = (" ".join("".join(t).split()) for t in (self._texts, self._linked))
        if text:
            self.pieces.append(self._piece(text, len(linked) / len(text)))
        self.pieces += [Piece("caption", told, anchor=self._anchor) for told in self._pictures]
        self._texts, self._linked, self._pictures = [], [], []

    def _piece(self, text: str, linked: float) -> Piece:
        kind: SegmentKind = "list_item" if is_bulleted(text) else "text"
        level, mark = None, ""
        lead = self._leads[-1] if self._leads else None
        if lead and lead.node.tag.endswith("caption"):
            kind = "caption"
        elif lead and lead.is_new:
            lead.is_new = False
            if lead.node.tag in HEADINGS:
                kind, level = "title", int(lead.node.tag[1])
            else:
                mark = "" if is_bulleted(text) else self._marks.get(lead.node, "")
                kind = "list_item"
        return Piece(kind, text, level, self._anchor, linked=linked, mark=mark)

    def _add_table(self, table: Any) -> None:
        cells = cells_of(table)
        if not any(cell for row in cells.rows for cell in row):
            return
        captions = [text_of(caption) for caption in table.iterchildren("caption")]
        named = next((caption for caption in captions if len(caption) <= MOST_LEAD_CHARACTERS), "")
        for caption in captions:
            if caption != named:
                self.pieces.append(Piece("caption", caption, anchor=self._anchor))
        self.pieces.append(cells.piece(self._anchor, named))
