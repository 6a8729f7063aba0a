"""Sheets that were scanned sideways or upside down: turned, read, and located as they lie."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pipelines.ocr import Engine, Reading, engine_name, read, read_picture
from pipelines.ocr.layout import OcrLine
from pipelines.types import Box

if TYPE_CHECKING:
    from PIL.Image import Image, Transpose

_UNSURE = 0.75
"""Mean confidence below which a page may stand on its head: both engines then say 0.60 to 0.67,
and 0.94 to 0.99 of the same lines upright (three page renders)."""
_SAMPLE = 12
"""Lines that are enough to tell which way is up."""
_BETTER = 1.2
_SURER, _LEAST = 0.1, 0.3
"""What a second engine is surer by, and its share of the other's letters, to be believed."""
_INK, _SPECKS = 64, 0.0005
"""Of 255: how much darker than paper ink is; and the share of it that dust may take."""


def read_scan(image: Image, threads: int = 2) -> Reading:
    """A page scan, by the faster engine there is, and again by RapidOCR where that made no sense.

    Tesseract knows the languages it was installed with, RapidOCR also Chinese and Japanese.
    Raises what `read` raises.
    """
    first = read_upright(image, "auto", threads)
    if engine_name() == "rapidocr" or _confidence(first.lines) > _UNSURE or _is_blank(image):
        return first
    second = read_upright(image, "rapidocr", threads)
    surer = _confidence(second.lines) > _confidence(first.lines) + _SURER
    return second if surer and _score(second.lines) > _LEAST * _score(first.lines) else first


def _is_blank(image: Image) -> bool:
    """Whether hardly anything stands on the paper."""
    small = image.convert("L").reduce(2)
    counts = np.cumsum(small.histogram())
    paper = int(np.searchsorted(counts, counts[-1] / 2))
    return bool(counts[max(0, paper - _INK)] < _SPECKS * counts[-1])


def read_upright(image: Image, engine: Engine = "auto", threads: int = 2) -> Reading:
    """Like `read`, but of a sheet that lies in any of four ways; boxes are `image`'s.

    Raises what `read` raises.
    """
    first = read(image, engine, threads)
    turn = _turn(first.lines, image, engine, threads)
    if turn is None:
        return first
    upright = read(image.transpose(turn), engine, threads)
    lines = [
        OcrLine(line.text, _turn_back(line.box, turn), line.confidence) for line in upright.lines
    ]
    return Reading(lines, upright.unread, upright.engine)


def _turn(lines: list[OcrLine], image: Image, engine: Engine, threads: int) -> Transpose | None:
    """What sets the sheet upright, None when it stands so already.

    Engines turn lines that run down a picture to the left before they read them: where that made
    sense it is what the sheet needs, in a wrong order. Lines upside down only show when some are
    read the other way up.
    """
    from PIL.Image import Transpose

    sure = _confidence(lines)
    if _mostly_tall(lines, image):
        return Transpose.ROTATE_90 if sure > _UNSURE else Transpose.ROTATE_270
    if not lines or sure > _UNSURE:
        return None
    top, bottom = _sample(lines)
    sample = image.crop((0, round(top * image.height), image.width, round(bottom * image.height)))
    turned = sample.transpose(Transpose.ROTATE_180)
    found = _score(read_picture(turned, engine, threads))
    before = _score([line for line in lines if top < (line.box[1] + line.box[3]) / 2 < bottom])
    return Transpose.ROTATE_180 if found > _BETTER * before else None


def _sample(lines: list[OcrLine]) -> tuple[float, float]:
    """Top and bottom of some lines in the middle; of the whole picture when they are few."""
    if len(lines) <= 2 * _SAMPLE:
        return 0.0, 1.0
    edges = sorted((line.box[1], line.box[3]) for line in lines)
    first = (len(lines) - _SAMPLE) // 2
    some = edges[first : first + _SAMPLE]
    return max(0.0, some[0][0] - 0.005), min(1.0, max(bottom for _, bottom in some) + 0.005)


def _turn_back(box: Box, turn: Transpose) -> Box:
    """A box of the picture turned by `turn` (PIL's, counterclockwise) in the picture before."""
    from PIL.Image import Transpose

    x0, y0, x1, y1 = box
    if turn == Transpose.ROTATE_90:
        turned = 1 - y1, x0, 1 - y0, x1
    elif turn == Transpose.ROTATE_270:
        turned = y0, 1 - x1, y1, 1 - x0
    else:
        turned = 1 - x1, 1 - y1, 1 - x0, 1 - y0
    a, b, c, d = (round(edge, 5) for edge in turned)
    return a, b, c, d


def _confidence(lines: list[OcrLine]) -> float:
    letters = sum(len(line.text) for line in lines) or 1
    return sum(len(line.text) * line.confidence for line in lines) / letters


def _mostly_tall(lines: list[OcrLine], image: Image) -> bool:
    """Whether most letters stand in lines that run down the picture."""
    tall = sum(len(line.text) for line in lines if _is_tall(line, image))
    return 2 * tall > sum(len(line.text) for line in lines)


def _is_tall(line: OcrLine, image: Image) -> bool:
    x0, y0, x1, y1 = line.box
    return len(line.text) > 2 and (y1 - y0) * image.height > 1.5 * (x1 - x0) * image.width


def _score(lines: list[OcrLine]) -> float:
    """Letters read with confidence."""
    return sum(len(line.text) * line.confidence for line in lines)
