"""A turn says whether it answers, how the question was understood, what is near, what decides."""

from __future__ import annotations

import pytest

from tests.support.client import Client

KILN = b"""# Delma kiln

The kiln weighs 41 kg. It stands on four feet.

The lid of the kiln is opened when it has cooled for 12 hours.
"""


@pytest.fixture(scope="module")
def kiln(admin: Client) -> str:
    instrument = admin.instrument("Kiln that answers")
    admin.add_bytes(instrument, "kiln.md", KILN)
    return instrument


def test_an_answer_says_so_and_what_decides_is_marked(admin: Client, kiln: str) -> None:
    turn = admin.ask(kiln, "What does the kiln weigh?")
    assert turn["answered"] == "yes"
    assert turn["related"] == []
    assert turn["understood_as"] is None
    (citation,) = turn["citations"]
    focus = citation["focus"]
    assert citation["quote"][focus["start"] : focus["end"]] == "The kiln weighs 41 kg."
    (place,) = focus["locators"]
    (whole,) = citation["locators"]
    assert whole["start"] <= place["start"] < place["end"] < whole["end"]


def test_what_is_not_there_is_not_answered_and_what_is_near_goes_with_its_source(
    admin: Client,
) -> None:
    instrument = admin.instrument("Kiln that declines")
    admin.add_bytes(instrument, "kiln.md", KILN)
    turn = admin.ask(instrument, "How loud is the kiln in decibels?")
    assert turn["answered"] == "no"
    assert (turn["claims"], turn["citations"]) == ([], [])
    assert turn["related"]
    assert all(each["quote"] in KILN.decode() for each in turn["related"])
    shown = admin.get(f"/api/chat/sessions/{turn['session_id']}/export?format=md").text
    assert "The sources do not answer this" in shown
    source = admin.get(f"/api/sources/?instrument={instrument}").json()[0]["id"]
    assert admin.delete(f"/api/sources/{source}").status_code in (200, 202, 204)
    again = admin.get(f"/api/chat/turns/{turn['turn_id']}").json()
    assert again["related"] == []


def test_a_follow_up_says_how_it_was_understood(admin: Client, kiln: str) -> None:
    first = admin.ask(kiln, "What does the kiln weigh?")
    turn = admin.ask(kiln, "And how many feet does it stand on?", session_id=first["session_id"])
    assert "kiln" in turn["understood_as"]
    assert "four feet" in turn["answer"]


def test_a_source_is_asked_about_itself(admin: Client, kiln: str) -> None:
    turn = admin.ask(kiln, "What is this document about?")
    assert turn["answered"] == "yes"
    assert turn["citations"][0]["filename"] == "kiln.md"
    listed = admin.ask(kiln, "Which documents are there?")
    assert "kiln.md" in listed["answer"]
    assert {claim["verdict"] for claim in listed["claims"]} == {"verified"}


def test_all_sources_are_named_however_many(admin: Client) -> None:
    instrument = admin.instrument("Many papers")
    for number in range(10):
        admin.add_bytes(instrument, f"paper-{number}.md", f"# Paper {number}\n\nText.".encode())
    turn = admin.ask(instrument, "Which documents are there?")
    assert all(f"paper-{number}.md" in turn["answer"] for number in range(10))


def test_the_end_of_a_stream_tells_it_too(admin: Client, kiln: str) -> None:
    asked = {"instrument_id": kiln, "q": "What does the kiln weigh?", "model": "extractive"}
    events = admin.events("/stream/chat", **asked)
    done = next(data for _, event, data in events if event == "done")
    assert done["answered"] == "yes"
    assert done["citations"][0]["focus"]["locators"]


def test_a_question_in_another_language_says_why_it_finds_little(admin: Client, kiln: str) -> None:
    turn = admin.ask(kiln, "Wie viel wiegt der Brennofen und wo steht er?")
    assert any("multilingual-e5-small" in notice for notice in turn["notices"])
    assert not admin.ask(kiln, "What does the kiln weigh?")["notices"]
