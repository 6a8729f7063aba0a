"""Pictures beside the text layer of a PDF page, found by their boxes: none is decoded."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

import numpy as np

from pipelines.parsers.pdf.line_pieces import Piece
from pipelines.parsers.pdf.page_geometry import Floats, PageShape

_MAX_OBJECTS = 5_000
_MAX_PICTURES = 500
_MAX_FORM_DEPTH = 4
_SHARE = 0.1
"""Of the page; pictures that take less together are logos, unless one is wide and high."""
_WIDE, _HIGH = 200.0, 100.0
"""Points, either way round."""
_FEW_PIXELS = 5_000
"""Of all pictures together: fewer are lines and shades, not something to read."""
_HALF = 0.5

_Matrix = tuple[float, float, float, float, float, float]
_SAME: _Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)


def has_unread_pictures(page: Any, shape: PageShape, pieces: list[Piece]) -> bool:
    """Whether a page of which only the text layer is read shows pictures of some size.

    Pictures of half the page on which most of its text lies are behind that text: a background,
    or a scan that was read before.
    """
    found = list(_pictures(page.raw))
    if sum(pixels for _, pixels in found) < _FEW_PIXELS:
        return False
    width, height = shape.seen
    boxes = shape.to_seen(np.array([box for box, _ in found], np.float64))
    boxes = np.clip(np.nan_to_num(boxes), 0.0, (width, height, width, height))
    middles = np.array([_middle(piece) for piece in pieces], np.float64).reshape(-1, 2)
    half = _HALF * width * height
    behind = [area >= half and _under(box, middles) for box, area in _each(boxes)]
    boxes = boxes[~np.array(behind, np.bool_)]
    areas = _areas(boxes)
    if areas.sum() >= half and _under(boxes, middles):
        return False
    sides = np.sort(boxes[:, 2:] - boxes[:, :2], axis=1)
    large = (sides[:, 0] >= _HIGH) & (sides[:, 1] >= _WIDE)
    return bool(large.any() or areas.sum() >= _SHARE * width * height)


def _each(boxes: Floats) -> Iterator[tuple[Floats, float]]:
    for index, area in enumerate(_areas(boxes)):
        yield boxes[index : index + 1], float(area)


def _areas(boxes: Floats) -> Floats:
    areas: Floats = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return areas


def _under(boxes: Floats, middles: Floats) -> bool:
    """Whether at least half of the points [m, 2] lie on one of the boxes [n, 4]."""
    if not len(middles):
        return False
    x, y = middles[:, :1], middles[:, 1:]
    on = (boxes[:, 0] <= x) & (x <= boxes[:, 2]) & (boxes[:, 1] <= y) & (y <= boxes[:, 3])
    return float(on.any(axis=1).mean()) >= _HALF


def _middle(piece: Piece) -> tuple[float, float]:
    x0, y0, x1, y1 = piece.box
    return (x0 + x1) / 2, (y0 + y1) / 2


def _pictures(page: Any) -> Iterator[tuple[list[float], int]]:
    """Box in PDF space (left, bottom, right, top) and pixels of the pictures, also in forms."""
    import pypdfium2.raw as raw

    sides = [ctypes.c_float() for _ in range(4)]
    width, height = ctypes.c_uint(), ctypes.c_uint()
    left = _MAX_PICTURES
    for item, matrix in _objects(page):
        if raw.FPDFPageObj_GetType(item) != raw.FPDF_PAGEOBJ_IMAGE:
            continue
        if not raw.FPDFPageObj_GetBounds(item, *sides):
            continue
        if raw.FPDFImageObj_GetImagePixelSize(item, width, height):
            yield _moved([side.value for side in sides], matrix), width.value * height.value
            left -= 1
        if not left:
            return


def _objects(page: Any) -> Iterator[tuple[Any, _Matrix]]:
    """Objects of the page and of its forms, with the matrix that takes each to the page."""
    import pypdfium2.raw as raw

    budget = _MAX_OBJECTS
    forms: list[tuple[Any, _Matrix, int]] = []
    for index in range(min(raw.FPDFPage_CountObjects(page), budget)):
        item = raw.FPDFPage_GetObject(page, index)
        budget -= 1
        yield item, _SAME
        if raw.FPDFPageObj_GetType(item) == raw.FPDF_PAGEOBJ_FORM:
            forms.append((item, _SAME, 1))
    while forms:
        form, outer, depth = forms.pop()
        own = raw.FS_MATRIX()
        if depth > _MAX_FORM_DEPTH or not raw.FPDFPageObj_GetMatrix(form, own):
            continue
        matrix = _product((own.a, own.b, own.c, own.d, own.e, own.f), outer)
        for index in range(min(raw.FPDFFormObj_CountObjects(form), budget)):
            item = raw.FPDFFormObj_GetObject(form, index)
            budget -= 1
            yield item, matrix
            if raw.FPDFPageObj_GetType(item) == raw.FPDF_PAGEOBJ_FORM:
                forms.append((item, matrix, depth + 1))


def _product(first: _Matrix, then: _Matrix) -> _Matrix:
    a, b, c, d, e, f = first
    k, m, n, o, p, q = then
    return (
        a * k + b * n,
        a * m + b * o,
        c * k + d * n,
        c * m + d * o,
        e * k + f * n + p,
        e * m + f * o + q,
    )


def _moved(box: list[float], matrix: _Matrix) -> list[float]:
    if matrix is _SAME:
        return box
    a, b, c, d, e, f = matrix
    left, bottom, right, top = box
    corners = [(x, y) for x in (left, right) for y in (bottom, top)]
    xs = [a * x + c * y + e for x, y in corners]
    ys = [b * x + d * y + f for x, y in corners]
    return [min(xs), min(ys), max(xs), max(ys)]
