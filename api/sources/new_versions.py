"""From a stored file to a version of its source, for jobs that bring the bytes themselves.

Such a job's payload says where they come from: the `url` to fetch, or the `upload` to take over
(`api.sources.large_uploads`). Once the bytes are stored it holds the `version_id`; a job whose
bytes were there already holds `duplicate` instead, the version that has them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.models import Job, Source, SourceVersion
from api.models.jobs import IS_INGEST, IS_LIVE, VERSION_ID
from api.sources.ingest_job import INGEST, IngestPayload, first_checkpoint
from pipelines.errors import Cancelled, PipelineError, UnsupportedType, UrlChangedType
from pipelines.parsers import source_type_of


@dataclass(frozen=True)
class Stored:
    """A file in the object store, not yet in a row. `facts` say where it came from."""

    version_id: str
    object_key: str
    filename: str
    media_type: str
    size: int
    sha256: str
    facts: dict[str, Any]


def known_version(session: Session, instrument_id: str, sha256: str | None) -> SourceVersion | None:
    """The version in the instrument that holds these bytes and was not superseded."""
    if sha256 is None:
        return None
    return session.scalar(
        select(SourceVersion).where(
            SourceVersion.instrument_id == instrument_id,
            SourceVersion.sha256 == sha256,
            SourceVersion.status != "superseded",
        )
    )


def record(
    session: Session,
    job: Job,
    stored: Stored,
    *,
    lock: Callable[[], None],
    write: Callable[..., None],
) -> bool:
    """Make what was stored the source's version, unless the instrument holds its bytes. Commits.

    Whether there is something to read: then the job's payload names the version. `lock` locks the
    job's row within the transaction and `write` writes to it; both raise LeaseLost. Raises
    Cancelled when the source is gone, UrlChangedType or UnsupportedType when it was something else
    before.
    """
    for _ in range(3):
        try:
            return _record(session, job, stored, lock, write)
        except IntegrityError:
            # Somebody else brought the same bytes, or another version, at the same time.
            session.rollback()
    raise Cancelled("The source is being changed by others; add it again.")


def _record(
    session: Session,
    job: Job,
    stored: Stored,
    lock: Callable[[], None],
    write: Callable[..., None],
) -> bool:
    # The job first, then its source: in this order a deletion takes them too.
    lock()
    source = session.get(Source, job.subject_id, populate_existing=True, with_for_update=True)
    if source is None or source.deleted_at is not None:
        session.rollback()
        raise Cancelled("The source was deleted.")
    known = known_version(session, source.instrument_id, stored.sha256)
    if known is not None:
        return _known(session, job, source, known, write)
    source_type = str(source_type_of(stored.media_type))
    last = session.scalar(
        select(func.max(SourceVersion.number)).where(SourceVersion.source_id == source.id)
    )
    if last is None:
        source.type = source_type
        source.filename = stored.filename
        source.current_version_id = stored.version_id
    elif source.type != source_type:
        before = source.type
        session.rollback()
        raise _changed_type(job, before, source_type)
    session.add(
        SourceVersion(
            id=stored.version_id,
            source_id=source.id,
            instrument_id=source.instrument_id,
            number=(last or 0) + 1,
            sha256=stored.sha256,
            object_key=stored.object_key,
            media_type=stored.media_type,
            filename=stored.filename,
            size=stored.size,
            status="processing",
            report={"facts": stored.facts},
        )
    )
    session.flush()
    write(
        payload=_payload(job, version_id=stored.version_id),
        # The report of the reading begins with where the bytes came from.
        checkpoint=first_checkpoint(stored.facts, stored.facts),
    )
    session.commit()
    return True


def _changed_type(job: Job, before: str, now: str) -> PipelineError:
    if INGEST.payload_of(job).url is not None:
        return UrlChangedType(
            f"The URL gives a {now} where it gave a {before} before. Delete the source and add the "
            "URL again."
        )
    return UnsupportedType(
        f"A new version must be of type {before} too; upload the {now} as a new source."
    )


def _known(
    session: Session,
    job: Job,
    source: Source,
    version: SourceVersion,
    write: Callable[..., None],
) -> bool:
    """Bytes that are here already: nothing to do, or another try if reading them had failed.

    The job goes over to the source that has them; one made for these bytes alone goes away.
    """
    values: dict[str, Any] = {"subject_id": version.source_id}
    again = version.status == "failed" and not _is_read(session, version)
    if again:
        values["payload"] = _payload(job, version_id=version.id)
        version.status = session.get_one(Source, version.source_id).status = "processing"
        version.error_code = version.error_message = None
    else:
        values["payload"] = _payload(job, duplicate=version.id)
    write(**values)
    if source.id != version.source_id:
        if source.current_version_id is None:
            session.delete(source)
        else:
            source.status = "ready"
    elif not again:
        source.status = version.status
    session.commit()
    return again


def _payload(job: Job, **changes: str) -> IngestPayload:
    """The job's own, with `changes`."""
    return INGEST.payload_of(job).model_copy(update=changes)


def _is_read(session: Session, version: SourceVersion) -> bool:
    """Whether a job is at work on the version."""
    reading = select(Job.id).where(IS_INGEST, IS_LIVE, version.id == VERSION_ID)
    return session.scalar(reading) is not None


def arrival_error(session: Session, source_id: str) -> dict[str, Any] | None:
    """{code, message, job_id} of the source's newest job, if it failed before it had a version."""
    job = session.scalar(
        select(Job)
        .where(IS_INGEST, Job.subject_type == "source", Job.subject_id == source_id)
        .order_by(Job.created_at.desc())
        .limit(1)
    )
    if job is None:
        return None
    payload = INGEST.payload_of(job)
    if payload.version_id is not None or (payload.url is None and payload.upload is None):
        return None
    if job.state not in ("failed", "cancelled"):
        return None
    return {"code": job.error_code, "message": job.error_message, "job_id": job.id}
