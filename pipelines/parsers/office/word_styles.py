"""What styles tell of the paragraphs of a Word file: headings, and items of lists."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pipelines.parsers.office.word_xml import W, val, whole

MAX_CHAIN = 20
"""Styles that a style is based on, one on the other; Word stops sooner."""

_HEADING = re.compile(r"heading ([1-9])")
_LIST = re.compile(r"list( bullet| number| continue| paragraph)?( [2-5])?")
_LISTED = ("numPr", "numId")
_TITLES = {"title": 1, "subtitle": 2}
_BODY_TEXT = 9
"""The outline level of what is no heading."""


@dataclass(frozen=True)
class Style:
    """What holds for a paragraph by its style, and by what it says of itself."""

    name: str
    """In small letters."""
    heading: int | None
    """1 to 6; None for what is no heading."""
    list_id: str | None
    list_level: int | None
    list_style: str | None
    """Id of the style that names the list; None where the paragraph does."""

    @property
    def is_list(self) -> bool:
        return _LIST.fullmatch(self.name) is not None


class Styles:
    """The styles of one file."""

    def __init__(self, root: Any) -> None:
        self._nodes: dict[str | None, Any] = {}
        self._known: dict[str | None, Style] = {}
        for node in root.iter(f"{W}style"):
            if node.get(f"{W}type", "paragraph") == "paragraph":
                self._nodes.setdefault(node.get(f"{W}styleId"), node)
                if node.get(f"{W}default") in ("1", "true"):
                    self._nodes.setdefault(None, node)

    def of(self, paragraph: Any) -> Style:
        """The style of a `w:p`; what is nearest to it holds."""
        properties = paragraph.find(f"{W}pPr")
        style_id = val(properties, "pStyle")
        own = () if properties is None else (f"{W}numPr", f"{W}outlineLvl")
        if any(properties.find(name) is not None for name in own):
            return self._style(style_id, paragraph)
        if style_id not in self._known:
            self._known[style_id] = self._style(style_id)
        return self._known[style_id]

    def _style(self, style_id: str | None, paragraph: Any = None) -> Style:
        chain = self._chain(style_id)
        nodes = chain if paragraph is None else [paragraph, *chain]
        name = _name(chain[0]) if chain else ""
        listed = next((n for n in nodes if val(n, "pPr", *_LISTED) is not None), None)
        levels = (whole(val(node, "pPr", "numPr", "ilvl")) for node in nodes)
        return Style(
            name=name,
            heading=_TITLES.get(name) or _heading(nodes),
            list_id=val(listed, "pPr", *_LISTED),
            list_level=next((level for level in levels if level is not None), None),
            list_style=listed.get(f"{W}styleId") if listed is not None else None,
        )

    def _chain(self, style_id: str | None) -> list[Any]:
        node = self._nodes.get(style_id, self._nodes.get(None))
        chain: list[Any] = []
        while node is not None and len(chain) < MAX_CHAIN:
            chain.append(node)
            based_on = val(node, "basedOn")
            node = self._nodes.get(based_on) if based_on else None
        return chain


def _name(node: Any) -> str:
    return (val(node, "name") or "").lower()


def _heading(nodes: list[Any]) -> int | None:
    for node in nodes:
        named = _HEADING.fullmatch(_name(node))
        outline = int(named[1]) - 1 if named else whole(val(node, "pPr", "outlineLvl"))
        if outline is not None:
            return min(outline + 1, 6) if outline < _BODY_TEXT else None
    return None
