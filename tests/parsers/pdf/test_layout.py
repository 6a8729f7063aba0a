"""What on a page is a table, a list, a caption or running text, and how a table's rows read."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.pdf.parser import PdfParser
from pipelines.types import Segment
from tests.support.pdf_fixtures import PROSE, Draw, draw_pdf, lines, together, wrap

REPOSITORY = Path(__file__).parents[3]
MANUAL = REPOSITORY / "samples" / "manual.pdf"


def segments(path: Path, **options: Any) -> list[Segment]:
    parts = PdfParser().parse(path, ParseOptions(**options))
    return [segment for part in parts for segment in part.segments]


def at(size: float, *texts: tuple[float, float, str]) -> Draw:
    """Texts at (x, points from the top)."""

    def draw(canvas: Any) -> None:
        canvas.setFont("Helvetica", size)
        for x, top, text in texts:
            canvas.drawString(x, 792 - top, text)

    return draw


def right(size: float, *texts: tuple[float, float, str]) -> Draw:
    """Texts that end at (x, points from the top)."""

    def draw(canvas: Any) -> None:
        canvas.setFont("Helvetica", size)
        for x, top, text in texts:
            canvas.drawRightString(x, 792 - top, text)

    return draw


def centred(size: float, *texts: tuple[float, float, str]) -> Draw:
    def draw(canvas: Any) -> None:
        canvas.setFont("Helvetica", size)
        for x, top, text in texts:
            canvas.drawCentredString(x, 792 - top, text)

    return draw


def tables(found: list[Segment]) -> list[list[str]]:
    """The lines of each table, without the space before an empty first cell's bar."""
    return [
        [line.lstrip() for line in segment.text.splitlines()]
        for segment in found
        if segment.kind == "table"
    ]


STEPS = [
    ["Wipe the drive cone with a dry cloth."],
    ["Lower the rotor onto the cone", "without tilting it."],
    ["Tighten the nut clockwise."],
    ["Lift the rotor gently."],
]


@pytest.mark.parametrize(
    "markers", [["1.", "2.", "3.", "4."], ["(a)", "(b)", "(c)", "(d)"], "••••"]
)
def test_list_items_at_a_hanging_indent_stand_alone_with_their_own_lines(
    tmp_path: Path, markers: list[str]
) -> None:
    texts: list[tuple[float, float, str]] = []
    tops, top = [], 100.0
    for marker, step in zip(markers, STEPS, strict=True):
        texts.append((72, top, marker))
        tops.append(top)
        for line in step:
            texts.append((96, top, line))
            top += 13
    labels = at(8, (120, 190, "1 tube"), (400, 190, "nut 3"), (120, 220, "2 cone"), (400, 220, "4"))
    found = segments(draw_pdf(tmp_path / "steps.pdf", [together(at(10, *texts), labels)]))
    items = [segment for segment in found if segment.kind == "list_item"]
    assert [item.text for item in items] == [
        f"{marker} {' '.join(step)}" for marker, step in zip(markers, STEPS, strict=True)
    ]
    assert not tables(found)
    for item, step, above in zip(items, STEPS, tops, strict=True):
        boxes = item.locators[0].boxes
        assert len(boxes) == len(step)
        assert boxes[0][0] == pytest.approx(72 / 612, abs=0.005)
        assert boxes[0][1] < (above - 3) / 792 < boxes[0][3]


def test_the_steps_of_the_sample_manual_have_a_box_each() -> None:
    found = segments(MANUAL, start=5, stop=6)
    items = [segment for segment in found if segment.kind == "list_item"]
    assert [item.text[:2] for item in items] == ["1.", "2.", "3.", "4."]
    assert items[2].text.endswith("to a torque of 5.5 Nm.")
    assert all(len(item.locators[0].boxes) == 1 for item in items)
    (table,) = tables(found)
    assert table[0] == (
        "Table 2: Rotors, places and greatest force. "
        "Order no. | Rotor | Places | Radius (mm) | Greatest force (× g)"
    )


@pytest.mark.parametrize("led", [True, False])
def test_a_contents_page_is_a_list_of_entries(tmp_path: Path, led: bool) -> None:
    entries = [(f"{n}", f"Chapter on matter {n}", 2 * n + 1) for n in range(1, 10)]
    texts, pages = [], []
    for row, (number, title, page) in enumerate(entries):
        top = 120 + 16 * row
        texts += [(72, top, f"{number} {title}" + (" " + "." * 90 if led else ""))]
        pages.append((530, top, str(page)))
    path = draw_pdf(tmp_path / "contents.pdf", [together(at(10, *texts), right(10, *pages))])
    found = segments(path)
    assert {segment.kind for segment in found} == {"list_item"}
    assert found[7].text == "8 Chapter on matter 8 17"
    assert all(len(segment.locators[0].boxes) == 1 for segment in found)


