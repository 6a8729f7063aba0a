"""The laws of jobs: claimed by lease, never stuck, cancelled when asked, done once."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from deploy.stack import Stack
from tests.support.client import Client
from tests.support.documents import NOTES, pdf
from tests.support.processes import kill, parsers, workers


def _pages(count: int, mark: str) -> bytes:
    """A PDF whose pages take a while to embed: no text on them stands anywhere else."""
    return pdf(
        *(
            "\n".join(
                f"Line {n} of page {page} of {mark[:8]} tells of bearings, seals and gauges."
                for n in range(40)
            )
            for page in range(count)
        )
    )


def _begun(client: Client, instrument: str, data: bytes, done: int = 4) -> dict:
    """The answer of an upload whose job has read some pages."""
    answer = client.upload(instrument, "long.pdf", data).json()
    _until(lambda: client.job(answer["job_id"])["done"] >= done)
    return answer


def _until(true: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never became true"
        time.sleep(0.05)


@pytest.fixture
def session(app: Flask):
    from api.extensions import db

    with app.app_context():
        yield db.session()


def _job(session, **values):
    from api.jobs.purge_job import PURGE

    job = PURGE.create(session, subject=("source", str(uuid.uuid4())))
    for name, value in values.items():
        setattr(job, name, value)
    session.add(job)
    session.commit()
    return job


def test_a_job_is_claimed_once_until_its_lease_ends(session) -> None:
    from api.jobs import lifecycle
    from api.models import Job

    job = _job(session, queue="nobody")
    assert lifecycle.claim(session, job.id, "w1/a", 60) is not None
    assert lifecycle.claim(session, job.id, "w2/b", 60) is None
    past = func.now() - func.make_interval(0, 0, 0, 0, 0, 1)
    session.execute(update(Job).where(Job.id == job.id).values(lease_until=past))
    session.commit()
    taken = lifecycle.claim(session, job.id, "w2/b", 60)
    assert taken is not None
    assert taken.attempt == 2
    # Who lost the lease can neither write nor end the job.
    with pytest.raises(lifecycle.LeaseLost):
        lifecycle.write(session, job.id, "w1/a", done=5)
    with pytest.raises(lifecycle.LeaseLost):
        lifecycle.finish(session, job.id, "w1/a", "done")
    with pytest.raises(lifecycle.LeaseLost):
        lifecycle.renew(session, job.id, "w1/a", 60)
    lifecycle.finish(session, job.id, "w2/b", "done")
    session.commit()
    assert lifecycle.claim(session, job.id, "w3/c", 60) is None


def test_attempts_count_anew_only_when_the_checkpoint_moves(session) -> None:
    from api.jobs import lifecycle

    job = _job(session, queue="nobody", attempt=2)
    lifecycle.claim(session, job.id, "w/a", 60)
    lifecycle.write(session, job.id, "w/a", checkpoint={"unit": 4})
    session.commit()
    session.refresh(job)
    assert job.attempt == 1
    job.attempt = 3
    session.commit()
    lifecycle.write(session, job.id, "w/a", checkpoint={"unit": 4})
    session.commit()
    session.refresh(job)
    assert job.attempt == 3


def test_a_stopping_worker_puts_its_jobs_back_at_no_cost(session) -> None:
    from api.jobs import lifecycle

    job = _job(session, queue="nobody")
    lifecycle.claim(session, job.id, "boot-7/a", 60)
    assert lifecycle.release(session, "boot-8") == []
    assert lifecycle.release(session, "boot-7") == [job.id]
    session.refresh(job)
    assert (job.state, job.attempt, job.lease_owner) == ("queued", 0, None)


def test_why_a_job_waits(session) -> None:
    from api.jobs import lifecycle
    from api.jobs.waiting import Waiting, places
    from api.models import Job

    queue = f"queue-{uuid.uuid4().hex[:6]}"
    first, second = (_job(session, queue=queue, enqueued_at=func.now()) for _ in range(2))

    def place(job: Job, workers: int | None) -> Waiting:
        return places(session, [job], None if workers is None else {queue: workers})[job.id]

    assert place(second, 0).because == f"no worker listens to queue {queue}"
    assert place(second, 1) == Waiting(2, 1, "1 job ahead")
    assert place(first, 1) == Waiting(1, 1, None)
    assert "can't be reached" in str(place(first, None).because)
    lifecycle.claim(session, first.id, "w/a", 60)
    session.refresh(first)
    assert place(first, 1) == Waiting(0, 1, None)
    assert place(second, 1) == Waiting(1, 1, "1 job ahead")
    lifecycle.finish(session, first.id, "w/a", "done")
    session.delete(second)
    session.commit()


def test_a_list_of_jobs_asks_as_much_for_one_as_for_fifty(app: Flask, admin: Client) -> None:
    from sqlalchemy.orm import Session

    from api.extensions import db
    from api.models import User

    with app.app_context():
        engine = db.engine
    queues = [f"queue-{uuid.uuid4().hex[:6]}" for _ in range(3)]
    # Not in the application's context, in which the requests have one of their own.
    with Session(engine) as session:
        me = session.scalars(select(User.id).where(User.email == "admin@example.com")).one()
        jobs = [
            _job(session, queue=queues[n % 3], user_id=me, enqueued_at=func.now())
            for n in range(50)
        ]
        ids = [job.id for job in jobs]
        of_one, _ = _statements(app, admin, 1)
        of_fifty, listed = _statements(app, admin, 50)
        for job in jobs:
            session.delete(job)
        session.commit()
    shown = {job["id"]: job for job in listed}
    assert of_one == of_fifty
    assert [shown[id_]["queue"]["position"] for id_ in ids] == [n // 3 + 1 for n in range(50)]


def _statements(app: Flask, client: Client, count: int) -> tuple[int, list[dict]]:
    """How many statements a list of `count` jobs takes, and what it says."""
    from sqlalchemy import event

    from api.extensions import db

    headers = {"Authorization": client.headers["Authorization"]}
    query = {"page_size": count, "state": "queued", "kind": "purge"}
    seen = []
    with app.app_context():
        engine = db.engine

    def count_one(*_) -> None:
        seen.append(1)

    event.listen(engine, "before_cursor_execute", count_one)
    try:
        answer = app.test_client().get("/api/jobs/", query_string=query, headers=headers)
    finally:
        event.remove(engine, "before_cursor_execute", count_one)
    assert len(answer.json) == count
    return len(seen), answer.json


def test_a_message_delivered_twice_works_once(
    admin: Client, instrument: str, app: Flask, session
) -> None:
    from api.jobs import lifecycle
    from api.models import FragmentRow, Job

    source = admin.add_bytes(instrument, "mixer.md", NOTES)
    job = session.scalar(select(Job).where(Job.kind == "ingest", Job.subject_id == source["id"]))
    finished = job.finished_at
    count = select(func.count()).where(FragmentRow.source_id == source["id"])
    before = session.scalar(count)
    lifecycle.enqueue(session, app.extensions["services"].queue, job)
    lifecycle.enqueue(session, app.extensions["services"].queue, job)
    other = admin.add_bytes(instrument, "after.md", NOTES + b"\nMore.\n")
    assert other["status"] == "ready"
    session.refresh(job)
    assert (job.state, job.finished_at) == ("done", finished)
    assert session.scalar(count) == before


def test_a_lost_message_is_sent_again(app: Flask, admin: Client, instrument: str, session) -> None:
    """A job whose message vanished with Redis is found by the sweep."""
    from api.models import Source, SourceVersion
    from api.sources import uploads

    source = admin.add_bytes(instrument, "mixer.md", NOTES)
    row = session.get(Source, source["id"])
    version = session.get(SourceVersion, row.current_version_id)
    job = uploads.start_ingest(session, row, version, None)
    # It was sent a minute ago, and is in no queue.
    job.enqueued_at = func.now() - func.make_interval(0, 0, 0, 0, 0, 1)
    session.commit()
    assert admin.wait(job.id, 30)["state"] == "done"


def test_a_job_waiting_behind_others_is_not_sent_again(app: Flask, session) -> None:
    """The stack's own sweep looks once a second at a queue whose only worker is of our making."""
    from api.jobs import lifecycle, worker_registry
    from api.models import Job

    with_ = app.extensions["services"]
    queue, worker = f"queue-{uuid.uuid4().hex[:6]}", f"worker-{uuid.uuid4().hex[:6]}"
    busy, waits = (_job(session, queue=queue, enqueued_at=func.now()) for _ in range(2))
    lifecycle.claim(session, busy.id, f"{worker}/1", 60)
    _publish(with_, queue, waits)
    long_ago = {"enqueued_at": func.now() - func.make_interval(0, 0, 0, 0, 1)}
    session.execute(update(Job).where(Job.id == waits.id).values(**long_ago))
    session.commit()

    def messages_after(seconds: float) -> int:
        worker_registry.announce(with_.redis, [queue], worker, slots=1)
        time.sleep(seconds)
        with with_.queue.connection_for_read() as connection:
            return connection.SimpleQueue(queue).qsize()

    try:
        assert messages_after(4) == 1
        # Its worker is free and takes nothing: the message must be lost.
        lifecycle.finish(session, busy.id, f"{worker}/1", "done")
        session.commit()
        _until(lambda: messages_after(0.5) == 2, 20)
        # The more often it was sent in vain, the longer the pause.
        assert messages_after(6) == 2
    finally:
        worker_registry.leave(with_.redis, [queue], worker)
        session.execute(update(Job).where(Job.id == waits.id).values(state="done"))
        session.commit()
        with with_.queue.connection_for_write() as connection:
            connection.SimpleQueue(queue).clear()


