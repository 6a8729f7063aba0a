"""Lines that an engine read straight across the narrow gap between two columns, parted again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipelines.ocr.layout import Recognised, find_gutter, level_boxes, narrowed, position

if TYPE_CHECKING:
    from PIL.Image import Image

_LEVEL = 0.01
"""Radians that a page may lean for its gutter to be an upright strip of paper."""
_MOST_COLUMNS = 4
_BLANK = 0.02
"""Of a strip's pixels may be dark: specks."""
_LETTERS = 8
"""That either side of a parted line holds at least."""
_WIDER = 0.4
"""Of a line's height; the space between two words is about half of that."""
_WIDER_IDEOGRAPHS = 1.2
"""Ideographs stand in a grid, where the blank halves of commas and quotes come together."""
_ROWS = 3
_MOST = 0.6
"""So many lines, and this share of those that pass there, make a gutter of a blank strip."""


def split_at_gutters(found: list[Recognised], picture: Image, angle: float) -> list[Recognised]:
    """`found` with lines parted at gutters of the RGB `picture` where its paper shows through.

    A title that stands across both columns has ink there, or does not begin where the column
    does.
    """
    if abs(angle) > _LEVEL or not any(line.words for line in found):
        return found
    grey = np.asarray(picture.convert("L"))
    return _split(found, grey, _MOST_COLUMNS - 1)


def _split(found: list[Recognised], grey: np.ndarray, rounds: int) -> list[Recognised]:
    if not found or not rounds:
        return found
    boxes = narrowed(level_boxes(found, 0.0))
    gutter = find_gutter(boxes, np.array([line.letters for line in found]))
    column = None
    if gutter is not None:
        column = float(np.median(boxes[boxes[:, 2] <= sum(gutter) / 2, 0]))
    else:
        gutter = _gutter_of_paper(found, boxes, grey)
    if gutter is None:
        return found
    left, right, across = [], [], []
    middle = sum(gutter) / 2
    for line, box in zip(found, boxes, strict=True):
        halves = None
        if column is None or abs(box[0] - column) < 2 * (box[3] - box[1]):
            halves = _halves(line, box, gutter, grey)
        if box[2] <= middle:
            left.append(line)
        elif box[0] >= middle:
            right.append(line)
        elif halves:
            left.append(halves[0])
            right.append(halves[1])
        else:
            across.append(line)
    return across + _split(left, grey, rounds - 1) + _split(right, grey, rounds - 1)


def _gutter_of_paper(
    found: list[Recognised], boxes: np.ndarray, grey: np.ndarray
) -> tuple[float, float] | None:
    """A strip wider than a space that most long lines leave blank: all were read across it."""
    blank, reach = np.zeros(grey.shape[1], int), np.zeros(grey.shape[1], int)
    for line, box in zip(found, boxes, strict=True):
        height = box[3] - box[1]
        wider = _WIDER if line.letters < 1.5 * len(line.text) else _WIDER_IDEOGRAPHS
        start, stop = int(box[0] + 2 * height), int(box[2] - 2 * height)
        if stop <= start:
            continue
        inked = (_ink(box, grey)[:, start - int(box[0]) : stop - int(box[0])]).mean(axis=0)
        edges = np.flatnonzero(np.diff(np.concatenate([[True], inked > _BLANK, [True]])))
        for first, last in zip(edges[::2], edges[1::2], strict=True):
            if last - first >= wider * height:
                blank[start + first : start + last] += 1
        reach[start:stop] += 1
    common = int(blank.max(initial=0))
    place = int(np.argmax(blank)) if len(blank) else 0
    if common < _ROWS or common < _MOST * reach[place]:
        return None
    strip = blank[place:] == common
    return float(place), float(place + (len(strip) if strip.all() else int(np.argmin(strip))))


def _ink(box: np.ndarray, grey: np.ndarray) -> np.ndarray:
    """Which pixels of a line are dark, bool [height, width]."""
    x0, y0 = (max(0, int(edge)) for edge in box[:2])
    inside = grey[y0 : int(np.ceil(box[3])), x0 : int(np.ceil(box[2]))]
    if not inside.size:
        return np.ones((1, max(1, int(np.ceil(box[2])) - x0)), bool)
    return inside < (float(inside.min()) + float(np.median(inside))) / 2


def _halves(
    line: Recognised, box: np.ndarray, gutter: tuple[float, float], grey: np.ndarray
) -> tuple[Recognised, Recognised] | None:
    inner, outer = gutter
    if not box[0] < inner < outer < box[2]:
        return None
    margin = 0.2 * (outer - inner)
    strip = slice(int(inner + margin - box[0]), int(np.ceil(outer - margin - box[0])))
    if float(_ink(box, grey)[:, strip].mean()) > _BLANK:
        return None
    middle = (inner + outer) / 2
    before = [word for word in line.words if (word[1] + word[2]) / 2 < middle]
    after = list(line.words[len(before) :])
    at = position(line.text, sum(len(word.replace(" ", "")) for word, _, _ in before))
    texts = line.text[:at].strip(), line.text[at:].strip()
    if min(len(text) for text in texts) < _LETTERS:
        return None
    one, two = line.quad.copy(), line.quad.copy()
    one[1:3, 0] = inner
    two[[0, 3], 0] = outer
    return (
        Recognised(texts[0], one, line.confidence, tuple(before)),
        Recognised(texts[1], two, line.confidence, tuple(after)),
    )
