"""Proofs don't rot: a new version moves them by their quote or calls them stale; who may not
read an instrument any more sees none of them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from tests.support.client import Client
from tests.support.documents import pdf
from tests.support.openai_replies import Pause
from tests.support.openai_server import OpenAIServer

PRESS = "The hydraulic press weighs 61 kilograms."
OIL = "Change the oil of the press every 400 hours."
VALVE = "The safety valve opens at 180 bar."
ASKED = {
    PRESS: "How many kilograms does the hydraulic press weigh?",
    OIL: "After how many hours is the oil changed?",
    VALVE: "At how many bar does the safety valve open?",
}
NEW_PAGE = "This edition was printed in Ghent."


def _citation(client: Client, turn: dict[str, Any], quote: str) -> dict[str, Any]:
    """The citation of the turn that has this quote, as it is shown today."""
    items = client.get(f"/api/citations/turn/{turn['turn_id']}").json()["items"]
    (found,) = (item for item in items if item["quote"] == quote)
    return found


def test_a_new_version_moves_proofs_or_calls_them_stale(admin: Client, instrument: str) -> None:
    first = admin.add_bytes(instrument, "press.pdf", pdf(PRESS, OIL, VALVE))
    turns = {quote: admin.ask(instrument, question) for quote, question in ASKED.items()}
    before = {quote: _citation(admin, turn, quote) for quote, turn in turns.items()}
    assert [before[quote]["locator"]["page"] for quote in ASKED] == [1, 2, 3]

    changed = VALVE.replace("180", "190")
    wrapped = OIL.replace("press every", "press\nevery")
    second = admin.add_bytes(
        instrument, "press-2.pdf", pdf(NEW_PAGE, PRESS, changed, wrapped), source_id=first["id"]
    )
    after = {quote: _citation(admin, turn, quote) for quote, turn in turns.items()}

    for quote, page in ((PRESS, 2), (OIL, 4)):
        moved = after[quote]
        assert (moved["state"], moved["version_id"]) == ("current", second["version_id"])
        assert moved["locator"]["page"] == page
        assert moved["filename"] == "press-2.pdf"
        assert (moved["id"], moved["number"]) == (before[quote]["id"], before[quote]["number"])
        view = admin.get(f"/api/viewer/pdf/{first['id']}", params={"citation": moved["id"]}).json()
        assert (view["page"], view["version"]) == (page, 2)
        assert view["boxes"] == moved["locator"]["boxes"] != []
    # Two lines where it was one.
    assert len(after[OIL]["locator"]["boxes"]) == 2

    stale = after[VALVE]
    assert stale == {**before[VALVE], "state": "stale"}
    place = {"citation": stale["id"]}
    view = admin.get(f"/api/viewer/pdf/{first['id']}", params=place).json()
    assert (view["page"], view["version"]) == (3, 1)
    picture = admin.get(f"/api/viewer/pdf/{first['id']}/pages/3.png", params=place)
    assert picture.content.startswith(b"\x89PNG")

    # Everywhere that shows the turn says the same.
    shown = admin.get(f"/api/chat/turns/{turns[VALVE]['turn_id']}").json()
    assert shown["citations"] == [stale]
    assert shown["answer"] == turns[VALVE]["answer"]

    third = admin.add_bytes(instrument, "press.pdf", pdf(VALVE, OIL), source_id=first["id"])
    back = _citation(admin, turns[VALVE], VALVE)
    assert (back["state"], back["version_id"]) == ("current", third["version_id"])
    assert back["locator"]["page"] == 1
    assert _citation(admin, turns[PRESS], PRESS)["state"] == "stale"
    again = admin.post(f"/api/sources/{first['id']}/reindex").json()
    assert admin.wait(again["job_id"])["state"] == "done"
    assert _citation(admin, turns[VALVE], VALVE) == back


def test_what_decides_in_a_proof_moves_with_it_and_is_what_is_marked(
    admin: Client, instrument: str
) -> None:
    whole = f"{PRESS} Its table is made of oak and must be kept dry."
    first = admin.add_bytes(instrument, "press.pdf", pdf(whole))
    turn = admin.ask(instrument, ASKED[PRESS])
    moved_to = pdf(NEW_PAGE, whole.replace("made of", "made\nof"))
    second = admin.add_bytes(instrument, "press.pdf", moved_to, source_id=first["id"])
    cited = _citation(admin, turn, whole)
    assert (cited["state"], cited["version_id"]) == ("current", second["version_id"])
    focus = cited["focus"]
    assert whole[focus["start"] : focus["end"]] == PRESS
    (place,) = focus["locators"]
    assert place["page"] == 2
    assert len(place["boxes"]) == 1
    assert len(cited["locator"]["boxes"]) == 2
    view = admin.get(f"/api/viewer/pdf/{first['id']}", params={"citation": cited["id"]}).json()
    assert view["boxes"] == place["boxes"]


def test_an_answer_that_is_written_meanwhile_cites_the_new_version(
    admin: Client, instrument: str, llm_server: OpenAIServer
) -> None:
    source = admin.add_bytes(instrument, "press.pdf", pdf(PRESS))
    llm_server.script([["The press weighs ", Pause(6), "61 kilograms.[1]"]])
    asked = {"instrument_id": instrument, "question": ASKED[PRESS]}
    turn = admin.post("/api/chat/ask", json=asked).json()
    for _, event, _ in admin.events(f"/stream/turns/{turn['turn_id']}"):
        if event == "token":
            break
    new = admin.add_bytes(instrument, "press.pdf", pdf(NEW_PAGE, PRESS), source_id=source["id"])
    assert admin.job(turn["job_id"])["state"] == "running"
    admin.wait(turn["job_id"])
    (citation,) = admin.get(f"/api/citations/turn/{turn['turn_id']}").json()["items"]
    assert (citation["version_id"], citation["state"]) == (new["version_id"], "current")
    assert citation["locator"]["page"] == 2


@contextmanager
def _granted(app: Flask, instrument: str, client: Client) -> Iterator[Any]:
    """The client's user reads the instrument; yields what changes or ends the grant."""
    from api.extensions import db
    from api.models import AccessGrant

    who = client.get("/api/auth/me").json()["id"]
    with app.app_context():
        grant = AccessGrant(instrument_id=instrument, user_id=who, role="reader")
        db.session.add(grant)
        db.session.commit()

        def change(expires_at: datetime | None = None, *, ended: bool = False) -> None:
            grant.expires_at = expires_at
            if ended:
                db.session.delete(grant)
            db.session.commit()

        yield change