def _publish(with_, queue: str, job) -> None:
    """The job's message, in a queue that no worker of the stack listens to."""
    with_.queue.send_task("vouch.purge", args=[job.id], task_id=job.id, queue=queue)


def test_reading_gives_way_to_answering(stack: Stack, admin: Client, instrument: str) -> None:
    # A parser is there once something was read.
    admin.add_bytes(instrument, "quiet.pdf", pdf("The plumb line is 2 m long."))
    (polite,) = {process.nice() for process in [*workers(stack, "worker-ingest"), *parsers(stack)]}
    (quick,) = {process.nice() for process in workers(stack, "worker-answers")}
    assert polite == min(19, quick + 10)


@pytest.mark.slow
def test_a_killed_worker_costs_nothing_but_time(
    stack: Stack, admin: Client, instrument: str
) -> None:
    data = _pages(200, uuid.uuid4().hex)
    doomed = workers(stack, "worker-ingest")
    answer = _begun(admin, instrument, data)
    kill(doomed)
    seen = admin.job(answer["job_id"])["done"]
    job = admin.wait(answer["job_id"], 90)
    undisturbed = admin.add_bytes(admin.instrument(), "quiet.pdf", data)

    assert seen < 200
    assert (job["state"], job["done"]) == ("done", 200)
    source = admin.get(f"/api/sources/{answer['source_id']}").json()
    assert source["fragment_count"] == undisturbed["fragment_count"]
    assert source["report"]["counts"] == undisturbed["report"]["counts"]
    ours, theirs = (_fragments(admin, s["id"]) for s in (source, undisturbed))
    assert ours == theirs
    assert len({ordinal for ordinal, _ in ours}) == len(ours)
    # What was read before is not embedded again, in whichever instrument it stands.
    assert undisturbed["report"]["fragments_known"] == undisturbed["fragment_count"]


