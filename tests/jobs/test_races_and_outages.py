"""Defects found in review, each as what a user would see."""

from __future__ import annotations

import threading
import time
import uuid

import httpx
import pytest
from flask import Flask

from tests.jobs.test_jobs import _begun, _pages
from tests.support.client import PASSWORD, Client
from tests.support.documents import NOTES, pdf
from tests.support.openai_replies import Pause
from tests.support.openai_server import OpenAIServer

WORDS = [f"word{n} " for n in range(60)]


@pytest.mark.slow
def test_an_older_version_that_ends_late_does_not_replace_a_newer(
    admin: Client, instrument: str
) -> None:
    old = _begun(admin, instrument, _pages(40, uuid.uuid4().hex))
    admin.post(f"/api/jobs/{old['job_id']}/cancel")
    admin.wait(old["job_id"])
    new = admin.upload(
        instrument, "new.pdf", pdf("The anvil weighs 99 kilograms."), source_id=old["source_id"]
    ).json()
    admin.wait(new["job_id"])
    # Whether the retry is refused or runs: the newer version stays.
    if admin.post(f"/api/jobs/{old['job_id']}/retry").status_code == 202:
        admin.wait(old["job_id"])
    source = admin.get(f"/api/sources/{old['source_id']}").json()
    assert source["version_id"] == new["version_id"]


@pytest.mark.slow
def test_a_running_older_version_does_not_replace_a_newer(admin: Client, instrument: str) -> None:
    old = _begun(admin, instrument, _pages(300, uuid.uuid4().hex))
    new = admin.upload(
        instrument, "new.pdf", pdf("The anvil weighs 98 kilograms."), source_id=old["source_id"]
    ).json()
    admin.wait(new["job_id"])
    # Not done before the newer one: what it read is no longer wanted.
    assert admin.job(old["job_id"])["state"] in ("running", "cancelled"), "too quick to show it"
    admin.wait(old["job_id"])
    source = admin.get(f"/api/sources/{old['source_id']}").json()
    assert source["version_id"] == new["version_id"]


def test_a_job_that_was_put_back_is_sent_again(admin: Client, instrument: str, app: Flask) -> None:
    from sqlalchemy import update

    from api.extensions import db
    from api.models import Job

    job_id = admin.upload(instrument, "a.pdf", pdf("The anvil weighs 60 kilograms.")).json()[
        "job_id"
    ]
    admin.wait(job_id)
    with app.app_context():
        # What a stopping worker writes; it is killed before its message is back in the queue.
        again = {"state": "queued", "enqueued_at": None, "lease_owner": None}
        db.session.execute(update(Job).where(Job.id == job_id).values(**again))
        db.session.commit()
    assert admin.wait(job_id, 20)["state"] == "done"


def test_two_workers_on_one_version_do_not_mean_that_the_source_is_gone(
    admin: Client, instrument: str, app: Flask
) -> None:
    from sqlalchemy import select
    from sqlalchemy.exc import IntegrityError

    from api.extensions import db
    from api.models import Job, Source, SourceVersion
    from api.sources.ingest_writer import IngestStore, SourceGone
    from pipelines.ingest import Batch
    from pipelines.types import Fragment, TextLocator

    source = admin.add_bytes(instrument, "a.pdf", pdf("The anvil weighs 61 kilograms."))
    fragments = [
        Fragment(
            ordinal=n, text="x", kind="text", locators=(TextLocator(start=0, end=1),), tokens=3
        )
        for n in range(60)
    ]
    batch = Batch(0, 1, total=1, unit="pages", fragments=fragments)
    both, gone = threading.Barrier(2), []

    def write() -> None:
        with app.app_context():
            row = db.session.get_one(Source, source["id"])
            version = db.session.get_one(SourceVersion, source["version_id"])
            job = db.session.scalars(select(Job).where(Job.subject_id == source["id"])).one()
            with_ = app.extensions["services"]
            store = IngestStore(with_, row, version, job, lambda: None)
            store.embed_by(with_.config.embedding_model, with_.embedder)
            db.session.commit()
            for _ in range(10):
                both.wait()
                try:
                    store.write(batch, lambda **_: None)
                except SourceGone as error:
                    gone.append(error)
                except IntegrityError:
                    db.session.rollback()

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert gone == []
    kept = admin.get(f"/api/sources/{source['id']}/fragments", params={"page_size": 100}).json()
    assert [fragment["ordinal"] for fragment in kept] == list(range(60))


