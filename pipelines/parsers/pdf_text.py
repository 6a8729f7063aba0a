"""Characters of a PDF page -> pieces of lines, with their boxes on the page as a person sees it.

A piece is a stretch of characters on one line without a wide gap. Wide gaps part columns and
table cells; whether the pieces of a line belong together is decided in `pdf_layout`.
"""

from __future__ import annotations

import ctypes
from collections import deque
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from pipelines.parsers.pdf_fonts import font_of
from pipelines.parsers.pdf_letters import clean, mostly_right_to_left, presentation_forms

Floats = NDArray[np.float64]
Rotation = Literal[0, 90, 180, 270]

MAX_CHARACTERS = 400_000
"""Of one page; what follows is left out. A dense newspaper page has some 30,000."""

_SPACES = (0x20, 0xA0, 0x09, 0x0A, 0x0D, 0x2028, 0x2029, 0x3000)


@dataclass(frozen=True)
class PageShape:
    """A page's size in points and how it is turned; `left`, `bottom` of its visible box."""

    left: float
    bottom: float
    width: float
    height: float
    rotation: Rotation

    @property
    def seen(self) -> tuple[float, float]:
        """Width and height as a person sees them."""
        if self.rotation in (90, 270):
            return self.height, self.width
        return self.width, self.height

    def to_seen(self, boxes: Floats) -> Floats:
        """PDF boxes (left, bottom, right, top) [n, 4] -> x0, y0, x1, y1 from the top left."""
        x0, y0 = boxes[:, 0] - self.left, boxes[:, 1] - self.bottom
        x1, y1 = boxes[:, 2] - self.left, boxes[:, 3] - self.bottom
        width, height = self.width, self.height
        if self.rotation == 90:
            sides = (y0, x0, y1, x1)
        elif self.rotation == 180:
            sides = (width - x1, y0, width - x0, y1)
        elif self.rotation == 270:
            sides = (height - y1, width - x1, height - y0, width - x0)
        else:
            sides = (x0, height - y1, x1, height - y0)
        return np.stack(sides, axis=1)


@dataclass(slots=True)
class Piece:
    """Characters on one line. `box` is in points on the page as seen, from the top left.

    `frame` is the box turned so that the text runs to the right: what layout works on.
    """

    text: str
    box: tuple[float, float, float, float]
    frame: tuple[float, float, float, float]
    turn: Rotation
    """How far the text is turned clockwise from upright."""
    size: float
    """Of the font, in points."""
    bold: bool
    font: bytes
    """Its name, as far as the file tells."""
    order: int
    """Index of its first character in the order of the page's content."""
    right_to_left: bool


@dataclass(slots=True)
class PageText:
    pieces: list[Piece]
    characters: int
    """Printed characters, spaces left out."""
    garbage: float
    """Share of the characters that stand for nothing: control, private use, replacement."""
    unmapped: float
    """Share of the characters whose glyphs the file maps to no Unicode: pdfium guesses those."""
    truncated: bool = False


def page_shape(page: Any) -> PageShape:
    """The visible box (media box cut by crop box) and rotation of a pypdfium2 page."""
    left, bottom, right, top = page.get_bbox()
    left, right = min(left, right), max(left, right)
    bottom, top = min(bottom, top), max(bottom, top)
    rotation = cast(Rotation, page.get_rotation() % 360)
    return PageShape(left, bottom, max(right - left, 1.0), max(top - bottom, 1.0), rotation)


@lru_cache(maxsize=1)
def _fast() -> tuple[Any, Any]:
    """FPDFText_GetLooseCharBox and FPDFText_GetUnicode taking plain addresses.

    Checking and wrapping ctypes arguments would cost more than the calls themselves.
    """
    import pypdfium2.raw as raw

    pointer, integer = ctypes.c_void_p, ctypes.c_int
    box_address = ctypes.cast(raw.FPDFText_GetLooseCharBox, pointer).value or 0
    unicode_address = ctypes.cast(raw.FPDFText_GetUnicode, pointer).value or 0
    get_box = ctypes.CFUNCTYPE(integer, pointer, integer, pointer)(box_address)
    get_unicode = ctypes.CFUNCTYPE(ctypes.c_uint, pointer, integer)(unicode_address)
    return get_box, get_unicode


