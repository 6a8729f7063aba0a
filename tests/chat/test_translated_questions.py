"""With a language model, a question in another language than the sources is looked for in both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pipelines.llms.prompts import BUILT_IN, translated
from tests.support.client import Client
from tests.support.openai_replies import Failure
from tests.support.openai_server import OpenAIServer

GERMAN = "Wie oft muss die Buchse geölt werden?"
ENGLISH = "How often must the bushing be oiled?"
SOURCES = {
    "bushing.md": "# Upkeep\n\nThe bushing is oiled every two weeks by whoever runs the plant.",
    "buchse.md": "# Names\n\nBuchse & Sohn made the cabinet, and Werden is where they had a shop.",
    "rest.md": "# Colours\n\nThe cabinet of the device is grey, and its door has a window.",
}


@pytest.fixture
def asides(llm_server: OpenAIServer) -> Iterator[OpenAIServer]:
    llm_server.aside_requests.clear()
    yield llm_server
    llm_server.aside(BUILT_IN["rewrite"], Failure(400))


@pytest.fixture
def workshop(admin: Client, instrument: str) -> str:
    for name, text in SOURCES.items():
        admin.add_bytes(instrument, name, text.encode())
    return instrument


def _asked(client: Client, instrument: str, question: str, server: OpenAIServer) -> dict[str, Any]:
    server.script(["Every two weeks [1]."])
    body = {"instrument_id": instrument, "question": question}
    answer = client.post("/api/chat/ask", json=body, headers={"Prefer": "wait=30"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def _rewrites(server: OpenAIServer) -> list[str]:
    return [str(r.body) for r in server.aside_requests if BUILT_IN["rewrite"] in str(r.body)]


def test_a_question_is_looked_for_in_the_sources_language_too(
    admin: Client, workshop: str, asides: OpenAIServer
) -> None:
    asides.aside(BUILT_IN["rewrite"], f"{GERMAN}\n{ENGLISH}")
    turn = _asked(admin, workshop, GERMAN, asides)
    (rewrite,) = _rewrites(asides)
    assert "the same question in English" in rewrite
    told = asides.requests[-1].body["messages"][-1]["content"]
    assert told.index("every two weeks") < told.find("Buchse & Sohn") % len(told)
    assert told.endswith(GERMAN)
    assert turn["citations"][0]["filename"] == "bushing.md"
    assert turn["usage"]["rewrite"]["completion_tokens"] > 0


def test_a_question_in_the_sources_language_is_not_translated(
    admin: Client, workshop: str, asides: OpenAIServer
) -> None:
    asides.aside(BUILT_IN["rewrite"], "Never asked\nfor")
    turn = _asked(admin, workshop, ENGLISH, asides)
    assert turn["citations"][0]["filename"] == "bushing.md"
    assert _rewrites(asides) == []


@pytest.mark.parametrize("reply", [Failure(400), "One line only", "a\nb\nc"])
def test_without_a_translation_the_question_is_asked_as_it_is(
    admin: Client, workshop: str, asides: OpenAIServer, reply: Any
) -> None:
    asides.aside(BUILT_IN["rewrite"], reply)
    turn = _asked(admin, workshop, GERMAN, asides)
    assert turn["status"] == "done"


def test_a_translation_is_two_lines() -> None:
    assert translated(f'{GERMAN}\n\n"{ENGLISH}"\n', "x") == (GERMAN, ENGLISH)
    assert translated("Nothing but this", GERMAN) == (GERMAN, "")
    assert translated("", GERMAN) == (GERMAN, "")
