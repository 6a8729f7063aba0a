"""Shards of a job: added with what they cover, taken by lease, finished once.

Any process of the job's queue may take one; the process that holds the job waits for them all
and takes over those whose worker fell silent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.orm import Session

from api.jobs.lifecycle import later
from api.models import Job, Shard
from api.search.indexes import VectorIndex
from pipelines.chunking import ORDINALS_PER_UNIT


@dataclass(frozen=True)
class Backlog:
    """Shards that nobody has taken."""

    count: int
    oldest_seconds: float


def add(
    session: Session,
    version: tuple[str, str],
    ordinals: tuple[int, int],
    indexes: Iterable[VectorIndex],
    job_id: str,
) -> None:
    """A shard for each index of (instrument, version), within the caller's transaction.

    One for an index in the making belongs to the job that makes it.
    """
    for index in indexes:
        session.add(
            Shard(
                job_id=index.job_id or job_id,
                instrument_id=version[0],
                version_id=version[1],
                first_ordinal=ordinals[0],
                end_ordinal=ordinals[1],
                index=index.row,
            )
        )


def drop(session: Session, job_id: str, version_id: str, ordinals: tuple[int, int]) -> None:
    """Forget what is about to be written anew: a version's shards within `ordinals`, and the
    job's own from there on. Within the caller's transaction."""
    first, end = ordinals
    within = and_(Shard.first_ordinal >= first, Shard.end_ordinal <= end)
    own = and_(Shard.job_id == job_id, Shard.first_ordinal >= first)
    session.execute(delete(Shard).where(Shard.version_id == version_id, or_(within, own)))


def claim(session: Session, job_id: str, owner: str, lease_seconds: int) -> Shard | None:
    """Take the first shard of a running job that is free; None if there is none. Commits."""
    free = (
        select(Shard.id)
        .join(Job, Job.id == Shard.job_id)
        .where(
            Shard.job_id == job_id,
            Shard.done_at.is_(None),
            or_(Shard.lease_until.is_(None), Shard.lease_until < func.now()),
            Job.state == "running",
            Job.cancel_requested_at.is_(None),
        )
        .order_by(Shard.first_ordinal)
        .limit(1)
        .with_for_update(skip_locked=True, of=Shard)
    )
    shard = session.execute(
        update(Shard)
        .where(Shard.id == free.scalar_subquery())
        .values(lease_owner=owner, lease_until=later(lease_seconds))
        .returning(Shard)
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    session.commit()
    return shard


def renew(session: Session, shard_id: str, owner: str, lease_seconds: int) -> bool:
    """Keep the lease; False when the shard is gone or another's. Commits."""
    return _mine(session, shard_id, owner, lease_until=later(lease_seconds))


def lock(session: Session, shard_id: str, owner: str) -> bool:
    """Lock the shard until the end of the caller's transaction; False when it is gone or
    another's."""
    mine = (Shard.id == shard_id, Shard.lease_owner == owner, Shard.done_at.is_(None))
    return session.scalar(select(Shard.id).where(*mine).with_for_update()) is not None


def give_back(session: Session, shard_id: str, owner: str) -> None:
    """Let another take it at once. Commits."""
    _mine(session, shard_id, owner, lease_owner=None, lease_until=None)


def finish(session: Session, shard_id: str, owner: str, spent: dict[str, Any]) -> bool:
    """The vectors are written; False when the shard is gone or another's. Commits."""
    return _mine(session, shard_id, owner, done_at=func.now(), spent=spent)


def backlog(session: Session, job_id: str) -> Backlog:
    """What waits to be taken."""
    age = func.extract("epoch", func.now() - func.min(Shard.created_at))
    waiting = (
        Shard.job_id == job_id,
        Shard.done_at.is_(None),
        or_(Shard.lease_until.is_(None), Shard.lease_until < func.now()),
    )
    count, oldest = session.execute(select(func.count(), age).where(*waiting)).one()
    return Backlog(count, float(oldest or 0.0))


def first_left(session: Session, job_id: str) -> int | None:
    """The unit (page, second ...) of the first shard that is not done; None when all are."""
    ordinal = session.scalar(
        select(func.min(Shard.first_ordinal)).where(Shard.job_id == job_id, Shard.done_at.is_(None))
    )
    return None if ordinal is None else ordinal // ORDINALS_PER_UNIT


def progress(session: Session, job_id: str) -> tuple[int, int]:
    """(done, all) shards of a job."""
    done, everything = session.execute(
        select(func.count(Shard.done_at), func.count()).where(Shard.job_id == job_id)
    ).one()
    return done, everything


def collect(session: Session, job_id: str) -> dict[str, float]:
    """What the job's shards spent, added up; they are deleted, in the caller's transaction."""
    total: Counter[str] = Counter()
    for spent in session.scalars(
        delete(Shard).where(Shard.job_id == job_id).returning(Shard.spent)
    ):
        total.update(spent)
    return dict(total)


def _mine(session: Session, shard_id: str, owner: str, **values: Any) -> bool:
    row = session.execute(
        update(Shard)
        .where(Shard.id == shard_id, Shard.lease_owner == owner, Shard.done_at.is_(None))
        .values(**values)
        .returning(Shard.id)
    ).one_or_none()
    session.commit()
    return row is not None