def test_labels_of_a_figure_are_no_table_and_captions_are_captions(tmp_path: Path) -> None:
    labels = [(100, "FORCE", "12 000"), (120, "TIME", "10:00"), (140, "TEMP", "4"), (160, "P", "1")]
    page = together(
        lambda canvas: canvas.rect(90, 600, 400, 120),
        *(at(9, (120, top, a), (300, top, b)) for top, a, b in labels),
        lines(120, 210, ["Figure 4: Display and keys."], 9),
        lines(72, 240, ["Figure 4 shows the display while the rotor stands still."], 10),
        lines(72, 300, ["Table 5: Error codes"], 9),
        *(
            at(10, (72, 320 + 14 * n, f"E0{n}"), (150, 320 + 14 * n, f"Cause {n}"))
            for n in range(1, 6)
        ),
        lines(72, 450, wrap(PROSE, 90)),
    )
    found = segments(draw_pdf(tmp_path / "figure.pdf", [page]))
    assert [s.text for s in found if s.kind == "caption"] == [
        "Figure 4: Display and keys.",
    ]
    rows = [f"E0{n} | Cause {n}" for n in range(1, 6)]
    assert tables(found) == [[f"Table 5: Error codes. {rows[0]}", *rows[1:]]]


def test_numbered_equations_and_set_wide_prose_are_no_tables(tmp_path: Path) -> None:
    equations = [(200, 100 + 16 * n, f"x = {n} y + z") for n in range(4)]
    numbers = [(500, 100 + 16 * n, f"({n + 1})") for n in range(4)]

    def prose(canvas: Any) -> None:
        # Justified so widely in a narrow column that the words stand apart as cells do.
        canvas.setFont("Helvetica", 10)
        for row, line in enumerate(wrap(PROSE * 2, 44)):
            words = line.split()
            widths = [canvas.stringWidth(word, "Helvetica", 10) for word in words]
            gap, x = (280 - sum(widths)) / (len(words) - 1), 72.0
            for word, width in zip(words, widths, strict=True):
                canvas.drawString(x, 570 - 12 * row, word)
                x += width + gap

    page = together(at(10, *equations), right(10, *numbers), prose)
    assert tables(segments(draw_pdf(tmp_path / "prose.pdf", [page]))) == []


def test_a_page_to_fill_in_has_no_tables(tmp_path: Path) -> None:
    def draw(canvas: Any) -> None:
        for n in range(10):
            at(10, (72, 100 + 20 * n, f"{n + 1}a"), (110, 100 + 20 * n, f"Income {n}"))(canvas)
            right(10, (420, 100 + 20 * n, f"{n + 1}a"))(canvas)
            canvas.acroForm.textfield(name=f"f{n}", value="", x=440, y=680 - 20 * n, height=14)

    found = segments(draw_pdf(tmp_path / "form.pdf", [draw]))
    assert tables(found) == []
    assert any("Income 3" in segment.text for segment in found)


def statement(top: float, first_head: str = "Years Ended") -> Draw:
    """An income statement as filings set it, without ruling lines."""
    ends = (400, 470, 540)
    years = ("2022", "2021", "2020")
    rows: list[tuple[list[str], tuple[str, ...]]] = [
        (["Revenue:"], ()),
        (["Subscription"], ("16,388", "14,573", "11,626")),
        (["Product"], ("532", "—", "(507)")),
        (
            ["Shares authorized at December 31, 2022 and at the", "end of the year before"],
            ("5", "6", "7"),
        ),
        (["Total revenue"], ("17,606", "15,785", "12,868")),
    ]
    draws = [centred(8, (sum(ends) / 3 - 12, top, first_head))]
    for end, day, year in zip(
        ends, ("December 2,", "December 3,", "November 27,"), years, strict=True
    ):
        draws.append(centred(8, (end - 14, top + 12, day), (end - 14, top + 21, year)))
    y = top + 36
    for label, amounts in rows:
        for line in label:
            last = y
            draws.append(at(10, (60 if amounts else 54, y, line)))
            y += 12
        for end, amount in zip(ends, amounts, strict=False):
            draws.append(right(10, (end, last, amount)))
            if label[0] in ("Subscription", "Total revenue"):
                draws.append(at(10, (end - 50, last, "$")))
        y += 6
    return together(*draws)


