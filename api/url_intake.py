"""From a URL to a source: a job that fetches first, and what its snapshot becomes.

A source that came from a URL is found again by the jobs that fetched it. Their payload holds the
`url` as it is asked for, and from when its bytes are stored the `version_id` too; a job whose
bytes were there already holds `duplicate` instead, the version that has them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api import jobs
from api.intake import clean_filename, known_version
from api.models import Job, Source, SourceVersion
from api.models.jobs import FINISHED
from pipelines.errors import Cancelled, UrlChangedType
from pipelines.fetching.addresses import Target, name_of
from pipelines.parsers.detect import source_type_of

MAX_TITLE = 500


@dataclass(frozen=True)
class Stored:
    """A snapshot in the object store, not yet in a row. `facts` say where it came from."""

    version_id: str
    object_key: str
    filename: str
    media_type: str
    size: int
    sha256: str
    facts: dict[str, Any]


def add_url(
    session: Session, instrument_id: str, target: Target, title: str | None, user_id: str
) -> tuple[Source, Job, bool]:
    """The source of the URL, the job that fetches it, and whether that job is new. Commits.

    Asked for while it is being fetched, the answer is the job that does so.
    """
    url = str(target)
    # Two requests at once: the second waits here, and finds what the first one made.
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(url, 0))))
    found = _last_fetch(session, instrument_id, url)
    if found is not None:
        source, last = found
        if last.state not in FINISHED:
            session.commit()
            return source, last, False
        source.status = "queued"
    else:
        source = Source(
            instrument_id=instrument_id,
            title=title or _title(target),
            filename=clean_filename(name_of(target)),
            type="web",
            created_by=user_id,
        )
        session.add(source)
        session.flush()
    job = jobs.create_job(
        session,
        "ingest",
        subject=("source", source.id),
        instrument_id=instrument_id,
        user_id=user_id,
        payload={"url": url},
    )
    session.commit()
    return source, job, True


def _last_fetch(session: Session, instrument_id: str, url: str) -> tuple[Source, Job] | None:
    row = session.execute(
        select(Source, Job)
        .join(Job, Job.subject_id == Source.id)
        .where(
            Job.kind == "ingest",
            Job.instrument_id == instrument_id,
            Job.payload["url"].astext == url,
            Source.deleted_at.is_(None),
            # Two URLs that gave the same bytes once may part again.
            Job.payload["duplicate"].astext.is_(None),
        )
        .order_by(Job.created_at.desc())
        .limit(1)
        .with_for_update(of=Source)
    ).one_or_none()
    return (row[0], row[1]) if row else None


def _title(target: Target) -> str:
    path = target.path.partition("?")[0].rstrip("/")
    return f"{target.authority}{path}"[:MAX_TITLE]


def record(
    session: Session,
    job: Job,
    stored: Stored,
    *,
    hold: Callable[[], None],
    put: Callable[..., None],
) -> bool:
    """Make the snapshot the source's version, unless the instrument holds its bytes. Commits.

    Whether there is something to read: then the job's payload names the version. `hold` locks the
    job's row within the transaction and `put` writes to it; both raise LeaseLost. Raises
    Cancelled when the source is gone, UrlChangedType when it was something else before.
    """
    for _ in range(3):
        try:
            return _record(session, job, stored, hold, put)
        except IntegrityError:
            # Somebody else brought the same bytes, or another version, at the same time.
            session.rollback()
    raise Cancelled("The source is being changed by others; add the URL again.")


def _record(
    session: Session,
    job: Job,
    stored: Stored,
    hold: Callable[[], None],
    put: Callable[..., None],
) -> bool:
    # The job first, then its source: in this order a deletion takes them too.
    hold()
    source = session.get(Source, job.subject_id, populate_existing=True, with_for_update=True)
    if source is None or source.deleted_at is not None:
        session.rollback()
        raise Cancelled("The source was deleted.")
    known = known_version(session, source.instrument_id, stored.sha256)
    if known is not None:
        return _known(session, job, source, known, put)
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
        raise UrlChangedType(
            f"The URL gives a {source_type} where it gave a {before} before. Delete the source "
            "and add the URL again."
        )
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
    put(
        payload={**job.payload, "version_id": stored.version_id},
        # The report of the reading begins with where the bytes came from.
        checkpoint={"report": {"facts": stored.facts}},
    )
    session.commit()
    return True


def _known(
    session: Session,
    job: Job,
    source: Source,
    version: SourceVersion,
    put: Callable[..., None],
) -> bool:
    """Bytes that are here already: nothing to do, or another try if reading them had failed.

    The job goes over to the source that has them; one made for the URL alone goes away.
    """
    values: dict[str, Any] = {"subject_id": version.source_id}
    again = version.status == "failed" and not _is_read(session, version)
    if again:
        values["payload"] = {**job.payload, "version_id": version.id}
        version.status = session.get_one(Source, version.source_id).status = "processing"
        version.error_code = version.error_message = None
    else:
        values["payload"] = {**job.payload, "duplicate": version.id}
    put(**values)
    if source.id != version.source_id:
        if source.current_version_id is None:
            session.delete(source)
        else:
            source.status = "ready"
    elif not again:
        source.status = version.status
    session.commit()
    return again


def _is_read(session: Session, version: SourceVersion) -> bool:
    """Whether a job is at work on the version."""
    return (
        session.scalar(
            select(Job.id).where(
                Job.kind == "ingest",
                Job.payload["version_id"].astext == version.id,
                Job.state.not_in(FINISHED),
            )
        )
        is not None
    )


def fetch_error(session: Session, source_id: str) -> dict[str, Any] | None:
    """{code, message, job_id} of the source's newest job, if it failed before it had a version."""
    job = session.scalar(
        select(Job)
        .where(Job.kind == "ingest", Job.subject_type == "source", Job.subject_id == source_id)
        .order_by(Job.created_at.desc())
        .limit(1)
    )
    if job is None or "url" not in job.payload or "version_id" in job.payload:
        return None
    if job.state not in ("failed", "cancelled"):
        return None
    return {"code": job.error_code, "message": job.error_message, "job_id": job.id}
