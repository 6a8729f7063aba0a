"""Asking for an instrument's index to be made anew."""

from __future__ import annotations

import structlog
from celery import Celery
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from api.config import Config
from api.jobs.lifecycle import enqueue, later
from api.models import Instrument, Job
from api.search import keyword_store
from api.search.embedding_models import model_of
from api.search.indexes import is_outdated
from api.search.reindex_job import REINDEX

log = structlog.get_logger()

AGAIN_SECONDS = 600
"""An index that is lost is made anew at most this often."""


def is_reindex_needed(session: Session, instrument: Instrument, config: Config) -> bool:
    """Whether another model indexed it than it is to have, or a release whose keyword index was
    another one."""
    outdated = is_outdated(instrument, model_of(instrument, config))
    return outdated or bool(keyword_store.missing(session, instrument.id))


def begin_reindex(session: Session, instrument: Instrument, user_id: str | None) -> Job | None:
    """The job, to be committed and enqueued; None when one is at it already."""
    session.scalar(select(Instrument.id).where(Instrument.id == instrument.id).with_for_update())
    live = exists().where(
        Job.kind == REINDEX.name,
        Job.subject_id == instrument.id,
        Job.state.in_(("queued", "running")),
    )
    if session.scalar(select(live)):
        session.rollback()
        return None
    return REINDEX.create(
        session,
        subject=("instrument", instrument.id),
        instrument_id=instrument.id,
        user_id=user_id,
        unit="shards",
    )


def rebuild_lost(session: Session, sender: Celery, instrument_id: str) -> None:
    """Begin to make the instrument's index anew, since Chroma has lost it, unless somebody did so
    not long ago. Questions are answered by their words meanwhile. Commits."""
    recent = exists().where(
        Job.kind == REINDEX.name,
        Job.subject_id == instrument_id,
        Job.created_at > later(-AGAIN_SECONDS),
    )
    instrument = session.get(Instrument, instrument_id)
    if instrument is None or instrument.deleted_at is not None or session.scalar(select(recent)):
        session.commit()
        return
    job = begin_reindex(session, instrument, None)
    if job is not None:
        session.commit()
        log.error("a vector index is lost and made anew", instrument_id=instrument_id)
        enqueue(session, sender, job)
