"""Models and their instructions as an administrator sets them, and what answers make of it."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from deploy.stack import Stack
from pipelines.llms.prompts import BUILT_IN, RULES
from tests.support.client import Client
from tests.support.documents import NOTES
from tests.support.openai_replies import Failure, Pause
from tests.support.openai_server import OpenAIServer

QUESTION = "How many watts does the motor of the mixer draw?"
ANSWER = "The motor draws 450 watts [1]."


@pytest.fixture(scope="module")
def mixer(admin: Client) -> str:
    instrument = admin.instrument("Mixer")
    admin.add_bytes(instrument, "mixer.md", NOTES)
    return instrument


@pytest.fixture
def defaults(admin: Client) -> Iterator[str]:
    """The path of the default for answers, which is put back."""
    path = "/api/llm-defaults/answer"
    yield path
    assert admin.delete(path).status_code == 204


@pytest.fixture
def prompts(admin: Client) -> Iterator[str]:
    path = "/api/llm-prompts/answer"
    yield path
    assert admin.delete(path).status_code == 204


@pytest.fixture
def asides(llm_server: OpenAIServer) -> Iterator[OpenAIServer]:
    """The server, whose replies beside the script are put back."""
    llm_server.aside_requests.clear()
    yield llm_server
    for kind in ("rewrite", "title"):
        llm_server.aside(BUILT_IN[kind], Failure(400))


def ask(client: Client, instrument: str, question: str = QUESTION, **more: Any) -> dict[str, Any]:
    body = {"instrument_id": instrument, "question": question, **more}
    answer = client.post("/api/chat/ask", json=body, headers={"Prefer": "wait=30"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_providers_say_what_is_set_up_and_no_key(
    admin: Client, member: Client, stack: Stack
) -> None:
    answer = member.get("/api/llm-defaults/providers")
    assert stack.env["OPENAI_API_KEY"] not in answer.text
    found = {each["provider"]: each for each in answer.json()}
    assert {"extractive", "openai", "anthropic", "google"} <= set(found)
    assert found["openai"]["configured"] is True
    assert found["extractive"]["configured"] is True
    assert found["anthropic"]["configured"] is bool(stack.env.get("ANTHROPIC_API_KEY"))
    for model in found["anthropic"]["models"]:
        assert model["model"].startswith("anthropic:")
        assert model["context_window"] >= model["max_output"] > 0
        assert "streaming" in model["abilities"]


def test_a_default_is_the_settings_until_somebody_sets_it(
    admin: Client, member: Client, defaults: str
) -> None:
    change = {"model": "openai:other", "fallbacks": ["openai:spare", "extractive"]}
    assert member.put(defaults, json=change).status_code == 403
    assert member.get(defaults).json()["model"] == "openai:scripted"
    put = admin.put(defaults, json=change)
    assert put.status_code == 200, put.text
    shown = member.get(defaults).json()
    assert {**change, "type": "answer", "is_set": True}.items() <= shown.items()
    assert admin.get("/api/llm-defaults/title").json()["model"] == "openai:other"
    assert admin.get("/api/llm-defaults/title").json()["is_set"] is False
    assert admin.get("/api/llm-defaults/poem").status_code == 404
    assert member.delete(defaults).status_code == 403
    assert admin.delete(defaults).status_code == 204
    shown = member.get(defaults).json()
    assert (shown["model"], shown["is_set"]) == ("openai:scripted", False)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"model": "poet:m"}, "model"),
        ({"model": "openai:"}, "model"),
        ({"model": "extractive:x"}, "model"),
        ({"model": "mock:/etc/passwd"}, "model"),
        ({"model": "google:gemini-2.5-pro"}, "model"),
        ({"fallbacks": ["extractive"]}, "model"),
        ({"model": "openai:a", "fallbacks": ["mock:x"]}, "fallbacks"),
        ({"model": "openai:a", "fallbacks": ["openai:a"]}, "fallbacks"),
        ({"model": "openai:a", "fallbacks": [f"openai:{n}" for n in range(9)]}, "fallbacks"),
    ],
)
def test_a_default_that_could_not_answer_is_refused(
    admin: Client, change: dict[str, Any], field: str
) -> None:
    answer = admin.put("/api/llm-defaults/answer", json=change)
    assert answer.status_code == 422
    assert field in answer.json()["errors"]["json"]
    assert admin.get("/api/llm-defaults/answer").json()["model"] == "openai:scripted"


def test_instructions_have_versions_and_the_active_one_is_told(
    admin: Client, member: Client, mixer: str, prompts: str, llm_server: OpenAIServer
) -> None:
    built_in = admin.get(f"{prompts}/default").json()["text"]
    before = admin.get(prompts).json()
    assert (before["version"], before["is_built_in"], before["text"]) == (0, True, built_in)

    for text in ("Speak like a sailor.", "Speak like a poet."):
        made = admin.post(prompts, json={"text": text})
        assert (made.status_code, made.json()["text"]) == (201, text)
    shown = admin.get(prompts).json()
    newest = shown["version"]
    assert [each["is_active"] for each in shown["versions"][:2]] == [True, False]
    texts = admin.get(f"{prompts}/versions").json()
    assert [each["text"] for each in texts[:2]] == ["Speak like a poet.", "Speak like a sailor."]

    llm_server.script([ANSWER])
    ask(admin, mixer)
    system = llm_server.requests[-1].body["messages"][0]["content"]
    assert system.startswith("Speak like a poet.")
    assert RULES in system

    assert admin.delete(prompts).status_code == 204
    after = admin.get(prompts).json()
    assert (after["version"], after["text"]) == (0, built_in)
    assert after["versions"][0]["version"] == newest
    llm_server.script([ANSWER])
    ask(admin, mixer)
    assert llm_server.requests[-1].body["messages"][0]["content"].startswith(built_in)


def test_instructions_are_the_administrators_and_bounded(
    admin: Client, member: Client, prompts: str
) -> None:
    for call in (
        member.get(prompts),
        member.post(prompts, json={"text": "x"}),
        member.delete(prompts),
    ):
        assert call.status_code == 403
    for text in ("", "   ", "x" * 8001):
        assert admin.post(prompts, json={"text": text}).status_code == 422
    assert admin.get("/api/llm-prompts/poem").status_code == 404


def test_a_repeated_request_makes_one_version(admin: Client, prompts: str) -> None:
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    made = [
        admin.post(prompts, json={"text": "Once."}, headers=headers).json()["version"]
        for _ in range(2)
    ]
    assert made[0] == made[1]


def test_the_next_model_answers_and_the_turn_says_why(
    admin: Client, mixer: str, defaults: str, llm_server: OpenAIServer
) -> None:
    chain = {"model": "openai:scripted", "fallbacks": ["openai:spare", "extractive"]}
    assert admin.put(defaults, json=chain).status_code == 200
    llm_server.script([Failure(404), ANSWER])
    turn = ask(admin, mixer)
    assert turn["answer"] == ANSWER
    assert turn["model"] == "openai:spare"
    assert "openai:scripted gave no answer" in turn["notices"][0]
    assert turn["usage"]["completion_tokens"] == 6

    llm_server.script([Failure(404), Failure(401)])
    turn = ask(admin, mixer)
    assert (turn["status"], turn["model"]) == ("done", "extractive")
    assert "450 watts" in turn["answer"]
    assert len(turn["notices"]) == 2

    llm_server.script([ANSWER])
    assert ask(admin, mixer, model="openai:spare")["model"] == "openai:spare"
    assert llm_server.requests[-1].body["model"] == "spare"


def test_only_models_that_are_set_up_may_be_asked(admin: Client, mixer: str) -> None:
    body = {"instrument_id": mixer, "question": QUESTION, "model": "openai:dear"}
    answer = admin.post("/api/chat/ask", json=body)
    assert answer.status_code == 422
    assert "openai:scripted or extractive" in answer.json()["errors"]["json"]["model"][0]


def _title(client: Client, session: str, until: str) -> str:
    """The conversation's title once it is `until`, or after ten seconds."""
    end = time.monotonic() + 10
    while True:
        title = client.get(f"/api/chat/sessions/{session}").json()["title"]
        if title == until or time.monotonic() > end:
            return title
        time.sleep(0.1)