def read_page_text(page: Any, shape: PageShape) -> PageText:
    """The text layer of a pypdfium2 page; no pieces when it has none.

    Raises pypdfium2.PdfiumError when the page's text can't be loaded.
    """
    import pypdfium2.raw as raw

    textpage = page.get_textpage()
    try:
        total = raw.FPDFText_CountChars(textpage.raw)
        count = min(total, MAX_CHARACTERS)
        if count <= 0:
            return PageText([], 0, 0.0, 0.0)
        codes = _read_codes(textpage.raw, count)
        printed = np.flatnonzero(~np.isin(codes, _SPACES))
        boxes = shape.to_seen(_read_boxes(textpage.raw, printed)) if printed.size else None
        if boxes is None:
            return PageText([], 0, 0.0, 0.0)
        visible = _visible(boxes, shape)
        printed, boxes = printed[visible], boxes[visible]
        if not printed.size:
            return PageText([], 0, 0.0, 0.0)
        _restore_clusters(codes, printed, boxes)
        garbage, unmapped = _doubtful(textpage.raw, codes, printed)
        guessed = _guessed(textpage.raw, codes, printed) if 0 < unmapped < 0.5 else None
        pieces = _pieces(textpage.raw, codes, printed, boxes, shape, guessed)
        return PageText(pieces, int(printed.size), garbage, unmapped, truncated=total > count)
    finally:
        textpage.close()


def _read_codes(textpage: Any, count: int) -> NDArray[np.uint32]:
    """Unicode code points [count] in the order of the page's content."""
    import pypdfium2.raw as raw

    buffer = (ctypes.c_ushort * (count + 1))()
    written = raw.FPDFText_GetText(textpage, 0, count, buffer)
    codes = np.ctypeslib.as_array(buffer)[:count]
    # The bulk call leaves out characters without Unicode and splits those beyond the BMP in two;
    # then its positions are not those of the boxes, and each character is asked for by itself.
    if written == count + 1 and not ((codes >= 0xD800) & (codes <= 0xDFFF)).any():
        return codes.astype(np.uint32)
    address = ctypes.cast(textpage, ctypes.c_void_p).value
    return np.fromiter(map(_fast()[1], repeat(address), range(count)), np.uint32, count)


def _read_boxes(textpage: Any, indices: NDArray[np.int64]) -> Floats:
    """Loose boxes (advance x line height) [n, 4] as left, bottom, right, top in PDF space."""
    count = len(indices)
    out = np.zeros((count, 4), np.float32)
    address = ctypes.cast(textpage, ctypes.c_void_p).value
    base = out.ctypes.data
    deque(
        map(_fast()[0], repeat(address), indices.tolist(), range(base, base + 16 * count, 16)),
        maxlen=0,
    )
    # FS_RECTF is left, top, right, bottom.
    left, right = np.minimum(out[:, 0], out[:, 2]), np.maximum(out[:, 0], out[:, 2])
    bottom, top = np.minimum(out[:, 1], out[:, 3]), np.maximum(out[:, 1], out[:, 3])
    return np.stack((left, bottom, right, top), axis=1).astype(np.float64)


def _restore_clusters(codes: NDArray[np.uint32], printed: NDArray[np.int64], boxes: Floats) -> None:
    """Puts the letters that one right-to-left glyph stands for back into reading order.

    They share a box. pdfium turns a right-to-left line around letter by letter, those that the
    file itself gives for one glyph included; presentation forms it spells out afterwards, rightly.
    """
    letters = codes[printed]
    rtl = (letters >= 0x590) & (letters <= 0x8FF)
    if not rtl.any():
        return
    joined = (boxes[1:] == boxes[:-1]).all(axis=1) & rtl[1:] & rtl[:-1]
    edges = np.diff(np.concatenate(([0], joined.view(np.int8), [0])))
    for start, stop in zip(np.flatnonzero(edges > 0), np.flatnonzero(edges < 0), strict=True):
        cluster = printed[start : stop + 1]
        if "".join(map(chr, codes[cluster])) not in presentation_forms():
            codes[cluster] = codes[cluster][::-1]


