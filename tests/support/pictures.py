"""Pictures drawn for the tests, and what the parser finds in them."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.pictures import ImageParser
from pipelines.types import Part, RegionLocator, Segment

CORPUS = Path(__file__).parents[2] / ".." / "shared" / "data"
HAS_TESSERACT = shutil.which("tesseract") is not None

corpus = pytest.mark.corpus
needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus is not beside the checkout"
)
each_engine = pytest.mark.parametrize(
    "engine",
    [
        "rapidocr",
        pytest.param(
            "tesseract",
            marks=pytest.mark.skipif(not HAS_TESSERACT, reason="tesseract is not installed"),
        ),
    ],
)

LABEL = ((60, 80, "Serial number 4711"), (60, 130, "Supply 230 V"))

Placed = tuple[int, int, str]


def draw(size: tuple[int, int], texts: Iterable[Placed], mode: str = "RGB") -> Image.Image:
    """Black text at (x, y) on white, or on nothing in mode RGBA."""
    image = Image.new(mode, size, (0, 0, 0, 0) if mode == "RGBA" else "white")
    pen = ImageDraw.Draw(image)
    for x, y, text in texts:
        pen.text((x, y), text, fill="black", font=ImageFont.load_default(size=28))
    return image


def save(image: Image.Image, path: Path, **options: Any) -> Path:
    image.save(path, **options)
    return path


def parse(path: Path, **options: Any) -> list[Part]:
    return list(ImageParser().parse(path, ParseOptions(**options)))


def words(segments: Iterable[Segment]) -> list[str]:
    return re.findall(r"\w+", " ".join(segment.text for segment in segments))


def region(segment: Segment) -> RegionLocator:
    (locator,) = segment.locators
    assert isinstance(locator, RegionLocator)
    return locator
