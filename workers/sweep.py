"""Nothing stays stuck: jobs whose worker died or whose message was lost are sent again."""

from __future__ import annotations

import re
from datetime import timedelta

import redis
import structlog
from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import Session

from api import jobs
from api.extensions import db
from api.models import Job, Upload
from api.models.base import now
from api.removal import finish_removals
from api.services import Services, services
from workers.lifecycle import NEVER_GIVEN_UP, given_up
from workers.main import celery

log = structlog.get_logger()

GRACE = timedelta(seconds=5)
HELD = timedelta(seconds=30)
_ID = re.compile(rb'"id":\s*"([0-9a-f-]{36})"')


@celery.task(name="vouch.sweep_jobs")
def sweep_jobs() -> None:
    with_ = services()
    session = db.session()
    _take_over(session, with_)
    _send_lost(session, with_)
    _forget_uploads(session, with_)
    for job in finish_removals(session):
        jobs.enqueue(session, with_.queue, job)


def _take_over(session: Session, with_: Services) -> None:
    """Jobs that ran in a worker that is silent: from their checkpoint, or failed for good."""
    abandoned = session.scalars(
        select(Job).where(Job.state == "running", Job.lease_until < func.now())
    ).all()
    session.commit()
    if not abandoned:
        return
    try:
        waiting = {queue: _messages(with_.redis, queue) for queue in {j.queue for j in abandoned}}
    except redis.RedisError:
        waiting = {}
    for job in abandoned:
        if job.cancel_requested_at is not None:
            _end(session, with_, job, "cancelled", ("cancelled", "Cancelled."))
        elif job.attempt >= with_.config.max_attempts and job.kind not in NEVER_GIVEN_UP:
            _end(session, with_, job, "failed", given_up(job))
        elif job.id not in waiting.get(job.queue, ()):
            log.info("job goes on in another worker", job_id=job.id, attempt=job.attempt)
            jobs.enqueue(session, with_.queue, job)


def _end(session: Session, with_: Services, job: Job, state: str, error: tuple[str, str]) -> None:
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
    jobs.mark_subject(session, job, state, error)
    session.commit()
    data = {"job_id": job.id, "state": state, "code": error[0], "message": error[1]}
    with_.events.publish(job.id, state, data)


def _send_lost(session: Session, with_: Services) -> None:
    """Queued jobs whose message is nowhere in the broker. One that waits its turn is left alone."""
    # Thousands may wait: whole rows are read of those alone whose message is lost.
    queued = session.execute(
        select(Job.id, Job.queue, Job.enqueued_at)
        .where(
            Job.state == "queued",
            func.coalesce(Job.enqueued_at, Job.updated_at) < now() - GRACE,
            or_(Job.not_before.is_(None), Job.not_before <= func.now()),
        )
        .order_by(Job.created_at)
    ).all()
    session.commit()
    if not queued:
        return
    try:
        waiting = {queue: _messages(with_.redis, queue) for queue in {job.queue for job in queued}}
        held = _held(with_.redis)
    except redis.RedisError as error:
        log.warning("queues can't be read", error=type(error).__name__)
        return
    for job in queued:
        # A worker that was killed leaves what it had taken behind: after a while that counts
        # for nothing. A message too many does no harm.
        taken = job.id in held and job.enqueued_at is not None and job.enqueued_at > now() - HELD
        if job.id in waiting[job.queue] or taken:
            continue
        lost = session.get(Job, job.id)
        if lost is not None and lost.state == "queued":
            log.info("job's message is sent again", job_id=job.id)
            jobs.enqueue(session, with_.queue, lost)


def _messages(client: redis.Redis, queue: str) -> set[str]:
    """Ids of the tasks that wait in a queue."""
    found: set[str] = set()
    for message in client.lrange(queue, 0, -1):
        found |= {match.decode() for match in _ID.findall(_bytes(message))}
    return found


def _held(client: redis.Redis) -> set[str]:
    """Ids of the tasks that a worker has taken and not acknowledged."""
    found: set[str] = set()
    for message in client.hvals("unacked"):
        found |= {match.decode() for match in _ID.findall(_bytes(message))}
    return found


def _bytes(message: str | bytes) -> bytes:
    return message.encode() if isinstance(message, str) else message


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
