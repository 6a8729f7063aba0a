"""What is quoted is a whole thing, and what decides in it is told; what does not answer is not."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pipelines.cancellation import Stop
from pipelines.embedders.embedder import load_embedder
from pipelines.llms.contract import Cite, Prompt, Usage
from pipelines.llms.extractive import Extractive
from pipelines.llms.prompts import NOT_FOUND
from pipelines.quoting.meaning import Meaning
from pipelines.quoting.things import things
from pipelines.types import Hit
from tests.answering.test_extractive import hits

MANUAL = """Switching off
The lamp is controlled by the pod. It is switched off by holding the red key for 3 seconds.
Faults
1. The lamp flickers.
a) The plug is loose.
b) The fuse is worn.
2. The fan is loud.
Contents
Switching off 3
Faults 4
Spare parts 9
WARNING
Never open the housing while the lamp is hot.
PEL (8 HR. TWA): 0.75 ppm
Permissible exposure limit (PEL): the limit that is set by law for a day of work in such a room.
"""


@pytest.fixture(scope="module")
def meaning(tmp_path_factory: pytest.TempPathFactory) -> Meaning:
    return Meaning(load_embedder("all-MiniLM-L6-v2", cache=tmp_path_factory.mktemp("models")))


def asked(meaning: Meaning, question: str, found: Sequence[Hit]) -> tuple[str, list[Cite], Usage]:
    usage = Usage()
    pieces = list(Extractive().stream(Prompt(question, found, [], meaning=meaning), usage, Stop()))
    text = "".join(piece for piece in pieces if isinstance(piece, str))
    return text, [piece for piece in pieces if isinstance(piece, Cite)], usage


def test_a_text_is_made_of_things_and_contents_are_none() -> None:
    (hit,) = hits(MANUAL)
    found = things(0, hit)
    assert [thing.kind for thing in found] == [
        "paragraph",
        "list",
        "paragraph",
        "paragraph",
        "paragraph",
    ]
    assert [thing.under for thing in found] == ["Switching off", "Faults", *["WARNING"] * 3]
    assert all(hit.text[p.start : p.end] == p.text for thing in found for p in thing.pieces)
    assert [p.is_item for p in found[1].pieces] == [True] * 4


def test_a_sentence_that_leans_on_another_is_told_with_it(meaning: Meaning) -> None:
    text, cited, _ = asked(
        meaning, "How long must I hold the red key to switch it off?", hits(MANUAL)
    )
    assert text.startswith("The lamp is controlled by the pod. It is switched off")
    focus = MANUAL[slice(*cited[0].focus)]
    assert focus == "It is switched off by holding the red key for 3 seconds."
    assert cited[0].start <= cited[0].focus[0] < cited[0].focus[1] <= cited[0].end


def test_a_problem_is_told_with_its_causes(meaning: Meaning) -> None:
    text, cited, usage = asked(meaning, "The lamp flickers. What is wrong?", hits(MANUAL))
    assert "plug is loose" in text
    assert "fuse is worn" in text
    assert "fan" not in text
    assert usage.answered == "yes"
    assert len({(c.start, c.end) for c in cited}) == 1


def test_a_value_is_no_definition(meaning: Meaning) -> None:
    text, _, _ = asked(meaning, "What is the permissible exposure limit?", hits(MANUAL))
    assert text.startswith("PEL (8 HR. TWA): 0.75 ppm")


@pytest.mark.parametrize(
    "question",
    [
        "How loud is the fan in decibels?",
        "What is the flash point of the lamp?",
        "Can the lamp send text messages?",
        "What does the lamp weigh?",
        "How long must I hold the red key of the XR-77?",
    ],
)
def test_what_is_not_said_is_not_answered_but_what_is_near_is_shown(
    meaning: Meaning, question: str
) -> None:
    text, cited, usage = asked(meaning, question, hits(MANUAL))
    assert text == NOT_FOUND
    assert not cited
    assert usage.answered == "no"
    assert 0 < len(usage.related) <= 3


def test_all_of_a_kind_and_their_number(meaning: Meaning) -> None:
    rows = "\n".join(f"F{n:02} | Fault {n} | Remedy {n}" for n in range(1, 13))
    found = hits(f"Code | Meaning | Remedy\n{rows}", kind="table")
    found = [found[0].model_copy(update={"heading_path": ("Fault codes of the kiln",)})]
    text, cited, _ = asked(meaning, "List all fault codes.", found)
    assert [line[:3] for line in text.splitlines()] == [f"F{n:02}" for n in range(1, 13)]
    assert len({cite.start for cite in cited}) == 12
    counted, _, _ = asked(meaning, "How many fault codes are there?", found)
    assert counted.startswith("12:\nF01")


def test_a_table_over_several_fragments_is_counted_whole(meaning: Meaning) -> None:
    def rows(first: int, last: int) -> str:
        lines = (f"F{n:02} | Fault {n} | Remedy {n}" for n in range(first, last + 1))
        return "\n".join(("Code | Meaning | Remedy", *lines))

    parts = [rows(31, 45), rows(1, 15), rows(16, 30)]
    found = hits(*parts, kind="table", ordinals=(12, 10, 11))
    path = ("Fault codes of the kiln",)
    found = [hit.model_copy(update={"heading_path": path}) for hit in found]
    counted, _, usage = asked(meaning, "How many fault codes are there?", found)
    assert counted.startswith("45:\nF01")
    assert "F30" in counted
    assert "F31" not in counted
    assert usage.notices == ["15 more lines of the source were left out."]


def test_items_are_counted_and_not_their_sentences(meaning: Meaning) -> None:
    items = "\n".join(
        f"{n}. Filter {n} is of paper. It is grey.\na) It has a frame." for n in range(1, 5)
    )
    text, _, _ = asked(
        meaning, "How many spare filters are there?", hits(f"Spare filters:\n{items}")
    )
    assert text.startswith("4:")


@pytest.mark.parametrize(
    ("question", "order"),
    [
        ("Which model is lighter?", ["41 kg", "66 kg"]),
        ("Which model is the heaviest?", ["66 kg", "41 kg"]),
        ("What is the difference in warranty between the models?", ["two years", "five years"]),
        ("Compare the noise levels of Aster 300 and Birch 500.", ["58 dB", "71 dB"]),
    ],
)
def test_what_is_compared_is_told_of_both(
    meaning: Meaning, question: str, order: list[str]
) -> None:
    found = hits(
        "The Aster 300 weighs 41 kg.\nThe Aster 300 has a noise level of 58 dB.\n"
        "The warranty of the Aster 300 is two years.",
        "The Birch 500 weighs 66 kg.\nThe Birch 500 has a noise level of 71 dB.\n"
        "The warranty of the Birch 500 is five years.",
    )
    text, _, usage = asked(meaning, question, found)
    assert usage.answered == "yes"
    places = [text.find(value) for value in order]
    assert -1 not in places
    assert places == sorted(places)


def test_a_row_that_goes_on_is_told_with_its_name(meaning: Meaning) -> None:
    table = "Light source | 77 mm\n | 1.40 kg\nPower supply | 167 mm\n | 0.62 kg"
    text, _, _ = asked(meaning, "What does the power supply weigh?", hits(table, kind="table"))
    assert text == "Power supply: 0.62 kg."
