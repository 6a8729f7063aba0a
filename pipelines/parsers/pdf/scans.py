"""Pages without a usable text layer -> a picture of the page -> OCR."""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Literal

from pipelines.errors import SourceTooLarge
from pipelines.parsers.pdf.blocks import page_locator, table_segment
from pipelines.parsers.pdf.joined_lines import join_lines
from pipelines.parsers.pdf.letters import mostly_right_to_left
from pipelines.parsers.pdf.line_pieces import PageShape, PageText, Piece
from pipelines.parsers.pdf.list_items import ITEM
from pipelines.parsers.pdf.rows import rows_of
from pipelines.parsers.pdf.ruling_lines import Rules
from pipelines.parsers.pdf.scan_running_headers import EdgeLine, without_edges
from pipelines.parsers.pdf.table_rows import Table
from pipelines.parsers.pdf.tables import find_tables
from pipelines.types import Box, Segment

if TYPE_CHECKING:
    from PIL.Image import Image

    from pipelines.ocr import OcrLine

DPI = {"tesseract": 200, "rapidocr": 150}
"""Finer pictures gain no accuracy (measured at 150, 200 and 300); coarser ones lose tesseract the
lines of small type."""
_MAX_RENDER_PIXELS = 25_000_000
_MAX_OBJECTS = 5_000
_MAX_FORM_DEPTH = 4
_DRAWN_TEXT_PATHS = 60
"""From this many paths a page without text may be lettering drawn as outlines."""
_MOSTLY = 0.5
"""Share of a page's characters."""
_FEW_CHARACTERS = 50
_DIALLING_CODE = re.compile(r"\(\d{3}\)")
"""Begins a line as the number of an item does."""
_ROWS = 3
"""Lines that hold several pieces each, from which a block may be a table."""
_TYPE_SIZE = 0.8
"""Of a recognised line's height."""
_SURE = 0.8
"""Mean confidence from which OCR is believed against pdfium's guess."""

TextLayer = Literal["sound", "unmapped", "garbage"]


@dataclass(frozen=True)
class PageContent:
    """What is drawn on a page beside text; `covered` is the share that its largest picture takes.

    `pixels` are those of all pictures together, `largest` those of the largest one.
    """

    pictures: int
    covered: float
    pixels: int
    largest: int
    paths: int


def page_content(page: Any, shape: PageShape) -> PageContent:
    """Counts the page's pictures and paths without decoding any."""
    import pypdfium2.raw as raw

    pictures = paths = pixels = largest = 0
    covered = 0.0
    width, height = ctypes.c_uint(), ctypes.c_uint()
    sides = [ctypes.c_float() for _ in range(4)]
    for item, nested in _objects(page.raw):
        kind = raw.FPDFPageObj_GetType(item)
        if kind in (raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_SHADING):
            paths += 1
        elif kind == raw.FPDF_PAGEOBJ_IMAGE:
            pictures += 1
            if raw.FPDFImageObj_GetImagePixelSize(item, width, height):
                size = width.value * height.value
                pixels += size
                largest = max(largest, size)
            if not nested and raw.FPDFPageObj_GetBounds(item, *sides):
                left, bottom, right, top = (side.value for side in sides)
                wide = min(right, shape.left + shape.width) - max(left, shape.left)
                high = min(top, shape.bottom + shape.height) - max(bottom, shape.bottom)
                if wide > 0 and high > 0:
                    covered = max(covered, wide * high / (shape.width * shape.height))
    return PageContent(pictures, covered, pixels, largest, paths)


def _objects(page: Any) -> Iterator[tuple[Any, bool]]:
    """The page's objects and those inside its form objects, told apart, at most 5,000."""
    import pypdfium2.raw as raw

    budget = _MAX_OBJECTS
    waiting: list[tuple[Any, int]] = []
    for index in range(min(raw.FPDFPage_CountObjects(page), budget)):
        waiting.append((raw.FPDFPage_GetObject(page, index), 0))
    while waiting and budget > 0:
        item, depth = waiting.pop()
        budget -= 1
        yield item, depth > 0
        if depth < _MAX_FORM_DEPTH and raw.FPDFPageObj_GetType(item) == raw.FPDF_PAGEOBJ_FORM:
            inside = min(raw.FPDFFormObj_CountObjects(item), budget)
            waiting += [(raw.FPDFFormObj_GetObject(item, i), depth + 1) for i in range(inside)]


def judge(text: PageText) -> TextLayer:
    """Whether a text layer can be used, says nothing, or is pdfium's guess at unmapped glyphs."""
    if text.garbage >= _MOSTLY:
        return "garbage"
    return "unmapped" if text.unmapped >= _MOSTLY else "sound"


def is_better(recognised: list[Segment], text: PageText) -> bool:
    """Whether what OCR read replaces an unmapped text layer.

    pdfium's guess is often right; OCR that found next to nothing, or is unsure of what it found,
    does not disprove it.
    """
    letters = sum(len(segment.text) for segment in recognised)
    sure = sum((segment.confidence or 0.0) * len(segment.text) for segment in recognised)
    return letters >= 0.3 * text.characters and sure >= _SURE * letters


def needs_ocr(text: PageText, page: Any, shape: PageShape) -> PageContent | None:
    """What the page holds when OCR should read it, else None.

    A page is read by OCR when its text layer is missing or mostly garbage or unmapped glyphs and
    something is drawn, or when a few characters stand on a picture that fills the page.
    """
    doubtful = judge(text) != "sound"
    if text.characters >= _FEW_CHARACTERS and not doubtful:
        return None
    content = page_content(page, shape)
    if doubtful:
        return content
    if text.characters == 0:
        return content if content.pictures or content.paths >= _DRAWN_TEXT_PATHS else None
    return content if content.covered > 0.7 else None