def test_a_conversation_is_named_after_its_first_answer(
    admin: Client, mixer: str, asides: OpenAIServer
) -> None:
    asides.aside(BUILT_IN["title"], '"Power of the **mixer**"')
    asides.script([ANSWER])
    turn = ask(admin, mixer)
    assert _title(admin, turn["session_id"], "Power of the mixer") == "Power of the mixer"
    assert "450 watts" in asides.aside_requests[0].body["messages"][-1]["content"]


def test_a_name_that_somebody_gave_stays(admin: Client, mixer: str, asides: OpenAIServer) -> None:
    asides.aside(BUILT_IN["title"], ["Power ", Pause(1.5), "of the mixer"])
    asides.script([ANSWER])
    turn = ask(admin, mixer)
    path = f"/api/chat/sessions/{turn['session_id']}"
    assert admin.patch(path, json={"title": "Mine"}).status_code == 200
    time.sleep(2.5)
    assert len(asides.aside_requests) == 1
    assert admin.get(path).json()["title"] == "Mine"


def test_a_follow_up_is_rewritten_by_the_model(
    admin: Client, mixer: str, asides: OpenAIServer
) -> None:
    asides.aside(BUILT_IN["rewrite"], "How many litres does the bowl of the mixer hold?")
    asides.script([ANSWER, "Four litres [1]."])
    first = ask(admin, mixer)
    turn = ask(admin, mixer, "And how much does its bowl hold?", session_id=first["session_id"])
    assert turn["status"] == "done"
    assert turn["usage"]["rewrite"]["completion_tokens"] > 0
    asked = [r for r in asides.aside_requests if BUILT_IN["rewrite"] in str(r.body)]
    assert QUESTION in asked[0].body["messages"][-1]["content"]
    told = asides.requests[-1].body["messages"][-1]["content"]
    assert "And how much does its bowl hold?" in told
    assert "A: The motor draws 450 watts." in told


