"""PDF in, Parts out: text, where it stands, its kind and order, and what goes wrong kindly."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipelines.errors import (
    PasswordRequired,
    SourceTooLarge,
    SourceUnreadable,
    WrongPassword,
)
from pipelines.parsers.pdf import PdfParser
from pipelines.types import ParseOptions, Part, Segment
from tests.pdf_fixtures import (
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

CORPUS = Path(__file__).parent.parent / ".." / "shared" / "data"


def parse(path: Path, **options: Any) -> list[Part]:
    return list(PdfParser().parse(path, ParseOptions(**options)))


def segments(path: Path, **options: Any) -> list[Segment]:
    return [segment for part in parse(path, **options) for segment in part.segments]


def corpus(name: str) -> Path:
    path = CORPUS / name
    if not path.exists():
        pytest.skip(f"the third-party corpus with {name} is not beside this checkout")
    return path


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


TABLE = [
    ["Part", "Number", "Torque", "Unit"],
    ["Bolt", "A-100", "12.5", "Nm"],
    ["Nut", "A-200", "", "Nm"],
    ["Washer", "B-7", "3", "Nm"],
    ["Clamp", "C-19", "40", "Nm"],
]


@pytest.mark.parametrize("ruled", [False, True])
def test_a_table_becomes_rows_with_a_box_each(tmp_path: Path, ruled: bool) -> None:
    def draw(canvas: Any) -> None:
        lines(72, 80, wrap(PROSE, 90))(canvas)
        canvas.setFont("Helvetica", 10)
        for r, row in enumerate(TABLE):
            for c, cell in enumerate(row):
                canvas.drawString(80 + 110 * c, 600 - 20 * r, cell)
        if ruled:
            canvas.grid([75 + 110 * c for c in range(5)], [614 - 20 * r for r in range(6)])
        lines(72, 320, wrap(PROSE, 90))(canvas)

    found = segments(draw_pdf(tmp_path / "table.pdf", [draw]))
    (table,) = [segment for segment in found if segment.kind == "table"]
    assert table.text.splitlines() == [" | ".join(row) for row in TABLE]
    assert len(table.locators[0].boxes) == len(TABLE) == len(table.spans)
    start, end, _, box = table.spans[3]
    assert table.text[start:end] == "Washer | B-7 | 3 | Nm"
    assert table.locators[0].boxes[box][1] == pytest.approx((792 - 540 - 10) / 792, abs=0.008)
    assert [s.kind for s in found] == ["text", "table", "text"]


def test_a_ruled_table_keeps_wrapped_cells_in_their_row(tmp_path: Path) -> None:
    cells = [
        (["Step"], ["What to do and what to look for while doing it"]),
        (["Fill"], ["Pour coolant into the tank until the float", "stands at the upper mark."]),
        (["Bleed"], ["Open the screw until no more bubbles", "come out, then close it."]),
    ]

    def draw(canvas: Any) -> None:
        canvas.setFont("Helvetica", 10)
        for r, row in enumerate(cells):
            for c, cell in enumerate(row):
                for n, text in enumerate(cell):
                    canvas.drawString(80 + 110 * c, 600 - 40 * r - 12 * n, text)
        canvas.grid([75, 185, 500], [614 - 40 * r for r in range(4)])

    (table,) = segments(draw_pdf(tmp_path / "wrapped.pdf", [draw]))
    assert table.kind == "table"
    assert table.text.splitlines()[1:] == [
        "Fill | Pour coolant into the tank until the float stands at the upper mark.",
        "Bleed | Open the screw until no more bubbles come out, then close it.",
    ]


def test_currency_signs_stay_with_their_amounts(tmp_path: Path) -> None:
    amounts = [("Sales", "4,756", "12"), ("Rent", "822", "3"), ("Energy", "1,043", "4")]

    def draw(canvas: Any) -> None:
        canvas.setFont("Helvetica", 10)
        for r, (name, amount, share) in enumerate(amounts):
            y = 600 - 16 * r
            canvas.drawString(80, y, name)
            canvas.drawString(250, y, "$")
            canvas.drawRightString(320, y, amount)
            canvas.drawRightString(400, y, share)
            canvas.drawString(415, y, "%")

    (table,) = segments(draw_pdf(tmp_path / "amounts.pdf", [draw]))
    assert table.text.splitlines() == [
        "Sales | $4,756 | 12%",
        "Rent | $822 | 3%",
        "Energy | $1,043 | 4%",
    ]


def test_two_columns_of_prose_are_no_table(tmp_path: Path) -> None:
    left, right = wrap(PROSE * 3, 44), wrap(PROSE * 3, 44)[::-1]
    page = together(lines(50, 100, left), lines(320, 100, right))
    assert {s.kind for s in segments(draw_pdf(tmp_path / "prose.pdf", [page]))} == {"text"}


def book(path: Path, pages: int = 40) -> Path:
    """Numbered pages with a running head that differs left and right, and a foot."""

    def page(number: int) -> Any:
        head = "Coolant pumps" if number % 2 else f"Chapter {number // 10 + 1}"
        return together(
            lines(72, 40, [head], 9),
            lines(72, 80, [f"Section {number}"], 16, "Helvetica-Bold"),
            lines(72, 110, wrap(f"Page number {number} tells this. " + PROSE * 3, 90)),
            lines(300, 770, [str(number + 3)], 9),
        )

    return draw_pdf(path, [page(number) for number in range(pages)])


def test_heads_and_feet_are_kept_out(tmp_path: Path) -> None:
    found = parse(book(tmp_path / "book.pdf"))
    assert len(found) == 40
    for number, part in enumerate(found):
        assert [segment.kind for segment in part.segments] == ["title", "text"]
        assert part.segments[0].text == f"Section {number}"
        assert part.segments[1].text.startswith(f"Page number {number} tells this. The pump")


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


def test_filled_fields(tmp_path: Path) -> None:
    def draw(canvas: Any) -> None:
        lines(72, 100, ["Customer form"])(canvas)
        form = canvas.acroForm
        form.textfield(name="a.serial", tooltip="Serial number", value="PX-4471", x=100, y=600)
        form.textfield(name="empty", tooltip="Remarks", value="", x=100, y=500)
        form.checkbox(name="tested", tooltip="Tested", checked=True, x=100, y=400)
        form.checkbox(name="broken", tooltip="Broken", checked=False, x=100, y=350)

    found = [s for s in segments(draw_pdf(tmp_path / "form.pdf", [draw])) if s.kind == "field"]
    assert [s.text for s in found] == ["Serial number: PX-4471", "Tested: Yes"]
    x0, y0, _, y1 = found[0].locators[0].boxes[0]
    assert x0 == pytest.approx(100 / 612, abs=0.005)
    assert y1 == pytest.approx((792 - 600) / 792, abs=0.005)
    assert y0 < y1


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
    x0, y0, _, y1 = first.locators[0].boxes[0]
    assert x0 == pytest.approx(160 / 1224, abs=0.02)
    assert y0 < (200 + 25) / 1584 < y1
    assert written.counts == {"pages_read": 1, "words": 6}
    assert written.segments[0].confidence is None


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


def test_a_blank_page_is_an_empty_part(tmp_path: Path) -> None:
    (part,) = parse(draw_pdf(tmp_path / "blank.pdf", [lambda canvas: canvas.rect(9, 9, 90, 90)]))
    assert part.segments == ()
    assert part.warnings == ()
    assert part.counts == {"pages_read": 1, "words": 0}


def test_a_picture_that_would_fill_the_memory_is_not_drawn(tmp_path: Path) -> None:
    objects = page_objects(
        b"q 612 0 0 792 0 0 cm /X Do Q BT /F1 12 Tf 72 700 Td (Seen in spite of it) Tj ET",
        {
            6: stream(
                b"\0" * 64,
                b"/Type /XObject /Subtype /Image /Width 100000 /Height 100000 "
                b"/ColorSpace /DeviceGray /BitsPerComponent 1",
            )
        },
        b"/X 6 0 R",
    )
    (part,) = parse(raw_pdf(tmp_path / "bomb.pdf", objects))
    assert [s.text for s in part.segments] == ["Seen in spite of it"]
    (warning,) = part.warnings
    assert warning.code == "page_not_drawn"
    assert warning.place == "page 1"
    assert "10,000 million pixels" in warning.message


def test_a_page_that_fails_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    objects = page_objects(b"BT /F1 12 Tf 72 700 Td (Still here) Tj ET")
    objects[2] = b"<< /Type /Pages /Kids [3 0 R 9 0 R 3 0 R] /Count 3 >>"
    first, second, third = parse(raw_pdf(tmp_path / "gap.pdf", objects))
    assert [s.text for s in first.segments] == ["Still here"]
    assert [s.text for s in third.segments] == ["Still here"]
    assert second.segments == ()
    assert [(w.code, w.place) for w in second.warnings] == [("page_unreadable", "page 2")]


def test_passwords(tmp_path: Path) -> None:
    from reportlab.lib.pdfencrypt import StandardEncryption

    path = draw_pdf(
        tmp_path / "locked.pdf",
        [lines(72, 100, ["Behind the lock"])],
        encrypt=StandardEncryption("open sesame", "owner", strength=128),
    )
    with pytest.raises(PasswordRequired, match="password"):
        parse(path)
    with pytest.raises(WrongPassword, match="does not open"):
        parse(path, password="guess")
    assert [s.text for s in segments(path, password="open sesame")] == ["Behind the lock"]


@pytest.mark.parametrize(
    "data", [b"", b"%PDF-1.7\n%%EOF", b"\x89PNG no PDF at all", b"%PDF-1.4\n1 0 obj <<"]
)
def test_a_broken_file_says_so(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "broken.pdf"
    path.write_bytes(data)
    with pytest.raises(SourceUnreadable, match="upload"):
        parse(path)


def test_a_file_without_pages_says_so(tmp_path: Path) -> None:
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Kids [] /Count 0 >>",
    }
    with pytest.raises(SourceUnreadable, match="upload"):
        parse(raw_pdf(tmp_path / "none.pdf", objects))


def test_too_many_pages_are_refused(tmp_path: Path) -> None:
    path = draw_pdf(tmp_path / "three.pdf", [lines(72, 100, ["Page"])] * 3)
    with pytest.raises(SourceTooLarge, match="3 pages"):
        parse(path, max_pages=2)


def test_damaged_files_end_in_parts_or_in_one_kind_of_error(tmp_path: Path) -> None:
    good = bytearray(book(tmp_path / "good.pdf", 3).read_bytes())
    rng = random.Random(7)
    read = 0
    for attempt in range(40):
        data = bytearray(good)
        for _ in range(rng.randint(1, 60)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path = tmp_path / f"{attempt}.pdf"
        path.write_bytes(data)
        try:
            read += len(parse(path)) > 0
        except SourceUnreadable:
            continue
    assert read > 0


@pytest.mark.corpus
def test_right_to_left_words_are_whole_and_in_order() -> None:
    first, *rest = segments(corpus("pdf/right_to_left_01.pdf"))
    assert first.text == "تحسين الإنتاجية وحل المشكلات من خلال البرمجة بلغة R و Python"
    assert rest[0].text.startswith("تعتبر البرمجة بلغة R و Python من الأدوات القوية التي يمكن أن")


@pytest.mark.corpus
def test_glyphs_without_a_map_keep_their_text_when_ocr_finds_none() -> None:
    (part,) = parse(corpus("pdf/french_diacritics.pdf"))
    assert part.segments[0].text.startswith("à À â Â ä Ä ç Ç")
    assert part.counts["pages_read"] == 1


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


@pytest.mark.corpus
@pytest.mark.parametrize(
    "path", sorted((CORPUS / "hostile").glob("*.pdf")) or [CORPUS / "hostile"], ids=lambda p: p.name
)
def test_hostile_files_end_in_parts_or_in_one_kind_of_error(path: Path) -> None:
    corpus(f"hostile/{path.name}" if path.suffix else "hostile")
    try:
        parts = parse(path)
    except SourceUnreadable:
        return
    assert [part.start for part in parts] == list(range(len(parts)))
    assert parts[0].facts["pages"] == len(parts)
