"""Removes what was deleted: from Postgres in batches, from the object store, Chroma and Redis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from api import purging, vector_store
from api.extensions import db
from pipelines.errors import Cancelled, ServiceRefused, ServiceUnavailable
from workers.lifecycle import Running, run
from workers.main import celery

AGAIN_SECONDS = 10.0
"""Until another look at a version that was being read."""


@celery.task(name="vouch.purge")
def purge(job_id: str) -> None:
    run(job_id, _purge)


def _purge(running: Running) -> dict[str, Any]:
    payload = running.job.payload
    with_, session = running.services, db.session()
    running.move(stage="purge", unit="rows")
    done = 0
    try:
        for key, work in (
            ("drop_source", purging.purge_source),
            ("drop_instrument", purging.purge_instrument),
        ):
            if key in payload:
                for count in work(session, with_, payload[key], _uncancelled(running)):
                    done += count
                    running.move(done=done)
        if version_ids := payload.get("version_ids"):
            purging.purge_vectors(session, with_, payload["instrument_id"], version_ids)
        if collections := payload.get("collections"):
            instrument_id = payload.get("instrument_id") or running.job.subject_id
            purging.purge_collections(session, with_, instrument_id, collections)
            vector_store.forget_unused(session, instrument_id)
        for log in payload.get("logs", []):
            with_.events.forget(log)
        with_.storage.delete(payload.get("objects", []))
    except purging.VersionIsRead:
        running.put_back(AGAIN_SECONDS)
    except ServiceRefused as error:
        # What was deleted must go: it waits until somebody has mended the service.
        raise ServiceUnavailable(str(error)) from error
    return {"done": done}


def _uncancelled(running: Running) -> Callable[[], None]:
    """Looks whether the work should end here, but for a wish: half of it can't be left behind."""

    def check() -> None:
        try:
            running.check()
        except Cancelled:
            return

    return check
