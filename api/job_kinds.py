"""Every kind of job there is: one file each, beside what it works on, and one line here."""

from __future__ import annotations

from typing import Any

from api.chat.answer_job import ANSWER
from api.chat.client_task_job import CLIENT_TASK
from api.jobs.kind import JobKind
from api.jobs.purge_job import PURGE
from api.search.reindex_job import REINDEX
from api.sources.ingest_job import INGEST

KINDS: tuple[JobKind[Any, Any], ...] = (INGEST, ANSWER, CLIENT_TASK, REINDEX, PURGE)

_BY_NAME = {kind.name: kind for kind in KINDS}
NAMES = tuple(sorted(_BY_NAME))


def kind_of(name: str) -> JobKind[Any, Any]:
    """The kind that a job's row names."""
    return _BY_NAME[name]
