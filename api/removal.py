"""Taking knowledge away for good: rows now, objects and vectors by a job that can't be lost."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

import redis
from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from api import jobs
from api.models import Instrument, Job, Source, SourceVersion, Upload
from api.purge_job import PURGE, PurgePayload
from api.services import Services
from api.withdrawal import withdraw_sources


def remove_sources(session: Session, sources: Iterable[Source], user_id: str) -> list[Job]:
    """Delete sources within the caller's transaction; the jobs to enqueue after the commit.

    Fragments go with their version. Citations stay, withdrawn, without their words, and so do
    the sentences that nothing else proves.
    """
    purges = []
    for source in sources:
        _stop_reading(session, source)
        # From here on no answer can cite it: one that is being written waits, and finds it gone.
        session.execute(select(Source.id).where(Source.id == source.id).with_for_update())
        quoting = withdraw_sources(session, [source.id])
        purges.append(_remove(session, source, user_id, quoting))
    return purges


def remove_instrument(session: Session, instrument: Instrument, user_id: str) -> list[Job]:
    """Delete an instrument with its sources and chats; the jobs to enqueue after the commit."""
    sources = session.scalars(select(Source).where(Source.instrument_id == instrument.id)).all()
    purges = []
    for source in sources:
        _stop_reading(session, source)
        purges.append(_remove(session, source, user_id, []))
    keys = session.scalars(
        select(Upload.object_key).where(Upload.instrument_id == instrument.id)
    ).all()
    logs = session.scalars(select(Job.id).where(Job.instrument_id == instrument.id)).all()
    purges.append(
        PURGE.create(
            session,
            subject=("instrument", instrument.id),
            user_id=user_id,
            payload=PurgePayload(
                objects=list(keys), drop_instrument=instrument.id, logs=list(logs)
            ),
        )
    )
    session.execute(delete(Instrument).where(Instrument.id == instrument.id))
    return purges


def _stop_reading(session: Session, source: Source) -> None:
    running = select(Job).where(
        Job.subject_type == "source",
        Job.subject_id == source.id,
        Job.state.in_(("queued", "running")),
    )
    for job in session.scalars(running):
        jobs.request_cancel(session, job)


def _remove(session: Session, source: Source, user_id: str, quoting: list[str]) -> Job:
    """Delete its rows; the job that removes what is outside Postgres.

    `quoting`: jobs whose logs quote it.
    """
    versions = session.scalars(
        select(SourceVersion).where(SourceVersion.source_id == source.id)
    ).all()
    keys = [key for version in versions for key in object_keys(version)]
    # The first upload of a source knows it only by the answer that it was given.
    uploads = delete(Upload).where(
        Upload.instrument_id == source.instrument_id,
        or_(
            Upload.source_id == source.id,
            Upload.completed["source_id"].astext == source.id,
        ),
    )
    keys += session.scalars(uploads.returning(Upload.object_key)).all()
    purge = PURGE.create(
        session,
        subject=("source", source.id),
        user_id=user_id,
        payload=PurgePayload(
            objects=keys,
            instrument_id=source.instrument_id,
            version_ids=[version.id for version in versions],
            # Once they are gone, the rows, which say "withdrawn", speak.
            logs=quoting,
        ),
    )
    session.execute(delete(Source).where(Source.id == source.id))
    return purge


def finish_removal(session: Session, services: Services, purges: Iterable[Job]) -> None:
    """After the commit: logs that quote what is gone end now, the rest goes by job."""
    for job in purges:
        # Without Redis there is no log to be read; the job forgets it later.
        with contextlib.suppress(redis.RedisError):
            for citing in PURGE.payload_of(job).logs:
                services.events.forget(citing)
        jobs.enqueue(session, services.queue, job)


def object_keys(version: SourceVersion) -> list[str]:
    """Every object that belongs to a version."""
    keys = [version.object_key, poster_key(version.id)]
    if version.subtitles_key:
        keys.append(version.subtitles_key)
    return keys


def poster_key(version_id: str) -> str:
    """The still picture of a video."""
    return f"posters/{version_id}.jpg"
