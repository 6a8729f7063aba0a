"""Following a turn or a job: each event once, in order, whatever breaks in between."""

from __future__ import annotations

import time

import pytest
from flask import Flask

from tests.support.client import Client
from tests.support.documents import NOTES
from tests.support.openai_server import OpenAIServer

WORDS = [f"word{n} " for n in range(60)]


@pytest.fixture(scope="module")
def mixer(admin: Client) -> str:
    """An instrument that knows about the mixer."""
    instrument = admin.instrument("Mixer")
    admin.add_bytes(instrument, "mixer.md", NOTES)
    return instrument


def _slowly(words: list[str], seconds: float) -> list:
    from tests.support.openai_replies import Pause

    return [step for word in words for step in (word, Pause(seconds))]


def _asked(client: Client, instrument: str, question: str = "What of the mixer motor?") -> dict:
    body = {"instrument_id": instrument, "question": question}
    answer = client.post("/api/chat/ask", json=body)
    assert answer.status_code == 202, answer.text
    return answer.json()


def test_the_events_of_a_chat_come_in_order(admin: Client, mixer: str) -> None:
    found = list(
        admin.events(
            "/stream/chat",
            instrument_id=mixer,
            q="How many watts does the motor of the mixer draw?",
            model="extractive",
        )
    )
    names = [name for _, name, _ in found]
    assert names[0] == "start"
    assert names[-1] == "done"
    assert {"status", "token", "citation"} <= set(names)
    start, done = found[0][2], found[-1][2]
    assert start["turn_id"] == done["turn_id"]
    said = "".join(data["t"] for _, name, data in found if name == "token")
    turn = admin.get(f"/api/chat/turns/{start['turn_id']}").json()
    assert said == turn["answer"]
    assert [d["number"] for _, n, d in found if n == "citation"] == [
        c["number"] for c in turn["citations"]
    ]
    assert done["citations"] == turn["citations"]
    assert done["claims"] == turn["claims"]
    ids = [event_id for event_id, _, _ in found if event_id]
    assert all(event_id.startswith(start["job_id"] + "/") for event_id in ids)


def test_a_client_that_drops_five_times_receives_every_token_once(
    admin: Client, mixer: str, llm_server: OpenAIServer
) -> None:
    llm_server.script([_slowly(WORDS, 0.03)])
    params = {"instrument_id": mixer, "q": "Tell me of the mixer motor, slowly."}
    received: list[str] = []
    last_id: str | None = None
    ended = False
    drops = 0
    turns = set()
    while not ended:
        taken = 0
        for event_id, name, data in admin.events("/stream/chat", last_id, **params):
            last_id = event_id or last_id
            if name == "start":
                turns.add(data["turn_id"])
            if name == "token":
                received.append(data["t"])
                taken += 1
            if name == "done":
                ended = True
            if drops < 5 and taken == 8:
                drops += 1
                break
    assert drops == 5
    assert len(turns) == 1
    assert "".join(received).split() == [*"".join(WORDS).split(), "[unproven]"]
    assert len(admin.get(f"/api/citations/turn/{turns.pop()}").json()["items"]) == 0


