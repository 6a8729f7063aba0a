"""From a URL to a source: a job that fetches first, and what its snapshot becomes.

A source that came from a URL is found again by the jobs that fetched it, whose payload holds the
URL as it is asked for.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.models import Job, Source
from api.models.jobs import DUPLICATE, FINISHED, IS_INGEST, URL
from api.sources.ingest_job import INGEST, IngestPayload
from api.sources.uploads import clean_filename
from pipelines.fetching.addresses import Target, name_of

MAX_TITLE = 500


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
    job = INGEST.create(
        session,
        subject=("source", source.id),
        instrument_id=instrument_id,
        user_id=user_id,
        payload=IngestPayload(url=url),
    )
    session.commit()
    return source, job, True


def _last_fetch(session: Session, instrument_id: str, url: str) -> tuple[Source, Job] | None:
    row = session.execute(
        select(Source, Job)
        .join(Job, Job.subject_id == Source.id)
        .where(
            IS_INGEST,
            Job.instrument_id == instrument_id,
            url == URL,
            Source.deleted_at.is_(None),
            # Two URLs that gave the same bytes once may part again.
            DUPLICATE.is_(None),
        )
        .order_by(Job.created_at.desc())
        .limit(1)
        .with_for_update(of=Source)
    ).one_or_none()
    return (row[0], row[1]) if row else None


def _title(target: Target) -> str:
    path = target.path.partition("?")[0].rstrip("/")
    return f"{target.authority}{path}"[:MAX_TITLE]
