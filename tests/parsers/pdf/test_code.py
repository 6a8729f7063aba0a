"""Monospaced text of a PDF: listings keep their indents, print-outs their lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.parsed_pdf import segments
from tests.support.pdf_fixtures import PROSE, draw_pdf, lines, together, wrap

CODE = [
    "pump:",
    "  speed: 1200   # rounds a minute",
    "  valves:",
    "    - V1",
    "PID   NAME        STATE     MEM",
    "233   pumpd       sleeping  101M",
]


def test_a_listing_keeps_its_lines_with_their_spaces(tmp_path: Path) -> None:
    draw = together(
        lines(72, 60, wrap(PROSE * 3, 90)),
        lines(72, 300, CODE, 9, "Courier"),
    )
    *_, code = segments(draw_pdf(tmp_path / "code.pdf", [draw]))
    assert (code.kind, code.text) == ("code", "\n".join(CODE))
    boxes = code.locators[0].boxes  # type: ignore[union-attr]
    assert [code.text[start:end] for start, end, *_ in code.spans] == CODE
    for number, box in enumerate(boxes):
        assert box[3] * 792 == pytest.approx(302 + 10.8 * number, abs=2)


def test_lines_of_a_print_out_are_read_across_their_spaces(tmp_path: Path) -> None:
    log = [f"2024-05-01 12:{n:02}:01,{n * 37:03} INFO  pump[{n}]: pressure ok" for n in range(12)]
    (found,) = segments(draw_pdf(tmp_path / "log.pdf", [lines(40, 60, log, 8.5, "Courier")]))
    assert found.text == " ".join(" ".join(line.split()) for line in log)


def test_columns_of_a_monospaced_document_stay_by_row(tmp_path: Path) -> None:
    table = ["PID   NAME        STATE     MEM", "1     init        running   12M"]
    found = segments(draw_pdf(tmp_path / "ps.pdf", [lines(40, 60, table, 9, "Courier")]))
    assert [s.text for s in found] == [" ".join(row.split()) for row in table]
