"""The answerer that quotes: by the way a model is asked, with the built-in embedding model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from pipelines.cancellation import Stop
from pipelines.embedders.embedder import load_embedder
from pipelines.llms.contract import Prompt, Usage
from pipelines.llms.extractive import Extractive
from pipelines.llms.prompts import NOT_FOUND
from pipelines.parsers.located_text import PlainText
from pipelines.quoting.meaning import Meaning
from pipelines.types import Hit, TextLocator
from tests.support.parsed_documents import parse, segments_of
from tests.support.written_tables import table_in, tables_in

CENTRIFUGE = """The rotor nut is tightened with a torque of 5.5 Nm. The rotor weighs 4.2 kg. \
The motor was introduced in 2014 by Halvora in Uppsala. The lid seal is made of silicone. \
The lid seal is replaced every 12 months. Keep the chamber dry because water corrodes the rotor."""
OVEN = "The oven is painted green. Its door opens to the left. The oven stands on four feet."
SPEEDS = """Speeds of the rotors
Rotor | Fixed angle | Swing out | Plate
Maximum speed | 15,000 rpm | 4,500 rpm | 3,000 rpm
Maximum load | 6 x 50 mL | 4 x 250 mL | 2 plates
Order number | R-6050 | R-4250 | R-2P"""
BALANCE = """CONSOLIDATED BALANCE SHEETS (in thousands)
 | 2021 | 2020
