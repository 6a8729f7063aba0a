"""Lists and tables on scanned pages, which OCR reads line by line."""

from __future__ import annotations

from pathlib import Path

from tests.support.parsed_pdf import parse
from tests.support.pdf_fixtures import draw_pdf

STEPS = [
    ("A)", "On a clean surface in a ventilated area,"),
    ("", "remove the cap and the canister."),
    ("B)", "Wearing gloves, remove the core."),
    ("C)", "Clean the empty container."),
]
PARTS = [
    ("Part", "Number", "Weight"),
    ("Handle", "CX-6012", "120 g"),
    ("Canister", "CX-9024", "340 g"),
    ("Neckplug", "CX-9001", "85 g"),
    ("Decal", "CX-9025", "2 g"),
]


def scanned(path: Path) -> Path:
    from PIL import Image, ImageDraw, ImageFont
    from reportlab.lib.utils import ImageReader

    picture = Image.new("RGB", (1224, 1584), "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(30)
    for number, (mark, text) in enumerate(STEPS):
        pen.text((120, 200 + 44 * number), mark, "black", font)
        pen.text((190, 200 + 44 * number), text, "black", font)
    for number, row in enumerate(PARTS):
        for x, text in zip((120, 480, 800), row, strict=True):
            pen.text((x, 700 + 60 * number), text, "black", font)
    return draw_pdf(path, [lambda c: c.drawImage(ImageReader(picture), 0, 0, 612, 792)])


def test_steps_and_parts_of_a_scanned_page(tmp_path: Path) -> None:
    (part,) = parse(scanned(tmp_path / "scan.pdf"))

    items = [s.text for s in part.segments if s.kind == "list_item"]
    assert [item[:2] for item in items] == ["A)", "B)", "C)"]
    assert items[0].endswith("remove the cap and the canister.")
    (table,) = [s for s in part.segments if s.table]
    rows = table.table.rows_of(table.text)
    assert rows[0].is_header
    read = [(row.cells[0], row.cells[2].replace(" ", "")) for row in rows[1:]]
    assert read == [(name, weight.replace(" ", "")) for name, _, weight in PARTS[1:]]
    assert rows[1].headers == (("Part",), ("Number",), ("Weight",))
    assert table.engine
    assert table.confidence
