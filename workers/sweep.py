"""Nothing stays stuck: jobs whose worker died or whose message was lost are sent again."""

from __future__ import annotations

from datetime import timedelta

import redis
import structlog
from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from api.extensions import db
from api.job_kinds import NAMES, kind_of
from api.jobs import lifecycle, worker_registry
from api.jobs.kind import Reason
from api.jobs.runner import given_up
from api.models import Job, Shard, Upload
from api.models.base import now
from api.services import Services, services
from api.sources.removal import finish_removals
from workers.main import celery

log = structlog.get_logger()

IS_KNOWN = Job.kind.in_(NAMES)
"""While a release is rolled out there may be kinds of which this worker knows nothing yet."""
GRACE = timedelta(seconds=5)
"""Whoever made a job sends its message within this time."""
LOST = timedelta(seconds=10)
"""A message that a free worker has not taken after this time is in no queue."""
LONGEST_PAUSE = timedelta(minutes=10)
"""Between two messages of a job that nobody takes. It begins with LOST and doubles."""
JOBS_A_SLOT = 10
"""Jobs that are sent again at once for each task that the workers of their queue could begin."""


@celery.task(name="vouch.sweep_jobs")
def sweep_jobs() -> None:
    with_ = services()
    session = db.session()
    _take_over(session, with_)
    _send_unsent(session, with_)
    _send_lost(session, with_)
    _forget_uploads(session, with_)
    for job in finish_removals(session):
        lifecycle.enqueue(session, with_.queue, job)


def _take_over(session: Session, with_: Services) -> None:
    """Jobs that ran in a worker that is silent: from their checkpoint, or failed for good."""
    abandoned = session.scalars(
        select(Job).where(IS_KNOWN, Job.state == "running", Job.lease_until < func.now())
    ).all()
    session.commit()
    for job in abandoned:
        if job.cancel_requested_at is not None:
            _end(session, with_, job, "cancelled", ("cancelled", "Cancelled."))
        elif kind_of(job.kind).gives_up and job.attempt >= with_.config.max_attempts:
            _end(session, with_, job, "failed", given_up(job))
        elif lifecycle.take_from_silent(session, job.id):
            log.info("job goes on in another worker", job_id=job.id, attempt=job.attempt)
            lifecycle.enqueue(session, with_.queue, job)


def _end(session: Session, with_: Services, job: Job, state: str, error: Reason) -> None:
    """End a job that nobody holds, if that is still so."""
    ended = session.execute(
        update(Job)
        .where(Job.id == job.id, Job.state == "running", Job.lease_until < func.now())
        .values(
            state=state,
            error_code=error[0],
            error_message=error[1],
            finished_at=func.now(),
            lease_owner=None,
            lease_until=None,
        )
        .returning(Job.id)
    ).one_or_none()
    if ended is None:
        session.rollback()
        return
    lifecycle.mark_subject(session, job, state, error)
    session.commit()
    data = {"job_id": job.id, "state": state, "code": error[0], "message": error[1]}
    lifecycle.after_end(with_, job, state, data)


def _send_unsent(session: Session, with_: Services) -> None:
    """Queued jobs that were never sent, because the broker was away, or were put back."""
    ids = session.scalars(
        select(Job.id)
        .where(
            IS_KNOWN,
            Job.state == "queued",
            Job.enqueued_at.is_(None),
            Job.updated_at < now() - GRACE,
            or_(Job.not_before.is_(None), Job.not_before <= func.now()),
        )
        .order_by(Job.created_at)
    ).all()
    session.commit()
    for job_id in ids:
        job = session.get(Job, job_id)
        if job is not None and not lifecycle.enqueue(session, with_.queue, job):
            # The broker is away: the others wait for it too.
            return


def _send_lost(session: Session, with_: Services) -> None:
    """Queued jobs that nobody claims though somebody is free to: their messages are lost.

    Queues are first in, first out, so a free worker means that nothing waits. One that waits its
    turn is left alone: its workers are busy. A message too many does no harm.
    """
    try:
        free = _free(session, with_)
    except redis.RedisError as error:
        log.warning("who listens can't be told", error=type(error).__name__)
        return
    for queue, slots in free.items():
        ids = session.scalars(
            select(Job.id)
            .where(
                IS_KNOWN,
                Job.state == "queued",
                Job.queue == queue,
                Job.enqueued_at < now() - LOST,
                or_(Job.not_before.is_(None), Job.not_before <= func.now()),
            )
            .order_by(Job.created_at)
            .limit(JOBS_A_SLOT * slots)
        ).all()
        session.commit()
        for job_id in ids:
            job = session.get(Job, job_id)
            if job is not None and job.state == "queued":
                log.info("job's message is sent again", job_id=job_id)
                lifecycle.enqueue(session, with_.queue, job, pause=_pause(job))


def _free(session: Session, with_: Services) -> dict[str, int]:
    """How many more tasks the workers of each queue in which jobs wait could begin now."""
    queues = session.scalars(select(Job.queue).where(Job.state == "queued").distinct()).all()
    # A process that works on its own job's shards does so under the job's own name.
    holders = (
        select(Job.lease_owner)
        .where(Job.state == "running", Job.lease_until > func.now())
        .union(
            select(Shard.lease_owner).where(Shard.done_at.is_(None), Shard.lease_until > func.now())
        )
        .subquery()
    )
    worker = func.split_part(holders.c.lease_owner, "/", 1)
    counted = session.execute(select(worker, func.count()).group_by(worker))
    busy: dict[str, int] = dict(counted.all())
    session.commit()
    return {
        queue: sum(max(0, slots - busy.get(name, 0)) for name, slots in workers.items())
        for queue, workers in worker_registry.slots(with_.redis, queues).items()
    }


def _pause(job: Job) -> timedelta:
    """How long it is not sent again: twice as long as last time, if it was sent again before."""
    last = timedelta(0)
    if job.not_before is not None and job.enqueued_at is not None:
        last = job.not_before - job.enqueued_at
    return min(max(LOST, 2 * last), LONGEST_PAUSE)


def _forget_uploads(session: Session, with_: Services) -> None:
    """Uploads whose time ran out a day ago: the row, and whatever lies under its key."""
    old = session.scalars(
        select(Upload).where(Upload.expires_at < now() - timedelta(days=1)).limit(100)
    ).all()
    session.commit()
    if not old:
        return
    with_.storage.delete([upload.object_key for upload in old])
    for upload in old:
        session.delete(upload)
    session.commit()