def test_a_source_is_read_by_one_job_at_a_time(admin: Client, instrument: str) -> None:
    data = _pages(40, uuid.uuid4().hex)
    first = _begun(admin, instrument, data)
    admin.post(f"/api/jobs/{first['job_id']}/cancel")
    admin.wait(first["job_id"])
    second = admin.upload(instrument, "long.pdf", data).json()
    retried = admin.post(f"/api/jobs/{first['job_id']}/retry").status_code
    admin.wait(second["job_id"])
    assert retried == 409


def test_live_followers_miss_nothing_when_redis_drops_the_subscription(
    admin: Client, instrument: str, app: Flask, llm_server: OpenAIServer
) -> None:
    admin.add_bytes(instrument, "mixer.md", NOTES)
    llm_server.script([[step for word in WORDS for step in (word, Pause(0.05))]])
    body = {"instrument_id": instrument, "question": "What of the mixer motor?"}
    turn = admin.post("/api/chat/ask", json=body).json()
    said, dropped = [], 0
    for _, name, data in admin.events(f"/stream/turns/{turn['turn_id']}"):
        if name == "token":
            said.append(data["t"])
            if len(said) == 10:
                dropped = app.extensions["services"].redis.client_kill_filter(_type="pubsub")
    assert dropped > 0
    assert "".join(said).split() == [*"".join(WORDS).split(), "[unproven]"]


def test_a_long_log_is_replayed_whole(admin: Client, instrument: str, app: Flask) -> None:
    from api.extensions import db
    from api.jobs import streaming
    from api.jobs.purge_job import PURGE

    with_ = app.extensions["services"]
    with app.app_context():
        job = PURGE.create(db.session(), subject=("source", str(uuid.uuid4())))
        job.queue, job.state = "nobody", "running"
        db.session.commit()
        for n in range(10_050):
            with_.events.publish(job.id, "token", {"t": n})
        followed = streaming.follow(job.id, "0-0", with_.events, with_.hub)
        seen = [next(followed).data["t"] for _ in range(10_000)]
        threading.Timer(2, with_.events.publish, (job.id, "done", {})).start()
        seen += [item.data["t"] for item in followed if item and item.event == "token"]
    assert seen == list(range(10_050))


def test_a_question_without_the_index_is_not_answered_not_found() -> None:
    import numpy as np

    from pipelines.errors import ServiceUnavailable
    from pipelines.retrieval.vector_index import Index

    with pytest.raises(ServiceUnavailable):
        Index("http://127.0.0.1:1").query("i-x", np.zeros(384, np.float32), 5)


@pytest.mark.parametrize("text", ["a\u0000b", "a\ud800b"])
def test_text_that_postgres_cannot_hold_is_refused(admin: Client, text: str) -> None:
    import json

    body = json.dumps({"name": text, "description": ""}).encode()
    headers = {"Content-Type": "application/json"}
    assert admin.post("/api/instruments/", content=body, headers=headers).status_code == 422
    body = json.dumps({"email": text, "password": "x"}).encode()
    assert admin.post("/api/auth/login", content=body, headers=headers).status_code in (401, 422)


def test_a_page_beyond_any_is_no_failure_of_ours(admin: Client) -> None:
    assert admin.get("/api/sources/?page=99999999999999999999").status_code < 500


def test_an_api_key_is_kept_nowhere(admin: Client, app: Flask) -> None:
    from sqlalchemy import select

    from api.extensions import db
    from api.models import IdempotentRequest

    headers = {"Idempotency-Key": uuid.uuid4().hex}
    key = admin.post("/api/api-keys/", json={"name": "k"}, headers=headers).json()["key"]
    with app.app_context():
        bodies = db.session.scalars(select(IdempotentRequest.body)).all()
    assert not any(key.encode() in bytes(body or b"") for body in bodies)


