"""Tables that go on at the top of the next page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from pipelines.chunking import Chunker
from pipelines.tables import Row
from pipelines.types import Part
from tests.support.parsed_pdf import parse
from tests.support.pdf_fixtures import Draw, draw_pdf, lines, together

HEADER = ("Position", "Grease", "First fill", "Refill every")
EDGES = (60, 180, 300, 420)


def row(top: float, cells: Sequence[str], font: str = "Helvetica") -> Draw:
    return together(
        *(lines(x, top, [text], font=font) for x, text in zip(EDGES, cells, strict=False) if text)
    )


def bearing(number: int) -> tuple[str, ...]:
    return (f"Bearing {number}", f"G-{200 + number}", f"{12 + number} g", f"{300 + 10 * number} h")


def sheet(first: int, count: int, *, header: bool = False, footer: str = "", top: int = 70) -> Draw:
    draws = [row(top, HEADER)] if header else []
    draws += [row(top + 16 * (i + header), bearing(first + i)) for i in range(count)]
    if footer:
        draws.append(lines(280, 770, [footer]))
    return together(*draws)


def rows_on(part: Part) -> list[Row]:
    return [
        row
        for segment in part.segments
        if segment.table
        for row in segment.table.rows_of(segment.text)
        if not row.is_header
    ]


def check_headers(part: Part, first: int, count: int) -> None:
    rows = rows_on(part)
    assert [row.cells for row in rows] == [bearing(first + i) for i in range(count)]
    assert {row.headers for row in rows} == {tuple((name,) for name in HEADER)}


@pytest.fixture(params=["bare", "footed"])
def long_table(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    feet = [f"Page {n} of 4" if request.param == "footed" else "" for n in range(1, 5)]
    title = lines(60, 60, ["Lubricants of the lathe"], size=16)
    pages = [
        together(title, sheet(0, 40, header=True, footer=feet[0], top=100)),
        sheet(40, 42, footer=feet[1]),
        sheet(82, 42, footer=feet[2]),
        together(sheet(124, 5, footer=feet[3]), lines(60, 300, ["That was the table."])),
    ]
    return draw_pdf(tmp_path / "long.pdf", pages)


def test_rows_of_every_page_know_the_header_of_the_first(long_table: Path) -> None:
    parts = parse(long_table)

    for part, first, count in zip(parts, (0, 40, 82, 124), (40, 42, 42, 5), strict=True):
        check_headers(part, first, count)
    assert [s.table.is_continued for p in parts for s in p.segments if s.table] == [
        False,
        True,
        True,
        True,
    ]


def test_a_header_of_another_page_has_no_place_on_this_one(long_table: Path) -> None:
    part = parse(long_table)[1]
    table = next(segment for segment in part.segments if segment.table)

    first = table.table.row_range(1)[0]
    assert min(start for start, *_ in table.spans) == first
    assert {locator.page for locator in table.locators} == {2}


def test_parsing_again_from_any_page_reads_the_same(long_table: Path) -> None:
    whole = parse(long_table)

    for start in range(4):
        again = parse(long_table, start=start)
        assert [part.segments for part in again] == [part.segments for part in whole[start:]]


def test_fragments_of_a_further_page_say_the_header_and_have_a_place(long_table: Path) -> None:
    def words(texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        found = []
        for text in texts:
            at, ranges = 0, []
            for word in text.split(" "):
                ranges.append((at, at + len(word)))
                at += len(word) + 1
            found.append(ranges)
        return found

    chunker = Chunker(words, 120)
    for part in parse(long_table)[:3]:
        fragments = chunker.feed(part)
        assert len(fragments) > 1
        for fragment in fragments:
            assert fragment.locators
            tables = [row for t in fragment.tables for row in t.rows_of(fragment.text)]
            data = [row for row in tables if not row.is_header]
            assert all(row.headers == tuple((name,) for name in HEADER) for row in data)


def test_a_header_said_again_on_the_next_page_is_a_header(tmp_path: Path) -> None:
    pages = [sheet(0, 42, header=True), sheet(42, 10, header=True)]

    first, second = parse(draw_pdf(tmp_path / "again.pdf", pages))

    check_headers(second, 42, 10)
    (table,) = [segment.table for segment in second.segments]
    assert table.is_continued
    assert not first.segments[0].table.is_continued


@pytest.mark.parametrize("count", [1, 2])
def test_the_last_rows_alone_on_a_page_belong_to_the_table(tmp_path: Path, count: int) -> None:
    pages = [sheet(0, 42, header=True), sheet(42, count)]

    check_headers(parse(draw_pdf(tmp_path / "last.pdf", pages))[1], 42, count)


def test_another_table_on_the_next_page_keeps_its_own_header(tmp_path: Path) -> None:
    other = together(
        row(70, ("Fuse", "Holder", "Rating", "Spare")),
        *(row(86 + 16 * i, (f"F{i}", f"X-{i}", f"{i + 3} A", f"{i}")) for i in range(6)),
    )

    second = parse(draw_pdf(tmp_path / "other.pdf", [sheet(0, 42, header=True), other]))[1]

    assert {row.headers for row in rows_on(second)} == {
        (("Fuse",), ("Holder",), ("Rating",), ("Spare",))
    }


def test_a_table_in_other_columns_is_another_one(tmp_path: Path) -> None:
    narrow = together(
        *(
            together(lines(90, 70 + 16 * i, [f"F{i}"]), lines(240, 70 + 16 * i, [f"{i + 3} A"]))
            for i in range(6)
        )
    )

    second = parse(draw_pdf(tmp_path / "narrow.pdf", [sheet(0, 42, header=True), narrow]))[1]

    assert not any(any(row.headers) for row in rows_on(second))


def test_a_table_without_a_header_has_none_on_any_page(tmp_path: Path) -> None:
    parts = parse(draw_pdf(tmp_path / "headless.pdf", [sheet(0, 42), sheet(42, 10)]))

    assert [row.cells for part in parts for row in rows_on(part)] == [bearing(i) for i in range(52)]
    assert not any(any(row.headers) for part in parts for row in rows_on(part))
