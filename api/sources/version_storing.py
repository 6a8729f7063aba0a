"""Bytes that a job brought itself become a version, be they of a URL or of a large upload."""

from __future__ import annotations

from collections.abc import Callable

from api.extensions import db
from api.jobs.runner import RunningJob
from api.sources.ingest_job import IngestCheckpoint, IngestPayload
from api.sources.new_versions import Stored, record


def store_version(
    running: RunningJob[IngestPayload, IngestCheckpoint], key: str, store: Callable[[], Stored]
) -> bool:
    """Have `store` put the bytes under `key`, and make them the source's version; whether there
    is something to read. What no version is made of goes again.

    The key is the try's own, so that a worker that lost its lease can't write over what is read.
    The job remembers it: the next try removes what one that died had stored.
    """
    storage = running.services.storage
    if left := running.payload.storing:
        storage.delete([left])
    running.write(payload=running.payload.model_copy(update={"storing": key}))
    db.session.commit()
    wanted = False
    try:
        stored = store()
        running.check()
        to_read = record(db.session(), running.job, stored, lock=running.lock, write=running.write)
        wanted = running.payload.version_id == stored.version_id
        return to_read
    finally:
        if not wanted:
            db.session.rollback()
            storage.delete([key])
