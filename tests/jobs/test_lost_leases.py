"""A worker that lost its lease writes nothing any more: another works on the job, or it has ended.

Each test lets a worker go on that does not know yet that its lease is gone.
"""

from __future__ import annotations

import threading
import time
import uuid
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, delete, func, select, text, update

from tests.support.client import Client
from tests.support.documents import NOTES
from tests.support.openai_replies import Pause
from tests.support.openai_server import OpenAIServer

OTHERS = "What the other worker wrote."


@pytest.fixture
def session(app: Flask) -> Any:
    from api.extensions import db

    with app.app_context():
        yield db.session()


@pytest.fixture
def database(app: Flask) -> Engine:
    from api.extensions import db

    with app.app_context():
        return db.engine


def test_no_partial_text_over_what_another_worker_wrote(
    admin: Client, instrument: str, database: Engine, llm_server: OpenAIServer
) -> None:
    from api.models import ChatTurn, Job

    llm_server.script([[step for n in range(200) for step in (f"word{n} ", Pause(0.05))]])
    body = {"instrument_id": instrument, "question": "What of the mixer motor?"}
    admin.add_bytes(instrument, "mixer.md", NOTES)
    turn = admin.post("/api/chat/ask", json=body).json()
    path = f"/api/chat/turns/{turn['turn_id']}"
    until = time.monotonic() + 30
    while not admin.get(path).json()["answer"]:
        assert time.monotonic() < until, "nothing was saved while the model was speaking"
        time.sleep(0.05)
    assert admin.job(turn["job_id"])["state"] == "running"

    mine = update(Job).where(Job.id == turn["job_id"])

    def keep_locked() -> None:
        # The heartbeat waits for this lock, so the worker does not learn of its loss meanwhile.
        with database.begin() as connection:
            connection.execute(select(Job.id).where(Job.id == turn["job_id"]).with_for_update())
            time.sleep(3)

    with database.begin() as connection:
        lease = func.now() + text("interval '1 hour'")
        connection.execute(mine.values(lease_owner="other/1", lease_until=lease))
        connection.execute(
            update(ChatTurn).where(ChatTurn.id == turn["turn_id"]).values(answer=OTHERS)
        )
        # The next in line for the lock that this transaction holds.
        thread = threading.Thread(target=keep_locked)
        thread.start()
        time.sleep(0.3)
    thread.join()
    time.sleep(2)
    kept = admin.get(path).json()["answer"]
    with database.begin() as connection:
        connection.execute(mine.values(state="failed", lease_owner=None, lease_until=None))
    assert kept == OTHERS


