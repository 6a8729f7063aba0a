"""Pictures of a Word file, which are not read, with the heading that each stands under."""

from __future__ import annotations

import re
from typing import Any

from pipelines.parsers.located_text import clean
from pipelines.parsers.ooxml import is_sizeable
from pipelines.types import ParseWarning

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_V = "{urn:schemas-microsoft-com:vml}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_VML_SIDE = re.compile(r"(?:^|;)\s*(width|height)\s*:\s*(\d{1,6}(?:\.\d{1,6})?)(pt|in)\s*(?=;|$)")
_EMU = {"pt": 12_700, "in": 914_400}


def unread_pictures(document: Any, body: Any) -> list[ParseWarning]:
    """A warning for each picture, chart or diagram of some size; its place is the heading above."""
    headings = {
        style.style_id
        for style in document.styles
        if (style.name or "").startswith(("Heading ", "heading "))
    }
    section = document.sections[0] if len(document.sections) else None
    page = (section.page_width or 0) * (section.page_height or 0) if section else 0
    warnings, heading = [], None
    for node in body.iter(f"{_W}p", f"{_WP}inline", f"{_WP}anchor", f"{_V}shape"):
        if node.tag == f"{_W}p":
            if node.style in headings:
                text = clean("".join(t.text or "" for t in node.iter(f"{_W}t")))
                heading = text.replace("\n", " ")[:80] or heading
        elif _shows_picture(node) and is_sizeable(*_extent(node), page):
            warnings.append(
                ParseWarning(
                    code="pictures_not_read",
                    message="Pictures or charts of the document were not read; what is written "
                    "in them is missing.",
                    place=f'under "{heading}"' if heading else None,
                )
            )
    return warnings


def _shows_picture(drawing: Any) -> bool:
    if drawing.tag == f"{_V}shape":
        # What stands in a fallback is drawn beside it in a newer way.
        is_old = next(drawing.iterancestors(_FALLBACK), None) is None
        return is_old and next(drawing.iter(f"{_V}imagedata"), None) is not None
    if next(drawing.iter(f"{_A}blip"), None) is not None:
        return True
    kinds = [data.get("uri") or "" for data in drawing.iter(f"{_A}graphicData")]
    return any(kind.endswith(("/chart", "/chartex", "/diagram")) for kind in kinds)


def _extent(drawing: Any) -> tuple[int, int]:
    """Width and height in EMU; 0 where the file tells no number."""
    if drawing.tag == f"{_V}shape":
        style = drawing.get("style", "")
        told = {side: float(n) * _EMU[unit] for side, n, unit in _VML_SIDE.findall(style)}
        return int(told.get("width", 0)), int(told.get("height", 0))
    extent = drawing.find(f"{_WP}extent")
    sides = [extent.get(name, "") if extent is not None else "" for name in ("cx", "cy")]
    width, height = (int(side) if side.isascii() and side.isdecimal() else 0 for side in sides)
    return width, height
