"""The job that reads a version of a source, and fetches its bytes first if it is to."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from pydantic import Field
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from api.jobs.kind import JobData, JobKind, Reason
from api.models import Job, Shard, Source, SourceVersion
from api.models.jobs import IS_INGEST, IS_LIVE, VERSION_ID
from api.services import Services
from api.sources import file_passwords


class UploadedFile(JobData):
    """A large file in the object store, and what its uploader announced of it."""

    object_key: str
    """Where it is, in the uploader's reach."""
    version_id: str
    """Of the version that it becomes."""
    filename: str
    size: int
    """Bytes."""
    sha256: str | None = None


class IngestPayload(JobData):
    version_id: str | None = None
    """What is read; None until the bytes of `url` or `upload` are stored."""
    url: str | None = None
    """Where the bytes come from, as it is asked for."""
    upload: UploadedFile | None = None
    """What the bytes are taken over from; None for a small upload, which its request takes over."""
    storing: str | None = None
    """Key in the object store under which a try stores the bytes it brought."""
    duplicate: str | None = None
    """The version that had these very bytes already: another job reads it, or has."""


class IngestReport(JobData):
    """What is known of the reading so far; the version's own report once it has ended."""

    facts: dict[str, Any] = Field(default_factory=dict)
    counts: dict[str, int] = Field(default_factory=dict)
    warnings: list[dict[str, Any]] = Field(default_factory=list)
    seconds: dict[str, float] = Field(default_factory=dict)
    """Spent by stage."""
    fragments_known: int = 0
    """Fragments whose text was embedded before."""


class IngestCheckpoint(JobData):
    unit: int = 0
    """The page (second ...) at which reading goes on."""
    end_ordinal: int = 0
    """What is stored of the version ends before it."""
    headings: list[list[Any]] = Field(default_factory=list)
    """Those that are open there, as [level, text], outermost first."""
    report: IngestReport = Field(default_factory=IngestReport)
    searchable: int | None = None
    """Units that had their vectors, once all was read: work that gets further is not given up."""


def begin_again(session: Session, version_id: str, kept: Collection[str]) -> Job | None:
    """Have the job that reads a version begin anew, within the caller's transaction: whoever is
    at it loses the job. None when no such job waits or runs.

    Of what it found out so far only the facts named in `kept` stay. The caller commits, then
    calls `enqueue`.
    """
    job = session.scalars(
        select(Job)
        .where(IS_INGEST, IS_LIVE, version_id == VERSION_ID)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).first()
    if job is None:
        return None
    facts = INGEST.checkpoint_of(job).report.facts
    job.checkpoint = first_checkpoint(facts, kept).row
    job.state, job.stage, job.done, job.total, job.attempt = "queued", None, 0, None, 0
    job.lease_owner = job.lease_until = job.enqueued_at = job.not_before = None
    job.cancel_requested_at = None
    session.execute(delete(Shard).where(Shard.job_id == job.id))
    _mark_source(session, job, "queued", None)
    return job


def first_checkpoint(facts: dict[str, Any], kept: Collection[str]) -> IngestCheckpoint:
    """Of a job that reads from the beginning, knowing of `facts` those named in `kept`."""
    facts = {name: value for name, value in facts.items() if name in kept}
    return IngestCheckpoint(report=IngestReport(facts=facts))


def _mark_source(session: Session, job: Job, state: str, reason: Reason | None) -> None:
    """A source shows its newest version's state, unless an older one is still there to be read."""
    payload = INGEST.payload_of(job)
    if payload.duplicate is not None or _superseded(session, payload):
        # The bytes it fetched are another job's to read, which tells how that goes.
        return
    code, message = reason or (None, None)
    status = {"done": "ready", "running": "processing", "queued": "queued"}.get(state, "failed")
    if state == "cancelled" and reason is None:
        code, message = "cancelled", "Reading was cancelled; retry the job to go on."
    version = update(SourceVersion).where(SourceVersion.id == payload.version_id)
    session.execute(version.values(status=status, error_code=code, error_message=message))
    source = session.get(Source, job.subject_id, populate_existing=True)
    if source is not None:
        older = source.current_version_id not in (None, payload.version_id)
        source.status = "ready" if older and status == "failed" else status


def _may_retry(session: Session, job: Job) -> bool:
    return not _superseded(session, INGEST.payload_of(job))


def _superseded(session: Session, payload: IngestPayload) -> bool:
    """Whether a newer version has taken the place of the one that the job reads."""
    if payload.version_id is None:
        return False
    version = session.get(SourceVersion, payload.version_id, populate_existing=True)
    return version is not None and version.status == "superseded"


def _keep_password(services: Services, job: Job, password: str) -> None:
    file_passwords.hold(
        services.redis, services.config.secret_key.get_secret_value(), job.id, password
    )


def _forget_password(services: Services, job: Job) -> None:
    file_passwords.forget(services.redis, job.id)


INGEST = JobKind(
    name="ingest",
    queue="ingest",
    task="vouch.ingest_source",
    module="workers.ingest",
    payload=IngestPayload,
    checkpoint=IngestCheckpoint,
    mark_subject=_mark_source,
    may_retry=_may_retry,
    keep_password=_keep_password,
    on_end=_forget_password,
)
