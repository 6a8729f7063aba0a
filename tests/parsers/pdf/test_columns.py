"""Columns of one page beside what is no columns: a data sheet's prose above its table."""

from __future__ import annotations

from pathlib import Path

from tests.support.parsed_pdf import segments
from tests.support.pdf_fixtures import PROSE, draw_pdf, lines, together, wrap

ORDERS = [
    ["Type", "Voltage", "Order no."],
    ["P200-A", "230 V", "100-4711"],
    ["P200-B", "110 V", "100-4712"],
    ["P200-C", "24 V", "100-4713"],
]


def test_columns_of_prose_above_a_table_are_read_one_after_the_other(tmp_path: Path) -> None:
    draw = together(
        lines(72, 100, wrap(f"Features. {PROSE}", 42)),
        lines(330, 100, wrap(f"Applications. {PROSE}", 42)),
        lines(72, 300, ["Ordering information"], 12, "Helvetica-Bold"),
        *(
            lines(x, 320 + 16 * y, [cell])
            for y, row in enumerate(ORDERS)
            for x, cell in zip((72, 200, 330), row, strict=True)
        ),
    )
    found = segments(draw_pdf(tmp_path / "sheet.pdf", [draw]))
    assert [s.text for s in found] == [
        f"Features. {PROSE.strip()}",
        f"Applications. {PROSE.strip()}",
        "Ordering information",
        "\n".join(" | ".join(row) for row in ORDERS),
    ]


def test_lists_side_by_side_have_their_headings(tmp_path: Path) -> None:
    sides = {
        "Features": ["Low noise", "Three speeds", "IP54 housing", "24 V supply", "CAN bus"],
        "Applications": ["Machine tools", "Laser cooling", "Medicine", "Food", "Test benches"],
    }
    heads = [
        lines(x, 100, [head], 12, "Helvetica-Bold")
        for x, head in zip((72, 330), sides, strict=True)
    ]
    lists = [
        lines(x, 122, [f"• {item}" for item in items])
        for x, items in zip((72, 330), sides.values(), strict=True)
    ]
    found = segments(draw_pdf(tmp_path / "lists.pdf", [together(*heads, *lists)]))
    assert [s.text.lstrip("• ") for s in found] == [
        text for head, items in sides.items() for text in (head, *items)
    ]