def test_two_followers_and_a_late_one_see_the_same(
    admin: Client, mixer: str, llm_server: OpenAIServer
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    llm_server.script([_slowly(WORDS[:20], 0.02)])
    asked = _asked(admin, mixer)
    path = f"/stream/turns/{asked['turn_id']}"

    def follow(_: int) -> list:
        return list(admin.events(path))

    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(follow, range(2))
    late = list(admin.events(path))
    assert one == two == late
    assert [n for _, n, _ in late][-1] == "done"


def test_the_same_log_by_polling(admin: Client, mixer: str, llm_server: OpenAIServer) -> None:
    llm_server.script([_slowly(WORDS[:15], 0.02)])
    asked = _asked(admin, mixer)
    polled: list[dict] = []
    after, finished = None, False
    while not finished:
        params = {"wait": 5, **({"after": after} if after else {})}
        answer = admin.get(f"/api/jobs/{asked['job_id']}/events", params=params).json()
        polled += answer["events"]
        finished = answer["finished"]
        after = polled[-1]["id"] if polled else None
    streamed = [
        (event_id, name) for event_id, name, _ in admin.events(f"/stream/jobs/{asked['job_id']}")
    ]
    assert streamed[0][1] == "snapshot"
    assert [(event["id"], event["event"]) for event in polled] == streamed[1:]
    said = "".join(e["data"]["t"] for e in polled if e["event"] == "token")
    assert said.split() == [*"".join(WORDS[:15]).split(), "[unproven]"]


def test_when_the_log_has_expired_the_row_speaks(admin: Client, mixer: str, app: Flask) -> None:
    question = "How many watts does the motor of the mixer draw?"
    turn = admin.ask(mixer, question)
    seen = [event_id for event_id, _, _ in admin.events(f"/stream/turns/{turn['turn_id']}")]
    app.extensions["services"].events.forget(turn["job_id"])

    fresh = list(admin.events(f"/stream/turns/{turn['turn_id']}"))
    assert "".join(d["t"] for _, n, d in fresh if n == "token") == turn["answer"]
    assert fresh[-1][1] == "done"
    assert fresh[-1][2]["citations"] == turn["citations"]

    back = list(admin.events(f"/stream/turns/{turn['turn_id']}", seen[2]))
    assert [name for _, name, _ in back] == ["snapshot", "done"]
    assert back[0][2]["answer"] == turn["answer"]


def test_resuming_never_asks_twice(admin: Client, mixer: str, app: Flask) -> None:
    turn = admin.ask(mixer, "How many watts does the motor of the mixer draw?")
    before = admin.get("/api/chat/sessions/", params={"page_size": 100}).json()
    events = list(
        admin.events(
            "/stream/chat", f"{turn['job_id']}/0-0", instrument_id=mixer, q="something else"
        )
    )
    assert events[-1][2]["turn_id"] == turn["turn_id"]
    assert admin.get("/api/chat/sessions/", params={"page_size": 100}).json() == before


def test_cancelling_keeps_what_was_said_and_stops_the_vendor(
    admin: Client, mixer: str, llm_server: OpenAIServer
) -> None:
    from tests.support.openai_replies import Stall

    left = len(llm_server.disconnects)
    llm_server.script([["The motor ", "draws power.", Stall()]])
    asked = _asked(admin, mixer)
    names = []
    for _, name, data in admin.events(f"/stream/turns/{asked['turn_id']}"):
        names.append(name)
        if name == "token" and "motor" in data["t"]:
            admin.post(f"/api/chat/turn/{asked['turn_id']}/cancel")
    assert names[-1] == "error"
    turn = admin.get(f"/api/chat/turns/{asked['turn_id']}").json()
    assert turn["status"] == "cancelled"
    assert turn["answer"] == "The motor draws power. [unproven]"
    until = time.monotonic() + 5
    while len(llm_server.disconnects) == left and time.monotonic() < until:
        time.sleep(0.05)
    assert len(llm_server.disconnects) == left + 1


@pytest.mark.usefixtures("no_fallback")
def test_a_failing_model_is_told_in_words(
    admin: Client, mixer: str, llm_server: OpenAIServer
) -> None:
    from tests.support.openai_replies import Failure

    llm_server.script([Failure(401)])
    asked = _asked(admin, mixer)
    events = list(admin.events(f"/stream/turns/{asked['turn_id']}"))
    assert events[-1][1] == "error"
    assert events[-1][2]["code"] == "llm_failed"
    assert "OPENAI_API_KEY" in events[-1][2]["message"]
    turn = admin.get(f"/api/chat/turns/{asked['turn_id']}").json()
    assert (turn["status"], turn["error"]["code"]) == ("failed", "llm_failed")


def test_a_models_marks_become_citations_and_invented_ones_go(
    admin: Client, mixer: str, llm_server: OpenAIServer
) -> None:
    llm_server.script(
        [["The motor draws 450 wa", "tts [", "1", "]", ". It sings [97].", " It glows."]]
    )
    asked = _asked(admin, mixer, "How many watts does the motor draw?")
    events = list(admin.events(f"/stream/turns/{asked['turn_id']}"))
    said = "".join(data["t"] for _, name, data in events if name == "token")
    assert said == ("The motor draws 450 watts [1]. It sings . [unproven] It glows. [unproven]")
    assert said == events[-1][2]["answer"]
    turn = admin.get(f"/api/chat/turns/{asked['turn_id']}").json()
    assert [c["number"] for c in turn["citations"]] == [1]
    assert "removed" in turn["notices"][0]
    assert [claim["verdict"] for claim in turn["claims"]][1:] == ["unsupported", "unsupported"]


def test_the_prompt_fences_sources(admin: Client, mixer: str, llm_server: OpenAIServer) -> None:
    llm_server.script(["Nothing."])
    asked = _asked(admin, mixer)
    list(admin.events(f"/stream/turns/{asked['turn_id']}"))
    messages = llm_server.requests[-1].body["messages"]
    assert messages[0]["role"] == "system"
    assert '<passage number="1"' in messages[-1]["content"]
    assert "450 watts" in messages[-1]["content"]
