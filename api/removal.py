"""Taking knowledge away for good: rows now, objects and vectors by a job that can't be lost."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

import redis
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from api import jobs
from api.models import ChatTurn, Citation, Instrument, Job, Source, SourceVersion, Upload
from api.services import Services


def remove_sources(session: Session, sources: Iterable[Source], user_id: str) -> list[Job]:
    """Delete sources within the caller's transaction; the jobs to enqueue after the commit.

    Fragments go with their version. Citations stay, withdrawn, without their words.
    """
    purges = []
    for source in sources:
        versions = session.scalars(
            select(SourceVersion).where(SourceVersion.source_id == source.id)
        ).all()
        uploads = session.scalars(select(Upload).where(Upload.source_id == source.id)).all()
        running = select(Job).where(
            Job.subject_type == "source",
            Job.subject_id == source.id,
            Job.state.in_(("queued", "running")),
        )
        for job in session.scalars(running):
            jobs.request_cancel(session, job)
        citing = session.scalars(
            select(ChatTurn.job_id)
            .join(Citation, Citation.turn_id == ChatTurn.id)
            .where(Citation.source_id == source.id, ChatTurn.job_id.is_not(None))
            .distinct()
        ).all()
        session.execute(
            update(Citation)
            .where(Citation.source_id == source.id)
            .values(state="withdrawn", quote="", locators=[])
        )
        keys = [key for version in versions for key in object_keys(version)]
        keys += [upload.object_key for upload in uploads]
        purges.append(
            jobs.create_job(
                session,
                "purge",
                subject=("source", source.id),
                user_id=user_id,
                payload={
                    "objects": keys,
                    "instrument_id": source.instrument_id,
                    "version_ids": [version.id for version in versions],
                    # Logs that quote it; the rows, which say "withdrawn", speak from then on.
                    "logs": list(citing),
                },
            )
        )
        session.execute(delete(Source).where(Source.id == source.id))
    return purges


def remove_instrument(session: Session, instrument: Instrument, user_id: str) -> list[Job]:
    """Delete an instrument with its sources and chats; the jobs to enqueue after the commit."""
    sources = session.scalars(select(Source).where(Source.instrument_id == instrument.id)).all()
    purges = remove_sources(session, sources, user_id)
    keys = session.scalars(
        select(Upload.object_key).where(Upload.instrument_id == instrument.id)
    ).all()
    purges.append(
        jobs.create_job(
            session,
            "purge",
            subject=("instrument", instrument.id),
            user_id=user_id,
            payload={"objects": list(keys), "drop_instrument": instrument.id},
        )
    )
    session.execute(delete(Instrument).where(Instrument.id == instrument.id))
    return purges


def finish_removal(session: Session, services: Services, purges: Iterable[Job]) -> None:
    """After the commit: logs that quote what is gone end now, the rest goes by job."""
    for job in purges:
        # Without Redis there is no log to be read; the job forgets it later.
        with contextlib.suppress(redis.RedisError):
            for citing in job.payload.get("logs", []):
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
