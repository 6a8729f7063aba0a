"""A key whose first request never ended is not lost, and only one answer is kept under it."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from flask import Flask

from tests.support.client import Client
from tests.support.documents import NOTES
from tests.support.openai_replies import Pause
from tests.support.openai_server import OpenAIServer


def _age(app: Flask, key: str, seconds: int) -> None:
    """As though the key's request had begun `seconds` earlier."""
    from sqlalchemy import func, update

    from api.extensions import db
    from api.models import IdempotentRequest

    with app.app_context():
        db.session.execute(
            update(IdempotentRequest)
            .where(IdempotentRequest.key == key)
            .values(created_at=func.now() - func.make_interval(0, 0, 0, 0, 0, 0, seconds))
        )
        db.session.commit()


def test_a_key_outlives_the_process_that_died_with_it(
    admin: Client, instrument: str, app: Flask, llm_server: OpenAIServer
) -> None:
    admin.add_bytes(instrument, "mixer.md", NOTES)
    key = uuid.uuid4().hex
    asked = {"instrument_id": instrument, "question": "What of the mixer motor?"}

    def ask(question: dict = asked):
        headers = {"Idempotency-Key": key, "Prefer": "wait=20"}
        return admin.post("/api/chat/ask", json=question, headers=headers)

    with ThreadPoolExecutor(1) as pool:
        llm_server.script([["Slow.", Pause(6), " Very."], "Quick."])
        asked_before = len(llm_server.requests)
        slow = pool.submit(ask)
        while len(llm_server.requests) == asked_before:
            time.sleep(0.05)
        assert ask().status_code == 409
        # Less than the longest request takes: nginx waits ten minutes for some.
        _age(app, key, 660)
        assert ask().status_code == 409
        _age(app, key, 1000)
        assert ask({**asked, "question": "Another?"}).status_code == 422
        second = admin.post("/api/chat/ask", json=asked, headers={"Idempotency-Key": key})
        assert second.status_code == 202, second.text
        first = slow.result()
    assert first.status_code == 200
    assert first.json()["turn_id"] != second.json()["turn_id"]
    # What the slow one had to say came too late to be the key's answer.
    replayed = ask()
    assert replayed.headers["Idempotency-Replayed"] == "true"
    assert replayed.json() == second.json()


def test_of_many_who_find_a_dead_request_one_takes_its_key(admin: Client, app: Flask) -> None:
    from api.extensions import db
    from api.models import IdempotentRequest, Instrument

    key, name = uuid.uuid4().hex, f"Once {uuid.uuid4().hex[:6]}"
    body = {"name": name}

    def make():
        headers = {"Idempotency-Key": key}
        return admin.post("/api/instruments/", json=body, headers=headers).status_code

    assert make() == 201
    with app.app_context():
        # What is left when the process dies before it has answered.
        row = db.session.query(IdempotentRequest).filter_by(key=key).one()
        row.status = row.headers = row.body = None
        db.session.commit()
    assert make() == 409
    _age(app, key, 1000)
    with ThreadPoolExecutor(6) as pool:
        codes = list(pool.map(lambda _: make(), range(6)))
    assert set(codes) <= {201, 409}
    assert make() == 201
    with app.app_context():
        assert db.session.query(Instrument).filter_by(name=name).count() == 2
