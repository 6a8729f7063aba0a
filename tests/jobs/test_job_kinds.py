"""A kind of job is one file, one line in KINDS and a task: the rest follows from them."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from flask import Flask

from api import job_kinds
from api.job_kinds import KINDS
from api.jobs.kind import JobData, JobKind
from api.jobs.purge_job import PURGE
from api.models import Job
from api.sources.ingest_job import INGEST, IngestPayload
from deploy.programs import PROGRAMS
from tests.support.client import Client


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_has_a_task_and_a_worker_that_listens(kind: JobKind[Any, Any]) -> None:
    from workers.main import celery

    celery.loader.import_default_modules()
    task = celery.tasks[kind.task]
    assert task.__module__ == kind.module
    assert celery.amqp.router.route({}, kind.task)["queue"].name == kind.queue
    listened = {
        queue
        for program in PROGRAMS
        if "-Q" in program.argv
        for queue in program.argv[program.argv.index("-Q") + 1].split(",")
    }
    assert kind.queue in listened


def test_rows_of_earlier_releases_are_read() -> None:
    report = {
        "facts": {"url": "https://example.com", "pages": 9},
        "counts": {"words": 12},
        "warnings": [{"code": "degraded", "message": "By ear."}],
        "seconds": {"parse": 1.5},
        "fragments_known": 3,
    }
    row = {
        "unit": 8,
        "end_ordinal": 8_000_000,
        "headings": [[1, "Care"]],
        "report": report,
        "searchable": 4,
    }
    job = Job(kind="ingest", payload={"version_id": "v", "url": "u"}, checkpoint=row)
    assert INGEST.checkpoint_of(job).row == row
    assert INGEST.payload_of(job) == IngestPayload(version_id="v", url="u")
    begun = Job(kind="ingest", payload={"url": "u"}, checkpoint={"report": {"facts": {"a": 1}}})
    assert INGEST.checkpoint_of(begun).report.facts == {"a": 1}
    assert INGEST.checkpoint_of(begun).unit == 0
    removal = {"objects": ["k"], "instrument_id": "i", "version_ids": ["v"], "logs": ["j"]}
    assert PURGE.payload_of(Job(kind="purge", payload=removal)).row == removal


class Greeting(JobData):
    name: str


class Progress(JobData):
    letters: int = 0


def test_what_a_new_kind_says_of_itself_is_enough(
    app: Flask, admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sqlalchemy import select

    from api.extensions import db
    from api.jobs.runner import RunningJob, run
    from api.models import User
    from pipelines.errors import PipelineError

    states = []
    greet = JobKind(
        name="greet",
        queue=f"queue-{uuid.uuid4().hex[:6]}",
        task="vouch.greet",
        module="workers.greet",
        payload=Greeting,
        checkpoint=Progress,
        mark_subject=lambda _session, _job, state, _reason: states.append(state),
        may_retry=lambda _session, job: INGEST.name != job.kind,
        on_end=lambda _services, job: states.append(f"ended {job.kind}"),
        is_private=True,
    )
    monkeypatch.setitem(job_kinds._BY_NAME, "greet", greet)

    def say(running: RunningJob[Greeting, Progress]) -> dict[str, Any]:
        if running.checkpoint.letters == 0:
            running.update(checkpoint=Progress(letters=len(running.payload.name)))
            raise PipelineError("Said half of it.")
        return {"done": running.checkpoint.letters}

    headers = {"Authorization": admin.headers["Authorization"]}
    client = app.test_client()

    def work() -> None:
        with app.app_context():
            run(job_id, greet, say)

    with app.app_context():
        me = db.session.scalars(select(User.id).where(User.email == "admin@example.com")).one()
        subject = ("user", str(uuid.uuid4()))
        job = greet.create(db.session(), subject=subject, user_id=me, payload=Greeting(name="Ada"))
        db.session.commit()
        job_id = job.id
    work()
    failed = client.get(f"/api/jobs/{job_id}", headers=headers).json
    retried = client.post(f"/api/jobs/{job_id}/retry", headers=headers)
    work()
    done = client.get(f"/api/jobs/{job_id}", headers=headers).json
    with app.app_context():
        db.session.delete(db.session.get_one(Job, job_id))
        db.session.commit()
        app.extensions["services"].redis.delete(greet.queue)
    assert (failed["state"], failed["error"]["message"]) == ("failed", "Said half of it.")
    assert retried.status_code == 202, retried.text
    assert (done["state"], done["done"], done["kind"]) == ("done", 3, "greet")
    assert states[:3] == ["running", "failed", "ended greet"]
    assert states[3:] == ["queued", "running", "done", "ended greet"]
