"""Characters of a page as pdfium tells them: code points, boxes, doubts, directions."""

from __future__ import annotations

import ctypes
from collections import deque
from functools import lru_cache
from itertools import repeat
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from pipelines.parsers.pdf.letters import presentation_forms
from pipelines.parsers.pdf.page_geometry import Floats, PageShape, Rotation

_SPACES = (0x20, 0xA0, 0x09, 0x0A, 0x0D, 0x2028, 0x2029, 0x3000)
_IS_SPACE = np.zeros(0x3002, np.bool_)
_IS_SPACE[list(_SPACES)] = True


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


def are_spaces(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Which code points [n] print nothing but a gap."""
    return _IS_SPACE[np.minimum(codes, 0x3001)]


def read_codes(textpage: Any, count: int) -> NDArray[np.uint32]:
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


def read_boxes(textpage: Any, indices: NDArray[np.int64]) -> Floats:
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


def restore_clusters(codes: NDArray[np.uint32], printed: NDArray[np.int64], boxes: Floats) -> None:
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


def visible(boxes: Floats, shape: PageShape) -> NDArray[np.bool_]:
    width, height = shape.seen
    return (
        np.isfinite(boxes).all(axis=1)
        & (boxes[:, 2] > 0)
        & (boxes[:, 0] < width)
        & (boxes[:, 3] > 0)
        & (boxes[:, 1] < height)
    )


def doubtful(
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


def guessed(
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


def directions(
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
