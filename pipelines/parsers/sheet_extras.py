"""What lies beside the cells of an Excel sheet, in parts of its own: notes, boxes and pictures."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from typing import Any

from pipelines.errors import SourceTooLarge
from pipelines.parsers.documents import clean
from pipelines.parsers.ooxml import MAX_XML_BYTES, PIXEL, is_sizeable
from pipelines.types import ParseWarning

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_XDR = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_COLUMN, _ROW = 64 * PIXEL, 20 * PIXEL
"""Usual width and height of a cell, where a picture's size is told in cells alone."""

Notes = dict[int, list[tuple[int, str]]]
"""By row, from 1: column, from 1, and text of each note, from left to right."""


def read_extras(
    archive: zipfile.ZipFile, sheet_path: str, title: str
) -> tuple[Notes, list[ParseWarning]]:
    """The sheet's notes, and a warning each if these are damaged or a picture was not read."""
    try:
        notes = _notes(archive, sheet_path)
        if not _shows_picture(archive, sheet_path):
            return notes, []
    except (SyntaxError, KeyError, ValueError, TypeError, AttributeError):
        # Broken XML is a SyntaxError; the rest is what openpyxl stumbles over in broken references.
        message = "Notes or pictures of the sheet are damaged and were not read."
        return {}, [_warning("notes_not_read", message, title)]
    message = "Pictures on the sheet were not read; what is written in them is missing."
    return notes, [_warning("pictures_not_read", message, title)]


def _warning(code: str, message: str, title: str) -> ParseWarning:
    return ParseWarning(code=code, message=message, place=f"sheet {title}")


def _notes(archive: zipfile.ZipFile, sheet_path: str) -> Notes:
    """A threaded comment counts as one note, with its replies; so does a text box."""
    from openpyxl.utils.cell import coordinate_to_tuple

    notes: Notes = {}
    for root in _related(archive, sheet_path, "/comments"):
        for note in root.iter(f"{_MAIN}comment"):
            # Beside these runs stand others that only say how Japanese words are read.
            runs = note.iterfind(f"{_MAIN}text/{_MAIN}r/{_MAIN}t")
            pieces = [note.findtext(f"{_MAIN}text/{_MAIN}t"), *(run.text for run in runs)]
            if text := _said("".join(filter(None, pieces))):
                row, column = coordinate_to_tuple(note.get("ref"))
                notes.setdefault(row, []).append((column, text))
    for root in _related(archive, sheet_path, "/drawing"):
        for row, column, text in _boxes(root):
            notes.setdefault(row, []).append((column, text))
    return {row: sorted(of_row) for row, of_row in sorted(notes.items())}


def _boxes(drawing: Any) -> Iterator[tuple[int, int, str]]:
    """Row, column and text of each text box or shape that is written in, where it begins."""
    for shape in drawing.iter(f"{_XDR}sp"):
        lines = ["".join(t.text or "" for t in p.iter(f"{_A}t")) for p in shape.iter(f"{_A}p")]
        if text := clean("\n".join(lines)):
            anchors = (f"{_XDR}oneCellAnchor", f"{_XDR}twoCellAnchor")
            anchor = next(shape.iterancestors(*anchors), None)
            row, column = (
                _number(anchor.findtext(f"{_XDR}from/{_XDR}{side}")) if anchor is not None else 0
                for side in ("row", "col")
            )
            yield row + 1, column + 1, text


def _shows_picture(archive: zipfile.ZipFile, sheet_path: str) -> bool:
    return any(
        is_sizeable(*_size(picture))
        for root in _related(archive, sheet_path, "/drawing")
        for picture in root.iter(f"{_XDR}pic")
    )


def _said(text: str) -> str:
    """Without the advice that Excel puts before a threaded comment for programs that are older."""
    if text.startswith("[Threaded comment]"):
        text = text.partition("Comment:")[2] or text
    return clean(text)


def _related(archive: zipfile.ZipFile, sheet_path: str, kind: str) -> list[Any]:
    """Roots of the parts that the sheet refers to by a relationship that ends with `kind`."""
    from lxml import etree
    from openpyxl.packaging.relationship import get_dependents, get_rels_path

    path = get_rels_path(sheet_path)
    if path not in archive.namelist():
        return []
    safe = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    roots = []
    for relation in get_dependents(archive, path):
        if not relation.Type.endswith(kind) or relation.TargetMode == "External":
            continue
        name = posixpath.normpath(relation.target)
        if name in archive.namelist():
            if archive.getinfo(name).file_size > MAX_XML_BYTES:
                raise SourceTooLarge("The notes of a sheet are larger than is read. Split it.")
            roots.append(etree.fromstring(archive.read(name), safe))
    return roots


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
