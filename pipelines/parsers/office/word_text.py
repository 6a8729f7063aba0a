"""What a paragraph of a Word file says, and what hangs on it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from pipelines.parsers.office.equations import equation_text
from pipelines.parsers.office.symbols import symbol
from pipelines.parsers.office.word_xml import BOX, M, W, children, descendants, val
from pipelines.text.raised_digits import raised

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_WP = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_V = "{urn:schemas-microsoft-com:vml}"
_FRAMES = (f"{_WP}inline", f"{_WP}anchor", f"{_V}shape")

_SIGNS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_NOTE = re.compile(r"(footnote|endnote|comment)Reference")
_VML_SIDE = re.compile(r"(?:^|;)\s*(width|height)\s*:\s*(\d{1,6}(?:\.\d{1,6})?)(pt|in)\s*(?=;|$)")
_EMU = {"pt": 12_700, "in": 914_400}


@dataclass
class ParagraphText:
    """A paragraph as it is read; tracked insertions are in, deletions out, fields as shown."""

    text: str = ""
    boxes: list[Any] = field(default_factory=list)
    """Contents of text boxes."""
    notes: list[tuple[str, str]] = field(default_factory=list)
    """(`footnote`, `endnote` or `comment`, its id), where the text refers to one."""
    pictures: list[tuple[int, int]] = field(default_factory=list)
    """Width and height in EMU of pictures, charts and diagrams; 0 where the file tells none."""


def read_paragraph(node: Any) -> ParagraphText:
    """Reads a `w:p`."""
    found = ParagraphText()
    parts: list[str] = []
    _read(node, found, parts, is_raised=False)
    found.text = "".join(parts).strip()
    return found


def _read(node: Any, found: ParagraphText, parts: list[str], *, is_raised: bool) -> None:
    for child in children(node):
        if child.tag == f"{M}oMath":
            parts.append(equation_text(child))
            continue
        if not isinstance(child.tag, str) or not child.tag.startswith(W):
            continue
        name = child.tag.removeprefix(W)
        if name == "t":
            text = child.text or ""
            parts.append(raised(text) if is_raised else text)
        elif name in _SIGNS:
            parts.append(_SIGNS[name])
        elif name == "sym":
            parts.append(symbol(child.get(f"{W}font"), child.get(f"{W}char")))
        elif reference := _NOTE.fullmatch(name):
            found.notes.append((reference[1], child.get(f"{W}id", "")))
        elif name in ("drawing", "pict", "object"):
            _look_at(child, found)
        elif name == "rt":
            parts.append(f"({read_paragraph(child).text})")
        elif name in ("r", "ruby", "rubyBase"):
            is_up = val(child, "rPr", "vertAlign") == "superscript"
            _read(child, found, parts, is_raised=is_up)


def _look_at(drawing: Any, found: ParagraphText) -> None:
    for node in descendants(drawing):
        if node.tag == BOX:
            found.boxes.append(node)
        elif node.tag in _FRAMES and _shows_picture(node):
            found.pictures.append(_extent(node))


def _shows_picture(frame: Any) -> bool:
    for node in descendants(frame):
        if node.tag in (f"{_A}blip", f"{_V}imagedata"):
            return True
        kind = node.get("uri", "") if node.tag == f"{_A}graphicData" else ""
        if kind.endswith(("/chart", "/chartex", "/diagram")):
            return True
    return False


def _extent(frame: Any) -> tuple[int, int]:
    if frame.tag == f"{_V}shape":
        style = frame.get("style", "")
        told = {side: float(n) * _EMU[unit] for side, n, unit in _VML_SIDE.findall(style)}
        return int(told.get("width", 0)), int(told.get("height", 0))
    extent = frame.find(f"{_WP}extent")
    sides = [extent.get(name, "") if extent is not None else "" for name in ("cx", "cy")]
    width, height = (int(side) if side.isascii() and side.isdecimal() else 0 for side in sides)
    return width, height
