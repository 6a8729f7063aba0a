"""What repeats at the edge of pages is left out, unless it is what each page has to say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from pipelines.parsers.pdf.page_counters import is_counted, numbers_of
from tests.parsers.pdf.test_scan_edges import kept, read
from tests.support.parsed_pdf import parse
from tests.support.pdf_fixtures import Draw, draw_pdf, lines, together

SERIALS = (4711, 3920, 5102, 1288, 9034)
BODY = "This certifies that the balance was tested in our laboratory"


@pytest.mark.parametrize(
    ("texts", "counted"),
    [
        (["Page 3 of 9", "Page 4 of 9", "Page 8 of 9"], True),
        (["Rev. 2 of 2019-03-04"] * 4, True),
        (["Chapter 1", "Chapter 1", "Chapter 4", "Chapter 4"], True),
        # Front matter, then the body from 1 on.
        ([f"Page {n}" for n in (1, 2, 3, 1, 2, 3, 4, 5, 6, 7)], True),
        (["Serial 4711", "Serial 3920", "Serial 5102"], False),
        (["Serial 4711, page 1", "Serial 3920, page 2", "Serial 5102, page 3"], False),
        (["No number", "No number"], True),
        ([f"Page {n}{'9' * 5000}" for n in range(3)], True),
        ([], True),
    ],
)
def test_numbers_that_count_pages_are_told_from_those_of_a_page(
    texts: Sequence[str], counted: bool
) -> None:
    assert is_counted([numbers_of(text) for text in texts]) is counted


def certificate(serial: int, page: int) -> Draw:
    return together(
        lines(72, 40, ["Acme laboratories of Ghent"]),
        lines(72, 60, [f"Certificate of serial number {serial}"]),
        lines(72, 300, [BODY]),
        lines(72, 760, [f"Page {page} of {len(SERIALS)}"]),
    )


def test_a_head_that_says_something_of_its_page_stays(tmp_path: Path) -> None:
    drawn = [certificate(serial, n) for n, serial in enumerate(SERIALS, 1)]
    parts = parse(draw_pdf(tmp_path / "certificates.pdf", drawn))
    assert [[s.text for s in part.segments] for part in parts] == [
        [f"Certificate of serial number {serial}", BODY] for serial in SERIALS
    ]


def test_a_line_that_is_all_that_pages_say_is_no_head(tmp_path: Path) -> None:
    labels = [f"Sample {n} of the first batch" for n in range(1, 8)]
    drawn = [lines(72, 60, [label]) for label in labels]
    parts = parse(draw_pdf(tmp_path / "labels.pdf", drawn))
    assert [[s.text for s in part.segments] for part in parts] == [[label] for label in labels]


def test_a_page_without_text_of_its_own_does_not_make_heads_of_others_stay(
    tmp_path: Path,
) -> None:
    head = lines(72, 60, ["Operation and maintenance"])
    drawn = [together(head, lines(72, 300, [f"{BODY} {word}"])) for word in ("once", "twice")]
    drawn += [head, together(head, lines(72, 300, [BODY]))]
    parts = parse(draw_pdf(tmp_path / "manual.pdf", drawn))
    said = [s.text for part in parts for s in part.segments]
    assert said == [f"{BODY} once", f"{BODY} twice", BODY]


def test_scans_keep_what_is_said_of_their_page() -> None:
    body = ("The balance was tested", 0.5, 0.02)
    heads = [f"Certificate of serial number {serial}" for serial in SERIALS]
    pages = [read((head, 0.05, 0.02), body) for head in heads]
    assert kept(pages) == [[head, body[0]] for head in heads]
    counted = [read((f"Certificates, page {n}", 0.05, 0.02), body) for n in range(5)]
    assert kept(counted) == [[body[0]]] * 5


def test_a_scan_that_would_be_left_empty_keeps_its_line() -> None:
    labels = [f"Sample {n} of the first batch" for n in range(1, 6)]
    assert kept([read((label, 0.05, 0.02)) for label in labels]) == [[label] for label in labels]
