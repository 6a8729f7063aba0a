"""Filled form fields of a page -> segments of kind `field`."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from pipelines.parsers.pdf.blocks import page_locator
from pipelines.parsers.pdf.letters import clean, read_utf16
from pipelines.parsers.pdf.page_geometry import PageShape
from pipelines.types import Box, Segment

_MAX_FIELDS = 2_000
"""Of one page."""
_FORM = 8
"""Fields from which a page is a form, whose labels stand in rows and columns as cells do."""
_INDEX = re.compile(r"\[\d+\]")


def page_fields(page: Any, formenv: Any, shape: PageShape, number: int) -> list[Segment]:
    """ "Name: value" for each field of the page that is filled in or ticked, in file order."""
    import pypdfium2.raw as raw

    segments = []
    for index in range(min(raw.FPDFPage_GetAnnotCount(page.raw), _MAX_FIELDS)):
        annotation = raw.FPDFPage_GetAnnot(page.raw, index)
        if not annotation:
            continue
        try:
            if raw.FPDFAnnot_GetSubtype(annotation) == raw.FPDF_ANNOT_WIDGET:
                segment = _field(annotation, formenv.raw, shape, number)
                if segment:
                    segments.append(segment)
        finally:
            raw.FPDFPage_CloseAnnot(annotation)
    return segments


def is_form(page: Any) -> bool:
    """Whether the page is one to fill in."""
    import pypdfium2.raw as raw

    fields = 0
    for index in range(min(raw.FPDFPage_GetAnnotCount(page.raw), _MAX_FIELDS)):
        annotation = raw.FPDFPage_GetAnnot(page.raw, index)
        if annotation:
            fields += raw.FPDFAnnot_GetSubtype(annotation) == raw.FPDF_ANNOT_WIDGET
            raw.FPDFPage_CloseAnnot(annotation)
        if fields >= _FORM:
            return True
    return False


def _field(annotation: Any, form: Any, shape: PageShape, number: int) -> Segment | None:
    import pypdfium2.raw as raw

    kind = raw.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in (raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON):
        if not raw.FPDFAnnot_IsChecked(form, annotation):
            return None
        value = _read(raw.FPDFAnnot_GetFormFieldExportValue, form, annotation) or "yes"
    elif kind in (
        raw.FPDF_FORMFIELD_TEXTFIELD,
        raw.FPDF_FORMFIELD_COMBOBOX,
        raw.FPDF_FORMFIELD_LISTBOX,
    ):
        value = _read(raw.FPDFAnnot_GetFormFieldValue, form, annotation)
    else:
        return None
    if not value:
        return None
    label = _read(raw.FPDFAnnot_GetFormFieldAlternateName, form, annotation)
    name = label or _plain(_read(raw.FPDFAnnot_GetFormFieldName, form, annotation))
    text = f"{name}: {value}" if name else value
    box = _box(annotation, shape)
    return Segment(
        text=text,
        kind="field",
        locators=(page_locator(shape, number, (box,)),),
        spans=((0, len(text), 0, 0),),
    )


def _read(function: Callable[..., int], form: Any, annotation: Any) -> str:
    import pypdfium2.raw as raw

    def read(buffer: Any, size: int) -> int:
        pointer = ctypes.cast(buffer, ctypes.POINTER(raw.FPDF_WCHAR)) if buffer else None
        return function(form, annotation, pointer, size)

    return clean(read_utf16(read))


def _plain(name: str) -> str:
    """The last part of a full name such as `form[0].page1[0].first_name[0]`."""
    return _INDEX.sub("", name).rsplit(".", 1)[-1]


def _box(annotation: Any, shape: PageShape) -> Box:
    import pypdfium2.raw as raw

    rect = raw.FS_RECTF()
    raw.FPDFAnnot_GetRect(annotation, rect)
    sides = np.array([[rect.left, rect.bottom, rect.right, rect.top]], np.float64)
    width, height = shape.seen
    fractions = shape.to_seen(sides)[0] / (width, height, width, height)
    x0, y0, x1, y1 = (round(float(side), 5) for side in np.clip(fractions, 0, 1))
    return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)
