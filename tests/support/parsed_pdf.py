"""PDFs parsed: those of the corpus by name, and a book made for the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.pdf.parser import PdfParser
from pipelines.types import Part, Segment
from tests.support.pdf_fixtures import PROSE, draw_pdf, lines, together, wrap

CORPUS = Path(__file__).parents[2] / ".." / "shared" / "data"


def corpus(name: str) -> Path:
    path = CORPUS / name
    if not path.exists():
        pytest.skip(f"the third-party corpus with {name} is not beside this checkout")
    return path


def parse(path: Path, **options: Any) -> list[Part]:
    return list(PdfParser().parse(path, ParseOptions(**options)))


def segments(path: Path, **options: Any) -> list[Segment]:
    return [segment for part in parse(path, **options) for segment in part.segments]


def book(path: Path, pages: int = 40) -> Path:
    """Numbered pages with a running head that differs left and right, and a foot."""

    def page(number: int) -> Any:
        head = "Coolant pumps" if number % 2 else f"Chapter {number // 10 + 1}"
        return together(
            lines(72, 40, [head], 9),
            lines(72, 80, [f"Section {number}"], 16, "Helvetica-Bold"),
            lines(72, 110, wrap(f"Page number {number} tells this. " + PROSE * 3, 90)),
            lines(300, 770, [str(number + 3)], 9),
        )

    return draw_pdf(path, [page(number) for number in range(pages)])
