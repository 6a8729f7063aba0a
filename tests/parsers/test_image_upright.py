"""Pictures that lie or stand on their head: read upright, located as they are seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pipelines.ocr.upright import read_upright
from tests.support.pictures import LABEL, draw, each_engine, parse, region, save, words

TURNS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""EXIF orientation (CIPA DC-008) -> how a camera stores what stands upright."""


@pytest.mark.parametrize("orientation", TURNS)
def test_each_orientation_is_shown_upright(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    seen, turn = draw((600, 300), LABEL), TURNS[orientation]
    stored = seen.transpose(turn) if turn is not None else seen
    (part,) = parse(save(stored, tmp_path / "camera.jpeg", exif=exif))
    assert words(part.segments) == ["Serial", "number", "4711", "Supply", "230", "V"]
    where = region(part.segments[0])
    assert (where.width, where.height) == (600, 300)
    ((x0, y0, _, y1), _) = where.boxes
    assert abs(x0 * 600 - 60) < 12
    assert 60 < y0 * 300 < y1 * 300 < 125


NOTICE = ("Lock the rotor before you lift it out", "Serial number 4711, supply 230 V",
          "Clean the chamber with a dry cloth", "Weigh the samples in pairs of two",
          "Shut the lid until it clicks twice")  # fmt: skip


@each_engine
@pytest.mark.parametrize("turn", [TURNS[1], TURNS[6], TURNS[3], TURNS[8]])
def test_a_sheet_scanned_sideways_or_upside_down_is_read(
    turn: Image.Transpose | None, engine: Any
) -> None:
    sheet = draw((700, 420), [(40, 60 + 60 * n, text) for n, text in enumerate(NOTICE)])
    lying = sheet.transpose(turn) if turn is not None else sheet
    lines = read_upright(lying, engine).lines
    assert [line.text for line in lines] == list(NOTICE)
    x = (lines[0].box[0] + lines[0].box[2]) / 2
    y = (lines[0].box[1] + lines[0].box[3]) / 2
    first = {None: y, Image.Transpose.ROTATE_90: x, Image.Transpose.ROTATE_180: 1 - y,
             Image.Transpose.ROTATE_270: 1 - x}[turn]  # fmt: skip
    assert abs(first - 76 / 420) < 0.05


@pytest.mark.parametrize("kind", ["jpeg", "tiff"])
def test_boxes_stand_in_the_picture_as_seen(tmp_path: Path, kind: str) -> None:
    """A camera held upright stores the picture lying and says so in EXIF orientation 6."""
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = draw((400, 700), [(40, 600, "Bottom of it")]).transpose(Image.Transpose.ROTATE_90)
    (part,) = parse(save(lying, tmp_path / f"upright.{kind}", exif=exif))
    (segment,) = part.segments
    assert segment.text == "Bottom of it"
    where = region(segment)
    assert (where.width, where.height) == (400, 700)
    assert 0.8 < where.boxes[0][1] < where.boxes[0][3] < 0.95


def test_a_large_picture_is_located_in_its_full_size(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    large = draw((600, 900), [(60, 780, "Near the end")]).resize((4800, 7200))
    lying = large.transpose(Image.Transpose.ROTATE_90)
    (part,) = parse(save(lying, tmp_path / "large.jpeg", exif=exif))
    where = region(part.segments[0])
    assert part.segments[0].text == "Near the end"
    assert (where.width, where.height) == (4800, 7200)
    assert 0.84 < where.boxes[0][1] < where.boxes[0][3] < 0.93
