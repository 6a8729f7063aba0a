"""Removes what a deleted source or instrument left outside Postgres: objects and vectors."""

from __future__ import annotations

from typing import Any

from api import vector_store
from api.extensions import db
from api.job_kind import Nothing
from api.job_runner import RunningJob, run
from api.page_pictures import cached_pdf
from api.purge_job import PURGE, PurgePayload
from api.services import Services
from pipelines.index import collection_name
from workers.main import celery


@celery.task(name=PURGE.task)
def purge(job_id: str) -> None:
    run(job_id, PURGE, _purge)


def _purge(running: RunningJob[PurgePayload, Nothing]) -> dict[str, Any]:
    payload, with_ = running.payload, running.services
    running.update(stage="purge")
    index = with_.index
    if payload.drop_instrument:
        for name in _collections(with_, payload.drop_instrument):
            index.drop(name)
    elif payload.instrument_id and payload.version_ids:
        for name in _collections(with_, payload.instrument_id):
            for version_id in payload.version_ids:
                index.delete_version(name, version_id)
    for name in payload.collections:
        index.drop(name)
    if payload.collections:
        running.lock()
        vector_store.forget_unused(db.session(), running.job.subject_id)
    for quoting in payload.logs:
        with_.events.forget(quoting)
    for version_id in payload.version_ids:
        cached_pdf(with_.config.data, version_id).unlink(missing_ok=True)
    with_.storage.delete(payload.objects)
    return {"done": len(payload.objects)}


def _collections(with_: Services, instrument_id: str) -> list[str]:
    """The vector collections of an instrument."""
    prefix = collection_name(instrument_id, "")
    return [name for name in with_.index.collections() if name.startswith(prefix)]
