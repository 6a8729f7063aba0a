"""The life of a turn: answered anew, chosen, stopped, judged; conversations found and paged."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.client import Client
from tests.support.documents import NOTES
from tests.support.openai_replies import Failure, Reply, Stall
from tests.support.openai_server import OpenAIServer

MOTOR = "How many watts does the motor of the mixer draw?"
BOWL = "How many litres does the bowl of the mixer hold?"


@pytest.fixture(scope="module")
def mixer(admin: Client) -> str:
    """An instrument that knows about the mixer."""
    instrument = admin.instrument("Mixer")
    admin.add_bytes(instrument, "mixer.md", NOTES)
    return instrument


def _again(client: Client, turn_id: str, **body: str) -> dict:
    """Another answer to the question of a turn, once it has ended."""
    answer = client.post(f"/api/chat/regen/{turn_id}", json=body or None)
    assert answer.status_code == 202, answer.text
    client.wait(answer.json()["job_id"])
    return client.get(f"/api/chat/turns/{answer.json()['turn_id']}").json()


def _chosen(client: Client, session_id: str) -> list[str]:
    turns = client.get(f"/api/chat/sessions/{session_id}").json()["turns"]
    return [turn["turn_id"] for turn in turns if turn["chosen"]]


def _prompt(server: OpenAIServer) -> str:
    return " ".join(message["content"] for message in server.requests[-1].body["messages"])


def test_an_answer_given_anew_is_the_chosen_one(admin: Client, mixer: str) -> None:
    first = admin.ask(mixer, MOTOR)
    assert first["chosen"]
    second = _again(admin, first["turn_id"], model="extractive")
    third = _again(admin, second["turn_id"], model="extractive")
    assert (third["status"], third["chosen"]) == ("done", True)
    assert {second["regenerated_from"], third["regenerated_from"]} == {first["turn_id"]}
    assert _chosen(admin, first["session_id"]) == [third["turn_id"]]

    answer = admin.patch(f"/api/chat/turns/{second['turn_id']}", json={"chosen": True})
    assert (answer.status_code, answer.json()["chosen"]) == (200, True)
    assert _chosen(admin, first["session_id"]) == [second["turn_id"]]
    answer = admin.patch(f"/api/chat/turns/{second['turn_id']}", json={"chosen": False})
    assert answer.status_code == 422


@pytest.mark.usefixtures("no_fallback")
def test_an_answer_that_failed_is_not_chosen(
    admin: Client, mixer: str, llm_server: OpenAIServer
) -> None:
    first = admin.ask(mixer, MOTOR)
    llm_server.script([Failure(401)])
    failed = _again(admin, first["turn_id"])
    assert (failed["status"], failed["chosen"]) == ("failed", False)
    assert _chosen(admin, first["session_id"]) == [first["turn_id"]]
    answer = admin.patch(f"/api/chat/turns/{failed['turn_id']}", json={"chosen": True})
    assert answer.status_code == 409
    assert _chosen(admin, first["session_id"]) == [first["turn_id"]]


def test_an_answer_stopped_in_silence_is_not_chosen_but_one_with_words_is(
    admin: Client, mixer: str, llm_server: OpenAIServer
) -> None:
    first = admin.ask(mixer, MOTOR)

    def stopped(*said: str) -> str:
        """Answer anew and stop once the vendor is silent; the turn's id."""
        left, asked = len(llm_server.disconnects), len(llm_server.requests)
        llm_server.script([Reply((*said, Stall()))])
        again = admin.post(f"/api/chat/regen/{first['turn_id']}").json()
        if said:
            events = admin.events(f"/stream/turns/{again['turn_id']}")
            assert any(name == "token" for _, name, _ in events)
        else:
            until = time.monotonic() + 60
            while len(llm_server.requests) == asked and time.monotonic() < until:
                time.sleep(0.05)
        admin.post(f"/api/chat/turn/{again['turn_id']}/cancel")
        assert admin.wait(again["job_id"])["state"] == "cancelled"
        assert llm_server.wait_for_disconnect(left + 1)
        return again["turn_id"]

    stopped()
    assert _chosen(admin, first["session_id"]) == [first["turn_id"]]
    spoken = stopped("It draws ", "power. ", "And so ", "on ")
    assert _chosen(admin, first["session_id"]) == [spoken]


def test_only_chosen_answers_are_what_was_said_before(
    admin: Client, mixer: str, llm_server: OpenAIServer
) -> None:
    llm_server.script(["Alpha says 450 watts.", "Beta says 450 watts."])
    first = admin.ask(mixer, MOTOR, model=None)
    second = _again(admin, first["turn_id"])
    llm_server.script(["It holds 6.5 litres."])
    follow = admin.ask(mixer, BOWL, model=None, session_id=first["session_id"])
    assert "Beta says" in _prompt(llm_server)
    assert "Alpha says" not in _prompt(llm_server)

    admin.patch(f"/api/chat/turns/{first['turn_id']}", json={"chosen": True})
    llm_server.script(["It holds 6.5 litres, as said."])
    _again(admin, follow["turn_id"])
    assert "Alpha says" in _prompt(llm_server)
    assert "Beta says" not in _prompt(llm_server)
    assert "It holds 6.5 litres." not in _prompt(llm_server)

    # Asked anew, the first question sees nothing of what came after it.
    llm_server.script(["Gamma says 450 watts."])
    _again(admin, second["turn_id"])
    for later in ("Alpha says", "Beta says", "6.5 litres, as said"):
        assert later not in _prompt(llm_server)


