"""The life of a job: created, enqueued, claimed by lease, moved on, finished.

Each step is one statement whose WHERE clause says who may take it, so that two workers, a
cancel and a sweep can meet at any point. Times are the database's.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import kombu.exceptions
import redis
import structlog
from celery import Celery
from sqlalchemy import ColumnElement, and_, case, cast, func, or_, select, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from api.job_kinds import kind_of
from api.jobs.kind import Reason
from api.models import Job, Shard
from api.services import Services

log = structlog.get_logger()


LOAD_MODEL = "load_model"
"""The stage of a job that waits for the embedding model."""
LOADING = "the embedding model is being loaded; on a machine's first start that takes minutes"


class LeaseLost(Exception):
    """This worker may no longer write: another holds the lease, or the job has ended."""


def enqueue(session: Session, sender: Celery, job: Job, *, pause: timedelta | None = None) -> bool:
    """Send the job's message; False if the broker is down: the sweep sends it later.

    `pause` is how long the sweep waits before it may send the next one.
    """
    task = kind_of(job.kind).task
    try:
        sender.send_task(
            task,
            args=[job.id],
            # Whoever looks at the broker finds the job.
            task_id=job.id,
            queue=job.queue,
            retry=True,
            retry_policy={"max_retries": 1},
        )
    except (kombu.exceptions.OperationalError, redis.RedisError) as error:
        log.warning("job waits for the queue", job_id=job.id, error=type(error).__name__)
        return False
    values: dict[str, Any] = {"enqueued_at": func.now()}
    if pause is not None:
        values["not_before"] = later(pause.total_seconds())
    session.execute(update(Job).where(Job.id == job.id, Job.state == "queued").values(**values))
    session.commit()
    return True


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
            not_before=None,
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


def write(session: Session, job_id: str, owner: str, **values: Any) -> None:
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


def lock(session: Session, job_id: str, owner: str) -> None:
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


def requeue(session: Session, job_id: str, owner: str, seconds: float) -> None:
    """Back to its queue, to be sent again after `seconds`. Commits. Raises LeaseLost."""
    write(
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
    error: Reason | None = None,
    **values: Any,
) -> None:
    """End a running job within the caller's transaction: `done`, `failed` or `cancelled`."""
    code, message = error or (None, None)
    write(
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


def take_from_silent(session: Session, job_id: str) -> bool:
    """Back to its queue, if the lease of whoever worked on it has run out. Commits."""
    taken = session.execute(
        update(Job)
        .where(Job.id == job_id, Job.state == "running", Job.lease_until < func.now())
        .values(state="queued", lease_owner=None, lease_until=None, enqueued_at=None)
        .returning(Job.id)
    ).one_or_none()
    session.commit()
    return taken is not None


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

    Nor may it do what makes no sense any more, which its kind tells.
    """
    if not kind_of(job.kind).may_retry(session, job):
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


def mark_subject(session: Session, job: Job, state: str, reason: Reason | None = None) -> None:
    """Carry a job's state over to what it works on, within the caller's transaction."""
    kind_of(job.kind).mark_subject(session, job, state, reason)


def after_end(services: Services, job: Job, state: str, data: dict[str, Any]) -> None:
    """What is left to do once the end of a job is committed: tell it, with `data`."""
    try:
        kind_of(job.kind).on_end(services, job)
    except redis.RedisError as error:
        # What it would clear goes by itself later.
        log.warning("a job's end left something behind", job_id=job.id, error=type(error).__name__)
    services.events.publish(job.id, state, data)


def _mine(job_id: str, owner: str) -> tuple[ColumnElement[bool], ...]:
    return Job.id == job_id, Job.state == "running", Job.lease_owner == owner


def later(seconds: float) -> Any:
    """The database's time `seconds` from now."""
    return func.now() + func.make_interval(0, 0, 0, 0, 0, 0, seconds)
