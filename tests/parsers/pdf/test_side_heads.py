"""Headings beside their text, numbers apart from theirs, sentences through bold words."""

from __future__ import annotations

from pathlib import Path

from tests.support.parsed_pdf import parse
from tests.support.pdf_fixtures import PROSE, Draw, draw_pdf, lines, together, wrap

BOLD = "Helvetica-Bold"


def told(path: Path) -> list[tuple[str, str]]:
    return [(s.kind, s.text) for part in parse(path) for s in part.segments]


def beside(top: float, head: list[str], text: list[str], size: float = 11) -> Draw:
    return together(lines(50, top, head, size=size, font=BOLD), lines(180, top + 1, text, size=10))


STEPS = ["1. Cut open the gel cassette pouch with scissors and", "remove the cassette from it."]
MORE = ["2. Drain away all of the gel packaging buffer.", "3. Rinse the cassette with water."]


def test_a_heading_beside_its_text_is_a_title_above_it(tmp_path: Path) -> None:
    page = together(
        beside(120, ["Removing", "the cassette"], STEPS),
        lines(180, 150, MORE),
        beside(220, ["Important"], wrap(PROSE, 70)[:6]),
        beside(320, ["Maintenance"], wrap(PROSE, 70)[:4]),
    )

    found = told(draw_pdf(tmp_path / "heads.pdf", [page, page]))[:7]

    prose = wrap(PROSE, 70)
    assert found == [
        ("title", "Removing the cassette"),
        ("list_item", " ".join(STEPS)),
        ("list_item", MORE[0]),
        ("list_item", MORE[1]),
        ("title", "Important"),
        ("text", " ".join(prose[:6])),
        ("title", "Maintenance"),
    ]


def test_bold_labels_of_a_table_stay_its_first_column(tmp_path: Path) -> None:
    rows = [("Weight", "5 kg"), ("Voltage", "24 V"), ("Current", "3 A"), ("Colour", "red")]
    page = together(
        lines(50, 60, wrap(PROSE, 90)),
        *(
            together(lines(50, 200 + 16 * i, [a], font=BOLD), lines(180, 200 + 16 * i, [b]))
            for i, (a, b) in enumerate(rows)
        ),
    )

    (part,) = parse(draw_pdf(tmp_path / "labels.pdf", [page]))

    (table,) = [s for s in part.segments if s.table]
    assert [row.cells for row in table.table.rows_of(table.text)] == rows
    assert not any(row.is_header for row in table.table.rows_of(table.text))


def test_a_number_above_or_before_its_text_is_one_with_it(tmp_path: Path) -> None:
    page = together(
        lines(60, 100, ["5.1."], size=14),
        lines(110, 116, ["Carefully unpack the components from the cartons."]),
        lines(60, 150, ["5.2."], size=14),
        lines(110, 166, ["Insert the cable into the light source,", "red dot upwards."]),
    )

    assert told(draw_pdf(tmp_path / "numbers.pdf", [page])) == [
        ("list_item", "5.1. Carefully unpack the components from the cartons."),
        ("list_item", "5.2. Insert the cable into the light source, red dot upwards."),
    ]


def test_a_bold_line_within_a_sentence_parts_nothing(tmp_path: Path) -> None:
    page = together(
        lines(60, 100, ["The operator closes the valve by hand only after the whole"]),
        lines(60, 112, ["pressure has fallen below the marked value and after the"], font=BOLD),
        lines(60, 124, ["pump has come to rest for a minute."]),
    )

    assert told(draw_pdf(tmp_path / "bold.pdf", [page])) == [
        (
            "text",
            "The operator closes the valve by hand only after the whole pressure has fallen below "
            "the marked value and after the pump has come to rest for a minute.",
        )
    ]


def test_the_second_half_of_an_abbreviation_begins_no_item(tmp_path: Path) -> None:
    page = lines(
        60,
        100,
        [
            "Leave the probe in certified gas, whose suppliers are e.",
            "g. Air Liquide or Linde, for two minutes before use.",
        ],
    )

    assert told(draw_pdf(tmp_path / "eg.pdf", [page])) == [
        (
            "text",
            "Leave the probe in certified gas, whose suppliers are e. g. Air Liquide or Linde, for "
            "two minutes before use.",
        )
    ]
