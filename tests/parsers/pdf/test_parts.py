"""A PDF page by page: its facts and counts, where parsing resumes, and what OCR reads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.ocr import engine_name
from tests.support.parsed_pdf import book, corpus, parse
from tests.support.pdf_fixtures import draw_pdf, lines, page_objects, raw_pdf, stream


def test_every_page_reads_the_same_wherever_parsing_begins(tmp_path: Path) -> None:
    path = book(tmp_path / "book.pdf")
    whole = parse(path)
    assert [(p.start, p.stop, p.total, p.unit) for p in whole[:2]] == [
        (0, 1, 40, "pages"),
        (1, 2, 40, "pages"),
    ]
    for start in (1, 17, 39):
        again = parse(path, start=start)
        assert [p.segments for p in again] == [p.segments for p in whole[start:]]
        assert again[0].facts == whole[0].facts
    assert [p.start for p in parse(path, start=5, stop=8)] == [5, 6, 7]
    assert parse(path, start=40) == []


@pytest.mark.corpus
def test_a_long_manual_resumes_exactly() -> None:
    path = corpus("pdf/DA-619p.pdf")
    seen = {part.start: part.segments for part in parse(path, start=300, stop=330)}
    assert len(seen) == 30
    for start in (305, 329):
        (again,) = parse(path, start=start, stop=start + 1)
        assert again.total == 619
        assert again.segments == seen[start]
    titles = [s.text for s in seen[300] if s.kind == "title"]
    assert titles[1] == "Bard's Honor Rogue Item Pack II"


def test_facts_and_counts(tmp_path: Path) -> None:
    def draw(canvas: Any) -> None:
        canvas.setTitle("Pump manual")
        canvas.setAuthor("A. Writer")
        canvas.bookmarkPage("top")
        canvas.addOutlineEntry("Start", "top")
        lines(72, 100, ["Three words here"])(canvas)

    first, second = parse(draw_pdf(tmp_path / "facts.pdf", [draw, draw], lang="en-GB"))
    assert first.facts["pages"] == 2
    assert first.facts["title"] == "Pump manual"
    assert first.facts["author"] == "A. Writer"
    assert first.facts["language"] == "en-GB"
    assert first.facts["outline"] is True
    assert first.facts["created"].endswith("Z")
    assert second.facts == {}
    assert first.counts == {"pages_read": 1, "words": 3}


def test_the_dates_of_a_file_are_told_apart(tmp_path: Path) -> None:
    dates = {6: b"<< /CreationDate (D:20240305093000+01'00') /ModDate (D:20250102030405Z) >>"}
    path = raw_pdf(tmp_path / "dates.pdf", page_objects(b"", dates))
    path.write_bytes(path.read_bytes().replace(b"/Root 1 0 R", b"/Root 1 0 R /Info 6 0 R"))
    (part,) = parse(path)
    assert part.facts["created"] == "2024-03-05T08:30:00Z"
    assert part.facts["modified"] == "2025-01-02T03:04:05Z"


def test_a_blank_page_is_an_empty_part(tmp_path: Path) -> None:
    (part,) = parse(draw_pdf(tmp_path / "blank.pdf", [lambda canvas: canvas.rect(9, 9, 90, 90)]))
    assert part.segments == ()
    assert part.warnings == ()
    assert part.counts == {"pages_read": 1, "words": 0}


def scan(path: Path, texts: list[str], also: Any = None) -> Path:
    """A page that is nothing but a picture of text."""
    from PIL import Image, ImageDraw, ImageFont
    from reportlab.lib.utils import ImageReader

    picture = Image.new("RGB", (1224, 1584), "white")
    font = ImageFont.load_default(40)
    for index, text in enumerate(texts):
        ImageDraw.Draw(picture).text((160, 200 + 70 * index), text, "black", font)

    def draw(canvas: Any) -> None:
        canvas.drawImage(ImageReader(picture), 0, 0, 612, 792)

    return draw_pdf(path, [draw, also] if also else [draw])


def test_each_page_decides_by_itself_between_text_layer_and_ocr(tmp_path: Path) -> None:
    path = scan(
        tmp_path / "mixed.pdf",
        ["The tank holds ninety litres", "of coolant when it is full"],
        lines(72, 100, ["This page has a text layer"]),
    )
    scanned, written = parse(path)
    assert scanned.counts["pages_ocr"] == 1
    assert scanned.counts["pages_read"] == 1
    text = " ".join(segment.text for segment in scanned.segments)
    assert text == "The tank holds ninety litres of coolant when it is full"
    first = scanned.segments[0]
    assert first.confidence is not None
    assert first.confidence > 0.7
    assert first.engine == engine_name()
    x0, y0, _, y1 = first.locators[0].boxes[0]
    assert x0 == pytest.approx(160 / 1224, abs=0.02)
    assert y0 < (200 + 25) / 1584 < y1
    assert written.counts == {"pages_read": 1, "words": 6}
    assert (written.segments[0].engine, written.segments[0].confidence) == (None, None)


def test_a_garbage_text_layer_is_read_by_ocr(tmp_path: Path) -> None:
    cmap = (
        b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <FF> "
        b"endcodespacerange 1 beginbfrange <20> <7E> <E020> endbfrange endcmap end"
    )
    objects = page_objects(
        b"BT /F1 18 Tf 72 700 Td (The seal is rated for twelve bar at most) Tj ET",
        {
            5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 6 0 R >>",
            6: stream(cmap),
        },
    )
    (part,) = parse(raw_pdf(tmp_path / "garbage.pdf", objects))
    assert part.counts["pages_ocr"] == 1
    assert [s.text for s in part.segments] == ["The seal is rated for twelve bar at most"]


@pytest.mark.corpus
def test_glyphs_without_a_map_keep_their_text_when_ocr_finds_none() -> None:
    (part,) = parse(corpus("pdf/french_diacritics.pdf"))
    assert part.segments[0].text.startswith("à À â Â ä Ä ç Ç")
    assert part.counts["pages_read"] == 1