def test_what_the_model_makes_of_a_follow_up_is_what_is_looked_for(
    admin: Client, asides: OpenAIServer
) -> None:
    instrument = admin.instrument("Workshop")
    admin.add_bytes(instrument, "mixer.md", NOTES)
    admin.add_bytes(instrument, "kiln.md", b"# Kiln\n\nThe kiln was glazed in Delft in 1987.\n")
    asides.aside(BUILT_IN["rewrite"], "Where was the kiln glazed?")
    asides.script([ANSWER, "The kiln was glazed in Delft [1]."])
    first = ask(admin, instrument)
    turn = ask(admin, instrument, "And it?", session_id=first["session_id"])
    told = asides.requests[-1].body["messages"][-1]["content"]
    assert "glazed in Delft in 1987" in told
    assert [cited["filename"] for cited in turn["citations"]] == ["kiln.md"]
    # Its own words and the earlier question's do not lead there.
    asides.aside(BUILT_IN["rewrite"], Failure(400))
    asides.script([ANSWER])
    ask(admin, instrument, "And it?", session_id=first["session_id"])
    told = asides.requests[-1].body["messages"][-1]["content"]
    assert told.index("450 watts") < told.find("glazed in Delft") % len(told)


@pytest.mark.parametrize("kind", ["rewrite", "title"])
def test_a_side_prompt_has_a_model_and_instructions_of_its_own(
    admin: Client, mixer: str, asides: OpenAIServer, kind: str
) -> None:
    default, prompt = f"/api/llm-defaults/{kind}", f"/api/llm-prompts/{kind}"
    instructions = f"Think of the {kind} as a pirate would."
    asides.aside(instructions, "Bowl of the mixer")
    try:
        put = admin.put(default, json={"model": "openai:small", "fallbacks": []})
        assert (put.status_code, put.json()["is_set"]) == (200, True), put.text
        assert admin.post(prompt, json={"text": instructions}).status_code == 201
        asides.script([ANSWER, ANSWER])
        first = ask(admin, mixer)
        assert ask(admin, mixer, "And its bowl?", session_id=first["session_id"])
        end = time.monotonic() + 10
        sent: list[Any] = []
        while not sent and time.monotonic() < end:
            sent = [r for r in asides.aside_requests if instructions in str(r.body["messages"][0])]
            time.sleep(0.05)
        assert [request.body["model"] for request in sent] == ["small"]
    finally:
        admin.delete(default)
        admin.delete(prompt)
    assert admin.get(default).json()["is_set"] is False
    assert admin.get(prompt).json()["is_built_in"] is True


def test_nothing_leaves_the_house_when_the_answer_needs_no_model(
    admin: Client, mixer: str, asides: OpenAIServer
) -> None:
    sent = len(asides.requests)
    first = admin.ask(mixer, QUESTION)
    admin.ask(mixer, "And its weight?", session_id=first["session_id"])
    time.sleep(0.5)
    assert asides.aside_requests == []
    assert len(asides.requests) == sent
