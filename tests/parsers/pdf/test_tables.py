"""Tables without ruled cells: their heads, their names, and where one ends and the next begins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.parsers.pdf.test_layout import at, centred, right, segments, tables
from tests.support.pdf_fixtures import PROSE, Draw, draw_pdf, lines, together, wrap

FILINGS = Path(__file__).parents[3] / ".." / "shared" / "data" / "qa" / "financebench" / "pdfs"


def rule(x0: float, x1: float, top: float) -> Draw:
    return lambda canvas: canvas.line(x0, 792 - top, x1, 792 - top)


def amounts(
    top: float, ends: tuple[float, ...], labels: tuple[str, ...] = ("Sales", "Costs")
) -> Draw:
    """Rows of amounts that end at `ends`: 10.5, 11.5 ... in the first, 20.5 ... in the second."""
    draws = []
    for row, label in enumerate(labels):
        y = top + 15 * row
        draws.append(at(9, (54, y, label)))
        draws.append(right(9, *((end, y, f"{row + 1}{n}.5") for n, end in enumerate(ends))))
    return together(*draws)


def test_lines_under_heads_show_which_columns_they_are_over(tmp_path: Path) -> None:
    ends = (250, 310, 370, 430, 490)
    page = together(
        centred(9, (272, 100, "Common stock"), (452, 100, "Treasury stock")),
        rule(225, 320, 104),
        rule(410, 495, 104),
        centred(9, (358, 114, "Retained")),
        right(9, (250, 124, "Shares"), (310, 124, "Amount")),
        centred(9, (358, 124, "Earnings")),
        right(9, (430, 124, "Shares"), (490, 124, "Amount")),
        amounts(140, ends),
    )
    (table,) = tables(segments(draw_pdf(tmp_path / "equity.pdf", [page])))
    assert table[0] == (
        "| Common stock Shares | Common stock Amount | Retained Earnings "
        "| Treasury stock Shares | Treasury stock Amount"
    )


def test_a_wrapped_head_is_no_head_over_its_neighbours(tmp_path: Path) -> None:
    page = together(
        centred(9, (330, 100, "Rigid")),
        centred(9, (240, 109, "Flexibles"), (330, 109, "Packaging"), (420, 109, "Total")),
        amounts(125, (260, 350, 440), ("Goodwill", "Additions", "Balance")),
    )
    (table,) = tables(segments(draw_pdf(tmp_path / "wrapped.pdf", [page])))
    assert table[0] == "| Flexibles | Rigid Packaging | Total"


def test_a_remark_on_units_is_told_once(tmp_path: Path) -> None:
    page = together(
        centred(9, (330, 100, "Year ended December 31,")),
        centred(9, (240, 113, "2015"), (330, 113, "2014"), (420, 113, "2013")),
        centred(9, (330, 126, "(in thousands, except per share data)")),
        amounts(142, (260, 350, 440), ("Revenues", "Costs", "Income")),
    )
    (table,) = tables(segments(draw_pdf(tmp_path / "units.pdf", [page])))
    assert table[0] == (
        "(in thousands, except per share data) | Year ended December 31, 2015 "
        "| Year ended December 31, 2014 | Year ended December 31, 2013"
    )


def test_heads_with_one_row_of_amounts_are_a_table(tmp_path: Path) -> None:
    page = together(
        lines(54, 80, wrap(PROSE, 90)[:3]),
        right(9, *((200 + 90 * n, 140, str(2019 + n)) for n in range(4))),
        at(9, (54, 155, "Amortization")),
        right(9, *((200 + 90 * n, 155, f"$3{n}3") for n in range(4))),
        lines(54, 190, wrap(PROSE, 90)[:3]),
    )
    (table,) = tables(segments(draw_pdf(tmp_path / "record.pdf", [page])))
    assert table == ["| 2019 | 2020 | 2021 | 2022", "Amortization | $303 | $313 | $323 | $333"]


def test_a_title_between_two_tables_parts_them(tmp_path: Path) -> None:
    ends = (330, 430, 530)

    def half(top: float, name: str) -> Draw:
        return together(
            centred(9, (296, top, "ACME INTERNATIONAL"), (296, top + 10, name)),
            centred(9, (296, top + 20, "(In thousands)"), (296, top + 30, "(Unaudited)")),
            right(9, *((end, top + 44, f"June 30, {2020 + n}") for n, end in enumerate(ends))),
            amounts(top + 58, ends, ("Net income", "Taxes", "Rent", "Total")),
        )

    page = together(half(60, "NET REVENUES"), half(190, "ADJUSTED PROFIT BY REGION"))
    found = segments(draw_pdf(tmp_path / "halves.pdf", [page]))
    first, second = tables(found)
    assert first[0] == second[0] == "| June 30, 2020 | June 30, 2021 | June 30, 2022"
    assert [len(first), len(second)] == [5, 5]
    titles = [segment.text for segment in found if segment.kind == "title"]
    assert any("NET REVENUES" in title for title in titles)
    assert any("ADJUSTED PROFIT BY REGION" in title for title in titles)


def test_what_names_a_table_is_told_with_its_rows_and_keeps_its_box(tmp_path: Path) -> None:
    lead = "The following table shows net sales by region:"
    page = together(
        at(9, (54, 100, lead)),
        right(9, (330, 116, "2022"), (430, 116, "2021")),
        amounts(130, (330, 430), ("East", "West", "South")),
    )
    found = segments(draw_pdf(tmp_path / "lead.pdf", [page]))
    (table,) = [segment for segment in found if segment.kind == "table"]
    assert table.text.splitlines()[0] == f"{lead} | 2022 | 2021"
    assert lead not in [segment.text for segment in found]
    start, stop, locator, box = table.spans[0]
    assert table.text[start:stop] == lead
    x0, top, _, bottom = table.locators[locator].boxes[box]  # type: ignore[union-attr]
    assert x0 * 612 == pytest.approx(54, abs=2)
    assert top * 792 < 97 < bottom * 792 < 106
    cells = table.table
    assert cells is not None
    assert table.text[slice(*cells.lead)] == lead
    assert cells.header_path(table.text, 1) == ("2022",)
    assert len(table.spans) == len(table.locators[0].boxes) == 1 + 2 + 3 * 3  # type: ignore[union-attr]


def test_a_caption_is_also_placed_at_its_figure(tmp_path: Path) -> None:
    def draw(canvas: Any) -> None:
        canvas.rect(90, 600, 200, 120)
        canvas.line(100, 610, 280, 700)
        canvas.rect(350, 100, 60, 60)

    page = together(
        draw,
        lines(120, 210, ["Figure 4: Display and keys."], 9),
        lines(72, 300, wrap(PROSE, 90)),
    )
    (caption,) = [
        segment
        for segment in segments(draw_pdf(tmp_path / "figure.pdf", [page]))
        if segment.kind == "caption"
    ]
    own, figure = caption.locators
    assert {span[2] for span in caption.spans} == {0}
    assert own.boxes[0][1] * 792 == pytest.approx(203, abs=5)  # type: ignore[union-attr]
    assert figure.boxes[0] == pytest.approx(  # type: ignore[union-attr]
        (90 / 612, 72 / 792, 290 / 612, 192 / 792), abs=0.005
    )


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("filing", "page", "head", "row"),
    [
        (
            "MGMRESORTS_2022Q4_EARNINGS",
            14,
            "| Three months ended December 31, 2022 | Three months ended December 31, 2021 "
            "| Twelve months ended December 31, 2022 | Twelve months ended December 31, 2021",
            "Hold adjustment(1) | (2,984) | (9,854) | (6,122) | (27,482)",
        ),
        (
            "AMCOR_2023Q4_EARNINGS",
            12,
            "Twelve Months Ended June 30, 2023 EPS (Diluted US cents)(1)",
            "Adjusted EBITDA, EBIT, Net income and EPS "
            "| 2,117 | 1,701 | 1,224 | 80.5 | 2,018 | 1,608 | 1,089 | 73.3",
        ),
        (
            "NETFLIX_2015_10K",
            17,
            "(in thousands) | As of December 31, 2015 | As of December 31, 2014",
            "Long-term debt (1) | 2,371,362 | 885,849 | 491,462 | 195,782 | 195,123",
        ),
        (
            "ADOBE_2022_10K",
            56,
            "| Common Stock Shares | Common Stock Amount | Additional Paid-In Capital "
            "| Retained Earnings | Accumulated Other Comprehensive Income (Loss) "
            "| Treasury Stock Shares | Treasury Stock Amount | Total",
            None,
        ),
        (
            "FOOTLOCKER_2022_8K_dated-2022-05-20",
            2,
            "Votes For | Votes Against | Abstentions | Broker Non-Votes",
            "57,172,731 | 13,324,080 | 170,172 | 6,884,223",
        ),
    ],
)
def test_tables_of_filings_keep_their_heads(
    filing: str, page: int, head: str, row: str | None
) -> None:
    path = FILINGS / f"{filing}.pdf"
    if not path.exists():
        pytest.skip("the third-party corpus is not beside this checkout")
    found = tables(segments(path, start=page - 1, stop=page))
    (table,) = [one for one in found if head in one[0] and (row is None or row in one)]
    assert len(table) >= 2
