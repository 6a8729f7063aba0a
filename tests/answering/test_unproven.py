"""What nothing proves is marked where it ends, and nothing else is."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence

import pytest

from pipelines.answering.answer import Answer, Token, answer
from pipelines.answering.withdrawal import WITHDRAWN, withdraw
from pipelines.cancellation import Stop
from pipelines.llms.contract import Prompt, Usage
from pipelines.llms.prompts import NOT_FOUND, UNPROVEN, chat_messages
from pipelines.types import Hit
from tests.answering.test_answer_claims import _hits


class Said:
    """A model that says these pieces."""

    def __init__(self, pieces: Sequence[str], name: str = "openai:m") -> None:
        self.name = name
        self._pieces = pieces

    def stream(self, prompt: Prompt, usage: Usage, stop: Stop) -> Iterator[str]:
        yield from self._pieces


def _answer(*pieces: str, hits: Sequence[Hit] = (), name: str = "openai:m", **more: bool) -> Answer:
    said = Answer()
    items = list(answer("What?", hits or _hits(), Said(pieces, name), said, **more))
    streamed = "".join(item.text for item in items if isinstance(item, Token))
    assert streamed.strip() == said.text
    return said


@pytest.mark.parametrize(
    ("reply", "text"),
    [
        ("It can fly to Paris.", "It can fly to Paris. [unproven]"),
        ("It can fly to Paris", "It can fly to Paris [unproven]"),
        ("The X-200 weighs 5 kg [1].", "The X-200 weighs 5 kg [1]."),
        ("It can fly to Paris [1].", "It can fly to Paris [1]. [unproven]"),
        ("It can fly to Paris. [1]", "It can fly to Paris. [1] [unproven]"),
        (
            "It can fly.[7] The X-200 weighs 5 kg [1]. It sings.",
            "It can fly. [unproven] The X-200 weighs 5 kg [1]. It sings. [unproven]",
        ),
        (
            "## It flies\n**It sings**\n\n- It can fly to Paris.\n- The X-200 weighs 5 kg.\n\nOK?",
            "## It flies\n**It sings**\n\n- It can fly to Paris. [unproven]\n"
            "- The X-200 weighs 5 kg. [1]\n\nOK?",
        ),
        ("Here is what I found:\n\nYes.", "Here is what I found:\n\nYes."),
        (
            "| Part | Mass |\n|---|---|\n| X-200 | 5 kg |\n| Moon | cheese |\nDone it flew.",
            "| Part | Mass |\n|---|---|\n| X-200 | 5 kg [1] |\n| Moon | cheese [unproven] |\n"
            "Done it flew. [unproven]",
        ),
        (
            "Part | Mass\n--- | ---\nMoon | cheese",
            "Part | Mass\n--- | ---\nMoon | cheese [unproven]",
        ),
        ("温度は高い。圧力は低い。", "温度は高い。 [unproven]圧力は低い。 [unproven]"),
        ("It flew.\n[1] It sang.", "It flew. [unproven]\n[1] It sang. [unproven]"),
        ("```\nIt can.\nIt is.\n```\nIt flew.", "```\nIt can.\nIt is.\n```\nIt flew. [unproven]"),
        ("It flew. [unproven] So it is[unproven]", "It flew. [unproven] So it is [unproven]"),
        ("It flew。(http://evil.example/x)", None),
        (NOT_FOUND, NOT_FOUND),
    ],
)  # fmt: skip
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_mark_stands_right_behind_what_nothing_proves(
    reply: str, text: str | None, size: int
) -> None:
    said = _answer(*(reply[at : at + size] for at in range(0, len(reply), size)))
    assert "](" not in said.text
    if text is not None:
        assert _plain(said.text) == _plain(text)
    _check(said)


SNIPPETS = (
    "The X-200 weighs 5 kg", "The X-200 weighs 5 kg [1]", "Tighten the rotor nut to 5.5 Nm.",
    "It flies", "No. 5 is red", "See Fig. 3.", "e.g. this", "Oil is drained yearly. [2]",
    "Is it?", "**Bold. Words.**", "**Note:** it flies", "## Head. Line", "Yes,", "so it is [9]",
    "`a. B` is code", "Here it is:", "a | b", "| c |", "|---|", "- item", "1. First", "Dr. No",
    "「高い。」", "低い。", "(aside.)", "[1]", "[2][1]", "x. [1] y", "\n```\ncode. More.\n```\n",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(150))
def test_whatever_is_said_its_marks_are_where_its_verdicts_say(seed: int) -> None:
    luck = random.Random(seed)
    reply = ""
    for _ in range(luck.randint(1, 12)):
        reply += luck.choice(SNIPPETS) + luck.choice((" ", " ", ". ", ".\n", "\n", "\n\n", " | "))
    pieces, at = [], 0
    while at < len(reply):
        step = luck.choice((1, 2, 5, 40))
        pieces.append(reply[at : at + step])
        at += step
    said = _answer(*pieces)
    _check(said)
    whole = _answer(reply)
    assert whole.text == said.text


def _check(said: Answer) -> None:
    """Offsets are right, and from an unproven claim to the end of its line there is a mark."""
    marked = 0
    for claim in said.claims:
        shown = said.text[claim.start : claim.end]
        bare = re.sub(r"\s*\[(?:\d+|unproven)\]", "", shown).strip(" |")
        assert _plain(bare) == _plain(claim.text)
        if claim.verdict == "unsupported":
            rest = said.text[claim.start :].partition("\n")[0]
            assert UNPROVEN in rest, (said.text, claim)
            marked += 1
    assert said.text.count(UNPROVEN) <= marked


def _plain(text: str) -> str:
    return " ".join(text.replace(UNPROVEN, " [unproven]").split())


def test_marks_can_be_switched_off_and_the_sources_own_sentences_need_none() -> None:
    assert _answer("It can fly to Paris.", mark_unproven=False).text == "It can fly to Paris."
    assert _answer("It can fly to Paris.", name="extractive").text == "It can fly to Paris."


def test_a_mark_comes_as_soon_as_the_sentence_ends() -> None:
    said = Answer()
    items = answer("What?", _hits(), Said(["It can ", "fly. ", "Next ", "comes."]), said)
    seen = ""
    for item in items:
        seen += item.text if isinstance(item, Token) else ""
        if "Next" in seen:
            break
    items.close()
    assert "It can fly. [unproven] Next" in seen


def test_a_model_is_not_told_what_we_marked() -> None:
    history = [("Before?", "It can fly. [unproven] It is red [1].")]
    assert UNPROVEN not in str(chat_messages("So?", _hits(), history))


def test_what_is_withdrawn_takes_its_mark_along() -> None:
    said = _answer("It can fly to Paris [2]. The X-200 weighs 5 kg [1].")
    claims = [
        {"text": c.text, "start": c.start, "end": c.end, "verdict": c.verdict,
         "citations": list(c.citations)}
        for c in said.claims
    ]  # fmt: skip
    left = {number: proof.evidence for number, proof in enumerate(said.proofs, 1) if number > 1}
    text, kept = withdraw(said.text, claims, left=left, gone=[1], texts=[])
    assert text.startswith(f"{WITHDRAWN}[1] ")
    assert UNPROVEN not in text
    assert [text[c["start"] : c["end"]][:9] for c in kept] == [WITHDRAWN[:9], "The X-200"]
