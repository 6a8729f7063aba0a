"""A page's size and turn, and the frames that boxes are told in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rotation = Literal[0, 90, 180, 270]


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


def page_shape(page: Any) -> PageShape:
    """The visible box (media box cut by crop box) and rotation of a pypdfium2 page."""
    left, bottom, right, top = page.get_bbox()
    left, right = min(left, right), max(left, right)
    bottom, top = min(bottom, top), max(bottom, top)
    rotation = cast(Rotation, page.get_rotation() % 360)
    return PageShape(left, bottom, max(right - left, 1.0), max(top - bottom, 1.0), rotation)


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
