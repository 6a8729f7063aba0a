"""Removes what was deleted: from Postgres in batches, from the object store, Chroma and Redis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from api.extensions import db
from api.jobs.kind import Nothing
from api.jobs.purge_job import PURGE, PurgePayload
from api.jobs.runner import RunningJob, run
from api.search import vector_store
from api.sources import purging
from pipelines.errors import ServiceRefused, ServiceUnavailable
from workers.main import celery

AGAIN_SECONDS = 10.0
"""Until another look at a version that was being read."""


@celery.task(name=PURGE.task)
def purge(job_id: str) -> None:
    run(job_id, PURGE, _purge)


RunningPurge = RunningJob[PurgePayload, Nothing]


def _purge(running: RunningPurge) -> dict[str, Any]:
    payload, with_, session = running.payload, running.services, db.session()
    running.update(stage="purge", unit="rows")
    done = 0
    try:
        for count in _batches(running, payload):
            done += count
            running.update(done=done)
        if payload.instrument_id and payload.version_ids:
            purging.purge_vectors(session, with_, payload.instrument_id, payload.version_ids)
        if payload.collections:
            instrument_id = payload.instrument_id or running.job.subject_id
            purging.purge_collections(session, with_, instrument_id, payload.collections)
            running.lock()
            vector_store.forget_unused(session, instrument_id)
        for quoting in payload.logs:
            with_.events.forget(quoting)
        with_.storage.delete(payload.objects)
    except purging.VersionIsRead:
        running.requeue(AGAIN_SECONDS)
    except ServiceRefused as error:
        # What was deleted must go: it waits until somebody has mended the service.
        raise ServiceUnavailable(str(error)) from error
    return {"done": done}


def _batches(running: RunningPurge, payload: PurgePayload) -> Iterator[int]:
    """Deletes rows; yields how many after each commit."""
    session, with_ = db.session(), running.services

    def lock() -> None:
        running.check()
        running.lock()

    if payload.drop_source:
        yield from purging.purge_source(session, with_, payload.drop_source, lock)
    if payload.drop_instrument:
        yield from purging.purge_instrument(session, with_, payload.drop_instrument, lock)
