"""Asking for an instrument's vector index to be made anew."""

from __future__ import annotations

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from api.jobs import create_job
from api.models import Instrument, Job


def begin_reindex(session: Session, instrument: Instrument, user_id: str | None) -> Job | None:
    """The job, to be committed and enqueued; None when one is at it already."""
    session.scalar(select(Instrument.id).where(Instrument.id == instrument.id).with_for_update())
    live = exists().where(
        Job.kind == "reindex",
        Job.subject_id == instrument.id,
        Job.state.in_(("queued", "running")),
    )
    if session.scalar(select(live)):
        session.rollback()
        return None
    return create_job(
        session,
        "reindex",
        subject=("instrument", instrument.id),
        instrument_id=instrument.id,
        user_id=user_id,
        unit="shards",
    )
