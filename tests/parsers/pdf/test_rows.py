"""Tables of everyday papers, such as data sheets and checks: each row by itself below its heads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.parsed_pdf import segments
from tests.support.pdf_fixtures import Draw, draw_pdf, lines, together

DATA_SHEET = [
    ["Manufacturer", "Acme"],
    ["Model", "P200"],
    ["Colour", "red"],
    ["Speed", "3000"],
    ["Weight", "12 kg"],
]
CHECKS = [
    ["Check", "Limit", "Result"],
    ["Visual", "none", "Passed"],
    ["Leak", "tight", "Passed"],
    ["Flow", "5", "Passed"],
    ["Noise", "60", "Failed"],
]
WIRES = [
    ["Terminal", "Signal", "Wire", "Remark"],
    ["X1:1", "L1", "", "brown"],
    ["X1:2", "", "2.5 mm", ""],
    ["X1:3", "PE", "", "green"],
]
FORM = [["Name:", "Ann Lee"], ["Company:", "Acme"], ["Serial no.:", "4711"], ["Fault:", "Noise"]]


def drawn(rows: Sequence[Sequence[str]], step: float = 18, ruled: bool = False) -> Draw:
    def grid(canvas: Any) -> None:
        for x in range(len(rows[0]) + 1):
            canvas.line(70 + 130 * x, 692, 70 + 130 * x, 692 - step * len(rows))
        for y in range(len(rows) + 1):
            canvas.line(70, 692 - step * y, 70 + 130 * len(rows[0]), 692 - step * y)

    cells = [
        lines(74 + 130 * x, 113 + step * y, [cell])
        for y, row in enumerate(rows)
        for x, cell in enumerate(row)
    ]
    return together(*([grid] if ruled else []), *cells)


def table(path: Path, draw: Draw) -> list[list[str]]:
    (found,) = segments(draw_pdf(path, [draw]))
    assert found.kind == "table"
    assert found.table is not None
    return [list(row.cells) for row in found.table.rows_of(found.text)]


@pytest.mark.parametrize("ruled", [True, False])
@pytest.mark.parametrize("rows", [DATA_SHEET, CHECKS, FORM])
def test_rows_of_words_above_the_first_amount_are_no_heads(
    tmp_path: Path, rows: list[list[str]], ruled: bool
) -> None:
    assert table(tmp_path / "rows.pdf", drawn(rows, ruled=ruled)) == rows


def test_heads_of_two_lines_are_heads_of_their_columns(tmp_path: Path) -> None:
    heads = [["Part", "Unit", "Largest"], ["number", "price", "load"]]
    rows = [["A-1", "12.50", "40"], ["A-2", "13.75", "60"], ["A-3", "9.00", "20"]]
    draw = together(
        *(lines(74 + 130 * x, 104, [a, b]) for x, (a, b) in enumerate(zip(*heads, strict=True))),
        *(
            lines(74 + 130 * x, 140 + 18 * y, [cell])
            for y, row in enumerate(rows)
            for x, cell in enumerate(row)
        ),
    )
    assert table(tmp_path / "heads.pdf", draw) == [
        ["Part number", "Unit price", "Largest load"],
        *rows,
    ]


def test_columns_of_which_each_row_fills_one_are_told_by_their_heads(tmp_path: Path) -> None:
    narrow = together(
        *(
            lines(74 + place, 113 + 18 * y, [cell])
            for y, row in enumerate(WIRES)
            for place, cell in zip((0, 60, 110, 150), row, strict=True)
        )
    )
    assert table(tmp_path / "wires.pdf", narrow) == WIRES


def test_a_last_row_in_its_box_that_is_not_filled_in_belongs_to_the_table(tmp_path: Path) -> None:
    rows = [*WIRES, ["X1:4", "", "", ""]]
    found = table(tmp_path / "wires.pdf", drawn(rows, ruled=True))
    assert found == rows


def test_one_row_below_its_heads_in_ruled_boxes_is_a_table(tmp_path: Path) -> None:
    rows = [["Date", "By", "Result"], ["2024-05-01", "Lee", "Passed"]]
    assert table(tmp_path / "one.pdf", drawn(rows, ruled=True)) == rows
