"""The job that removes what a deletion leaves outside Postgres."""

from __future__ import annotations

from pydantic import Field

from api.job_kind import JobData, JobKind, Nothing


class PurgePayload(JobData):
    """What goes. Its names are all that is left of it: the rows are gone."""

    objects: list[str] = Field(default_factory=list)
    """Keys in the object store."""
    instrument_id: str | None = None
    version_ids: list[str] = Field(default_factory=list)
    """Their vectors leave every collection of `instrument_id`."""
    drop_instrument: str | None = None
    """All of whose collections go."""
    collections: list[str] = Field(default_factory=list)
    """Vector collections of the instrument that is the job's subject."""
    logs: list[str] = Field(default_factory=list)
    """Jobs whose event logs quote what is gone."""


PURGE = JobKind(
    name="purge",
    queue="maintenance",
    task="vouch.purge",
    module="workers.purge",
    payload=PurgePayload,
    checkpoint=Nothing,
    # What was deleted must go, however long a service is away.
    gives_up=False,
)
