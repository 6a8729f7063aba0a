"""A question that leans on an earlier one carries over what that one was about."""

from __future__ import annotations

import pytest

from pipelines.answering.follow_ups import carried_over

FIRST = "With what torque is the rotor nut of the X-200 tightened?"


@pytest.mark.parametrize(
    "question", ["And how often?", "How often must it be checked?", "Why?", "它多重?"]
)
def test_a_leaning_question_takes_the_subject_along(question: str) -> None:
    carried = carried_over(question, [FIRST])
    assert carried.startswith(question.rstrip("?"))
    assert carried.endswith("?")
    assert "rotor" in carried
    assert "200" in carried


def test_a_question_that_stands_alone_stays() -> None:
    question = "What is the maximum speed of the Y-9 pump?"
    assert carried_over(question, [FIRST]) == question
    assert carried_over("And how often?", []) == "And how often?"


def test_a_chain_of_follow_ups_reaches_back_to_the_subject() -> None:
    carried = carried_over("And its weight?", [FIRST, "How often must it be checked?"])
    assert "rotor" in carried
