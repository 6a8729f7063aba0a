"""Films of slides whose words, times and places are known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont

MARGIN = 0.08
"""Of the width, left of every line."""


@dataclass(frozen=True)
class Slide:
    """`lines` shown from `t_start` (seconds) on; dark on light unless `is_dark`."""

    t_start: float
    lines: tuple[str, ...]
    is_dark: bool = False


@dataclass(frozen=True)
class Look:
    """How a film is made. `fade` seconds lie between two slides, half of them before the time of
    the second; `noise` is the grain's standard deviation (of 255); `speaker` moves in a corner."""

    size: tuple[int, int] = (640, 360)
    rate: int = 5
    codec: str = "libx264"
    key_every: int = 250
    fade: float = 0.0
    noise: float = 0.0
    speaker: bool = False
    stored_turned: int = 0
    """Degrees by which the picture is stored turned, with the note that players turn it back."""


def top_of(number: int, size: tuple[int, int]) -> float:
    """Where line `number` of a slide begins, in fractions of the height."""
    return 0.08 + number * 1.6 * _type_size(size) / size[1]


def make_film(
    path: Path, slides: Sequence[Slide], seconds: float, look: Look | None = None
) -> Path:
    """Writes a silent film; its container is chosen by the ending of `path`."""
    look = look or Look()
    pictures = [draw(slide, look.size) for slide in slides]
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(look.codec, rate=look.rate)
        stream.width, stream.height = look.size[::-1] if look.stored_turned % 180 else look.size
        stream.pix_fmt = "yuvj420p" if look.codec == "mjpeg" else "yuv420p"
        stream.codec_context.gop_size = look.key_every
        stream.bit_rate = 2_000_000
        if look.codec == "libx264":
            stream.options = {"crf": "26", "preset": "veryfast", "threads": "1"}
        if look.stored_turned:
            stream.set_display_rotation(look.stored_turned)
        for index, pixels in enumerate(_frames(slides, pictures, seconds, look)):
            stored = np.ascontiguousarray(np.rot90(pixels, -look.stored_turned // 90))
            frame = av.VideoFrame.from_ndarray(stored, "rgb24")
            frame.pts, frame.time_base = index, Fraction(1, look.rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def draw(slide: Slide, size: tuple[int, int]) -> np.ndarray:
    """uint8 [height, width, 3]."""
    paper, ink = ("#10181c", "#e8f0f0") if slide.is_dark else ("#fbfaf6", "#1d2b33")
    picture = Image.new("RGB", size, paper)
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(_type_size(size))
    for number, line in enumerate(slide.lines):
        pen.text((MARGIN * size[0], top_of(number, size) * size[1]), line, ink, font)
    return np.asarray(picture)


def _type_size(size: tuple[int, int]) -> int:
    return min(size) // 15


def _frames(
    slides: Sequence[Slide], pictures: list[np.ndarray], seconds: float, look: Look
) -> Iterator[np.ndarray]:
    random = np.random.default_rng(7)
    for index in range(round(seconds * look.rate)):
        pixels = _mixed(slides, pictures, index / look.rate, look.fade)
        if look.speaker:
            height, width = look.size[1] // 4, look.size[0] // 5
            moving = random.integers(0, 255, (height // 8, width // 8, 3), dtype=np.uint8)
            pixels = pixels.copy()
            pixels[-height // 8 * 8 :, -width // 8 * 8 :][: height // 8 * 8, : width // 8 * 8] = (
                np.kron(moving, np.ones((8, 8, 1), dtype=np.uint8))
            )
        if look.noise:
            grain = random.normal(0, look.noise, pixels.shape)
            pixels = np.clip(pixels + grain, 0, 255).astype(np.uint8)
        yield pixels


def _mixed(
    slides: Sequence[Slide], pictures: list[np.ndarray], time: float, fade: float
) -> np.ndarray:
    """The slide of the moment; around a change a mixture of two."""
    shown = max(n for n, slide in enumerate(slides) if n == 0 or slide.t_start <= time + fade / 2)
    share = 1.0
    if shown and fade:
        share = min(1.0, (time - slides[shown].t_start + fade / 2) / fade)
    if share >= 1.0:
        return pictures[shown]
    mixture = pictures[shown] * share + pictures[shown - 1] * (1.0 - share)
    return mixture.astype(np.uint8)
