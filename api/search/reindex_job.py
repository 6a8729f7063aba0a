"""The job that makes an instrument's vector index anew."""

from __future__ import annotations

from sqlalchemy.orm import Session

from api.jobs.kind import JobData, JobKind, Nothing, Reason
from api.jobs.purge_job import PURGE, PurgePayload
from api.models import Job
from api.search import indexes


class ReindexCheckpoint(JobData):
    shards: int = 0
    """How many are done: work that gets further is not given up."""


def _mark_instrument(session: Session, job: Job, state: str, _: Reason | None) -> None:
    if state not in ("failed", "cancelled"):
        return
    for collection in indexes.give_up(session, job.id):
        # Its message is sent by the sweep.
        PURGE.create(
            session,
            subject=("instrument", job.subject_id),
            payload=PurgePayload(collections=[collection]),
        )


REINDEX = JobKind(
    name="reindex",
    queue="ingest",
    task="vouch.reindex_instrument",
    module="workers.reindex",
    payload=Nothing,
    checkpoint=ReindexCheckpoint,
    mark_subject=_mark_instrument,
)
