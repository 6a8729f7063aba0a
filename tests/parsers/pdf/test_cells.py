"""Tables and forms of a PDF: cells with a box each, filled fields their names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.parsed_pdf import segments
from tests.support.pdf_fixtures import PROSE, draw_pdf, lines, together, wrap

TABLE = [
    ["Part", "Number", "Torque", "Unit"],
    ["Bolt", "A-100", "12.5", "Nm"],
    ["Nut", "A-200", "", "Nm"],
    ["Washer", "B-7", "3", "Nm"],
    ["Clamp", "C-19", "40", "Nm"],
]


@pytest.mark.parametrize("ruled", [False, True])
def test_a_table_becomes_cells_with_a_box_each(tmp_path: Path, ruled: bool) -> None:
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
    assert table.table is not None
    assert table.table.header_rows == 1
    assert [list(row.cells) for row in table.table.rows_of(table.text)] == TABLE
    filled = [(r, c) for r, row in enumerate(TABLE) for c, cell in enumerate(row) if cell]
    assert len(table.locators[0].boxes) == len(table.spans) == len(filled)
    for (r, c), (start, end, _, box) in zip(filled, table.spans, strict=True):
        assert table.text[start:end] == TABLE[r][c]
        left, top, _, _ = table.locators[0].boxes[box]
        assert left == pytest.approx((80 + 110 * c) / 612, abs=0.008)
        assert top == pytest.approx((792 - 600 + 20 * r - 10) / 792, abs=0.008)
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
