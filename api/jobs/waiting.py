"""Where jobs stand in their queues, and why they are not running yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import redis
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.jobs import worker_registry
from api.jobs.lifecycle import LOAD_MODEL, LOADING
from api.models import Job


@dataclass(frozen=True)
class Waiting:
    """`position` counts the queued jobs before this one, plus one; 0 when it is not queued.
    `workers` is how many listen to its queue; None when that can't be told."""

    position: int
    workers: int | None
    because: str | None


def listeners(client: redis.Redis, jobs: Sequence[Job]) -> Mapping[str, int] | None:
    """How many workers listen to each queue of `jobs`, in one round trip; None without Redis."""
    try:
        return worker_registry.counts(client, {job.queue for job in jobs})
    except redis.RedisError:
        return None


def places(
    session: Session, jobs: Sequence[Job], workers: Mapping[str, int] | None
) -> dict[str, Waiting]:
    """The place of each of `jobs`, by id, in as many statements for one job as for a hundred.

    `workers` is how many listen to each of their queues; None when that can't be told.
    """
    queued = [job for job in jobs if job.state == "queued"]
    positions = _positions(session, queued) if queued else {}
    running = _running(session, queued) if queued else {}
    found = {}
    for job in jobs:
        position = positions.get(job.id, 0)
        count = workers.get(job.queue, 0) if workers is not None else None
        ahead = position - 1 + running.get(job.queue, 0)
        because = _because(job, count, ahead) if position else _held_up(job)
        found[job.id] = Waiting(position, count, because)
    return found


def _positions(session: Session, jobs: Sequence[Job]) -> dict[str, int]:
    """By id, from 1. One that was claimed this moment is first."""
    position = func.rank().over(partition_by=Job.queue, order_by=Job.created_at)
    ranked = (
        select(Job.id, position.label("position"))
        .where(Job.state == "queued", Job.queue.in_({job.queue for job in jobs}))
        .subquery()
    )
    ids = [job.id for job in jobs]
    rows = session.execute(select(ranked).where(ranked.c.id.in_(ids)))
    return dict.fromkeys(ids, 1) | dict(rows.all())


def _running(session: Session, jobs: Sequence[Job]) -> dict[str, int]:
    """How many jobs run in each of the queues of `jobs`."""
    rows = session.execute(
        select(Job.queue, func.count())
        .where(Job.state == "running", Job.queue.in_({job.queue for job in jobs}))
        .group_by(Job.queue)
    )
    return dict(rows.all())


def _held_up(job: Job) -> str | None:
    """Why a running job gets no further."""
    return LOADING if job.state == "running" and job.stage == LOAD_MODEL else None


def _because(job: Job, workers: int | None, ahead: int) -> str | None:
    if workers is None:
        return "the queue can't be reached; it is tried again every few seconds"
    if workers == 0:
        return f"no worker listens to queue {job.queue}"
    if ahead:
        return f"{ahead} job{'s' if ahead > 1 else ''} ahead"
    if job.not_before is not None and job.enqueued_at is None:
        return "something it needs was not answering; it is tried again shortly"
    if job.enqueued_at is None:
        return "its message is being sent again"
    return None
