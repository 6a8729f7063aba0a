"""Characters of a PDF page -> pieces of lines, with their boxes on the page as a person sees it.

A piece is a stretch of characters on one line without a wide gap. Wide gaps part columns and
table cells; whether the pieces of a line belong together is decided in `pdf_layout`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from pipelines.parsers.pdf.characters import (
    are_spaces,
    directions,
    doubtful,
    guessed,
    read_boxes,
    read_codes,
    restore_clusters,
    visible,
)
from pipelines.parsers.pdf.fonts import font_of
from pipelines.parsers.pdf.letters import clean, mostly_right_to_left
from pipelines.parsers.pdf.page_geometry import Floats, PageShape, Rotation, page_shape, to_frame
from pipelines.parsers.pdf.vertical_text import as_columns

__all__ = ["PageShape", "PageText", "Piece", "page_shape", "read_page_text"]

MAX_CHARACTERS = 400_000
"""Of one page; what follows is left out. A dense newspaper page has some 30,000."""


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
        codes = read_codes(textpage.raw, count)
        printed = np.flatnonzero(~are_spaces(codes))
        boxes = shape.to_seen(read_boxes(textpage.raw, printed)) if printed.size else None
        if boxes is None:
            return PageText([], 0, 0.0, 0.0)
        seen = visible(boxes, shape)
        printed, boxes = printed[seen], boxes[seen]
        if not printed.size:
            return PageText([], 0, 0.0, 0.0)
        restore_clusters(codes, printed, boxes)
        garbage, unmapped = doubtful(textpage.raw, codes, printed)
        doubts = guessed(textpage.raw, codes, printed) if 0 < unmapped < 0.5 else None
        pieces = _pieces(textpage.raw, codes, printed, boxes, shape, doubts)
        return PageText(pieces, int(printed.size), garbage, unmapped, truncated=total > count)
    finally:
        textpage.close()


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
    turns, _ = directions(textpage, firsts, shape.rotation)
    boxes, turn_of = as_columns(codes[printed], boxes, np.array(turns)[runs])
    frames = boxes
    if turn_of.any():
        frames = boxes.copy()
        for turn in {90, 180, 270} & set(turn_of.tolist()):
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

    _, (scale,) = directions(textpage, [middle], 0)
    size = raw.FPDFText_GetFontSize(textpage, middle) * scale
    bold, name = font_of(textpage, middle)
    if bold and first != middle:
        bold, _ = font_of(textpage, first)
    return size, bold, name
