"""Text at the left and right edge of PDF pages: what runs along is left out, notes stay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.parsed_pdf import parse
from tests.support.pdf_fixtures import PROSE, Draw, draw_pdf, lines, together, wrap


def turned(x: float, top: float, text: str, size: float = 9) -> Draw:
    """A line that runs up the page, its end `top` points below the page's top."""

    def draw(canvas: Any) -> None:
        canvas.saveState()
        canvas.setFont("Helvetica", size)
        canvas.translate(x, 792 - top - canvas.stringWidth(text, "Helvetica", size))
        canvas.rotate(90)
        canvas.drawString(0, 0, text)
        canvas.restoreState()

    return draw


HALLS = ("north", "south", "east", "west", "upper", "lower")


def whole(number: int) -> str:
    return f"The {HALLS[number]} hall comes first. " + (PROSE * 2).strip()


def body(number: int) -> Draw:
    """Prose that is another on each page."""
    return lines(90, 110, wrap(whole(number), 80))


def running(number: int) -> Draw:
    """A side note in small type that stands beside the body, left and right by turns."""
    x = 20 if number % 2 else 545
    return lines(x, 130, ["Pump manual", "of the north works"], 5, "Helvetica")


@pytest.mark.parametrize(
    "aside",
    [
        running,
        lambda n: turned(590, 60 + 40 * (n // 2), f"CHAPTER {n // 2 + 1}"),
        lambda n: turned(30, 300, "Draft, not for release"),
        lambda n: turned(30, 20, f"Manual, sheet {n + 1}"),
    ],
    ids=["side note", "tab", "strip", "strip in the corner"],
)
def test_what_runs_along_the_edge_of_most_pages_is_left_out(tmp_path: Path, aside: Any) -> None:
    pages = [together(aside(n), body(n)) for n in range(6)]
    parts = parse(draw_pdf(tmp_path / "sides.pdf", pages))
    assert [[s.text for s in part.segments] for part in parts] == [[whole(n)] for n in range(6)]


def test_a_tab_takes_no_line_beside_it_along(tmp_path: Path) -> None:
    pages = [
        together(
            turned(590, 20, "CHAPTER 3 OF THE MANUAL"),
            lines(90, 60, [f"Words on the {word} hall"]),
            body(n),
        )
        for n, word in enumerate(HALLS)
    ]
    parts = parse(draw_pdf(tmp_path / "tab.pdf", pages))
    found = [" ".join(segment.text for segment in part.segments) for part in parts]
    assert [text.split(" hall")[0] for text in found] == [f"Words on the {word}" for word in HALLS]
    assert not [text for text in found if "CHAPTER" in text]


def test_a_note_on_one_page_is_a_segment_of_its_own(tmp_path: Path) -> None:
    pages = [body(n) for n in range(4)]
    pages[2] = together(
        pages[2],
        lines(22, 128, ["Mind the", "hot pipe"], 8),
        lines(545, 128, ["See the plan"], 6),
    )
    parts = parse(draw_pdf(tmp_path / "note.pdf", pages))
    assert [s.text for s in parts[2].segments] == [whole(2), "Mind the hot pipe", "See the plan"]


def test_two_pages_are_too_few_to_tell(tmp_path: Path) -> None:
    pages = [together(running(0), turned(30, 300, "Draft"), body(n)) for n in range(2)]
    for part in parse(draw_pdf(tmp_path / "two.pdf", pages)):
        text = " ".join(segment.text for segment in part.segments)
        assert "Pump manual of the north works" in text
        assert "Draft" in text


def test_heads_of_a_last_column_are_no_side_note(tmp_path: Path) -> None:
    def page(number: int) -> Draw:
        rows = [f"Part {number * 7 + row} of the pump and its long description" for row in range(5)]
        amounts = [f"{number + 3}.{row}0" for row in range(5)]
        return together(
            lines(60, 150, ["What was ordered by the customer", *rows], 9),
            lines(300, 150, ["Pieces", *"24681"], 9),
            lines(540, 150, ["Amount", *amounts], 9),
        )

    parts = parse(draw_pdf(tmp_path / "orders.pdf", [page(n) for n in range(5)]))
    for part in parts:
        assert "Amount" in " ".join(segment.text for segment in part.segments)
