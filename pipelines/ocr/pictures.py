"""Text in pictures: lines with their boxes, in reading order.

Two engines give the same answer: the `tesseract` program where it is installed, which reads page
scans several times faster, and RapidOCR, whose models come in its wheel.
"""

from __future__ import annotations

import shutil
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from pipelines.ocr.columns import split_at_gutters
from pipelines.ocr.layout import (
    OcrLine,
    Recognised,
    lean,
    read_order,
)
from pipelines.ocr.tiles import Tile, inside, mended, tiles_for
from pipelines.ordered_pool import Later, in_order

if TYPE_CHECKING:
    from PIL.Image import Image

Engine = Literal["auto", "tesseract", "rapidocr"]

_SMALLEST = 8
"""Pixels of the shorter side below which no letter fits."""

_LONGEST = {"tesseract": 4000, "rapidocr": 2000}
"""Pixels of the longer side that an engine is given; more costs time and gains nothing."""
_BAND_SHAPE = 2.0
"""A picture longer than this many times its width (a receipt, a scrolled screenshot) is read in
bands, because shrinking it to the longest side would make its text unreadable."""
_BANDS = 16
_OVERLAP = 0.1
"""Of a band's length that it shares with the next, so that no line is cut in both."""
_VISIBLE, _LIGHT, _SOME = 64, 160, 0.1
"""Of a transparent picture: least opacity and brightness (of 255) of what is drawn in a light
colour, and the share of it that may be lost against the paper."""
_LINE_CONFIDENCE = 0.5
_LONE_CONFIDENCE = 0.95
_LINE_SHAPE = 4.0
"""Times as wide as high: what is seen of that shape is a line, and no speck or drawing."""
_FEWEST = 0.3
"""Characters on as much of a line as it is high; letters take about 2, ideographs 1."""
_UNREAD = 0.1
"""Of the lines seen."""


def engine_name() -> str:
    """`tesseract` or `rapidocr`: what `auto` means on this machine."""
    return "tesseract" if shutil.which("tesseract") else "rapidocr"


@dataclass(frozen=True)
class Reading:
    """What an engine made of a picture: lines in reading order, and how many it saw and could not
    read."""

    lines: list[OcrLine]
    unread: int
    engine: str

    @property
    def is_partial(self) -> bool:
        """Whether much of the text was not read: a script the engine does not know, or blur."""
        return self.unread >= max(2, _UNREAD * (len(self.lines) + self.unread))


def read_picture(image: Image, engine: Engine = "auto", threads: int = 2) -> list[OcrLine]:
    """Lines of text in `image`, which stands as a person sees it, in reading order.

    Like `read`, for who need not know what could not be read.
    """
    return read(image, engine, threads).lines


def read(image: Image, engine: Engine = "auto", threads: int = 2) -> Reading:
    """The text in `image`, which stands as a person sees it.

    `threads` are RapidOCR's: 1 where several pictures are read at a time. Raises ModelUnavailable
    when an engine is asked for that is not installed, ParserStalled when tesseract does not
    finish, SourceUnreadable when an engine fails.
    """
    chosen = engine_name() if engine == "auto" else engine
    if min(image.size) < _SMALLEST:
        return Reading([], 0, chosen)
    picture = flatten(image)
    found, unread = _in_bands(picture, chosen, threads)
    tiles = tiles_for(found, picture, _LONGEST[chosen])
    if tiles:
        found, unread = _in_tiles(picture, tiles, chosen, threads)
    angle = lean(found)
    found = split_at_gutters(found, picture, angle)
    lines = [_line(found[index], *picture.size) for index in read_order(found, angle)]
    return Reading(lines, unread, chosen)


def _in_bands(picture: Image, engine: str, threads: int) -> tuple[list[Recognised], int]:
    """Lines of the whole picture, and the number of those that could not be read."""
    along = 1 if picture.height >= picture.width else 0
    found: list[Recognised] = []
    unread = 0
    for band, offset, scale, (first, last) in _bands(picture, _LONGEST[engine]):
        for line in _recognise(band, engine, threads):
            placed = line.placed(scale, np.array(offset))
            middle = float(placed.quad[:, along].mean())
            if not first <= middle < last:
                continue
            if _is_text(placed):
                found.append(placed)
            elif placed.aspect > _LINE_SHAPE:
                unread += 1
    return found, unread


def _in_tiles(
    picture: Image, tiles: list[Tile], engine: str, threads: int
) -> tuple[list[Recognised], int]:
    """The same from tiles, two at a time where there are threads for it."""

    def read_tile(tile: Tile) -> list[Recognised]:
        piece = _fit(picture.crop(tile.seen), tile.scale)
        offset = np.array(tile.seen[:2], dtype=float)
        lines = _recognise(piece, engine, 1)
        own = (inside(line.placed(tile.scale, offset), tile) for line in lines)
        return [line for line in own if line is not None]

    def readings() -> Generator[list[Recognised] | Later[list[Recognised]], None, None]:
        for tile in tiles:
            yield Later(partial(read_tile, tile))

    found: list[Recognised] = []
    unread = 0
    with closing(in_order(readings(), threads)) as ordered:
        for lines in ordered:
            found += [line for line in lines if _is_text(line)]
            unread += sum(line.aspect > _LINE_SHAPE for line in lines if not _is_text(line))
    return mended(found, tiles), unread


