"""Removes what a deleted source or instrument left outside Postgres: objects and vectors."""

from __future__ import annotations

from typing import Any

from api import vector_store
from api.extensions import db
from api.page_pictures import cached_pdf
from pipelines.index import collection_name
from workers.lifecycle import Running, run
from workers.main import celery


@celery.task(name="vouch.purge")
def purge(job_id: str) -> None:
    run(job_id, _purge)


def _purge(running: Running) -> dict[str, Any]:
    payload = running.job.payload
    with_ = running.services
    running.move(stage="purge")
    index = with_.index
    if dropped := payload.get("drop_instrument"):
        prefix = collection_name(dropped, "")
        for name in index.collections():
            if name.startswith(prefix):
                index.drop(name)
    elif payload.get("version_ids"):
        prefix = collection_name(payload["instrument_id"], "")
        for name in index.collections():
            if name.startswith(prefix):
                for version_id in payload["version_ids"]:
                    index.delete_version(name, version_id)
    if collections := payload.get("collections"):
        for name in collections:
            index.drop(name)
        running.hold()
        vector_store.forget_unused(db.session(), running.job.subject_id)
    for citing in payload.get("logs", []):
        with_.events.forget(citing)
    for version_id in payload.get("version_ids", []):
        cached_pdf(with_.config.data, version_id).unlink(missing_ok=True)
    with_.storage.delete(payload.get("objects", []))
    return {"done": len(payload.get("objects", []))}
