"""Heads, feet and page numbers of scanned pages, as OCR reads them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader

from pipelines.ocr import OcrLine
from pipelines.parsers.pdf.scan_running_headers import learn_edges, sample_scans, without_edges
from tests.support.parsed_pdf import parse
from tests.support.pdf_fixtures import Draw, draw_pdf

PLACES = ("kitchen", "garden", "station", "harbour")


def sheet(*lines: tuple[int, int, str]) -> Draw:
    """A picture of lines, each at x and y of 1224 x 1584 pixels."""
    picture = Image.new("RGB", (1224, 1584), "white")
    for x, y, text in lines:
        ImageDraw.Draw(picture).text((x, y), text, "black", ImageFont.load_default(36))

    def draw(canvas: Any) -> None:
        canvas.drawImage(ImageReader(picture), 0, 0, 612, 792)

    return draw


def pages(count: int) -> list[Draw]:
    heads = ("Coolant pumps and valves", "Coolant purnps and valves", "Coolant pumps and va1ves")
    return [
        sheet(
            (300, 60 + 6 * (n % 2), heads[n % 3]),
            (160, 500, f"The {place} has a pump of its own"),
            (160, 560, "that nobody has seen running"),
            (600, 1500, str(n + 21)),
        )
        for n, place in enumerate(PLACES[:count])
    ]


def texts(path: Path, **options: Any) -> list[str]:
    return [" ".join(s.text for s in part.segments) for part in parse(path, **options)]


@pytest.mark.slow
def test_heads_and_page_numbers_of_scans_are_kept_out(tmp_path: Path) -> None:
    path = draw_pdf(tmp_path / "scans.pdf", pages(4))
    expected = [
        f"The {place} has a pump of its own that nobody has seen running" for place in PLACES
    ]
    assert texts(path) == expected
    assert texts(path, start=3) == expected[3:]


def test_scans_of_two_pages_lose_nothing(tmp_path: Path) -> None:
    first, second = texts(draw_pdf(tmp_path / "two.pdf", pages(2)))
    assert first.startswith("Coolant")
    assert first.endswith("21")
    assert second.endswith("22")


@pytest.mark.slow
def test_what_stands_at_the_edge_of_one_page_stays(tmp_path: Path) -> None:
    drawn = pages(3)
    drawn[1] = sheet((160, 60, "Nothing may be poured here"), (160, 500, "Ask the porter"))
    found = texts(draw_pdf(tmp_path / "one.pdf", drawn))
    assert found[1] == "Nothing may be poured here Ask the porter"


def read(*lines: tuple[str, float, float]) -> list[OcrLine]:
    return [OcrLine(text, (0.1, top, 0.5, top + high), 0.9) for text, top, high in lines]


def kept(given: Sequence[list[OcrLine]]) -> list[list[str]]:
    edges = learn_edges(given)
    return [[line.text for line in without_edges(lines, edges)] for lines in given]


def test_numbers_that_are_not_outermost_and_large_numbered_titles_stay() -> None:
    given = [
        read(
            ("Annual report", 0.02, 0.01),
            (f"Chapter {n}", 0.05, 0.03),
            (f"{n * 31}", 0.1, 0.01),
            ("Body of the page", 0.5, 0.01),
            (f"- {n + 7} -", 0.96, 0.01),
        )
        for n in range(1, 6)
    ]
    assert kept(given) == [[f"Chapter {n}", f"{n * 31}", "Body of the page"] for n in range(1, 6)]


def test_the_sample_has_as_many_left_pages_as_right_ones() -> None:
    for total in range(7, 200):
        sample = sample_scans(total)
        assert len(set(sample)) == 6
        assert 0 <= min(sample) < max(sample) < total
        assert sum(index % 2 for index in sample) == 3
