"""What lies beside the cells of an Excel sheet: notes, boxes, charts and pictures.

A file holds each in a part of its own; what a chart draws stands in cells, its titles only there.
"""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

from pipelines.errors import SourceTooLarge
from pipelines.parsers.chart_captions import chart_captions
from pipelines.parsers.located_text import clean
from pipelines.parsers.ooxml import MAX_XML_BYTES, PIXEL, is_sizeable
from pipelines.types import ParseWarning

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_XDR = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_COLUMN, _ROW = 64 * PIXEL, 20 * PIXEL
"""Usual width and height of a cell, where a picture's size is told in cells alone."""

Notes = dict[int, list[tuple[int, str, str]]]
"""By row, from 1: column, from 1, what it is ("Note", "Chart") and text, from left to right."""

_Part = tuple[str, str, Any]
"""Id by which it is referred to, path, and root of its XML."""


def read_extras(
    archive: zipfile.ZipFile, sheet_path: str, title: str
) -> tuple[Notes, list[ParseWarning]]:
    """The sheet's notes, and a warning each if these are damaged or a picture was not read."""
    try:
        drawings = _related(archive, sheet_path, "/drawing")
        notes = _notes(archive, sheet_path, drawings)
        if not _shows_picture(drawings):
            return notes, []
    except (SyntaxError, KeyError, ValueError, TypeError, AttributeError):
        # Broken XML is a SyntaxError; the rest is what openpyxl stumbles over in broken references.
        message = "Notes or pictures of the sheet are damaged and were not read."
        return {}, [_warning("notes_not_read", message, title)]
    message = "Pictures on the sheet were not read; what is written in them is missing."
    return notes, [_warning("pictures_not_read", message, title)]


def _warning(code: str, message: str, title: str) -> ParseWarning:
    return ParseWarning(code=code, message=message, place=f"sheet {title}")


def _notes(archive: zipfile.ZipFile, sheet_path: str, drawings: Sequence[_Part]) -> Notes:
    """A threaded comment counts as one note, with its replies."""
    from openpyxl.utils.cell import coordinate_to_tuple

    notes: Notes = {}
    for _, _, root in _related(archive, sheet_path, "/comments"):
        for note in root.iter(f"{_MAIN}comment"):
            # Beside these runs stand others that only say how Japanese words are read.
            runs = note.iterfind(f"{_MAIN}text/{_MAIN}r/{_MAIN}t")
            pieces = [note.findtext(f"{_MAIN}text/{_MAIN}t"), *(run.text for run in runs)]
            if text := _said("".join(filter(None, pieces))):
                row, column = coordinate_to_tuple(note.get("ref"))
                notes.setdefault(row, []).append((column, "Note", text))
    for _, path, root in drawings:
        for row, column, text in _boxes(root):
            notes.setdefault(row, []).append((column, "Text box", text))
        charts = {id_: chart for id_, _, chart in _related(archive, path, "/chart")}
        for row, column, text in _charts(root, charts):
            notes.setdefault(row, []).append((column, "Chart", text))
    return {row: sorted(of_row) for row, of_row in sorted(notes.items())}


def _boxes(drawing: Any) -> Iterator[tuple[int, int, str]]:
    """Row, column and text of each text box or shape that is written in, where it begins."""
    for shape in drawing.iter(f"{_XDR}sp"):
        lines = ["".join(t.text or "" for t in p.iter(f"{_A}t")) for p in shape.iter(f"{_A}p")]
        if text := clean("\n".join(lines)):
            yield *_begin(shape), text


def _charts(drawing: Any, charts: dict[str, Any]) -> Iterator[tuple[int, int, str]]:
    """Row, column and titles of each chart that has some, where it begins."""
    for frame in drawing.iter(f"{_XDR}graphicFrame"):
        for node in frame.iter(f"{_C}chart"):
            chart = charts.get(node.get(f"{_R}id"))
            if chart is not None and (text := clean("\n".join(chart_captions(chart)))):
                yield *_begin(frame), text


def _begin(shape: Any) -> tuple[int, int]:
    """Row and column, from 1, of the cell in which a shape begins."""
    anchor = next(shape.iterancestors(f"{_XDR}oneCellAnchor", f"{_XDR}twoCellAnchor"), None)
    if anchor is None:
        return 1, 1
    row, column = (_number(anchor.findtext(f"{_XDR}from/{_XDR}{side}")) for side in ("row", "col"))
    return row + 1, column + 1


def _shows_picture(drawings: Sequence[_Part]) -> bool:
    return any(
        is_sizeable(*_size(picture))
        for _, _, root in drawings
        for picture in root.iter(f"{_XDR}pic")
    )


def _said(text: str) -> str:
    """Without the advice that Excel puts before a threaded comment for programs that are older."""
    if text.startswith("[Threaded comment]"):
        text = text.partition("Comment:")[2] or text
    return clean(text)


def _related(archive: zipfile.ZipFile, path: str, kind: str) -> list[_Part]:
    """The parts that the one at `path` refers to by a relationship that ends with `kind`."""
    from lxml import etree
    from openpyxl.packaging.relationship import get_dependents, get_rels_path

    relations = get_rels_path(path)
    if relations not in archive.namelist():
        return []
    safe = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    found = []
    for relation in get_dependents(archive, relations):
        if not relation.Type.endswith(kind) or relation.TargetMode == "External":
            continue
        name = posixpath.normpath(relation.target)
        if name in archive.namelist():
            if archive.getinfo(name).file_size > MAX_XML_BYTES:
                raise SourceTooLarge("The notes of a sheet are larger than is read. Split it.")
            found.append((relation.Id, name, etree.fromstring(archive.read(name), safe)))
    return found


def _size(picture: Any) -> tuple[int, int]:
    """Width and height in EMU, as told by the picture or by the cells that it reaches over."""
    anchor = next(picture.iterancestors(f"{_XDR}oneCellAnchor", f"{_XDR}absoluteAnchor"), None)
    extent = anchor.find(f"{_XDR}ext") if anchor is not None else None
    if extent is None:
        extent = picture.find(f"{_XDR}spPr/{_A}xfrm/{_A}ext")
    if extent is not None and (width := _number(extent.get("cx"))):
        return width, _number(extent.get("cy"))
    cells = next(picture.iterancestors(f"{_XDR}twoCellAnchor"), None)
    if cells is None:
        return 0, 0
    columns, rows = (
        _number(cells.findtext(f"{_XDR}to/{_XDR}{side}"))
        - _number(cells.findtext(f"{_XDR}from/{_XDR}{side}"))
        for side in ("col", "row")
    )
    return columns * _COLUMN, rows * _ROW


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdecimal() else 0
