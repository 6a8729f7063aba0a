"""Large pictures with small type: read in tiles, their lines joined again where a tile ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pipelines.ocr.layout import Recognised, position

if TYPE_CHECKING:
    from PIL.Image import Image

_SMALL = 16.0
"""Pixels that a line is high in what an engine is given, below which letters blur."""
_LARGE = 3.0
"""A picture so many times as long as an engine is given may hide all its text when shrunk."""
_SIDE = 2
"""Tiles along each side: four more readings are what a picture's time allows."""
_OVERLAP = 0.1
"""Of a tile that it shares with the next, so that a word cut in one is whole in the other."""


@dataclass(frozen=True)
class Tile:
    """Pixels x0, y0, x1, y1 of the picture that are read, and those whose words are reported."""

    seen: tuple[int, int, int, int]
    core: tuple[float, float, float, float]
    scale: float
    """The picture's pixels for one that is read."""


def tiles_for(found: list[Recognised], picture: Image, longest: int) -> list[Tile]:
    """Tiles to read `picture` in, none when its type was large enough to be `found` in the whole.

    `longest` is the longer side that the engine is given.
    """
    scale = max(picture.size) / longest
    if scale <= 1.0 or max(picture.size) > 2 * min(picture.size):
        return []
    if found:
        heights = [np.linalg.norm(line.quad[3] - line.quad[0]) for line in found]
        if float(np.median(heights)) / scale >= _SMALL:
            return []
    elif scale < _LARGE:
        return []
    return list(_grid(*picture.size, longest))


def _grid(width: int, height: int, longest: int) -> Iterator[Tile]:
    wide, high = width / _SIDE, height / _SIDE
    for row in range(_SIDE):
        for column in range(_SIDE):
            core = (column * wide, row * high, (column + 1) * wide, (row + 1) * high)
            seen = (
                max(0, int(core[0] - _OVERLAP * wide)),
                max(0, int(core[1] - _OVERLAP * high)),
                min(width, int(core[2] + _OVERLAP * wide)),
                min(height, int(core[3] + _OVERLAP * high)),
            )
            yield Tile(seen, core, max(1.0, max(seen[2] - seen[0], seen[3] - seen[1]) / longest))


def inside(line: Recognised, tile: Tile) -> Recognised | None:
    """What of a line, placed in the picture, is the tile's to report: words by their middle."""
    x0, y0, x1, y1 = tile.core
    x, y = (float(value) for value in line.quad.mean(axis=0))
    if not y0 <= y < y1:
        return None
    if not line.words:
        return line if x0 <= x < x1 else None
    middles = [(left + right) / 2 for _, left, right in line.words]
    own = [index for index, middle in enumerate(middles) if x0 <= middle < x1]
    if len(own) in (0, len(middles)):
        return line if own else None
    first, last = own[0], own[-1] + 1
    sizes = [len(word.replace(" ", "")) for word, _, _ in line.words]
    start = position(line.text, sum(sizes[:first]))
    stop = position(line.text, sum(sizes[:last]))
    words = line.words[first:last]
    quad = line.quad.copy()
    quad[[0, 3], 0], quad[1:3, 0] = words[0][1], words[-1][2]
    return Recognised(line.text[start:stop].strip(), quad, line.confidence, words)


def mended(found: list[Recognised], tiles: list[Tile]) -> list[Recognised]:
    """Lines whose halves two tiles side by side reported, as one."""
    cuts = sorted({tile.core[2] for tile in tiles})[:-1]
    for cut in cuts:
        for left in [line for line in found if line.quad[1, 0] <= cut + _height(line)]:
            right = next((line for line in found if _goes_on(left, line, cut)), None)
            if right is not None:
                found = [line for line in found if line is not left and line is not right]
                found.append(_joined(left, right))
    return found


def _goes_on(left: Recognised, right: Recognised, cut: float) -> bool:
    height = _height(left)
    gap = right.quad[0, 0] - left.quad[1, 0]
    beside = abs(float(left.quad[:, 1].mean() - right.quad[:, 1].mean()))
    return bool(
        left is not right
        and left.quad[1, 0] > cut - 2 * height
        and abs(right.quad[0, 0] - cut) < 2 * height
        and -0.5 * height < gap < height
        and beside < 0.5 * height
    )


def _joined(left: Recognised, right: Recognised) -> Recognised:
    quad = np.stack([left.quad[0], right.quad[1], right.quad[2], left.quad[3]])
    weights = [len(left.text), len(right.text)]
    confidence = float(np.average([left.confidence, right.confidence], weights=weights))
    return Recognised(f"{left.text} {right.text}", quad, confidence, left.words + right.words)


def _height(line: Recognised) -> float:
    return float(np.linalg.norm(line.quad[3] - line.quad[0]))
