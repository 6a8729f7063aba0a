"""Chinese and Japanese set in columns, from top to bottom and from right to left."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pipelines.parsers.pdf.page_geometry import Floats

_SHORTEST = 3
"""Characters under each other that are a column; two may be a line and the next."""


def as_columns(
    codes: NDArray[np.uint32], boxes: Floats, turns: NDArray[np.int64]
) -> tuple[Floats, NDArray[np.int64]]:
    """Boxes [n, 4] and turns [n] of characters, those set in columns told as turned by 90 degrees.

    Characters come in the order of the page's content. In the frame of text turned by 90 degrees a
    column runs to the right and the next column, left of it, is the line below: all that holds for
    lines holds for columns.
    """
    if codes.max(initial=0) < 0x2E80:
        return boxes, turns
    wide = (codes >= 0x2E80) & (codes <= 0xFFEF) & ((codes < 0xA960) | (codes > 0xDFFF))
    if np.count_nonzero(wide) < _SHORTEST:
        return boxes, turns
    x0, y0, x1, y1 = boxes.T
    height = np.maximum(y1 - y0, 0.1)
    step = y0[1:] - y0[:-1]
    follows = wide[1:] & wide[:-1] & (turns[1:] == 0) & (turns[:-1] == 0)
    follows &= np.abs(x1[1:] - x1[:-1]) < 0.35 * height[:-1]
    follows &= (step > 0.6 * height[:-1]) & (step < 1.6 * height[:-1])
    edges = np.diff(np.concatenate(([0], follows.view(np.int8), [0])))
    starts, stops = np.flatnonzero(edges > 0), np.flatnonzero(edges < 0)
    long = stops - starts + 1 >= _SHORTEST
    if not long.any():
        return boxes, turns
    boxes, turns = boxes.copy(), turns.copy()
    for start, stop in zip(starts[long], stops[long] + 1, strict=True):
        turns[start:stop] = 90
        # To a vertical glyph's box pdfium joins the place, left of it, that it has in a line.
        own = 1.2 * float(np.median(height[start:stop]))
        boxes[start:stop, 0] = np.maximum(x0[start:stop], x1[start:stop] - own)
    return boxes, turns