Current assets:
Inventories | 820 | 744
Total current assets | 7,669 | 5,720
Total assets | $19,012 | $13,586"""


@pytest.fixture(scope="module")
def meaning(tmp_path_factory: pytest.TempPathFactory) -> Meaning:
    return Meaning(load_embedder("all-MiniLM-L6-v2", cache=tmp_path_factory.mktemp("models")))


def hits(*texts: str, kind: str = "text", ordinals: Sequence[int] = ()) -> list[Hit]:
    """A Hit of each text, best first; neighbours in one version when `ordinals` are given."""
    return [
        Hit(
            fragment_id=f"fragment-{i}",
            version_id="version" if ordinals else f"version-{i}",
            source_id="source",
            title="notes.txt",
            filename="notes.txt",
            source_type="document",
            score=0.8 - 0.1 * i,
            ordinal=ordinals[i] if ordinals else 0,
            text=text,
            kind=kind,  # type: ignore[arg-type]
            locators=(TextLocator(start=0, end=len(text)),),
            tables=tables_in(text),
        )
        for i, text in enumerate(texts)
    ]


def ask(meaning: Meaning, question: str, found: Sequence[Hit]) -> str:
    prompt = Prompt(question, found, [], meaning=meaning)
    pieces = Extractive().stream(prompt, Usage(), Stop())
    return "".join(p if isinstance(p, str) else f" [{p.hit + 1}]" for p in pieces)


def quotes(answer: str) -> list[tuple[str, int]]:
    """Each quote with the number of the Hit that proves it."""
    parted = re.findall(r"\s*(.+?) \[(\d+)\]", answer)
    return [(text, int(number)) for text, number in parted]


@pytest.mark.parametrize(
    ("question", "fact"),
    [
        ("With what torque is the rotor nut tightened?", "5.5 Nm"),
        ("How heavy is the rotor?", "4.2 kg"),
        ("When was the motor introduced?", "2014"),
        ("Who introduced the motor?", "Halvora"),
        ("How often is the lid seal replaced?", "12 months"),
        ("Why must the chamber be kept dry?", "corrodes"),
        ("Wie oft wird die Dichtung (lid seal) ersetzt?", "12 months"),
    ],
)
def test_the_sentence_that_answers_comes_first(meaning: Meaning, question: str, fact: str) -> None:
    first, number = quotes(ask(meaning, question, hits(OVEN, CENTRIFUGE)))[0]
    assert fact in first
    assert number == 2


def test_every_quote_stands_in_the_hit_that_it_names(meaning: Meaning) -> None:
    found = hits(CENTRIFUGE, OVEN)
    said = quotes(ask(meaning, "What is known about the rotor and the lid seal?", found))
    assert 1 <= len(said) <= 4
    assert all(text in found[number - 1].text for text, number in said)


def test_each_part_of_a_question_is_answered(meaning: Meaning) -> None:
    question = "What is the lid seal made of and how much does the rotor weigh?"
    answer = ask(meaning, question, hits(OVEN, CENTRIFUGE))
    assert "silicone" in answer
    assert "4.2 kg" in answer


def test_what_follows_the_best_is_told_as_the_source_does(meaning: Meaning) -> None:
    question = "How often is the filter changed, the belt tightened and the pump oiled?"
    texts = (
        "The filter is changed every 3 months.",
        "The belt is tightened every 6 weeks.",
        "The pump is oiled every 9 days.",
    )
    # Found in the order opposite to that of the source.
    found = hits(*texts, ordinals=(30, 20, 10))
    (_, *rest) = [found[number - 1].ordinal for _, number in quotes(ask(meaning, question, found))]
    assert len(rest) == 2
    assert rest == sorted(rest)


@pytest.mark.parametrize(
    "question",
    [
        "Who won the chess tournament of Reykjavik in 1972?",
        "What does a subscription to the newspaper cost?",
        "Wie heißt die Hauptstadt von Australien?",
    ],
)
def test_what_the_sources_do_not_say_is_declined(meaning: Meaning, question: str) -> None:
    assert ask(meaning, question, hits(CENTRIFUGE, OVEN, SPEEDS)) == NOT_FOUND


@pytest.mark.parametrize(
    ("question", "read"),
    [
        (
            "What is the maximum speed of the swing out rotor?",
            "Maximum speed, Swing out: 4,500 rpm",
        ),
        ("What is the order number of the plate rotor?", "Order number, Plate: R-2P"),
    ],
)
def test_a_table_is_read_at_the_row_and_column_asked_for(
    meaning: Meaning, question: str, read: str
) -> None:
    first, number = quotes(ask(meaning, question, hits(OVEN, SPEEDS, kind="table")))[0]
    assert first.startswith(read)
    assert number == 2
    assert "rpm" not in read or "15,000" not in first


def test_a_year_picks_its_column(meaning: Meaning) -> None:
    found = hits(BALANCE, kind="table")
    first, _ = quotes(ask(meaning, "What were the total assets at the end of FY2020?", found))[0]
    assert first == "Total assets, 2020: $13,586."
    both = ask(meaning, "What were the total current assets in 2020 and 2021?", found)
    assert quotes(both)[0][0] == "Total current assets: 2021: 7,669; 2020: 5,720."


PARTS = """No. | Part number | Name | Colour | Flow rate | Grade
1 | PN-1078 | Lid seal | red | 3 L/min | M
2 | PN-1079 | Drain hose | blue | 12 L/min | L
3 | PN-1080 | Feed hose | green | | S"""


@pytest.mark.parametrize(
    ("question", "read"),
    [
        ("Which colour is PN-1079?", "2: Part number: PN-1079; Colour: blue."),
        ("What is the colour of PN-1079?", "2: Part number: PN-1079; Colour: blue."),
        ("What color is PN-1079?", "2: Part number: PN-1079; Colour: blue."),
        ("Which colour is the drain hose?", "2: Name: Drain hose; Colour: blue."),
        ("Which flow rate has PN-1079?", "2: Part number: PN-1079; Flow rate: 12 L/min."),
        ("What flow rate does the lid seal have?", "1: Name: Lid seal; Flow rate: 3 L/min."),
        ("Which grade is PN-1080?", "3: Part number: PN-1080; Grade: S."),
    ],
)
def test_an_attribute_is_read_in_the_row_that_any_cell_names(
    meaning: Meaning, question: str, read: str
) -> None:
    answer = ask(meaning, question, hits(PARTS, CENTRIFUGE, kind="table"))
    assert answer == f"{read} [1]"


def test_a_table_of_two_columns_tells_its_attribute(meaning: Meaning) -> None:
    found = hits("Part number | Grade\nPN-1079 | L\nPN-1080 | S", kind="table")
    assert ask(meaning, "Which grade is PN-1079?", found) == "PN-1079: L. [1]"
    assert ask(meaning, "Which weight is PN-1079?", found) == NOT_FOUND


def test_names_and_their_values_without_a_header_tell_by_the_value(
    meaning: Meaning,
) -> None:
    text = "PN-1079 | blue\nPN-1080 | green"
    bare = table_in(text, header_rows=0)
    assert bare is not None
    found = [hits(text, kind="table")[0].model_copy(update={"tables": (bare,)})]
    assert ask(meaning, "Which colour is PN-1079?", found) == "PN-1079: blue. [1]"
    assert ask(meaning, "Which weight is PN-1079?", found) == NOT_FOUND


def test_a_bar_in_a_cell_parts_no_column(meaning: Meaning, tmp_path: Path) -> None:
    path = tmp_path / "valves.md"
    path.write_text(
        "| Valve | States | Rest |\n|---|---|---|\n"
        "| V1 | OPEN \\| CLOSED | HOLD |\n| V2 | ON \\| OFF | STOP |\n"
    )
    (segment,) = segments_of(parse(path))
    (hit,) = hits(segment.text, kind="table")
    hit = hit.model_copy(update={"tables": (segment.table,)})
    assert ask(meaning, "Which states does V1 have?", [hit]) == "V1, States: OPEN | CLOSED. [1]"
    assert ask(meaning, "What is the rest of V2?", [hit]) == "V2, Rest: STOP. [1]"


def test_columns_of_two_header_rows_are_told_apart(meaning: Meaning) -> None:
    header = [["", "2024", "", "2025", ""], ["Item", "H1", "H2", "H1", "H2"]]
    body = [["Pumps sold", "11", "12", "13", "14"], ["Hoses sold", "21", "22", "23", "24"]]
    (segment,) = PlainText().add_table([*header, *body], header_rows=2)
    (hit,) = hits(segment.text, kind="table")
    hit = hit.model_copy(update={"tables": (segment.table,)})
    answer = ask(meaning, "How many pumps were sold in H2 of 2025?", [hit])
    assert answer == "Pumps sold, 2025 H2: 14. [1]"


@pytest.mark.parametrize(
    ("question", "read"),
    [
        ("Which supplier is PN-1079 from?", "PN-1079: Vendor: Merz; Cost: 12 EUR; Flow: 3 L/min."),
        ("What price has PN-1079?", "PN-1079: Vendor: Merz; Cost: 12 EUR; Flow: 3 L/min."),
        ("What flow rate does PN-1079 have?", "PN-1079, Flow: 3 L/min."),
        ("Which colour is PN-1079?", NOT_FOUND),
    ],
)
def test_a_column_may_call_the_attribute_otherwise(
    meaning: Meaning, question: str, read: str
) -> None:
    table = """Part number | Vendor | Cost | Flow