def test_who_lost_access_reads_and_retries_no_answer(
    admin: Client, member: Client, instrument: str, app: Flask
) -> None:
    from sqlalchemy import delete, update

    from api.extensions import db
    from api.models import AccessGrant, Job

    admin.add_bytes(instrument, "anvil.pdf", pdf("The anvil weighs 61 kilograms."))
    me = member.get("/api/auth/me").json()["id"]
    with app.app_context():
        db.session.add(AccessGrant(instrument_id=instrument, user_id=me, role="reader"))
        db.session.commit()
    job_id = member.ask(instrument, "How many kilograms does the anvil weigh?")["job_id"]
    # What members ask is their own, whoever manages the instrument.
    assert admin.get(f"/api/jobs/{job_id}/events").status_code == 404
    with app.app_context():
        db.session.execute(delete(AccessGrant).where(AccessGrant.user_id == me))
        db.session.execute(update(Job).where(Job.id == job_id).values(state="failed"))
        db.session.commit()
    assert member.get(f"/api/jobs/{job_id}/events").status_code == 404
    assert member.post(f"/api/jobs/{job_id}/retry").status_code == 404


def test_the_words_of_a_deleted_source_leave_the_log_too(admin: Client, instrument: str) -> None:
    source = admin.add_bytes(instrument, "anvil.pdf", pdf("The anvil weighs 61 kilograms."))
    turn = admin.ask(instrument, "How many kilograms does the anvil weigh?")
    admin.delete(f"/api/sources/{source['id']}")
    events = admin.events(f"/stream/turns/{turn['turn_id']}")
    assert all(data["quote"] == "" for _, name, data in events if name == "citation")


def test_a_stream_ends_when_its_job_is_deleted(admin: Client, app: Flask) -> None:
    from api.extensions import db
    from api.jobs.lifecycle import later
    from api.sources.ingest_job import INGEST

    instrument = admin.instrument()
    with app.app_context():
        subject = ("source", str(uuid.uuid4()))
        job = INGEST.create(db.session(), subject=subject, instrument_id=instrument)
        # Nobody works on it, so that it can't end by itself.
        job.state, job.lease_owner, job.lease_until = "running", "nobody/1", later(20)
        db.session.commit()
        job_id = job.id
    until = time.monotonic() + 60
    seen = []
    for _, name, _ in admin.events(f"/stream/jobs/{job_id}"):
        assert time.monotonic() < until, "the stream goes on for a job that is gone"
        if not seen:
            assert admin.delete(f"/api/instruments/{instrument}").status_code == 204
        seen.append(name)
    assert seen == ["snapshot", "cancelled"]


def test_a_new_version_is_of_its_sources_type(admin: Client, instrument: str) -> None:
    source = admin.add_bytes(instrument, "a.pdf", pdf("The anvil weighs 61 kilograms."))
    answer = admin.upload(instrument, "notes.md", NOTES, source_id=source["id"])
    assert answer.status_code in (415, 422)


def test_a_missing_object_is_a_404_in_words(admin: Client, instrument: str, app: Flask) -> None:
    source = admin.add_bytes(instrument, "a.pdf", pdf("The anvil weighs 62 kilograms."))
    app.extensions["services"].storage.delete([f"versions/{source['version_id']}"])
    assert admin.get(f"/api/viewer/pdf/{source['id']}/pages/1.png").status_code == 404


def test_logout_without_csrf_does_not_say_ok(stack) -> None:
    body = {"email": "user@example.com", "password": PASSWORD, "session_mode": "web"}
    cookies = dict(httpx.post(f"{stack.url}/api/auth/login", json=body).cookies)
    answer = httpx.post(f"{stack.url}/api/auth/logout", cookies=cookies)
    ended = httpx.get(f"{stack.url}/api/auth/me", cookies=cookies).status_code == 401
    assert (answer.status_code == 200) == ended


def test_long_words_are_cut_to_fit_the_model() -> None:
    import random
    import string

    from pipelines.chunking import Chunker
    from pipelines.embedders.embedder import BUILT_IN, model_directory
    from pipelines.embedders.model_files import Tokens
    from pipelines.types import Part, Segment, TextLocator

    tokens = Tokens(model_directory(BUILT_IN))
    letters = random.Random(0)
    alphabet = string.ascii_letters + string.digits + "+/=.-_"
    for _ in range(60):
        text = "".join(letters.choice(alphabet) for _ in range(6000))
        segment = Segment(text=text, locators=(TextLocator(start=0, end=len(text)),))
        part = Part(start=0, stop=1, unit="sections", segments=(segment,))
        for fragment in Chunker(tokens.offsets, tokens.max_tokens).feed(part):
            assert len(tokens.ids([fragment.embedding_text])[0]) <= tokens.max_tokens
