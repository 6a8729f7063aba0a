"""Scans of many pages: read several at a time, told in order, the same however they are read."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from pipelines import ocr, ordered_pool
from pipelines.errors import SourceUnreadable
from pipelines.ocr import with_rapidocr
from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.pdf.parser import PdfParser
from pipelines.parsers.pictures import ImageParser
from pipelines.types import Part

TYPED = "This page has a text layer, which says that it is page"


@pytest.fixture(autouse=True)
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this machine has, and whichever engine it reads scans with."""
    monkeypatch.setattr(ordered_pool, "cores", lambda: 2)
    monkeypatch.setattr(ocr, "engine_name", lambda: "rapidocr")


def sheet(number: int) -> Image.Image:
    image = Image.new("RGB", (500, 200), "white")
    font = ImageFont.load_default(size=30)
    ImageDraw.Draw(image).text((40, 80), f"Sheet number {number}", fill="black", font=font)
    return image


def make_pdf(path: Path, kinds: str) -> Path:
    """A page per letter: s for a scan, t for text."""
    canvas = Canvas(str(path), pagesize=(250, 100))
    for number, kind in enumerate(kinds, 1):
        if kind == "s":
            canvas.drawImage(ImageReader(sheet(number)), 0, 0, 250, 100)
        else:
            canvas.setFont("Helvetica", 8)
            canvas.drawString(10, 50, f"{TYPED} {number}")
        canvas.showPage()
    canvas.save()
    return path


def parse(path: Path, **options: Any) -> list[Part]:
    return list(PdfParser().parse(path, ParseOptions(**options)))


def texts(parts: list[Part]) -> list[str]:
    return [" ".join(segment.text for segment in part.segments) for part in parts]


def test_pages_come_in_order_whatever_they_are(tmp_path: Path) -> None:
    parts = parse(make_pdf(tmp_path / "mixed.pdf", "tsstst"))
    assert [(part.start, part.stop, part.total) for part in parts] == [
        (n, n + 1, 6) for n in range(6)
    ]
    assert texts(parts) == [
        f"{TYPED} 1",
        "Sheet number 2",
        "Sheet number 3",
        f"{TYPED} 4",
        "Sheet number 5",
        f"{TYPED} 6",
    ]
    assert [part.counts.get("pages_ocr", 0) for part in parts] == [0, 1, 1, 0, 1, 0]


def test_parts_are_the_same_one_at_a_time_and_from_the_middle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make_pdf(tmp_path / "scan.pdf", "sss")
    together = [part.segments for part in parse(path)]
    assert [part.segments for part in parse(path, start=2)] == together[2:]
    monkeypatch.setattr(ordered_pool, "cores", lambda: 1)
    assert [part.segments for part in parse(path, start=1)] == together[1:]


def test_two_pages_are_read_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = threading.Barrier(2, timeout=60)
    read = with_rapidocr.recognise

    def meet(image: Image.Image, threads: int) -> Any:
        assert threads == 1
        both.wait()
        return read(image, threads)

    monkeypatch.setattr(with_rapidocr, "recognise", meet)
    parts = parse(make_pdf(tmp_path / "scan.pdf", "ss"))
    assert texts(parts) == ["Sheet number 1", "Sheet number 2"]


def test_text_before_a_scan_does_not_wait_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on = threading.Event()

    def wait(image: Image.Image, threads: int) -> Any:
        go_on.wait(60)
        return []

    monkeypatch.setattr(with_rapidocr, "recognise", wait)
    parts = PdfParser().parse(make_pdf(tmp_path / "mixed.pdf", "tts"), ParseOptions())
    assert texts([next(parts), next(parts)]) == [f"{TYPED} 1", f"{TYPED} 2"]
    go_on.set()
    assert len(list(parts)) == 1


def test_a_page_that_ocr_fails_on_is_told_and_the_rest_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = with_rapidocr.recognise
    seen: list[int] = []

    def fail_once(image: Image.Image, threads: int) -> Any:
        seen.append(1)
        if len(seen) == 1:
            raise SourceUnreadable("OCR failed on this picture: out of memory")
        return read(image, threads)

    monkeypatch.setattr(with_rapidocr, "recognise", fail_once)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(ordered_pool, "cores", lambda: 1)
    parts = parse(make_pdf(tmp_path / "scan.pdf", "ss"))
    assert texts(parts) == ["", "Sheet number 2"]
    (warning,) = parts[0].warnings
    assert (warning.code, warning.place) == ("ocr_failed", "page 1")
    assert "out of memory" in warning.message
    assert parts[0].counts == {"words": 0}


def test_who_stops_early_leaves_no_thread(tmp_path: Path) -> None:
    parts = PdfParser().parse(make_pdf(tmp_path / "scan.pdf", "tssss"), ParseOptions())
    next(parts)
    parts.close()  # type: ignore[attr-defined]
    assert not [t for t in threading.enumerate() if t.name.startswith("ordered-pool")]


def test_pages_of_a_tiff_come_in_order(tmp_path: Path) -> None:
    pages = [sheet(n) for n in range(1, 5)]
    path = tmp_path / "fax.tiff"
    pages[0].save(path, save_all=True, append_images=pages[1:])
    parts = list(ImageParser().parse(path, ParseOptions(start=1)))
    assert texts(parts) == ["Sheet number 2", "Sheet number 3", "Sheet number 4"]
    assert [part.start for part in parts] == [1, 2, 3]
