"""Asking for an instrument's index to be made anew."""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from api import keyword_store
from api.indexes import is_outdated
from api.models import Instrument, Job
from api.reindex_job import REINDEX


def is_reindex_needed(session: Session, instrument: Instrument, model: str) -> bool:
    """Whether another model than `model` indexed it, or a release without a keyword index."""
    return is_outdated(instrument, model) or bool(keyword_store.missing(session, instrument.id))


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