@pytest.mark.parametrize("how", ["expired", "revoked"])
def test_who_may_not_read_any_more_sees_no_proof(
    admin: Client, member: Client, instrument: str, app: Flask, how: str
) -> None:
    source = admin.add_bytes(instrument, "press.pdf", pdf(PRESS))
    slug = admin.get(f"/api/instruments/{instrument}").json()["slug"]
    with _granted(app, instrument, member) as change:
        asked = {"instrument_id": instrument, "question": ASKED[PRESS], "model": "extractive"}
        key = {"Idempotency-Key": uuid.uuid4().hex, "Prefer": "wait=30"}
        turn = member.post("/api/chat/ask", json=asked, headers=key).json()
        (citation,) = turn["citations"]
        assert citation["quote"] == PRESS
        place, chat = f"citation={citation['id']}", turn["session_id"]
        paths = [
            f"/api/chat/turns/{turn['turn_id']}",
            f"/api/citations/turn/{turn['turn_id']}",
            f"/api/chat/sessions/{chat}",
            f"/api/chat/sessions/{chat}/export?format=md",
            f"/api/chat/sessions/{chat}/export?format=json",
            f"/api/viewer/pdf/{source['id']}?{place}",
            f"/api/viewer/pdf/{source['id']}/pages/1.png?{place}",
            f"/api/sources/{source['id']}/fragments",
            f"/api/search/?instrument={instrument}&q=press",
            f"/api/jobs/{turn['job_id']}/events",
            f"/stream/jobs/{turn['job_id']}",
            f"/stream/turns/{turn['turn_id']}",
            f"/v1/models/vouch/{slug}",
        ]
        for path in paths:
            assert member.get(path).status_code == 200, path
        log = {"Last-Event-ID": f"{turn['job_id']}/0-0"}
        assert member.post("/api/chat/ask", json=asked, headers=key).json() == turn

        yesterday = datetime.now(UTC) - timedelta(days=1)
        change(yesterday, ended=how == "revoked")

        for path in paths:
            answer = member.get(path)
            assert answer.status_code == 404, path
            assert "61" not in answer.text, path
        assert member.get("/stream/chat", headers=log).status_code == 404
        assert member.post("/api/chat/ask", json=asked, headers=key).status_code == 404
        assert member.post(f"/api/chat/regen/{turn['turn_id']}").status_code == 404
        for listed in ("/api/chat/sessions/", "/api/jobs/", "/v1/models", "/api/instruments/"):
            text = member.get(listed, params={"page_size": 100}).text
            assert not any(word in text for word in (chat, turn["job_id"], slug)), listed

        if how == "expired":
            change(None)
            assert member.get(paths[0]).json()["citations"] == [citation]
