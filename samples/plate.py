"""The rating plate of the centrifuge, drawn as a photograph would show it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

LINES = (
    "Model: Halvora C24-R",
    "Serial number: HC24-58317",
    "Supply: 230 V AC, 50 Hz",
    "Power: 940 W",
    "Fuse: T 6.3 A H 250 V",
    "Max. speed: 14 700 rpm",
    "Max. density: 1.2 kg per litre",
    "Date of manufacture: 2025-09",
)
WARNINGS = ("CAUTION: Disconnect the mains", "before opening the housing.")
PLATE = (1000, 700)
PHOTO = (1240, 920)
TILT = 1.3
"""Degrees by which the photograph is off level."""


def make(path: Path) -> None:
    """Write the picture to `path`, the same on every machine with the same Pillow and numpy."""
    plate = _plate().rotate(TILT, expand=True, resample=Image.Resampling.BICUBIC)
    photo = Image.new("RGBA", PHOTO, (86, 93, 98, 255))
    corner = ((PHOTO[0] - plate.width) // 2, (PHOTO[1] - plate.height) // 2)
    shadow = Image.new("RGBA", PHOTO)
    shadow.paste((20, 22, 24, 170), (corner[0] + 9, corner[1] + 11), plate.getchannel("A"))
    photo.alpha_composite(shadow.filter(ImageFilter.GaussianBlur(9)))
    photo.alpha_composite(plate, corner)
    _lit(photo.convert("RGB")).quantize(80, dither=Image.Dither.NONE).save(path, optimize=True)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    # Pillow carries one typeface (Aileron, CC0) inside itself, so no font of the system is asked.
    return ImageFont.load_default(size)


def _plate() -> Image.Image:
    plate = Image.new("RGBA", PLATE)
    draw = ImageDraw.Draw(plate)
    ink = (28, 34, 38, 255)
    draw.rounded_rectangle((2, 2, 997, 697), 26, (213, 217, 218, 255), (120, 126, 129, 255), 3)
    draw.rounded_rectangle((24, 24, 975, 675), 14, outline=ink, width=3)
    for x, y in ((48, 48), (951, 48), (48, 651), (951, 651)):
        draw.ellipse((x - 13, y - 13, x + 13, y + 13), (92, 98, 101, 255), ink, 2)
        draw.line((x - 8, y - 8, x + 8, y + 8), ink, 3)
    draw.text((90, 42), "LINDQVAR INSTRUMENTS", ink, _font(44), stroke_width=1)
    draw.line((90, 108, 910, 108), ink, 3)
    for row, line in enumerate(LINES):
        draw.text((90, 126 + 51 * row), line, ink, _font(35))
    draw.line((90, 548, 910, 548), ink, 3)
    draw.polygon((96, 650, 146, 566, 196, 650), (236, 178, 40, 255), ink, 4)
    draw.text((146, 612), "!", ink, _font(52), anchor="mm", stroke_width=1)
    for row, line in enumerate(WARNINGS):
        draw.text((222, 562 + 46 * row), line, ink, _font(33))
    _mark(draw, 800, 330, ink)
    return plate


def _mark(draw: ImageDraw.ImageDraw, x: int, y: int, ink: tuple[int, int, int, int]) -> None:
    """The maker's mark: a rotor seen from above."""
    draw.ellipse((x - 92, y - 92, x + 92, y + 92), outline=ink, width=5)
    for step in range(8):
        angle = step * np.pi / 4
        hole_x, hole_y = x + 62 * np.cos(angle), y + 62 * np.sin(angle)
        edges = (hole_x - 15, hole_y - 15, hole_x + 15, hole_y + 15)
        draw.ellipse(edges, outline=ink, width=4)
    draw.ellipse((x - 20, y - 20, x + 20, y + 20), ink)


def _lit(photo: Image.Image) -> Image.Image:
    """Light from one side, the grain of a sensor, and a lens a little out of focus."""
    pixels = np.asarray(photo.filter(ImageFilter.GaussianBlur(0.8)), dtype=np.float32)
    height, width = pixels.shape[:2]
    slope = np.linspace(1.08, 0.84, width)[None, :, None]
    fall = np.linspace(1.02, 0.94, height)[:, None, None]
    grain = np.random.default_rng(24).normal(0, 2.2, (height // 2, width // 2, 1))
    grain = grain.repeat(2, axis=0).repeat(2, axis=1)
    return Image.fromarray(np.clip(pixels * slope * fall + grain, 0, 255).astype(np.uint8))
