"""The life of a job: created, enqueued, claimed by lease, moved on, finished.

Each step is one statement whose WHERE clause says who may take it, so that two workers, a
cancel and a sweep can meet at any point. Times are the database's.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import kombu.exceptions
import redis
import structlog
from celery import Celery
from sqlalchemy import ColumnElement, and_, case, cast, delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from api import chosen, indexes
from api.models import ChatTurn, Job, Shard, Source, SourceVersion
from api.models.base import new_id
from api.models.jobs import FINISHED

log = structlog.get_logger()

KINDS: dict[str, tuple[str, str]] = {
    "ingest": ("ingest", "vouch.ingest_source"),
    "answer": ("answers", "vouch.answer_turn"),
    "reindex": ("ingest", "vouch.reindex_instrument"),
    "purge": ("maintenance", "vouch.purge"),
}
"""Kind of job -> its queue and the name of its task."""


LOAD_MODEL = "load_model"
"""The stage of a job that waits for the embedding model."""
LOADING = "the embedding model is being loaded; on a machine's first start that takes minutes"


class LeaseLost(Exception):
    """This worker may no longer write: another holds the lease, or the job has ended."""


def create_job(
    session: Session,
    kind: str,
    *,
    subject: tuple[str, str],
    instrument_id: str | None = None,
    user_id: str | None = None,
    payload: dict[str, Any] | None = None,
    unit: str | None = None,
) -> Job:
    """A queued job. The caller commits, then calls `enqueue` (law 1)."""
    queue, _ = KINDS[kind]
    job = Job(
        id=new_id(),
        kind=kind,
        queue=queue,
        subject_type=subject[0],
        subject_id=subject[1],
        instrument_id=instrument_id,
        user_id=user_id,
        payload=payload or {},
        unit=unit,
    )
    session.add(job)
    return job


def enqueue(session: Session, sender: Celery, job: Job) -> None:
    """Send the job's message. If the broker is down the sweep sends it later."""
    queue, task = KINDS[job.kind]
    try:
        # The message carries the job's id as its own, so that the sweep can tell a lost message
        # from one that waits.
        sender.send_task(
            task,
            args=[job.id],
            task_id=job.id,
            queue=queue,
            retry=True,
            retry_policy={"max_retries": 1},
        )
    except (kombu.exceptions.OperationalError, redis.RedisError) as error:
        log.warning("job waits for the queue", job_id=job.id, error=type(error).__name__)
        return
    session.execute(
        update(Job).where(Job.id == job.id, Job.state == "queued").values(enqueued_at=func.now())
    )
    session.commit()


