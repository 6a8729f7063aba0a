"""Makes an instrument's vector index anew beside the one in use, then lets it take its place."""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.extensions import db
from api.jobs.embedding_model import embedding_model
from api.jobs.kind import Nothing
from api.jobs.lifecycle import enqueue
from api.jobs.purge_job import PURGE, PurgePayload
from api.jobs.runner import RunningJob, run
from api.models import FragmentRow, Instrument
from api.search import indexes, keyword_store, shards
from api.search.embedding_models import model_of
from api.search.indexes import VectorIndex
from api.search.reindex_job import REINDEX, ReindexCheckpoint
from api.sources.shard_embedding import ask_for_help, embed_next
from pipelines.errors import Cancelled
from pipelines.retrieval.vector_index import collection_name
from workers.main import celery

SHARD = 64
"""Fragments of a shard."""
WAIT_SECONDS = 0.1

RunningReindex = RunningJob[Nothing, ReindexCheckpoint]


@celery.task(name=REINDEX.task)
def reindex_instrument(job_id: str) -> None:
    run(job_id, REINDEX, _fill)


def _fill(running: RunningReindex) -> dict[str, Any]:
    session = db.session()
    instrument_id = running.job.subject_id
    shadow = _shadow(running, session)
    _drop_orphans(running)
    keyword_store.complete(session, instrument_id, running.lock)
    running.update(stage="embed", unit="shards")
    while True:
        running.check()
        helped = embed_next(
            running.services, running.job.id, running.owner, running.check, running.stop
        )
        done, total = shards.progress(session, running.job.id)
        session.commit()
        if (done, total) != (running.job.done, running.job.total):
            running.update(done=done, total=total, checkpoint=ReindexCheckpoint(shards=done))
        if helped:
            continue
        if done == total and _switched(running, session, shadow):
            break
        time.sleep(WAIT_SECONDS)
    running.lock()
    done, total = shards.progress(session, running.job.id)
    shards.collect(session, running.job.id)
    session.commit()
    if db.session.get(Instrument, instrument_id) is None:
        raise Cancelled("The instrument was deleted.")
    return {"done": done, "total": total}


def _shadow(running: RunningReindex, session: Session) -> VectorIndex:
    """The index in the making, with a shard for everything that was read before it began."""
    job, with_ = running.job, running.services
    instrument = session.get(Instrument, job.subject_id, populate_existing=True)
    if instrument is None:
        raise Cancelled("The instrument was deleted.")
    model = model_of(instrument, with_.config)
    serving, begun = VectorIndex.of(instrument.index), VectorIndex.of(instrument.shadow_index)
    session.commit()
    if begun is not None and begun.job_id == job.id:
        return begun
    embedder, _ = embedding_model(running, model)
    first = collection_name(job.subject_id, embedder.name)
    shadow = VectorIndex.made_by(embedder, model, f"{first}-{job.id[:8]}", job.id)
    if serving is not None and serving.collection == shadow.collection:
        # It took over already; only what comes after that is left to do.
        return shadow
    running.lock()
    indexes.begin(session, job.subject_id, shadow)
    session.flush()
    versions: dict[str, list[int]] = {}
    rows = session.execute(
        select(FragmentRow.version_id, FragmentRow.ordinal)
        .where(FragmentRow.instrument_id == job.subject_id)
        .order_by(FragmentRow.version_id, FragmentRow.ordinal)
    )
    for version_id, ordinal in rows:
        versions.setdefault(version_id, []).append(ordinal)
    asked = 0
    for version_id, ordinals in versions.items():
        for at in range(0, len(ordinals), SHARD):
            some = ordinals[at : at + SHARD]
            place = (job.subject_id, version_id)
            shards.add(session, place, (some[0], some[-1] + 1), [shadow], job.id)
            asked += 1
    session.commit()
    for _ in range(asked):
        ask_for_help(with_, job.id)
    return shadow


def _switched(running: RunningReindex, session: Session, shadow: VectorIndex) -> bool:
    """Whether the new index took over; False when something was read just now."""
    running.lock()
    if session.get(Instrument, running.job.subject_id, populate_existing=True) is None:
        session.rollback()
        raise Cancelled("The instrument was deleted.")
    instrument_id = running.job.subject_id
    before = indexes.collections(session, instrument_id)
    switched = indexes.switch(session, instrument_id, shadow)
    purge = None
    if switched and (old := before - indexes.collections(session, instrument_id)):
        purge = PURGE.create(
            session,
            subject=("instrument", instrument_id),
            payload=PurgePayload(collections=sorted(old)),
        )
    session.commit()
    if purge is not None:
        enqueue(session, running.services.queue, purge)
    return switched


def _drop_orphans(running: RunningReindex) -> None:
    """Collections of the instrument that neither answer nor are in the making."""
    session = db.session()
    session.rollback()
    instrument_id = running.job.subject_id
    index = running.services.index
    prefix = collection_name(instrument_id, "")
    # Listed before the rows are read: one that is in no row by then can't be about to be filled.
    there = [name for name in index.collections() if name.startswith(prefix)]
    running.lock()
    kept = indexes.collections(session, instrument_id)
    session.commit()
    for name in there:
        if name not in kept:
            index.drop(name)
