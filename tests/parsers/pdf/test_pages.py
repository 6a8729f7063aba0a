"""Page numbers, columns of Chinese and Japanese, and headings that only the outline tells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.pdf.parser import PdfParser
from tests.support.pdf_fixtures import PROSE, draw_pdf, lines, together, wrap

COLUMNS = [
    "春はあけぼのやうやう白く",
    "なりゆく山ぎはすこし",
    "あかりて紫だちたる雲の",
    "ほそくたなびきたる夏は夜",
]


def vertical(path: Path) -> Path:
    """A page of columns, the first at the right, each character drawn at its own place.

    Its font draws boxes: only which characters they stand for, and where, matters here.
    """
    letters = sorted(set("".join(COLUMNS)))
    code = {letter: 33 + n for n, letter in enumerate(letters)}
    shows = "\n".join(
        f"1 0 0 1 {500 - 24 * column} {700 - 15 * row} Tm <{code[letter]:02x}> Tj"
        for column in (2, 0, 3, 1)
        for row, letter in enumerate(COLUMNS[column])
    )
    names = " ".join(f"/g{number}" for number in code.values())
    unicode = "\n".join(f"<{number:02x}> <{ord(letter):04x}>" for letter, number in code.items())
    streams = [
        f"BT /F 14 Tf\n{shows}\nET",
        "1000 0 0 -120 1000 880 d1 50 -70 900 900 re f",
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapType 2 def\n"
        "1 begincodespacerange <00> <ff> endcodespacerange\n"
        f"{len(code)} beginbfchar\n{unicode}\nendbfchar endcmap end end",
    ]
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 5 0 R"
        "/Resources<</Font<</F 4 0 R>>>>>>",
        "<</Type/Font/Subtype/Type3/FontBBox[0 -120 1000 880]/FontMatrix[.001 0 0 .001 0 0]"
        f"/FirstChar 33/LastChar {32 + len(code)}/Widths[{'1000 ' * len(code)}]"
        f"/Encoding<</Type/Encoding/Differences[33 {names}]>>/ToUnicode 7 0 R/Resources<<>>"
        f"/CharProcs<<{' '.join(f'/g{number} 6 0 R' for number in code.values())}>>>>",
        *(f"<</Length {len(one)}>>\nstream\n{one}\nendstream" for one in streams),
    ]
    body, places = "%PDF-1.7\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(body))
        body += f"{number} 0 obj\n{one}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    body_end = f"xref\n0 {size}\n0000000000 65535 f \n{table}"
    trailer = f"trailer<</Size {size}/Root 1 0 R>>\nstartxref\n{len(body)}\n%%EOF"
    path.write_text(body + body_end + trailer, "ascii")
    return path


def test_columns_of_japanese_are_read_from_top_to_bottom_and_from_right_to_left(
    tmp_path: Path,
) -> None:
    (part,) = PdfParser().parse(vertical(tmp_path / "tate.pdf"), ParseOptions())
    assert "".join(segment.text for segment in part.segments) == "".join(COLUMNS)
    boxes = [box for segment in part.segments for box in segment.locators[0].boxes]  # type: ignore[union-attr]
    assert len(boxes) == len(COLUMNS)
    for number, (column, box) in enumerate(zip(COLUMNS, boxes, strict=True)):
        middle, height = (box[0] + box[2]) / 2 * 612, (box[3] - box[1]) * 792
        assert middle == pytest.approx(507 - 24 * number, abs=4)
        assert height == pytest.approx(15 * len(column), abs=8)


def numbered(first: int, count: int) -> list[Any]:
    """Pages as long as their text, the number of each right below it."""
    pages = []
    for n in range(count):
        rows = wrap(PROSE, 90)[: 1 + n % 3]
        bottom = 100 + 14 * (1 + n % 3) + 30 * (n % 5)
        pages.append(
            together(
                lines(72, 80, [f"Chapter on matter {chr(65 + n)}"]),
                lines(72, 100, rows),
                lines(300, bottom, [str(first + n)]),
            )
        )
    return pages


def test_page_numbers_are_left_out_wherever_they_stand(tmp_path: Path) -> None:
    parts = list(
        PdfParser().parse(draw_pdf(tmp_path / "numbers.pdf", numbered(7, 9)), ParseOptions())
    )
    assert not [s.text for part in parts for s in part.segments if s.text.isdigit()]
    assert all("Chapter on matter" in part.segments[0].text for part in parts)


def test_a_number_that_counts_no_pages_is_kept(tmp_path: Path) -> None:
    pages = [
        together(lines(72, 100, wrap(PROSE, 90)), lines(300, 200 + 30 * n, [str(value)]))
        for n, value in enumerate((31, 12, 58, 77, 40, 96))
    ]
    parts = list(PdfParser().parse(draw_pdf(tmp_path / "values.pdf", pages), ParseOptions()))
    assert [part.segments[-1].text for part in parts] == ["31", "12", "58", "77", "40", "96"]


def test_the_outline_tells_headings_that_fonts_do_not(tmp_path: Path) -> None:
    def page(canvas: Any) -> None:
        for level, title in enumerate(("1. Safety", "1.1 Before you start")):
            canvas.bookmarkPage(title)
            canvas.addOutlineEntry(title, title, level)
        together(
            lines(72, 80, ["1. Safety"]),
            lines(72, 110, ["1.1 Before you start"]),
            lines(72, 140, wrap(PROSE, 90)),
        )(canvas)

    (part,) = PdfParser().parse(draw_pdf(tmp_path / "outline.pdf", [page]), ParseOptions())
    titles = [(s.text, s.level) for s in part.segments if s.kind == "title"]
    assert titles == [("1. Safety", 1), ("1.1 Before you start", 2)]
    assert part.segments[-1].kind == "text"