PN-1079 | Merz | 12 EUR | 3 L/min
PN-1080 | Kahn | 14 EUR | 5 L/min"""
    answer = ask(meaning, question, hits(table, kind="table"))
    assert answer.removesuffix(" [1]") == read


def test_a_row_that_only_refers_to_a_code_is_not_its_row(meaning: Meaning) -> None:
    table = """Part number | Replaces | Colour
PN-1079 | PN-1070 | blue
PN-1080 | PN-1079 | green"""
    found = hits(table, kind="table")
    answer = ask(meaning, "Which colour is PN-1079?", found)
    assert answer == "PN-1079, Colour: blue. [1]"
    assert ask(meaning, "Which colour is PN-1070?", found) == NOT_FOUND
    assert "PN-1080" in ask(meaning, "Which part number replaces PN-1079?", found)


@pytest.mark.parametrize(
    "question",
    [
        "Which colour is PN-1099?",
        "How heavy is PN-1099?",
        "Which weight is PN-1079?",
        "What interest rate does PN-1079 have?",
        "Which material is the drain hose?",
        "What flow rate does PN-1080 have?",
        "What flow rate does the feed hose have?",
    ],
)
def test_another_row_or_column_is_no_answer(meaning: Meaning, question: str) -> None:
    assert ask(meaning, question, hits(PARTS, OVEN, kind="table")) == NOT_FOUND


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("What colour is PN-1079?", "PN-1079 is blue."),
        ("What colour is PN-1079?", "The colour of PN-1079 follows RAL."),
        ("Which voltage does PN-1079 have?", "PN-1079 runs on 24 V."),
        ("What weight is PN-1079?", "PN-1079 has 3 kg."),
        ("Which material is PN-1079?", "PN-1079 is a hose of steel."),
        ("What shape is PN-1079?", "PN-1079 is round."),
    ],
)
def test_a_sentence_that_tells_the_attribute_answers(
    meaning: Meaning, question: str, sentence: str
) -> None:
    said = quotes(ask(meaning, question, hits(f"{sentence} The lid is of steel.", OVEN)))
    assert said[0][0].startswith(sentence)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("What colour is PN-1080?", "PN-1079 is blue."),
        ("What size is PN-1079?", "PN-1079 is blue."),
        ("What colour is PN-1079?", "PN-1080 replaces PN-1079 and is green."),
        ("What colour is PN-1079?", "PN-1079 is a hose. The clamp is painted green."),
        ("What colour is PN-1079?", "The clamp is painted green."),
        ("What colour is PN-1079?", "PN-1079 is mounted with two bolts."),
        ("What weight is PN-1079?", "PN-1079 is stored on shelf 3."),
        ("Which voltage does PN-1079 have?", "PN-1079 has 3 kg."),
        ("What material is PN-1079?", "PN-1079 is round."),
        ("What colour is PN-1079?", "PN-1079 is made of steel."),
    ],
)
def test_a_sentence_of_another_code_or_attribute_is_no_answer(
    meaning: Meaning, question: str, sentence: str
) -> None:
    found = hits(f"{sentence} The lid is of steel.", CENTRIFUGE)
    assert ask(meaning, question, found) == NOT_FOUND


def test_what_stands_under_a_code_may_name_others(meaning: Meaning) -> None:
    (hit,) = hits("It weighs 3 kg less than PN-1079 and fits every mixer.")
    under = hit.model_copy(update={"heading_path": ("Drain hose PN-1080",)})
    assert "3 kg" in ask(meaning, "How much less than others does PN-1080 weigh?", [under])


STEPS = (
    "Unplug the mixer.",
    "Pull out the shaft. Keep the ring.",
    "Fit the new seal.",
    "Close it.",
)


@pytest.mark.parametrize("question", ["How do I replace the seal?", "How is the seal replaced?"])
def test_steps_are_told_in_order_and_completely(meaning: Meaning, question: str) -> None:
    listed = "\n".join(f"{n}. {step}" for n, step in enumerate(STEPS, start=1))
    text = f"Replacing the seal of the mixer\n{listed}\nThe mixer is grey."
    answer = ask(meaning, question, hits(text, OVEN))
    assert [re.sub(r" \[1\]", "", line) for line in answer.splitlines()] == listed.splitlines()


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("lamp.md", "# Lamp\n\nTo replace the lamp:\n\n- {}\n- {}\n\nThe lamp needs 20 W.\n"),
        (
            "lamp.html",
            "<h1>Lamp</h1><p>To replace the lamp:</p><ul><li>{}</li><li>{}</li></ul>"
            "<p>The lamp needs 20 W.</p>",
        ),
    ],
)
def test_items_with_bullets_are_told_as_a_list(
    meaning: Meaning, tmp_path: Path, name: str, source: str
) -> None:
    path = tmp_path / name
    path.write_text(source.format("Unplug the mixer.", "Screw in the new one. Do not force it."))
    text = "\n".join(segment.text for segment in segments_of(parse(path)))
    answer = ask(meaning, "How do I replace the lamp?", hits(text, OVEN))
    assert re.sub(r" \[1\]", "", answer).splitlines() == [
        "• Unplug the mixer.",
        "• Screw in the new one. Do not force it.",
    ]


def test_things_with_bullets_are_told_behind_what_introduces_them(meaning: Meaning) -> None:
    text = "You need these tools to replace the lamp:\n• Hex key\n• Torch\nThe lamp is white."
    answer = ask(meaning, "Which tools do I need to replace the lamp?", hits(text, OVEN))
    assert answer == "• Hex key. [1]\n• Torch. [1]"


def test_a_list_is_found_by_its_name_alone(meaning: Meaning) -> None:
    found = hits("Tools:\n• Hex key\n• Torch\nThe lamp is white.", OVEN)
    answer = ask(meaning, "Which tools do I need?", found)
    assert answer == "• Hex key. [1]\n• Torch. [1]"
    for other in ("What do the tools cost?", "Which tools were sold in 2019?"):
        assert ask(meaning, other, found) == NOT_FOUND


def test_a_step_quoted_alone_has_no_number(meaning: Meaning) -> None:
    text = "Closing the mixer\n3. Tighten the rotor nut to a torque of 5.5 Nm.\nThe mixer is grey."
    answer = ask(meaning, "With what torque is the rotor nut tightened?", hits(text, OVEN))
    assert answer.startswith("Tighten the rotor nut to a torque of 5.5 Nm. [1]"), answer


def test_a_list_goes_on_in_the_next_fragment(meaning: Meaning) -> None:
    one = "Replacing the seal of the mixer:\n1. Unplug the mixer.\n2. Pull out the shaft."
    other = "3. Fit the new seal.\n4. Close the lid.\nThe mixer is grey."
    apart = "1. Wash the bowl.\n2. Dry the bowl."
    found = hits(one, apart, other, ordinals=(30_004, 30_009, 40_000))
    lines = ask(meaning, "How do I replace the seal of the mixer?", found).splitlines()
    assert [line[:2] for line in lines] == ["1.", "2.", "3.", "4."]
    assert [line[-3:] for line in lines] == ["[1]", "[1]", "[3]", "[3]"]


def test_marks_and_ticks_in_a_source_are_not_ours(meaning: Meaning) -> None:
    text = "The rotor nut is tightened with 5.5 Nm [2], see `torque` in 【3】."
    answer = ask(meaning, "With what torque is the rotor nut tightened?", hits(text, OVEN))
    assert re.findall(r"\[\d+\]", answer) == ["[1]"]
    assert "`" not in answer
    assert "【" not in answer


def test_few_passages_are_embedded(meaning: Meaning) -> None:
    calls = []

    class Counted:
        def __getattr__(self, name: str) -> Any:
            return getattr(meaning.embedder, name)

        def embed(self, texts: Sequence[str], **more: Any) -> Any:
            calls.append(len(texts))
            return meaning.embedder.embed(texts, **more)

    rows = "\n".join(f"Part {n} | {n} pieces | shelf {n}" for n in range(500))
    found = hits(f"Name | Stock | Place\n{rows}", CENTRIFUGE, kind="table")
    question = "How many pieces of part 77 are there and where do they lie?"
    assert "77 pieces" in ask(Meaning(Counted()), question, found)  # type: ignore[arg-type]
    assert sum(calls) < 30


def test_a_stopped_answer_ends(meaning: Meaning) -> None:
    stop = Stop()
    stop.set()
    prompt = Prompt("How heavy is the rotor?", hits(CENTRIFUGE), [], meaning=meaning)
    assert list(Extractive().stream(prompt, Usage(), stop)) == []