ROWS = [
    "| Years Ended December 2, 2022 | Years Ended December 3, 2021 | Years Ended November 27, 2020",
    "Revenue:",
    "Subscription | $16,388 | $14,573 | $11,626",
    "Product | 532 | — | (507)",
    "Shares authorized at December 31, 2022 and at the end of the year before | 5 | 6 | 7",
    "Total revenue | $17,606 | $15,785 | $12,868",
]


def test_a_financial_statement_reads_row_by_row_below_its_heads(tmp_path: Path) -> None:
    page = together(centred(12, (306, 60, "CONSOLIDATED STATEMENTS OF INCOME")), statement(100))
    found = segments(draw_pdf(tmp_path / "income.pdf", [page]))
    (table,) = [segment for segment in found if segment.kind == "table"]
    assert tables(found) == [ROWS]
    assert table.table is not None
    label, *_, last = table.table.rows[4]
    boxes = {span[:2]: table.locators[0].boxes[span[3]] for span in table.spans}
    # The wrapped label: two lines of 12 points in one box.
    x0, y0, _, y1 = boxes[label]
    assert (y1 - y0) * 792 == pytest.approx(24, abs=4)
    assert x0 * 612 == pytest.approx(60, abs=2)
    assert boxes[last][2] * 612 == pytest.approx(540, abs=2)


def test_prose_between_two_tables_parts_them(tmp_path: Path) -> None:
    between = "Revenue of the years before, as restated, consisted of the following amounts:"
    page = together(statement(80), at(10, (54, 250, between)), statement(290))
    found = segments(draw_pdf(tmp_path / "two.pdf", [page]))
    assert tables(found) == [ROWS, [f"{between} {ROWS[0]}", *ROWS[1:]]]


def test_a_head_over_a_group_of_columns_is_told_with_each(tmp_path: Path) -> None:
    ends = (250, 310, 370, 430, 490, 550)
    draws = [
        centred(9, (300, 100, "Q4"), (480, 100, "Full Year")),
        at(9, (54, 114, "($ in Millions)")),
        right(
            9,
            *(
                (end, 114, head)
                for end, head in zip(ends, ["2022", "2021", "Change"] * 2, strict=True)
            ),
        ),
    ]
    for row, name in enumerate(("Sales", "Earnings", "Dividends")):
        top = 130 + 15 * row
        draws.append(at(9, (54, top, name)))
        draws.append(right(9, *((end, top, f"{row + 1}{n}.5") for n, end in enumerate(ends))))
    (table,) = tables(segments(draw_pdf(tmp_path / "groups.pdf", [together(*draws)])))
    assert table[:2] == [
        "($ in Millions) | Q4 2022 | Q4 2021 | Q4 Change "
        "| Full Year 2022 | Full Year 2021 | Full Year Change",
        "Sales | 10.5 | 11.5 | 12.5 | 13.5 | 14.5 | 15.5",
    ]


def test_a_dash_is_no_minus_sign_of_the_next_amount(tmp_path: Path) -> None:
    draws = []
    for row, (a, b, c) in enumerate(
        [("2.9", "-", "2.7"), ("(1.1)", "(10.4)", "(1.0)"), ("9", "5", "8")]
    ):
        top = 100 + 15 * row
        draws.append(at(10, (54, top, f"Region {row}")))
        draws.append(right(10, (300, top, a), (350, top, b), (400, top, c)))
    (table,) = tables(segments(draw_pdf(tmp_path / "dash.pdf", [together(*draws)])))
    assert table[0] == "Region 0 | 2.9 | - | 2.7"


def test_widely_leaded_lines_are_one_paragraph(tmp_path: Path) -> None:
    text = wrap(PROSE, 80)
    page = at(10, *((72, 100 + 18 * n, line) for n, line in enumerate(text)))
    page = together(page, lines(72, 300, wrap(PROSE * 2, 80), 10))
    first, *_ = segments(draw_pdf(tmp_path / "leaded.pdf", [page]))
    assert first.text.startswith(" ".join(text[:2]))


def test_listing_the_parsers_loads_no_numbers_library() -> None:
    code = "import pipelines.parsers.detect, pipelines.parsers, sys; print('numpy' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "False"


def test_a_drawing_of_thousands_of_labels_is_read_in_time(tmp_path: Path) -> None:
    rng = random.Random(1)
    labels = [
        (rng.random() * 600, rng.random() * 780, rng.choice(["1", "12", "$", "ab", "(1)", "Head"]))
        for _ in range(6000)
    ]
    # Tried as a table from each of its rows without a bound, this takes longer than a test may.
    found = segments(draw_pdf(tmp_path / "drawing.pdf", [at(3, *labels)]))
    assert sum(len(segment.text.split()) for segment in found) > 3000