def claim(session: Session, job_id: str, owner: str, lease_seconds: int) -> Job | None:
    """Take a queued job, or a running one whose lease ran out; None if it is not to be had."""
    free = or_(Job.state == "queued", and_(Job.state == "running", Job.lease_until < func.now()))
    job = session.execute(
        update(Job)
        .where(Job.id == job_id, free)
        .values(
            state="running",
            lease_owner=owner,
            lease_until=later(lease_seconds),
            heartbeat_at=func.now(),
            started_at=func.coalesce(Job.started_at, func.now()),
            attempt=Job.attempt + 1,
        )
        .returning(Job)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    session.commit()
    return job


def renew(session: Session, job_id: str, owner: str, lease_seconds: int) -> bool:
    """Keep the lease; returns whether a cancel was asked for. Raises LeaseLost."""
    row = session.execute(
        update(Job)
        .where(*_mine(job_id, owner))
        .values(lease_until=later(lease_seconds), heartbeat_at=func.now())
        .returning(Job.cancel_requested_at)
    ).one_or_none()
    session.commit()
    if row is None:
        raise LeaseLost(job_id)
    return row[0] is not None


def move(session: Session, job_id: str, owner: str, **values: Any) -> None:
    """Write progress of a running job within the caller's transaction. Raises LeaseLost.

    A checkpoint that moved starts the count of attempts anew: work that gets further each time
    is never given up.
    """
    if "checkpoint" in values:
        moved_on = Job.checkpoint.is_distinct_from(cast(values["checkpoint"], JSONB))
        values["attempt"] = case((moved_on, 1), else_=Job.attempt)
    moved = session.execute(
        update(Job).where(*_mine(job_id, owner)).values(**values).returning(Job.id)
    ).one_or_none()
    if moved is None:
        session.rollback()
        raise LeaseLost(job_id)


def hold(session: Session, job_id: str, owner: str) -> None:
    """Lock the job's row until the end of the caller's transaction, if its lease is still ours.

    What is written in the transaction is then written by the one who holds the job. Raises
    LeaseLost.
    """
    held = session.execute(
        select(Job.id).where(*_mine(job_id, owner)).with_for_update()
    ).one_or_none()
    if held is None:
        session.rollback()
        raise LeaseLost(job_id)


def put_back(session: Session, job_id: str, owner: str, seconds: float) -> None:
    """Back to its queue, to be sent again after `seconds`. Commits. Raises LeaseLost."""
    move(
        session,
        job_id,
        owner,
        state="queued",
        lease_owner=None,
        lease_until=None,
        enqueued_at=None,
        not_before=later(seconds),
    )
    session.commit()


def finish(
    session: Session,
    job_id: str,
    owner: str,
    state: str,
    *,
    error: tuple[str, str] | None = None,
    **values: Any,
) -> None:
    """End a running job within the caller's transaction: `done`, `failed` or `cancelled`."""
    code, message = error or (None, None)
    move(
        session,
        job_id,
        owner,
        state=state,
        error_code=code,
        error_message=message,
        finished_at=func.now(),
        lease_owner=None,
        lease_until=None,
        **values,
    )


def begin_again(session: Session, version_id: str, kept: Collection[str]) -> Job | None:
    """Have the job that reads a version begin anew, within the caller's transaction: whoever is
    at it loses the job. None when no such job waits or runs.

    Of what it found out so far only the facts named in `kept` stay. The caller commits, then
    calls `enqueue`.
    """
    job = session.scalars(
        select(Job)
        .where(
            Job.kind == "ingest",
            Job.payload["version_id"].astext == version_id,
            Job.state.in_(("queued", "running")),
        )
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if job is None:
        return None
    facts = job.checkpoint.get("report", {}).get("facts", {})
    facts = {name: value for name, value in facts.items() if name in kept}
    job.checkpoint = {"report": {"facts": facts}} if facts else {}
    job.state, job.stage, job.done, job.total, job.attempt = "queued", None, 0, None, 0
    job.lease_owner = job.lease_until = job.enqueued_at = job.not_before = None
    job.cancel_requested_at = None
    session.execute(delete(Shard).where(Shard.job_id == job.id))
    mark_subject(session, job, "queued")
    return job


def release(session: Session, worker: str) -> list[str]:
    """Put back the jobs that a worker holds as it shuts down; they lose no attempt.

    `worker` is the part of its leases' owners before the slash.
    """
    ids = session.scalars(
        update(Job)
        .where(Job.state == "running", func.split_part(Job.lease_owner, "/", 1) == worker)
        .values(
            state="queued",
            lease_owner=None,
            lease_until=None,
            enqueued_at=None,
            attempt=func.greatest(Job.attempt - 1, 0),
        )
        .returning(Job.id)
    ).all()
    session.execute(
        update(Shard)
        .where(Shard.done_at.is_(None), func.split_part(Shard.lease_owner, "/", 1) == worker)
        .values(lease_owner=None, lease_until=None)
    )
    session.commit()
    return list(ids)


def request_cancel(session: Session, job: Job) -> bool:
    """Ask a job to stop. One that has not started ends here; True if it did."""
    ended = session.execute(
        update(Job)
        .where(Job.id == job.id, Job.state == "queued")
        .values(
            state="cancelled",
            cancel_requested_at=func.now(),
            finished_at=func.now(),
            error_code="cancelled",
            error_message="Cancelled before it started.",
        )
        .returning(Job.id)
    ).one_or_none()
    if ended is None:
        session.execute(
            update(Job)
            .where(Job.id == job.id, Job.state == "running")
            .values(cancel_requested_at=func.coalesce(Job.cancel_requested_at, func.now()))
        )
    return ended is not None


def request_retry(session: Session, job: Job) -> bool:
    """Queue a failed or cancelled job again, from its checkpoint; False if it is neither.

    Nor may it read a version that was superseded, or one that another job reads.
    """
    if job.kind == "ingest" and _superseded(session, job):
        return False
    row = session.execute(
        update(Job)
        .where(Job.id == job.id, Job.state.in_(("failed", "cancelled")))
        .values(
            state="queued",
            attempt=0,
            cancel_requested_at=None,
            error_code=None,
            error_message=None,
            finished_at=None,
            enqueued_at=None,
            not_before=None,
        )
        .returning(Job.id)
    ).one_or_none()
    return row is not None


def mark_subject(
    session: Session, job: Job, state: str, error: tuple[str, str] | None = None
) -> None:
    """Carry a job's state over to what it works on, within the caller's transaction.

    A source shows its newest version's state, unless an older one is still there to be read.
    """
    code, message = error or (None, None)
    if job.kind == "answer":
        chosen.settle(session, job.subject_id, state)
        turn = update(ChatTurn).where(ChatTurn.id == job.subject_id)
        ended = func.now() if state in FINISHED else None
        session.execute(
            turn.values(status=state, error_code=code, error_message=message, finished_at=ended)
        )
    elif job.kind == "ingest" and not _superseded(session, job):
        status = {"done": "ready", "running": "processing", "queued": "queued"}.get(state, "failed")
        if state == "cancelled" and error is None:
            code, message = "cancelled", "Reading was cancelled; retry the job to go on."
        version_id = job.payload.get("version_id")
        if "duplicate" in job.payload:
            # The bytes it fetched are another job's to read, which tells how that goes.
            return
        version = update(SourceVersion).where(SourceVersion.id == version_id)
        session.execute(version.values(status=status, error_code=code, error_message=message))
        source = session.get(Source, job.subject_id, populate_existing=True)
        if source is not None:
            older = source.current_version_id not in (None, version_id)
            source.status = "ready" if older and status == "failed" else status
    elif job.kind == "reindex" and state in ("failed", "cancelled"):
        for collection in indexes.give_up(session, job.id):
            # Its message is sent by the sweep.
            create_job(
                session,
                "purge",
                subject=("instrument", job.subject_id),
                payload={"collections": [collection]},
            )


def _superseded(session: Session, job: Job) -> bool:
    """Whether a newer version has taken the place of the one that the job reads."""
    version_id = job.payload.get("version_id")
    if version_id is None:
        return False
    version = session.get(SourceVersion, version_id, populate_existing=True)
    return version is not None and version.status == "superseded"


@dataclass(frozen=True)
class Waiting:
    """Where a job stands in its queue, and why it is not running yet."""

    position: int
    workers: int | None
    because: str | None


def waiting(session: Session, job: Job, workers: int | None) -> Waiting:
    """`position` counts queued jobs before this one, plus one; 0 when it is not queued."""
    if job.state != "queued":
        loads = job.state == "running" and job.stage == LOAD_MODEL
        return Waiting(0, workers, LOADING if loads else None)
    same_queue = Job.queue == job.queue
    queued_before, running = session.execute(
        select(
            func.count().filter(Job.state == "queued", Job.created_at < job.created_at),
            func.count().filter(Job.state == "running"),
        ).where(same_queue, Job.state.in_(("queued", "running")))
    ).one()
    ahead = queued_before + running
    because = None
    if workers is None:
        because = "the queue can't be reached; it is tried again every few seconds"
    elif workers == 0:
        because = f"no worker listens to queue {job.queue}"
    elif ahead:
        because = f"{ahead} job{'s' if ahead > 1 else ''} ahead"
    elif job.not_before is not None and job.enqueued_at is None:
        because = "something it needs was not answering; it is tried again shortly"
    elif job.enqueued_at is None:
        because = "its message is being sent again"
    return Waiting(queued_before + 1, workers, because)


def _mine(job_id: str, owner: str) -> tuple[ColumnElement[bool], ...]:
    return Job.id == job_id, Job.state == "running", Job.lease_owner == owner


def later(seconds: float) -> Any:
    """The database's time `seconds` from now."""
    return func.now() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
