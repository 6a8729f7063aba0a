"""Reading order of recognised lines: columns one after the other, rows left to right, blocks.

Distances are compared with the usual line height, so that nothing here depends on resolution.
"""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

import numpy as np

_COLUMN_LINES = 3
"""A column holds at least this many lines,"""
_COLUMN_LETTERS = 10
"""and its usual line this many letters. Prices on a receipt are no column: its rows belong
together."""
_MARGIN = 0.25
"""Of a line's height."""
_SPANNING_SHARE = 0.35
"""Of the letters may stand in lines that cross the gutter: titles, wide captions."""


@dataclass(frozen=True)
class OcrLine:
    """A line as recognised: `box` is x0, y0, x1, y1 in fractions 0..1 of the picture as seen."""

    text: str
    box: tuple[float, float, float, float]
    confidence: float
    """0..1, as the engine says."""

    @property
    def height(self) -> float:
        return self.box[3] - self.box[1]


@dataclass(frozen=True)
class Recognised:
    """A line as an engine gives it, in pixels.

    `quad` is float [4, 2]: its corners from top left clockwise. `words` are its words with their
    left and right edges, as far as the engine tells them.
    """

    text: str
    quad: np.ndarray
    confidence: float
    words: tuple[tuple[str, float, float], ...] = ()

    def placed(self, scale: float, offset: np.ndarray) -> Recognised:
        """The line in a picture that is `scale` times as large and begins `offset` before."""
        words = tuple(
            (text, left * scale + offset[0], right * scale + offset[0])
            for text, left, right in self.words
        )
        return Recognised(self.text.strip(), self.quad * scale + offset, self.confidence, words)

    @property
    def aspect(self) -> float:
        """Times that the line is as long as it is high."""
        along = float(np.linalg.norm(self.quad[1] - self.quad[0]))
        across = float(np.linalg.norm(self.quad[3] - self.quad[0]))
        return max(along, across) / max(min(along, across), 1e-6)

    @property
    def letters(self) -> int:
        """An ideograph counts as two: how much of running text the line is."""
        return sum(1 + (character >= "\u2e80") for character in self.text if character.isalpha())


def lean(found: list[Recognised]) -> float:
    """The angle in radians that most lines stand at: a photographed page leans."""
    if not found:
        return 0.0
    quads = np.stack([line.quad for line in found])
    along = quads[:, 1] - quads[:, 0]
    wide = np.abs(along[:, 0]) > 3 * np.abs(quads[:, 3, 1] - quads[:, 0, 1])
    if not wide.any():
        return 0.0
    return float(np.median(np.arctan2(along[wide, 1], along[wide, 0])))


def read_order(found: list[Recognised], angle: float) -> list[int]:
    """Indexes of `found` as a person reads them, by their boxes turned level."""
    if not found:
        return []
    boxes = level_boxes(found, angle)
    return reading_order(boxes, np.array([line.letters for line in found]))


def level_boxes(found: list[Recognised], angle: float) -> np.ndarray:
    """Boxes x0, y0, x1, y1 (float [n, 4]) of lines turned back by `angle`."""
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    level = np.stack([line.quad for line in found]) @ turn
    return np.concatenate([level.min(axis=1), level.max(axis=1)], axis=1)


def position(text: str, letters: int) -> int:
    """Where in `text` so many characters that are no spaces have passed."""
    for index, character in enumerate(text):
        if not letters:
            return index
        letters -= not character.isspace()
    return len(text)


def reading_order(boxes: np.ndarray, lengths: np.ndarray) -> list[int]:
    """Indexes of `boxes` (float [n, 4] in pixels, one per line) as a person reads them.

    `lengths` (int [n]) are letters per line. Lines that cross a gutter between two columns
    part the page into bands; in each band the left column is read before the right one.
    """
    return _order(narrowed(boxes), lengths, np.arange(len(boxes)))


def narrowed(boxes: np.ndarray) -> np.ndarray:
    """The boxes without the margin that engines leave on both sides of a line's letters."""
    if not len(boxes):
        return boxes
    margin = _MARGIN * float(np.median(boxes[:, 3] - boxes[:, 1]))
    inset = np.minimum(margin, (boxes[:, 2] - boxes[:, 0]) / 4)
    return boxes + np.stack([inset, 0 * inset, -inset, 0 * inset], axis=1)


def group_lines(lines: list[OcrLine]) -> list[list[OcrLine]]:
    """Ordered lines as blocks: a gap, another column or another size of type starts a new one."""
    blocks: list[list[OcrLine]] = []
    for line in lines:
        if blocks and _continues(blocks[-1], line):
            blocks[-1].append(line)
        else:
            blocks.append([line])
    return blocks


def block_text(block: list[OcrLine]) -> tuple[str, list[tuple[int, int]]]:
    """The block's text and, per line, where it starts and ends in it.

    Pieces of one row (a label and its value) are joined by a space, rows by a newline.
    """
    text = ""
    places: list[tuple[int, int]] = []
    for index, line in enumerate(block):
        if index:
            text += " " if _same_row(block[index - 1].box, line.box) else "\n"
        places.append((len(text), len(text) + len(line.text)))
        text += line.text
    return text, places


