"""Ruling lines of a page: thin paths and the edges of drawn boxes."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from pipelines.parsers.pdf.page_geometry import Floats, PageShape, Rotation, to_frame

_MAX_OBJECTS = 20_000
"""Looked at on one page; a drawing has more, and no tables worth the time."""
_MAX_SEGMENTS = 500
"""Of one path; one of more is a curve or a drawing."""
_THIN = 3.0
"""Points; anything thicker is a filled area, whose edges are the lines."""
_REACH = 24.0
"""Points that a line between two cells goes on to either side of their gap."""
_MAX_DRAWN = 1_000
"""Pictures and paths of one page that are looked at as parts of figures."""
_BACKGROUND = 0.9
"""Share of the page that no figure takes."""
_JOINED = 1.5
"""Points between two lines that are meant as one."""


class Rules:
    """Horizontal lines (x0, x1, y) and vertical ones (x, y0, y1) in the frame of the text.

    They are read from the page when first asked for: most pages have no table.
    """

    def __init__(self, page: Any, shape: PageShape, turn: Rotation = 0) -> None:
        self._page, self._shape, self._turn = page, shape, turn
        self._horizontal: Floats | None = None

    @classmethod
    def none(cls, shape: PageShape) -> Rules:
        """Of a page of which no lines are known, such as a scan."""
        rules = cls(None, shape)
        rules._horizontal = np.zeros((0, 3))
        return rules

    @property
    def horizontal(self) -> Floats:
        """Float64 [n, 3] of x0, x1, y."""
        if self._horizontal is None:
            self._horizontal = self._read()
        return self._horizontal

    def across(self, x0: float, x1: float, top: float, bottom: float) -> int:
        """How many heights between the two have a horizontal line reaching well over x0..x1."""
        lines = self.horizontal
        hit = (lines[:, 0] <= x0 - _REACH) & (lines[:, 1] >= x1 + _REACH)
        hit &= (lines[:, 2] > top + 2) & (lines[:, 2] < bottom - 2)
        return len(np.unique(np.round(lines[hit, 2] / 3)))

    def within(self, x0: float, x1: float, top: float, bottom: float) -> list[float]:
        """Heights, ascending, of lines that together take half of x0..x1, a few points merged."""
        lines = self.horizontal
        near = lines[(lines[:, 2] > top) & (lines[:, 2] < bottom)]
        heights: list[float] = []
        near = near[np.argsort(near[:, 2], kind="stable")]
        start = 0
        while start < len(near):
            stop = start
            while stop < len(near) and near[stop, 2] - near[start, 2] < 2.5:
                stop += 1
            group = near[start:stop]
            covered = np.clip(group[:, 1], x0, x1) - np.clip(group[:, 0], x0, x1)
            if covered.sum() > 0.5 * (x1 - x0):
                heights.append(float(group[:, 2].mean()))
            start = stop
        return heights

    def under(self, x0: float, x1: float, top: float, bottom: float) -> tuple[float, float] | None:
        """Ends of the line between two heights that the middle of x0..x1 stands over, if any.

        Lines that touch are one: a line is often drawn cell by cell.
        """
        lines = self.horizontal
        near = lines[(lines[:, 2] > top) & (lines[:, 2] < bottom)]
        low = high = (x0 + x1) / 2
        if not ((near[:, 0] <= low) & (near[:, 1] >= high)).any():
            return None
        while True:
            touching = near[(near[:, 0] <= high + _JOINED) & (near[:, 1] >= low - _JOINED)]
            reach = float(touching[:, 0].min()), float(touching[:, 1].max())
            if reach == (low, high):
                return reach
            low, high = reach

    def drawn(self) -> Floats:
        """Boxes of pictures and drawings [n, 4] as fractions of the page as a person sees it.

        What fills the page is its background, and left out.
        """
        width, height = self._shape.seen
        boxes = self._shape.to_seen(_drawn_boxes(self._page)) / (width, height, width, height)
        boxes = np.clip(boxes, 0.0, 1.0)
        area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        return boxes[area < _BACKGROUND]

    def _read(self) -> Floats:
        boxes = path_boxes(self._page)
        if not len(boxes):
            return np.zeros((0, 3))
        x0, y0, x1, y1 = to_frame(self._shape.to_seen(boxes), self._turn).T
        long = x1 - x0 > 8
        thin = long & (y1 - y0 <= _THIN)
        area = long & (y1 - y0 > _THIN)
        parts = [np.stack((x0[thin], x1[thin], (y0[thin] + y1[thin]) / 2), axis=1)]
        for edge in (y0, y1):
            parts.append(np.stack((x0[area], x1[area], edge[area]), axis=1))
        return np.concatenate(parts)


def _drawn_boxes(page: Any) -> Floats:
    """Bounds of the pictures, paths and forms of a page: left, bottom, right, top [n, 4]."""
    import pypdfium2.raw as raw

    kinds = (raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_FORM)
    sides = [ctypes.c_float() for _ in range(4)]
    found: list[list[float]] = []
    for index in range(min(raw.FPDFPage_CountObjects(page.raw), _MAX_OBJECTS)):
        item = raw.FPDFPage_GetObject(page.raw, index)
        if raw.FPDFPageObj_GetType(item) in kinds and raw.FPDFPageObj_GetBounds(item, *sides):
            found.append([side.value for side in sides])
            if len(found) >= _MAX_DRAWN:
                break
    boxes = np.array(found, np.float64).reshape(-1, 4)
    return boxes[np.isfinite(boxes).all(axis=1)]


def path_boxes(page: Any) -> Floats:
    """Bounds of lines and areas drawn on the page: left, bottom, right, top [n, 4] in PDF space.

    A path of many segments (a whole grid is often one path) gives its straight lines one by one.
    """
    import pypdfium2.raw as raw

    sides = [ctypes.c_float() for _ in range(4)]
    found: list[list[float]] = []
    for index in range(min(raw.FPDFPage_CountObjects(page.raw), _MAX_OBJECTS)):
        item = raw.FPDFPage_GetObject(page.raw, index)
        if raw.FPDFPageObj_GetType(item) != raw.FPDF_PAGEOBJ_PATH:
            continue
        count = raw.FPDFPath_CountSegments(item)
        if 5 < count <= _MAX_SEGMENTS and len(found) < _MAX_OBJECTS:
            found += _segments(item, count)
        elif raw.FPDFPageObj_GetBounds(item, *sides):
            found.append([side.value for side in sides])
    boxes = np.array(found, np.float64).reshape(-1, 4)
    return boxes[np.isfinite(boxes).all(axis=1)]


def _segments(path: Any, count: int) -> list[list[float]]:
    """Bounds of each straight line of a path."""
    import pypdfium2.raw as raw

    matrix = raw.FS_MATRIX()
    if not raw.FPDFPageObj_GetMatrix(path, matrix):
        return []
    x, y = ctypes.c_float(), ctypes.c_float()
    lines = []
    before: tuple[float, float] | None = None
    for index in range(count):
        segment = raw.FPDFPath_GetPathSegment(path, index)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        point = (
            matrix.a * x.value + matrix.c * y.value + matrix.e,
            matrix.b * x.value + matrix.d * y.value + matrix.f,
        )
        if before and raw.FPDFPathSegment_GetType(segment) == raw.FPDF_SEGMENT_LINETO:
            (x0, x1), (y0, y1) = sorted((before[0], point[0])), sorted((before[1], point[1]))
            lines.append([x0, y0, x1, y1])
        before = point
    return lines
