"""The job that removes what was deleted, for good."""

from __future__ import annotations

from pydantic import Field

from api.jobs.kind import JobData, JobKind, Nothing
from api.models import Job

IS_PURGE = Job.kind == "purge"


class PurgePayload(JobData):
    """What goes."""

    drop_source: str | None = None
    """A source that was marked deleted: its rows and what they tell of."""
    drop_instrument: str | None = None
    """An instrument that was marked deleted: its sources, chats, jobs and collections."""
    instrument_id: str | None = None
    version_ids: list[str] = Field(default_factory=list)
    """Those of their vectors that no Fragment has leave every collection of `instrument_id`."""
    collections: list[str] = Field(default_factory=list)
    """Vector collections of `instrument_id`; of the job's subject where it is None."""
    logs: list[str] = Field(default_factory=list)
    """Jobs whose event logs quote what is gone."""
    objects: list[str] = Field(default_factory=list)
    """Keys in the object store."""


PURGE = JobKind(
    name="purge",
    queue="maintenance",
    task="vouch.purge",
    module="workers.purge",
    payload=PurgePayload,
    checkpoint=Nothing,
    # What was deleted must go, however long a service is away, and half of it can't be left.
    gives_up=False,
    can_be_cancelled=False,
)