def test_a_source_is_not_being_read_again_because_a_slow_worker_wakes_up(
    admin: Client, instrument: str, app: Flask, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between claiming a job and beginning with it a worker may sleep for longer than a lease."""
    from api.jobs import lifecycle, runner
    from api.models import Job
    from api.sources.ingest_job import INGEST

    source = admin.add_bytes(instrument, "mixer.md", NOTES)
    job = session.scalars(select(Job).where(Job.subject_id == source["id"])).one()
    mine = update(Job).where(Job.id == job.id)
    session.execute(mine.values(state="queued"))
    session.commit()
    claim = lifecycle.claim

    def claim_and_sleep(*words: Any) -> Job | None:
        claimed = claim(*words)
        # Meanwhile another took the job over and did it.
        session.execute(mine.values(state="done", lease_owner=None, lease_until=None))
        session.commit()
        return claimed

    monkeypatch.setattr(lifecycle, "claim", claim_and_sleep)
    runner.run(job.id, INGEST, lambda _: pytest.fail("it works on a job that is not its own"))
    assert admin.get(f"/api/sources/{source['id']}").json()["status"] == "ready"


def test_the_words_of_a_version_are_not_indexed_twice(
    admin: Client, instrument: str, app: Flask, session: Any
) -> None:

    from api.jobs import lifecycle
    from api.jobs.runner import RunningJob
    from api.models import Job, KeywordBlock
    from api.search.reindex_job import REINDEX
    from workers import reindex

    admin.add_bytes(instrument, "mixer.md", NOTES)
    # As read by a release that had no keyword index.
    session.execute(delete(KeywordBlock).where(KeywordBlock.instrument_id == instrument))
    session.commit()
    job_id = admin.post(f"/api/instruments/{instrument}/reindex").json()["job_id"]
    assert admin.wait(job_id)["state"] == "done"
    session.execute(delete(KeywordBlock).where(KeywordBlock.instrument_id == instrument))
    session.execute(update(Job).where(Job.id == job_id).values(state="queued", queue="nobody"))
    session.commit()
    slow = lifecycle.claim(session, job_id, "slow/1", 60)
    assert slow is not None
    session.execute(update(Job).where(Job.id == job_id).values(lease_owner="other/1"))
    session.commit()
    running = RunningJob(REINDEX, slow, "slow/1", app.extensions["services"])
    with pytest.raises(lifecycle.LeaseLost):
        reindex._fill(running)
    blocks = select(func.count()).where(KeywordBlock.instrument_id == instrument)
    written = session.scalar(blocks)
    session.execute(update(Job).where(Job.id == job_id).values(state="done"))
    session.commit()
    assert written == 0


def test_vectors_of_a_shard_that_another_took_are_not_kept(
    admin: Client, instrument: str, app: Flask, session: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from api.models import FragmentRow, FragmentVector, Instrument, Job, Shard
    from api.search import shards
    from api.search.indexes import VectorIndex
    from api.sources import shard_embedding

    source = admin.add_bytes(instrument, "mixer.md", f"# {uuid.uuid4()}\n\nA pump.".encode())
    vectors = select(func.count()).where(
        FragmentVector.fragment_id.in_(
            select(FragmentRow.id).where(FragmentRow.source_id == source["id"])
        )
    )
    assert session.scalar(vectors) > 0
    job = session.scalars(select(Job).where(Job.subject_id == source["id"])).one()
    index = VectorIndex.of(session.get_one(Instrument, instrument).index)
    assert index is not None
    fragments = select(FragmentRow.id).where(FragmentRow.source_id == source["id"])
    session.execute(delete(FragmentVector).where(FragmentVector.fragment_id.in_(fragments)))
    place = (instrument, source["version_id"])
    shards.add(session, place, (0, 10**9), [index], job.id)
    lease = func.now() + text("interval '1 hour'")
    held = {"state": "running", "lease_owner": "other/1", "lease_until": lease}
    session.execute(update(Job).where(Job.id == job.id).values(**held))
    session.commit()
    of_job = update(Shard).where(Shard.job_id == job.id)
    slowly = _losing(shard_embedding.embed_whole, session, of_job)
    monkeypatch.setattr(shard_embedding, "embed_whole", slowly)

    shard_embedding.embed_next(app.extensions["services"], job.id, "slow/1", lambda: None)
    kept = session.scalar(vectors)
    session.execute(delete(Shard).where(Shard.job_id == job.id))
    session.execute(update(Job).where(Job.id == job.id).values(state="done"))
    session.commit()
    assert kept == 0


def _losing(embed: Any, session: Any, of_job: Any) -> Any:
    """`embed`, which takes so long that another takes the shard."""

    def slowly(*words: Any, **more: Any) -> Any:
        session.execute(of_job.values(lease_owner="other/2"))
        session.commit()
        return embed(*words, **more)

    return slowly


def test_a_message_that_comes_twice_asks_for_one_title(
    admin: Client, instrument: str, app: Flask, session: Any, llm_server: OpenAIServer
) -> None:
    from api.jobs import lifecycle
    from api.models import Job

    admin.add_bytes(instrument, "mixer.md", NOTES)
    llm_server.script(["It draws 450 watts."])
    asked = f"What does the motor draw in {uuid.uuid4().hex}?"
    turn = admin.ask(instrument, asked, model="openai:scripted")
    assert turn["status"] == "done"
    job = session.get_one(Job, turn["job_id"])
    for _ in range(2):
        lifecycle.enqueue(session, app.extensions["services"].queue, job)
    # By the time that this one is answered the others were taken.
    admin.ask(instrument, asked)
    time.sleep(2)
    titles = [r for r in llm_server.aside_requests if asked in str(r.body["messages"])]
    assert len(titles) == 1
