"""Fragments: sized for the model, nothing cut away, each place kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from pipelines.chunking import ORDINALS_PER_UNIT, Chunker
from pipelines.embedders.embedder import BUILT_IN, model_directory
from pipelines.embedders.model_files import Tokens
from pipelines.tables import laid_out
from pipelines.types import (
    Fragment,
    PageLocator,
    Part,
    Segment,
    TextLocator,
    TimeLocator,
    locate,
)


@pytest.fixture(scope="module")
def tokens() -> Tokens:
    return Tokens(model_directory(BUILT_IN))


@pytest.fixture(params=[True, False], ids=["added up", "counted"])
def chunker(tokens: Tokens, request: pytest.FixtureRequest) -> Chunker:
    """Fragments' tokens are the sum of their pieces', or counted anew: the model sees the same."""
    assert tokens.additive
    return Chunker(tokens.offsets, tokens.max_tokens, additive=request.param)


def _page(text: str, kind: str = "text", page: int = 1, level: int | None = None) -> Segment:
    """A segment whose every line has a box of its own."""
    spans, boxes, at = [], [], 0
    for i, line in enumerate(text.split("\n")):
        spans.append((at, at + len(line), 0, i))
        boxes.append((0.1, i / 1000, 0.9, (i + 1) / 1000))
        at += len(line) + 1
    place = PageLocator(page=page, boxes=tuple(boxes), page_width=600, page_height=800)
    return Segment(text=text, kind=kind, locators=(place,), spans=tuple(spans), level=level)


def _part(*segments: Segment, start: int = 0) -> Part:
    return Part(start=start, stop=start + 1, unit="pages", segments=segments)


def _words(texts: Sequence[str]) -> list[str]:
    return " ".join(texts).split()


def _all_fit(fragments: Sequence[Fragment], tokens: Tokens) -> None:
    counted = [len(ids) for ids in tokens.ids([f.embedding_text for f in fragments])]
    assert counted == [fragment.tokens for fragment in fragments]
    assert max(counted) <= tokens.max_tokens


@pytest.mark.parametrize(
    "text",
    [
        " ".join(f"Sentence number {n} says that valve {n} is open." for n in range(200)),
        "word " * 2000,
        "x" * 5000,
        "漢字" * 1500,
        "\n".join(f"line {n} without a full stop" for n in range(300)),
        "a.b.c/d-e_f:" * 300,
    ],
)
def test_nothing_is_cut_away_and_everything_fits(
    text: str, chunker: Chunker, tokens: Tokens
) -> None:
    heading = _page("A heading that is repeated before each piece", "title", level=1)
    fragments = chunker.feed(_part(heading, _page(text)))
    _all_fit(fragments, tokens)
    said = "".join(f.text for f in fragments)
    assert said.replace(heading.text, "").replace(" ", "").replace("\n", "") == text.replace(
        " ", ""
    ).replace("\n", "")


def test_pieces_fill_the_room(chunker: Chunker) -> None:
    text = " ".join(f"Sentence number {n} says that valve {n} is open." for n in range(200))
    fragments = chunker.feed(_part(_page(text)))
    assert all(fragment.tokens > 200 for fragment in fragments[:-1])
    assert all(fragment.text.endswith(".") for fragment in fragments)


def test_headings_make_a_path_and_start_fragments(chunker: Chunker) -> None:
    part = _part(
        _page("Manual", "title", level=1),
        _page("Care", "title", level=2),
        _page("Clean it."),
        _page("Oil it."),
        _page("Limits", "title", level=2),
        _page("At most 9 bar."),
    )
    care, limits = chunker.feed(part)
    assert care.text == "Manual\nCare\nClean it.\nOil it."
    assert limits.text == "Limits\nAt most 9 bar."
    assert limits.embedding_text == "Manual\nLimits\nAt most 9 bar."
    later = chunker.feed(_part(_page("Never more."), start=1))
    assert later[0].heading_path == ("Manual", "Limits")


def test_the_state_between_parts_is_its_headings(tokens: Tokens, chunker: Chunker) -> None:
    chunker.feed(_part(_page("Manual", "title", level=1), _page("Text.")))
    resumed = Chunker(tokens.offsets, tokens.max_tokens, headings=chunker.headings)
    part = _part(_page("More text."), start=1)
    assert resumed.feed(part) == chunker.feed(part)


def test_ordinals_derive_from_the_parts_place(chunker: Chunker) -> None:
    fragments = chunker.feed(_part(_page("word " * 1000), start=7))
    assert [f.ordinal for f in fragments] == [
        7 * ORDINALS_PER_UNIT + i for i in range(len(fragments))
    ]


def test_a_quote_is_located_to_its_own_lines(chunker: Chunker) -> None:
    (fragment,) = chunker.feed(_part(_page("First line.\nSecond line."), _page("Third line.")))
    start = fragment.text.index("Third")
    (found,) = locate(fragment.locators, fragment.spans, start, start + 5)
    assert found.boxes == ((0.1, 0.0, 0.9, 0.001),)
    start = fragment.text.index("Second")
    (found,) = locate(fragment.locators, fragment.spans, start, start + 5)
    assert found.boxes == ((0.1, 0.001, 0.9, 0.002),)


def test_seconds_stay_with_their_words(chunker: Chunker) -> None:
    cues = (TimeLocator(t_start=1, t_end=2), TimeLocator(t_start=2, t_end=5))
    segment = Segment(
        text="Open the lid. Turn the key.",
        kind="speech",
        locators=cues,
        spans=((0, 13, 0, -1), (14, 27, 1, -1)),
    )
    (fragment,) = chunker.feed(Part(start=0, stop=60, unit="seconds", segments=(segment,)))
    start = fragment.text.index("Turn")
    assert locate(fragment.locators, fragment.spans, start, start + 4) == [cues[1]]


def test_a_text_locator_is_narrowed_to_its_piece(chunker: Chunker) -> None:
    text = " ".join(f"Sentence number {n} is here." for n in range(150))
    place = TextLocator(start=1000, end=1000 + len(text), anchor="#a")
    segment = Segment(text=text, locators=(place,))
    fragments = chunker.feed(Part(start=0, stop=1, unit="sections", segments=(segment,)))
    assert len(fragments) > 1
    for fragment in fragments:
        (found,) = fragment.locators
        assert text[found.start - 1000 : found.end - 1000] == fragment.text


def test_a_quote_of_plain_text_is_located_to_its_characters(chunker: Chunker) -> None:
    whole = "Care\n\nOil it. Clean it weekly. Dry it.\n\nCode | Meaning\nE1 | Too hot"
    lines = [whole.index("Code"), whole.index("E1"), len(whole)]
    paragraph = TextLocator(start=whole.index("Oil"), end=whole.index("\n\nCode"))
    table = Segment(
        text=whole[lines[0] :],
        kind="table",
        locators=(
            TextLocator(start=lines[0], end=lines[1] - 1),
            TextLocator(start=lines[1], end=lines[2], anchor="A2:B2"),
        ),
        spans=((0, 14, 0, -1), (15, 27, 1, -1)),
    )
    text = Segment(text=whole[paragraph.start : paragraph.end], locators=(paragraph,))
    title = Segment(text="Care", kind="title", level=1, locators=(TextLocator(start=0, end=4),))
    fragments = chunker.feed(Part(start=0, stop=1, unit="sections", segments=(title, text, table)))
    for quote in ("Clean it weekly.", "Oil it.", "Dry it.", "it. Clean", "Too hot", "E1 | Too hot"):
        (fragment,) = [fragment for fragment in fragments if quote in fragment.text]
        at = fragment.text.index(quote)
        (found,) = locate(fragment.locators, fragment.spans, at, at + len(quote))
        assert whole[found.start : found.end] == quote
    (fragment,) = [fragment for fragment in fragments if "weekly" in fragment.text]
    across = fragment.text.index("Care"), fragment.text.index(" it weekly")
    assert [
        whole[each.start : each.end] for each in locate(fragment.locators, fragment.spans, *across)
    ] == ["Care", "Oil it. Clean"]


def _table(rows: Sequence[str], header_rows: int = 1) -> Segment:
    """A table whose cells are parted by tabs, with a box for each row."""
    text, table = laid_out([row.split("\t") for row in rows], header_rows=header_rows)
    return _page(text, "table").model_copy(update={"table": table})


def test_a_long_table_repeats_its_header(chunker: Chunker, tokens: Tokens) -> None:
    written = ["Code\tMeaning\tRemedy"] + [
        f"E{n}\tThe pump {n} is too hot\tLet it cool for {n} minutes" for n in range(80)
    ]
    rows = [row.replace("\t", " | ") for row in written]
    fragments = chunker.feed(_part(_table(written)))
    assert len(fragments) > 3
    _all_fit(fragments, tokens)
    for fragment in fragments:
        assert fragment.text.startswith(rows[0] + "\n")
        assert all(line in rows for line in fragment.text.split("\n"))
    said = [line for fragment in fragments for line in fragment.text.split("\n")[1:]]
    assert said == rows[1:]
    start = fragments[2].text.index("E")
    (found,) = locate(fragments[2].locators, fragments[2].spans, start, start + 3)
    assert len(found.boxes) == 1
    cells = []
    for at, fragment in enumerate(fragments):
        (table,) = fragment.tables
        assert table.is_continued == (at > 0)
        own = table.rows_of(fragment.text)
        assert [row.is_header for row in own] == [True, *[False] * (len(own) - 1)]
        assert {row.headers for row in own} == {(("Code",), ("Meaning",), ("Remedy",))}
        cells += ["\t".join(row.cells) for row in own if not row.is_header]
    assert cells == written[1:]


def test_all_header_rows_and_what_introduces_a_table_are_repeated(chunker: Chunker) -> None:
    lead = "All amounts in thousands: "
    header = ["\t2024\t\t2025", "Item\tH1\tH2\tH1"]
    body = [f"Part {n} | left\t{n}\t{n + 1}\t{n + 2}" for n in range(120)]
    segment = _table([*header, *body], header_rows=2)
    assert segment.table is not None
    reaching = {(0, 1): 2}
    text, table = laid_out(
        [row.split("\t") for row in (*header, *body)], header_rows=2, reaching=reaching
    )
    table = table.moved(len(lead)).model_copy(update={"lead": (0, len(lead) - 1)})
    segment = _page(lead + text, "table").model_copy(update={"table": table})
    fragments = chunker.feed(_part(_page("Sales", "title", level=1), segment))
    assert len(fragments) > 3
    said = []
    for fragment in fragments:
        (own,) = fragment.tables
        assert own.header(fragment.text).startswith(lead.strip())
        assert own.header_rows == 2
        assert own.header_path(fragment.text, 2) == ("2024", "H2")
        rows = own.rows_of(fragment.text)[2:]
        assert all(fragment.text[row.start : row.end] == " | ".join(row.cells) for row in rows)
        said += ["\t".join(row.cells) for row in rows]
    assert said == body


def test_two_tables_of_one_fragment_keep_their_cells(chunker: Chunker) -> None:
    first = _table(["Valve\tStates", "V1\tOPEN | CLOSED"])
    second = _table(["\t2021\t2022", "Sold\t5\t6"])
    (fragment,) = chunker.feed(_part(first, _page("Sales were these."), second))
    cells = [row.cells for table in fragment.tables for row in table.rows_of(fragment.text)]
    assert cells == [
        ("Valve", "States"),
        ("V1", "OPEN | CLOSED"),
        ("", "2021", "2022"),
        ("Sold", "5", "6"),
    ]


def test_the_built_in_model_is_the_published_one(tmp_path: Path) -> None:
    from pipelines.embedders.model_facts import BUILT_INS
    from pipelines.embedders.model_files import sha256, weights

    assert sha256(weights(model_directory(BUILT_IN))) == BUILT_INS[BUILT_IN].sha256


def test_a_caption_keeps_the_place_of_its_figure(chunker: Chunker) -> None:
    words, figure = ((0.1, 0.5, 0.6, 0.52),), ((0.1, 0.1, 0.9, 0.48),)
    page = PageLocator(page=1, boxes=words, page_width=600, page_height=800)
    text = "Figure 3: The rotor and its nut."
    caption = Segment(
        text=text,
        kind="caption",
        locators=(page, page.model_copy(update={"boxes": figure})),
        spans=((0, len(text), 0, 0),),
    )
    (fragment,) = chunker.feed(_part(caption, _page("The nut takes 5.5 Nm.")))
    assert figure in [locator.boxes for locator in fragment.locators]
    # A quote of its words is where they stand.
    assert [each.boxes for each in locate(fragment.locators, fragment.spans, 0, 8)] == [words]
