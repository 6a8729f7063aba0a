"""Of an answer stays what other proofs carry; the rest gives way to a placeholder."""

from __future__ import annotations

from typing import Any

from pipelines.answering.withdrawal import WITHDRAWN, copies, withdraw
from pipelines.claims.quotes import Quote

TORQUE = "Tighten the rotor nut to a torque of 5.5 Nm."
LAMP = "The lamp burns until the rotor stands still."


def claims_of(answer: str, *sentences: tuple[str, list[int]]) -> list[dict[str, Any]]:
    """The claims of an answer: each sentence, marks included, with what it cites."""
    found = []
    for text, numbers in sentences:
        start = answer.index(text)
        marks = "".join(f"[{n}]" for n in numbers)
        end = start + len(text) + len(marks)
        assert answer[start:end] == text + marks
        found.append(
            {"text": text, "start": start, "end": end, "verdict": "verified", "citations": numbers}
        )
    return found


def test_a_sentence_that_nothing_else_proves_gives_way() -> None:
    answer = f"{TORQUE}[1] {LAMP}[2]"
    said, claims = withdraw(
        answer,
        claims_of(answer, (TORQUE, [1]), (LAMP, [2])),
        left={2: Quote(LAMP)},
        gone={1},
        texts=[TORQUE],
    )
    assert said == f"{WITHDRAWN}[1] {LAMP}[2]"
    assert [claim.get("state") for claim in claims] == ["withdrawn", None]
    assert [said[c["start"] : c["end"]] for c in claims] == [f"{WITHDRAWN}[1]", f"{LAMP}[2]"]
    assert "5.5" not in repr(claims)


def test_a_sentence_with_another_proof_stays_by_what_that_says() -> None:
    both = f"{TORQUE}[1][2] {LAMP}[1][3]"
    parts = claims_of(both, (TORQUE, [1, 2]), (LAMP, [1, 3]))
    other = "Bananas are yellow and grow in warm countries."
    said, claims = withdraw(
        both, parts, left={2: Quote(TORQUE), 3: Quote(other)}, gone={1}, texts=[LAMP]
    )
    assert said == f"{TORQUE}[1][2] {WITHDRAWN}[1][3]"
    assert claims[0]["verdict"] == "verified"


def test_what_is_named_of_the_proofs_is_of_those_that_are_left() -> None:
    kept = {"text": LAMP, "verdict": "partial", "changed": ["fan -> lamp"], "missing": ["word: x"]}
    answer = f"{TORQUE}[1][2] {LAMP}[3]"
    parts = claims_of(answer, (TORQUE, [1, 2]), (LAMP, [3]))
    parts[1] |= kept
    left = Quote(TORQUE.replace("rotor", "swivel"))
    said, claims = withdraw(answer, parts, left={2: left, 3: Quote("-")}, gone={1}, texts=["-"])
    assert said == answer
    assert (claims[0]["verdict"], claims[0]["changed"]) == ("partial", ["swivel -> rotor"])
    assert (claims[1]["changed"], claims[1]["missing"]) == (kept["changed"], kept["missing"])


def test_a_heading_that_cites_only_what_was_deleted_goes_with_it() -> None:
    answer = f"Torque values [1]\nLamp [2]\n{LAMP}[2]"
    said, _ = withdraw(
        answer,
        claims_of(answer, (LAMP, [2])),
        left={2: Quote(LAMP)},
        gone={1},
        texts=["Torque values"],
    )
    assert said == f"Lamp [2]\n{LAMP}[2]"


def test_what_copies_a_deleted_text_goes_without_a_mark_too() -> None:
    heading = "# Torque of the rotor nut is 5.5 Nm"
    answer = f"{heading}\n{LAMP}[2]\nSo tighten the rotor nut to a torque of 5.5 Nm."
    last = "So tighten the rotor nut to a torque of 5.5 Nm."
    said, _ = withdraw(
        answer,
        claims_of(answer, (LAMP, [2]), (last, [])),
        left={2: Quote(LAMP)},
        gone={1},
        texts=[TORQUE, "The torque of the rotor nut is 5.5 Nm."],
    )
    assert said == f"{LAMP}[2]\n{WITHDRAWN}"


def test_without_any_proof_left_nothing_of_the_answer_is() -> None:
    answer = f"Here it is, in other words entirely. {TORQUE}[1]"
    said, claims = withdraw(
        answer, claims_of(answer, (TORQUE, [1])), left={}, gone={1}, texts=[TORQUE]
    )
    assert said == f"{WITHDRAWN}[1]"
    assert [(c["start"], c["end"], c["citations"]) for c in claims] == [(0, len(said), [1])]


def test_withdrawing_twice_keeps_the_placeholders() -> None:
    answer = f"{TORQUE}[1] {LAMP}[2] Seals are made of silicone.[3]"
    parts = claims_of(answer, (TORQUE, [1]), (LAMP, [2]), ("Seals are made of silicone.", [3]))
    seals = {3: Quote("Seals are made of silicone.")}
    said, claims = withdraw(answer, parts, left={2: Quote(LAMP), **seals}, gone={1}, texts=[TORQUE])
    said, claims = withdraw(said, claims, left=seals, gone={1, 2}, texts=[LAMP])
    assert said == f"{WITHDRAWN}[1] {WITHDRAWN}[2] Seals are made of silicone.[3]"
    assert [said[c["start"] : c["end"]] for c in claims] == [
        f"{WITHDRAWN}[1]",
        f"{WITHDRAWN}[2]",
        "Seals are made of silicone.[3]",
    ]


def test_few_common_words_are_no_copy() -> None:
    said = ["It is a torque of 5.5 Nm", "The torque is to be looked up"]
    assert copies(said, {"nut": [LAMP, TORQUE], "lamp": [LAMP]}) == [("nut",), ()]
