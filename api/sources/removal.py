"""Taking knowledge away for good: nobody sees it from the end of the request on, and a job that
can't be lost removes it (`api.sources.purging`).

The request does constant work however much there is: it marks the source or instrument deleted,
which every read heeds, and asks its jobs to stop.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from api.jobs.purge_job import IS_PURGE, PURGE, PurgePayload
from api.models import Instrument, Job, Source, SourceVersion
from api.models.jobs import FINISHED

SWEPT = 100
"""Deleted rows that one sweep looks after."""


def remove_source(session: Session, source: Source, user_id: str | None) -> Job:
    """Mark it deleted within the caller's transaction; the job to enqueue after the commit.

    From the commit on no answer can cite it: one that is being written waits, and finds it gone.
    """
    _stop_jobs(session, Job.subject_type == "source", Job.subject_id == source.id)
    session.execute(
        update(Source)
        .where(Source.id == source.id)
        .values(deleted_at=func.now(), current_version_id=None)
    )
    # The bytes may be brought again at once; what still reads them stops.
    session.execute(
        update(SourceVersion)
        .where(SourceVersion.source_id == source.id)
        .values(status="superseded")
    )
    return _purge_source(session, source.id, user_id)


def remove_instrument(session: Session, instrument: Instrument, user_id: str | None) -> Job:
    """Mark it deleted within the caller's transaction; the job to enqueue after the commit."""
    _stop_jobs(session, Job.instrument_id == instrument.id)
    session.execute(
        update(Instrument).where(Instrument.id == instrument.id).values(deleted_at=func.now())
    )
    return _purge_instrument(session, instrument.id, user_id)


def remove_vectors(
    session: Session,
    instrument_id: str,
    version_ids: Sequence[str],
    *,
    objects: Sequence[str] = (),
    collections: Sequence[str] = (),
) -> Job:
    """A job that removes the vectors of these versions that no Fragment has, created within the
    caller's transaction: the one that deletes the Fragments.

    It also removes `objects` from the store and drops `collections` of the instrument. The sweep
    sends it at the latest.
    """
    payload = PurgePayload(
        instrument_id=instrument_id,
        version_ids=list(version_ids),
        objects=list(objects),
        collections=list(collections),
    )
    return PURGE.create(session, subject=("version", version_ids[0]), payload=payload)


def finish_removals(session: Session) -> list[Job]:
    """Jobs for what is marked deleted and nobody removes: theirs was cancelled. Commits."""
    purging = select(Job.id).where(IS_PURGE, Job.state.not_in(FINISHED))
    made = []
    for row, subject, purge in (
        (Source, "source", _purge_source),
        (Instrument, "instrument", _purge_instrument),
    ):
        left = select(row.id).where(
            row.deleted_at.is_not(None),
            ~purging.where(Job.subject_type == subject, Job.subject_id == row.id).exists(),
        )
        made += [purge(session, id_, None) for id_ in session.scalars(left.limit(SWEPT)).all()]
    session.commit()
    return made


def _purge_source(session: Session, source_id: str, user_id: str | None) -> Job:
    return PURGE.create(
        session,
        subject=("source", source_id),
        user_id=user_id,
        payload=PurgePayload(drop_source=source_id),
    )


def _purge_instrument(session: Session, instrument_id: str, user_id: str | None) -> Job:
    return PURGE.create(
        session,
        subject=("instrument", instrument_id),
        user_id=user_id,
        payload=PurgePayload(drop_instrument=instrument_id),
    )


def _stop_jobs(session: Session, *which: ColumnElement[bool]) -> None:
    """Cancel those that wait, and ask those that run to stop."""
    session.execute(
        update(Job)
        .where(*which, Job.state == "queued")
        .values(
            state="cancelled",
            cancel_requested_at=func.now(),
            finished_at=func.now(),
            error_code="cancelled",
            error_message="What this job worked on was deleted.",
        )
    )
    session.execute(
        update(Job)
        .where(*which, Job.state == "running", Job.cancel_requested_at.is_(None))
        .values(cancel_requested_at=func.now())
    )


def object_keys(version: SourceVersion) -> list[str]:
    """Every object that belongs to a version."""
    keys = [version.object_key, poster_key(version.id)]
    if version.subtitles_key:
        keys.append(version.subtitles_key)
    return keys


def poster_key(version_id: str) -> str:
    """The still picture of a video."""
    return f"posters/{version_id}.jpg"
