"""The text of a PDF: where it stands, of which kind it is, and in which order it reads."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.support.parsed_pdf import book, corpus, parse, segments
from tests.support.pdf_fixtures import (
    PROSE,
    change_pages,
    draw_pdf,
    lines,
    page_objects,
    raw_pdf,
    stream,
    together,
    wrap,
)


def ink_box(path: Path, index: int = 0) -> tuple[float, float, float, float]:
    """Where the page as drawn is not white, in fractions from the top left."""
    import pypdfium2 as pdfium

    document = pdfium.PdfDocument(path)
    picture = np.asarray(document[index].render(scale=2).to_pil().convert("L")) < 128
    document.close()
    rows, columns = np.flatnonzero(picture.any(axis=1)), np.flatnonzero(picture.any(axis=0))
    height, width = picture.shape
    return columns[0] / width, rows[0] / height, columns[-1] / width, rows[-1] / height


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("origin", [(0, 0), (-200, -100), (50, 300)])
def test_boxes_hold_on_turned_and_shifted_pages(
    tmp_path: Path, rotation: int, origin: tuple[int, int]
) -> None:
    path = draw_pdf(tmp_path / "turned.pdf", [lines(120, 200, ["Nameplate of the pump"], 14)])
    left, bottom = origin

    def change(page: Any) -> None:
        page.set_mediabox(left, bottom, left + 700, bottom + 900)
        page.set_cropbox(left + 10, bottom + 20, left + 690, bottom + 880)
        page.set_rotation(rotation)

    if origin == (0, 0):
        change_pages(path, lambda page: page.set_rotation(rotation))
    else:
        change_pages(path, change)
    (segment,) = segments(path)
    (locator,) = segment.locators
    assert segment.text == "Nameplate of the pump"
    assert locator.rotation == rotation
    expected = (612, 792) if origin == (0, 0) else (680, 860)
    assert (locator.page_width, locator.page_height) == pytest.approx(expected)
    x0, y0, x1, y1 = locator.boxes[0]
    ink = ink_box(path)
    assert x0 - 0.005 <= ink[0]
    assert y0 - 0.005 <= ink[1]
    assert x1 + 0.005 >= ink[2]
    assert y1 + 0.005 >= ink[3]
    covered = (ink[2] - ink[0]) * (ink[3] - ink[1])
    assert (x1 - x0) * (y1 - y0) < 2.5 * covered


def test_boxes_outside_the_crop_box_are_clamped_and_unseen_text_is_left_out(tmp_path: Path) -> None:
    path = draw_pdf(
        tmp_path / "cropped.pdf",
        [together(lines(60, 300, ["Half of this line is cut away"]), lines(60, 700, ["Unseen"]))],
    )
    change_pages(path, lambda page: page.set_cropbox(100, 300, 500, 700))
    (segment,) = segments(path)
    assert segment.text.endswith("line is cut away")
    assert all(0 <= side <= 1 for side in segment.locators[0].boxes[0])
    assert segment.locators[0].page_width == 400


@pytest.mark.parametrize(("columns", "width"), [(2, 44), (3, 28)])
@pytest.mark.parametrize("by_row", [False, True])
def test_columns_are_read_one_after_the_other(
    tmp_path: Path, columns: int, width: int, by_row: bool
) -> None:
    texts = [wrap(f"Column{n} " + PROSE * 2, width) for n in range(columns)]
    step = 500 / columns
    title = lines(150, 60, ["A title that spans all of the columns here"], 18, "Helvetica-Bold")
    if by_row:
        rows = [
            lines(50 + n * step, 120 + 12 * row, [text[row]])
            for row in range(max(map(len, texts)))
            for n, text in enumerate(texts)
            if row < len(text)
        ]
        page = together(title, *rows)
    else:
        page = together(title, *(lines(50 + n * step, 120, t) for n, t in enumerate(texts)))
    path = draw_pdf(tmp_path / "columns.pdf", [page])
    words = " ".join(segment.text for segment in segments(path)).split()
    expected = [word for text in texts for line in text for word in line.split()]
    assert words[-len(expected) :] == expected


def test_spans_map_each_line_to_its_own_box(tmp_path: Path) -> None:
    texts = ["The com-", "pressor is self-locking and has a self-", "locking nut, not a wing nut."]
    path = draw_pdf(tmp_path / "hyphen.pdf", [lines(72, 100, texts)])
    (segment,) = segments(path)
    assert segment.text == (
        "The compressor is self-locking and has a self-locking nut, not a wing nut."
    )
    parts = [segment.text[start:end] for start, end, _, _ in segment.spans]
    assert parts == ["The com", "pressor is self-locking and has a self-", texts[2]]
    boxes = [segment.locators[locator].boxes[box] for _, _, locator, box in segment.spans]
    assert all(above[1] < below[1] for above, below in pairwise(boxes))
    # 12 points of leading on a page of 792.
    assert boxes[1][1] - boxes[0][1] == pytest.approx(12 / 792, abs=0.001)


def test_headings_lists_captions_and_code_are_told_apart(tmp_path: Path) -> None:
    path = draw_pdf(
        tmp_path / "kinds.pdf",
        [
            together(
                lines(72, 80, ["Operating manual"], 24, "Helvetica-Bold"),
                lines(72, 120, ["1 Safety"], 16, "Helvetica-Bold"),
                lines(72, 150, wrap(PROSE, 90)),
                lines(72, 220, ["Before the first start"], 10, "Times-Bold"),
                lines(72, 240, ["• Fill the tank.", "• Open the valve by hand", "  and wait."]),
                lines(72, 300, ["Figure 2. The coolant loop"], 9),
                lines(72, 330, wrap(PROSE, 90)),
                lines(72, 400, ["set speed 1200", "start pump"], 9, "Courier"),
            )
        ],
    )
    found = [(s.kind, s.level, s.text) for s in segments(path)]
    assert found[0] == ("title", 1, "Operating manual")
    assert found[1] == ("title", 2, "1 Safety")
    assert found[3] == ("title", 3, "Before the first start")
    assert ("list_item", None, "• Open the valve by hand and wait.") in found
    assert ("caption", None, "Figure 2. The coolant loop") in found
    assert ("code", None, "set speed 1200\nstart pump") in found
    assert [text for kind, _, text in found if kind == "text"] == [PROSE.strip()] * 2


def test_heads_and_feet_are_kept_out(tmp_path: Path) -> None:
    found = parse(book(tmp_path / "book.pdf"))
    assert len(found) == 40
    for number, part in enumerate(found):
        assert [segment.kind for segment in part.segments] == ["title", "text"]
        assert part.segments[0].text == f"Section {number}"
        assert part.segments[1].text.startswith(f"Page number {number} tells this. The pump")


def test_chinese_and_ligatures(tmp_path: Path) -> None:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    path = draw_pdf(
        tmp_path / "chinese.pdf",
        [lines(72, 100, ["水泵把冷却液从水箱输送到", "换热器。"], 12, "STSong-Light")],
    )
    assert [s.text for s in segments(path)] == ["水泵把冷却液从水箱输送到换热器。"]
    objects = page_objects(
        b"BT /F1 12 Tf 72 700 Td (\001lter and \002ow) Tj ET",
        {
            5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 6 0 R >>",
            6: stream(
                b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <FF> "
                b"endcodespacerange 2 beginbfchar <01> <FB01> <02> <FB02> endbfchar "
                b"1 beginbfrange <20> <7E> <0020> endbfrange endcmap end"
            ),
        },
    )
    (segment,) = segments(raw_pdf(tmp_path / "ligatures.pdf", objects))
    assert segment.text == "filter and flow"


def test_text_that_runs_sideways_is_read_as_one_line(tmp_path: Path) -> None:
    def draw(canvas: Any) -> None:
        lines(120, 100, wrap(PROSE, 80))(canvas)
        canvas.rotate(90)
        canvas.setFont("Helvetica", 10)
        canvas.drawString(200, -50, "Stamp of the archive")

    path = draw_pdf(tmp_path / "sideways.pdf", [draw])
    *_, stamp = segments(path)
    assert stamp.text == "Stamp of the archive"
    x0, y0, x1, y1 = stamp.locators[0].boxes[0]
    assert (y1 - y0) * 792 > 5 * (x1 - x0) * 612
    assert x0 < 50 / 612 < x1 + 0.01


@pytest.mark.corpus
def test_right_to_left_words_are_whole_and_in_order() -> None:
    first, *rest = segments(corpus("pdf/right_to_left_01.pdf"))
    assert first.text == "تحسين الإنتاجية وحل المشكلات من خلال البرمجة بلغة R و Python"
    assert rest[0].text.startswith("تعتبر البرمجة بلغة R و Python من الأدوات القوية التي يمكن أن")