@pytest.mark.slow
def test_cancel_stops_the_work_and_retry_goes_on(admin: Client, instrument: str) -> None:
    answer = _begun(admin, instrument, _pages(200, uuid.uuid4().hex))
    assert admin.post(f"/api/jobs/{answer['job_id']}/cancel").status_code == 202
    job = admin.wait(answer["job_id"], 10)
    assert job["state"] == "cancelled"
    assert 0 < job["done"] < 200
    source = admin.get(f"/api/sources/{answer['source_id']}").json()
    assert (source["status"], source["error"]["code"]) == ("failed", "cancelled")

    assert admin.post(f"/api/jobs/{answer['job_id']}/retry").status_code == 202
    job = admin.wait(answer["job_id"], 90)
    assert (job["state"], job["done"]) == ("done", 200)
    source = admin.get(f"/api/sources/{answer['source_id']}").json()
    assert (source["status"], source["report"]["counts"]["pages_read"]) == ("ready", 200)
    assert admin.post(f"/api/jobs/{answer['job_id']}/retry").status_code == 409


def test_early_pages_answer_while_late_ones_are_read(admin: Client, instrument: str) -> None:
    answer = _begun(admin, instrument, _with_first_page(_pages(200, uuid.uuid4().hex)), done=2)
    turn = admin.ask(instrument, "What is the colour of the zeppelin's rudder?")
    still = admin.job(answer["job_id"])
    assert "crimson" in turn["answer"]
    assert turn["citations"][0]["locator"]["page"] == 1
    assert still["state"] == "running"
    admin.post(f"/api/jobs/{answer['job_id']}/cancel")


def _with_first_page(rest: bytes) -> bytes:
    """A one-page PDF about a zeppelin, followed by the pages of `rest`."""
    import io

    import pypdfium2

    merged = pypdfium2.PdfDocument(pdf("The colour of the zeppelin's rudder is crimson."))
    with pypdfium2.PdfDocument(rest) as more:
        merged.import_pages(more)
    out = io.BytesIO()
    merged.save(out)
    merged.close()
    return out.getvalue()


def _fragments(client: Client, source_id: str) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    page = 1
    while True:
        answer = client.get(
            f"/api/sources/{source_id}/fragments", params={"page": page, "page_size": 100}
        ).json()
        found += [(fragment["ordinal"], fragment["text"]) for fragment in answer]
        if len(answer) < 100:
            return found
        page += 1