def render(
    page: Any, shape: PageShape, content: PageContent, max_pixels: int, share: float = 1.0
) -> Image:
    """The page as seen, at `share` of the resolution that the OCR engine of scans reads best.

    Raises SourceTooLarge when its pictures are so large that drawing them would take the
    machine's memory (a decompression bomb), pypdfium2.PdfiumError when drawing fails.
    """
    if content.largest > max_pixels or content.pixels > 4 * max_pixels:
        raise SourceTooLarge(
            f"the page holds pictures of {content.pixels / 1e6:,.0f} million pixels, more than "
            "are decoded. Reduce their resolution and upload the file again."
        )
    from pipelines.ocr import engine_name

    width, height = shape.seen
    allowed = min(max_pixels, _MAX_RENDER_PIXELS)
    scale = share * min(DPI[engine_name()] / 72, math.sqrt(allowed / (width * height)))
    bitmap = page.render(scale=scale, may_draw_forms=True)
    try:
        return bitmap.to_pil().convert("RGB")
    finally:
        bitmap.close()


def read_scan(
    image: Image,
    shape: PageShape,
    page: int,
    known: list[Piece],
    edges: Sequence[EdgeLine],
    threads: int,
) -> tuple[list[Segment], bool]:
    """Segments with confidence from a picture of the page, and whether all its lines were read.

    `known` are the pieces of the text layer that is kept; their lines are left out, and so are
    `edges`, the running headers and footers of the document's scans. Raises what
    `pipelines.ocr.read` raises.
    """
    from pipelines.ocr import group_lines, upright

    reading = upright.read_scan(image, threads)
    lines = without_edges(reading.lines, edges)
    lines = [line for line in lines if not _is_known(line, known, shape)]
    segments = []
    for segment, own in chain.from_iterable(
        _block_segments(block, shape, page) for block in group_lines(lines)
    ):
        letters = sum(len(line.text) for line in own) or 1
        confidence = sum(line.confidence * len(line.text) for line in own) / letters
        segments.append(
            segment.model_copy(
                update={
                    "engine": reading.engine,
                    "confidence": round(min(1.0, max(0.0, confidence)), 4),
                }
            )
        )
    return segments, not reading.is_partial


def _block_segments(
    block: list[OcrLine], shape: PageShape, page: int
) -> Iterator[tuple[Segment, list[OcrLine]]]:
    """Segments of lines that follow each other closely, each with its lines."""
    pieces = [_piece(line, shape) for line in block]
    line_of = {id(piece): line for piece, line in zip(pieces, block, strict=True)}
    rows = rows_of(pieces)
    waiting: list[OcrLine] = []
    if sum(len(row.pieces) > 1 for row in rows) < _ROWS:
        waiting, rows = block, []
    for item in find_tables(rows, Rules.none(shape)) if rows else ():
        if isinstance(item, Table):
            yield from _text_segments(waiting, shape, page)
            waiting = []
            own = [line_of[id(p)] for row in item.rows for cell in row for p in cell.pieces]
            yield table_segment(item, shape, page), own
        else:
            waiting += [line_of[id(piece)] for piece in item.pieces]
    yield from _text_segments(waiting, shape, page)


def _text_segments(
    lines: list[OcrLine], shape: PageShape, page: int
) -> Iterator[tuple[Segment, list[OcrLine]]]:
    for own in _items(lines) if lines else ():
        text, spans = join_lines([line.text for line in own], set())
        boxes: tuple[Box, ...] = tuple(line.box for line in own)
        yield (
            Segment(
                text=text,
                kind="list_item" if _is_item(text) else "text",
                locators=(page_locator(shape, page, boxes),),
                spans=spans,
            ),
            own,
        )


def _piece(line: OcrLine, shape: PageShape) -> Piece:
    """The line as the layout of text layers knows lines, upright and of one plain type."""
    width, height = shape.seen
    x0, y0, x1, y1 = line.box
    box = (x0 * width, y0 * height, x1 * width, y1 * height)
    return Piece(
        text=line.text,
        box=box,
        frame=box,
        turn=0,
        size=_TYPE_SIZE * (box[3] - box[1]),
        bold=False,
        font=b"",
        order=0,
        right_to_left=mostly_right_to_left(line.text),
    )


def _items(block: list[OcrLine]) -> Iterator[list[OcrLine]]:
    """The block parted before each line that begins an item of a list."""
    start = 0
    for at in range(1, len(block)):
        is_lower = block[at].box[1] > block[at - 1].box[1] + 0.5 * block[at - 1].height
        # The marker is often a line of its own, beside its text.
        if is_lower and _is_item(" ".join(line.text for line in block[at : at + 2])):
            yield block[start:at]
            start = at
    yield block[start:]


def _is_item(text: str) -> bool:
    return ITEM.match(text) is not None and _DIALLING_CODE.match(text) is None


def _is_known(line: OcrLine, known: list[Piece], shape: PageShape) -> bool:
    width, height = shape.seen
    x, y = (line.box[0] + line.box[2]) / 2 * width, (line.box[1] + line.box[3]) / 2 * height
    return any(p.box[0] <= x <= p.box[2] and p.box[1] <= y <= p.box[3] for p in known)