def test_choosing_at_once_leaves_one_chosen(admin: Client, mixer: str) -> None:
    first = admin.ask(mixer, MOTOR)
    turns = [first["turn_id"]]
    turns += [_again(admin, first["turn_id"], model="extractive")["turn_id"] for _ in range(2)]

    def choose(turn_id: str) -> int:
        return admin.patch(f"/api/chat/turns/{turn_id}", json={"chosen": True}).status_code

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(choose, turns * 6)) == {200}
    assert len(_chosen(admin, first["session_id"])) == 1


def test_a_stopped_vendor_says_nothing_more(
    admin: Client, mixer: str, llm_server: OpenAIServer
) -> None:
    """The vendor's connection is closed while it is silent, before the word that would follow."""
    left = len(llm_server.disconnects)
    llm_server.script([["The motor ", "draws power. ", "And so ", "on ", Stall(), " Never heard."]])
    asked = admin.post("/api/chat/ask", json={"instrument_id": mixer, "question": MOTOR}).json()
    for _, name, data in admin.events(f"/stream/turns/{asked['turn_id']}"):
        if name == "token" and "power" in data["t"]:
            admin.post(f"/api/chat/turn/{asked['turn_id']}/cancel")
    assert llm_server.wait_for_disconnect(left + 1)
    turn = admin.get(f"/api/chat/turns/{asked['turn_id']}").json()
    assert turn["status"] == "cancelled"
    assert turn["answer"].startswith("The motor draws power.")
    assert "Never" not in turn["answer"]


def test_feedback_replaces(admin: Client, mixer: str) -> None:
    turn = admin.ask(mixer, MOTOR)
    address = f"/api/chat/turn/{turn['turn_id']}/feedback"
    for body in ({"rating": "down", "comment": "Too short"}, {"rating": "up"}):
        assert admin.post(address, json=body).json() == {"status": "ok"}
    shown = admin.get(f"/api/chat/turns/{turn['turn_id']}").json()
    assert shown["feedback"] == {"rating": "up", "comment": ""}
    assert admin.post(address, json={"rating": "sideways"}).status_code == 422


def test_conversations_are_named_and_found(admin: Client, mixer: str) -> None:
    word = uuid.uuid4().hex
    turn = admin.ask(mixer, f"Does the {word} need 100% cleaning?")
    address = f"/api/chat/sessions/{turn['session_id']}"
    assert word in admin.get(address).json()["title"]

    def found(**params: str) -> list[str]:
        answer = admin.get("/api/chat/sessions/", params={"page_size": 100, **params})
        assert answer.status_code == 200, answer.text
        return [each["session_id"] for each in answer.json()]

    assert admin.patch(address, json={"title": "  Care of seals "}).json()["title"] == (
        "Care of seals"
    )
    assert admin.patch(address, json={"title": "   "}).status_code == 422
    assert found(q=word.upper()) == [turn["session_id"]]
    assert turn["session_id"] in found(instrument=mixer, q="care of SEALS")
    assert found(instrument=mixer, q="100%") == [turn["session_id"]]
    assert found(instrument=mixer, q="1_0%") == []
    assert found(instrument=admin.instrument(), q=word) == []
    missing = admin.get("/api/chat/sessions/", params={"instrument": str(uuid.uuid4())})
    assert missing.status_code == 404


def test_a_conversation_is_paged(admin: Client, mixer: str) -> None:
    turns = [admin.ask(mixer, MOTOR)]
    session_id = turns[0]["session_id"]
    turns += [admin.ask(mixer, BOWL, session_id=session_id) for _ in range(2)]
    address = f"/api/chat/sessions/{session_id}"
    whole = admin.get(address).json()
    assert [turn["turn_id"] for turn in whole["turns"]] == [turn["turn_id"] for turn in turns]
    assert whole["turns"][0]["citations"] == turns[0]["citations"]
    second = admin.get(address, params={"page": 2, "page_size": 2})
    assert [turn["turn_id"] for turn in second.json()["turns"]] == [turns[2]["turn_id"]]
    assert '"total": 3' in second.headers["X-Pagination"]
    assert second.json()["turn_count"] == 3


def test_what_is_not_yours_can_not_be_chosen_or_exported(
    admin: Client, member: Client, mixer: str
) -> None:
    turn = admin.ask(mixer, MOTOR)
    for answer in (
        member.patch(f"/api/chat/turns/{turn['turn_id']}", json={"chosen": True}),
        member.patch(f"/api/chat/sessions/{turn['session_id']}", json={"title": "Mine"}),
        member.get(f"/api/chat/sessions/{turn['session_id']}/export"),
    ):
        assert answer.status_code == 404, answer.text