def _visible(boxes: Floats, shape: PageShape) -> NDArray[np.bool_]:
    width, height = shape.seen
    return (
        np.isfinite(boxes).all(axis=1)
        & (boxes[:, 2] > 0)
        & (boxes[:, 0] < width)
        & (boxes[:, 3] > 0)
        & (boxes[:, 1] < height)
    )


def _doubtful(
    textpage: Any, codes: NDArray[np.uint32], printed: NDArray[np.int64]
) -> tuple[float, float]:
    """Shares of garbage and of unmapped glyphs among at most 512 characters over the page."""
    import pypdfium2.raw as raw

    picked = printed[:: max(1, len(printed) // 256)]
    kept = codes[picked]
    bad = (kept < 0x20) & (kept != 2)
    bad |= ((kept >= 0x7F) & (kept < 0xA0)) | (kept == 0xFFFD) | (kept >= 0x110000)
    bad |= (kept >= 0xE000) & (kept <= 0xF8FF)
    unmapped = [raw.FPDFText_HasUnicodeMapError(textpage, i) == 1 for i in picked.tolist()]
    return float(bad.mean()), float(np.mean(unmapped))


def _guessed(
    textpage: Any, codes: NDArray[np.uint32], printed: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Which printed characters [n] beyond ASCII pdfium had to guess from an unmapped glyph."""
    import pypdfium2.raw as raw

    guessed = codes[printed] > 0x7F
    indices = np.flatnonzero(guessed)
    guessed[indices] = [
        raw.FPDFText_HasUnicodeMapError(textpage, i) == 1 for i in printed[indices].tolist()
    ]
    return guessed


def _directions(
    textpage: Any, firsts: list[int], rotation: Rotation
) -> tuple[list[Rotation], list[float]]:
    """For each character given: how far its text is turned as seen, and its font's scale."""
    import pypdfium2.raw as raw

    matrix = raw.FS_MATRIX()
    turns: list[Rotation] = []
    scales: list[float] = []
    for index in firsts:
        turn, scale = 0, 1.0
        if raw.FPDFText_GetMatrix(textpage, index, matrix):
            scale = (matrix.c**2 + matrix.d**2) ** 0.5 or 1.0
            if abs(matrix.b) > abs(matrix.a):
                turn = 270 if matrix.b > 0 else 90
            elif matrix.a < 0:
                turn = 180
        turns.append(cast(Rotation, (turn + rotation) % 360))
        scales.append(scale)
    return turns, scales


def to_frame(boxes: Floats, turn: Rotation) -> Floats:
    """Boxes [n, 4] as seen -> the frame in which text turned by `turn` runs to the right."""
    x0, y0, x1, y1 = boxes.T
    if turn == 90:
        return np.stack((y0, -x1, y1, -x0), axis=1)
    if turn == 180:
        return np.stack((-x1, -y1, -x0, -y0), axis=1)
    if turn == 270:
        return np.stack((-y1, x0, -y0, x1), axis=1)
    return boxes


def _pieces(
    textpage: Any,
    codes: NDArray[np.uint32],
    printed: NDArray[np.int64],
    boxes: Floats,
    shape: PageShape,
    guessed: NDArray[np.bool_] | None,
) -> list[Piece]:
    breaks_before = np.cumsum((codes == 0x0A) | (codes == 0x0D))[printed]
    new_run = np.concatenate(([True], np.diff(breaks_before) > 0))
    runs = np.cumsum(new_run) - 1
    firsts = printed[new_run].tolist()
    turns, _ = _directions(textpage, firsts, shape.rotation)
    turn_of = np.array(turns)[runs]
    frames = boxes
    if turn_of.any():
        frames = boxes.copy()
        for turn in {90, 180, 270} & set(turns):
            chosen = turn_of == turn
            frames[chosen] = to_frame(boxes[chosen], cast(Rotation, turn))
    labels = _label_pieces(frames, new_run, turn_of)
    if guessed is not None:
        # Signs that stand for something else must not be taken for letters of the next word.
        labels = 2 * labels + guessed
    return _build(textpage, codes, printed, boxes, frames, labels, turn_of)


def _label_pieces(
    frames: Floats, new_run: NDArray[np.bool_], turn_of: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The piece number [n] of each printed character, counted in content order.

    Lines part where characters stop sharing their height, not only where pdfium breaks lines: it
    joins a word hyphenated over two lines. Within a line characters are looked at from left to
    right, so that a gap is the same in either writing direction.
    """
    u0, v0, u1, v1 = frames.T
    heights = np.maximum(v1 - v0, 0.1)
    shared = np.minimum(v1[1:], v1[:-1]) - np.maximum(v0[1:], v0[:-1])
    shared /= np.minimum(heights[1:], heights[:-1])
    turned = turn_of[1:] != turn_of[:-1]
    new_line = np.concatenate(([True], (shared < 0.4) | (new_run[1:] & (shared < 0.7)) | turned))
    lines = np.cumsum(new_line) - 1
    far = 1e6
    order = np.lexsort((u0, lines))
    reach = np.maximum.accumulate(u1[order] + lines[order] * far) - lines[order] * far
    gap = u0[order][1:] - reach[:-1]
    wide = gap > 0.85 * np.maximum(heights[order][1:], heights[order][:-1])
    starts = np.concatenate(([True], wide | (np.diff(lines[order]) > 0)))
    labels = np.empty(len(u0), np.int64)
    labels[order] = np.cumsum(starts) - 1
    return labels


def _build(
    textpage: Any,
    codes: NDArray[np.uint32],
    printed: NDArray[np.int64],
    boxes: Floats,
    frames: Floats,
    labels: NDArray[np.int64],
    turn_of: NDArray[np.int64],
) -> list[Piece]:
    order = np.argsort(labels, kind="stable")
    sorted_labels = labels[order]
    starts = np.flatnonzero(np.concatenate(([True], np.diff(sorted_labels) > 0)))
    ends = np.append(starts[1:], len(order))
    low = np.minimum.reduceat(boxes[order][:, :2], starts)
    high = np.maximum.reduceat(boxes[order][:, 2:], starts)
    frame_low = np.minimum.reduceat(frames[order][:, :2], starts)
    frame_high = np.maximum.reduceat(frames[order][:, 2:], starts)
    box_rows = np.concatenate((low, high), axis=1).tolist()
    frame_rows = np.concatenate((frame_low, frame_high), axis=1).tolist()
    positions = printed[order]
    whole = codes.astype("<u4").tobytes().decode("utf-32-le", errors="replace")
    pieces = []
    for number, (start, end) in enumerate(zip(starts.tolist(), ends.tolist(), strict=True)):
        inside = positions[start:end]
        first, last = int(inside[0]), int(inside[-1])
        if order[end - 1] - order[start] == end - start - 1:
            text = whole[first : last + 1]
        else:
            text = _gather(whole, inside.tolist())
        text = clean(text)
        if not text.strip(". …"):
            continue
        size, bold, font = _style(textpage, int(inside[len(inside) // 2]), first)
        if size <= 0:
            size = (frame_rows[number][3] - frame_rows[number][1]) * 0.8
        pieces.append(
            Piece(
                text=text,
                box=tuple(box_rows[number]),
                frame=tuple(frame_rows[number]),
                turn=cast(Rotation, int(turn_of[order[start]])),
                size=size,
                bold=bold,
                font=font,
                order=first,
                right_to_left=mostly_right_to_left(text),
            )
        )
    pieces.sort(key=lambda piece: piece.order)
    return pieces


def _gather(whole: str, indices: list[int]) -> str:
    """The characters at `indices`, with one space where spaces stood between two of them."""
    parts = []
    before = indices[0] - 1
    for index in indices:
        if index > before + 1 and whole[before + 1 : index].isspace():
            parts.append(" ")
        parts.append(whole[index])
        before = index
    return "".join(parts)


def _style(textpage: Any, middle: int, first: int) -> tuple[float, bool, bytes]:
    """Font size in points as printed, whether it is bold from the first character on, its name."""
    import pypdfium2.raw as raw

    _, (scale,) = _directions(textpage, [middle], 0)
    size = raw.FPDFText_GetFontSize(textpage, middle) * scale
    bold, name = font_of(textpage, middle)
    if bold and first != middle:
        bold, _ = font_of(textpage, first)
    return size, bold, name