def _order(boxes: np.ndarray, lengths: np.ndarray, subset: np.ndarray) -> list[int]:
    if len(subset) < 2:
        return [int(index) for index in subset]
    gutter = find_gutter(boxes[subset], lengths[subset])
    if gutter is not None:
        return _order_columns(boxes, lengths, subset, sum(gutter) / 2)
    cut = _find_gap(boxes[subset])
    if cut is not None:
        above = subset[boxes[subset, 3] <= cut]
        below = subset[boxes[subset, 3] > cut]
        return _order(boxes, lengths, above) + _order(boxes, lengths, below)
    return [int(subset[index]) for index in _rows(boxes[subset])]


def _order_columns(
    boxes: np.ndarray, lengths: np.ndarray, subset: np.ndarray, gutter: float
) -> list[int]:
    middles = (boxes[subset, 1] + boxes[subset, 3]) / 2
    spanning = (boxes[subset, 0] < gutter) & (boxes[subset, 2] > gutter)
    edges = np.sort(middles[spanning])
    bands = np.searchsorted(edges, middles, side="left")
    ordered: list[int] = []
    for band in range(len(edges) + 1):
        inside = ~spanning & (bands == band)
        left = inside & (boxes[subset, 2] <= gutter)
        for column in (left, inside & ~left):
            ordered += _order(boxes, lengths, subset[column])
        ordered += [int(index) for index in subset[spanning & (bands == band)]]
    return ordered


def find_gutter(boxes: np.ndarray, lengths: np.ndarray) -> tuple[float, float] | None:
    """Where running text stands on both sides and few lines cross, as x of both its edges.

    `boxes` are narrowed. None when there is no such place.
    """
    if len(boxes) < 2 * _COLUMN_LINES:
        return None
    # Half a line height keeps the gap between two words from passing for a gutter.
    least = 0.5 * float(np.median(boxes[:, 3] - boxes[:, 1]))
    best: tuple[float, float, float] | None = None
    for x in np.unique(boxes[:, 2]):
        left = boxes[:, 2] <= x
        right = boxes[:, 0] >= x + least
        crossing = float(lengths[~left & ~right].sum() / max(1, lengths.sum()))
        if crossing > _SPANNING_SHARE or (best and crossing >= best[0]):
            continue
        if not (_is_column(lengths[left]) and _is_column(lengths[right])):
            continue
        if _side_by_side(boxes[left], boxes[right]):
            best = (crossing, float(x), float(boxes[right, 0].min()))
    return best[1:] if best else None


def _is_column(lengths: np.ndarray) -> bool:
    return len(lengths) >= _COLUMN_LINES and float(np.median(lengths)) >= _COLUMN_LETTERS


def _side_by_side(left: np.ndarray, right: np.ndarray) -> bool:
    shared = min(left[:, 3].max(), right[:, 3].max()) - max(left[:, 1].min(), right[:, 1].min())
    shorter = min(np.ptp(left[:, [1, 3]]), np.ptp(right[:, [1, 3]]))
    return bool(shared > 0.3 * shorter)


def _find_gap(boxes: np.ndarray) -> float | None:
    """The y of the widest empty band across all lines, if it is wider than a line and a half."""
    order = np.argsort(boxes[:, 1])
    tops = boxes[order, 1][1:]
    bottoms = np.maximum.accumulate(boxes[order, 3])[:-1]
    gaps = tops - bottoms
    widest = int(np.argmax(gaps))
    if gaps[widest] < 1.5 * float(np.median(boxes[:, 3] - boxes[:, 1])):
        return None
    return float(bottoms[widest])


def _rows(boxes: np.ndarray) -> list[int]:
    """Top to bottom, and left to right among the lines that stand on one row."""
    rows: list[list[int]] = []
    for index in np.argsort((boxes[:, 1] + boxes[:, 3]) / 2, kind="stable"):
        if rows and _same_row(boxes[rows[-1][0]], boxes[index]):
            rows[-1].append(int(index))
        else:
            rows.append([int(index)])
    return [index for row in rows for index in sorted(row, key=lambda i: float(boxes[i, 0]))]


def _same_row(one: tuple[float, ...] | np.ndarray, two: tuple[float, ...] | np.ndarray) -> bool:
    beside = min(one[3], two[3]) - max(one[1], two[1])
    above = min(one[2], two[2]) - max(one[0], two[0])
    return bool(
        beside > 0.5 * min(one[3] - one[1], two[3] - two[1])
        and above < 0.2 * min(one[2] - one[0], two[2] - two[0])
    )


def _continues(block: list[OcrLine], line: OcrLine) -> bool:
    last = block[-1]
    if _same_row(last.box, line.box):
        return True
    usual = median(each.height for each in block)
    gap = line.box[1] - last.box[3]
    left = min(each.box[0] for each in block)
    right = max(each.box[2] for each in block)
    return (
        -0.5 * usual <= gap <= 0.9 * usual
        and 0.6 <= line.height / max(usual, 1e-6) <= 1.6
        and min(right, line.box[2]) > max(left, line.box[0])
    )