def _recognise(image: Image, engine: str, threads: int) -> list[Recognised]:
    if engine == "tesseract":
        from pipelines.ocr import with_tesseract

        return with_tesseract.recognise(image)
    from pipelines.ocr import with_rapidocr

    return with_rapidocr.recognise(image, threads)


def flatten(image: Image) -> Image:
    """`image` as RGB: what is transparent on paper of another colour, other depths in 0..255."""
    from PIL import Image as pillow

    if image.mode == "RGB":
        return image
    if image.mode.startswith(("I", "F")):
        values = np.asarray(image, dtype=np.float32)
        low, high = float(values.min()), float(values.max())
        values = (values - low) * (255.0 / max(high - low, 1e-6))
        return pillow.fromarray(values.astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        paper = pillow.new("RGB", image.size, _paper(layered))
        paper.paste(layered, mask=layered.getchannel("A"))
        return paper
    return image.convert("RGB")


def _paper(layered: Image) -> str:
    """A colour that what is drawn on nothing stands out from: white letters need dark paper."""
    pixels = np.asarray(layered.reduce(max(1, max(layered.size) // 1000)))
    shown = pixels[pixels[..., 3] > _VISIBLE]
    if shown.size == 0:
        return "white"
    light = float((shown[:, :3].mean(axis=1) > _LIGHT).mean())
    if light < _SOME:
        return "white"
    return "black" if light > 1 - _SOME else "grey"


def _bands(
    picture: Image, longest: int
) -> Iterator[tuple[Image, tuple[float, float], float, tuple[float, float]]]:
    """Pieces of `picture` of a size and shape the engines read well.

    Each with its offset (x, y) in the picture, the picture's pixels per pixel of the piece, and
    the range along the longer side whose lines this piece reports: bands overlap so that no line
    is cut in all of them, and each line is reported once.
    """
    width, height = picture.size
    short, long = min(width, height), max(width, height)
    length = float(long)
    if long > longest and long > _BAND_SHAPE * short:
        length = max(min(_BAND_SHAPE * short, long), long / _BANDS, float(longest) / 2)
    count = max(1, round(long / length))
    step = long / count
    margin = step * _OVERLAP if count > 1 else 0.0
    for index in range(count):
        first = index * step if index else -1.0
        last = (index + 1) * step if index < count - 1 else long + 1.0
        start, stop = max(0, int(first - margin)), min(long, int(last + margin) + 1)
        box = (0, start, width, stop) if height >= width else (start, 0, stop, height)
        piece = picture.crop(box) if count > 1 else picture
        scale = max(1.0, max(piece.size) / longest)
        yield _fit(piece, scale), (float(box[0]), float(box[1])), scale, (first, last)


def _fit(piece: Image, scale: float) -> Image:
    """`piece` shrunk by `scale`, and padded with white when it is a strip.

    RapidOCR's detector enlarges the shorter side to 736 pixels, so a strip of 20 x 2000 would
    become 736 x 73600.
    """
    from PIL import Image as pillow

    if scale > 1.0:
        size = (max(1, round(piece.width / scale)), max(1, round(piece.height / scale)))
        piece = piece.resize(size, pillow.Resampling.LANCZOS, reducing_gap=2.0)
    least = max(piece.size) // 4
    if min(piece.size) >= least:
        return piece
    paper = pillow.new("RGB", (max(piece.width, least), max(piece.height, least)), "white")
    paper.paste(piece)
    return paper


def _is_text(line: Recognised) -> bool:
    """Whether to believe it.

    A drawing often looks like one ideograph, and of a line in a script that an engine does not
    know it reads a few marks.
    """
    if not line.text or line.confidence < _LINE_CONFIDENCE:
        return False
    if len(line.text) == 1 and not line.text.isascii():
        return line.confidence >= _LONE_CONFIDENCE
    return line.aspect < _LINE_SHAPE or len(line.text) >= _FEWEST * line.aspect


def _line(found: Recognised, width: int, height: int) -> OcrLine:

    left, top = found.quad.min(axis=0)
    right, bottom = found.quad.max(axis=0)
    box = np.clip([left / width, top / height, right / width, bottom / height], 0.0, 1.0)
    x0, y0, x1, y1 = (round(float(edge), 5) for edge in box)
    return OcrLine(found.text, (x0, y0, x1, y1), round(float(found.confidence), 3))
