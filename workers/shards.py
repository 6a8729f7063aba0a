"""Helps the process that holds a job: takes one of its shards."""

from __future__ import annotations

import structlog

from api.extensions import db
from api.jobs.runner import Interrupted
from api.jobs.this_worker import new_owner, stopping
from api.services import services
from api.sources.shard_embedding import TASK, embed_next
from pipelines.errors import PipelineError
from workers.main import celery

log = structlog.get_logger()


@celery.task(name=TASK)
def embed_shard(job_id: str) -> None:
    """It does what is left here, whatever happens."""
    try:
        embed_next(services(), job_id, new_owner(), _check)
    except (PipelineError, Interrupted) as error:
        log.info("shard left to the job's own process", job_id=job_id, reason=str(error))
    finally:
        db.session.remove()


def _check() -> None:
    if stopping.is_set():
        raise Interrupted
