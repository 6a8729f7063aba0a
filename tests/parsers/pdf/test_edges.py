"""Pages filled to their edges: what stands at the top and at the bottom of each is not lost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from pipelines.parsers.pdf.page_counters import goes_with_pages, numbers_of
from tests.support.parsed_pdf import parse
from tests.support.pdf_fixtures import PROSE, Draw, draw_pdf, lines, together, wrap

HEADS = ("Item", "Part no.", "Description", "Colour")
COLOURS = ("red", "black", "red", "blue")
WARNING = ["WARNING: Disconnect the mains before you", "open the housing."]


def row(top: float, cells: Sequence[str]) -> Draw:
    places = zip((40, 100, 200, 400), cells, strict=True)
    return together(*(lines(x, top, [cell]) for x, cell in places))


def parts_list(page: int, head: str | None = None) -> Draw:
    """Rows from the top of the page to its bottom, below the heads that each page repeats."""
    rows = [
        (str(n), f"PN-{1000 + n}", f"Hex screw M4 x {8 + n % 5 * 2}", COLOURS[n % 4])
        for n in range(40 * page, 40 * page + 40)
    ]
    drawn = [row(54 + 17 * place, cells) for place, cells in enumerate([HEADS, *rows])]
    above = [lines(40, 24, [head], 8), lines(400, 24, [f"Page {page + 1}"], 8)] if head else []
    return together(*above, *drawn)


@pytest.mark.parametrize("head", [None, "Acme parts"])
def test_each_page_of_a_parts_list_has_its_heads_and_all_its_rows(
    tmp_path: Path, head: str | None
) -> None:
    drawn = [parts_list(page, head) for page in range(4)]
    for page, part in enumerate(parse(draw_pdf(tmp_path / "parts.pdf", drawn))):
        (table,) = part.segments
        told = table.text.split("\n")
        assert told[0] == " | ".join(HEADS)
        assert [line.split(" | ")[0] for line in told[1:]] == [
            str(40 * page + n) for n in range(40)
        ]


def test_a_sample_that_is_named_over_its_page_stays(tmp_path: Path) -> None:
    drawn = [
        together(
            lines(72, 40, ["Acme laboratories"]),
            lines(72, 60, [f"Sample {n}"]),
            lines(72, 300, wrap(PROSE, 90)),
            lines(300, 770, [f"Page {n} of 6"]),
        )
        for n in range(1, 7)
    ]
    for n, part in enumerate(parse(draw_pdf(tmp_path / "samples.pdf", drawn)), 1):
        assert [s.text for s in part.segments] == [f"Sample {n}", PROSE.strip()]


def test_a_signed_foot_stays_with_the_day_of_each_page(tmp_path: Path) -> None:
    drawn = [
        together(
            lines(72, 300, wrap(PROSE, 90)),
            lines(72, 760, ["Signed: Lee"]),
            lines(300, 760, [f"Day: {day}"]),
        )
        for day in ("Monday", "Tuesday", "Friday")
    ]
    said = [
        s.text for part in parse(draw_pdf(tmp_path / "signed.pdf", drawn)) for s in part.segments
    ]
    assert "Signed: Lee Day: Tuesday" in said


def test_lines_that_go_on_to_the_bottom_are_no_feet(tmp_path: Path) -> None:
    drawn = [
        lines(40, 36, [f"Reading {page * 31 % 7} of valve {n}" for n in range(58)] + ["End", "ok"])
        for page in range(4)
    ]
    for part in parse(draw_pdf(tmp_path / "log.pdf", drawn)):
        text = "\n".join(s.text for s in part.segments)
        assert "valve 0" in text
        assert text.endswith("valve 57 End ok")


def test_a_warning_at_the_foot_of_each_page_is_told_once(tmp_path: Path) -> None:
    drawn = [
        together(
            lines(72, 40, ["Coolant pumps"]),
            lines(72, 120, wrap(f"Step {letter}. {PROSE}", 90)),
            lines(72, 720, WARNING, 9),
            lines(300, 770, [str(n)]),
        )
        for n, letter in enumerate("ABCDE", 1)
    ]
    parts = parse(draw_pdf(tmp_path / "warnings.pdf", drawn))
    said = [[s.text for s in part.segments] for part in parts]
    assert said[0][1:] == [" ".join(WARNING)]
    assert [texts[1:] for texts in said[1:]] == [[]] * 4


@pytest.mark.parametrize(
    ("masked", "texts", "goes"),
    [
        ("Page # of #", ["Page 3 of 9", "Page 4 of 9", "Page 8 of 9"], True),
        ("#", ["2", "10", "28"], True),
        ("Pumps - #", ["Pumps - 2", "Pumps - 3", "Pumps - 4"], True),
        ("# | Pumps", ["2 | Pumps", "3 | Pumps", "4 | Pumps"], True),
        ("Chapter #", ["Chapter 1", "Chapter 1", "Chapter 2"], True),
        ("Sample #", ["Sample 1", "Sample 2", "Sample 3"], False),
        ("W#", ["W38", "W75", "W112"], False),
        ("Serial #", ["Serial 4711", "Serial 3920", "Serial 5102"], False),
    ],
)
def test_numbers_that_the_order_of_pages_tells(
    masked: str, texts: Sequence[str], goes: bool
) -> None:
    assert goes_with_pages(masked, [(n, numbers_of(text)) for n, text in enumerate(texts)]) is goes
