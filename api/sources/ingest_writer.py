"""What reading a version writes: fragments, shards to embed, a checkpoint; a report at the end."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from psycopg.errors import ForeignKeyViolation
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from api.citations import reanchoring
from api.citations.reanchoring import Found, Quoted
from api.extensions import db
from api.jobs.lifecycle import enqueue, request_cancel
from api.jobs.purge_job import IS_PURGE
from api.models import (
    FragmentRow,
    Job,
    KeywordBlock,
    Shard,
    Source,
    SourceVersion,
)
from api.models.jobs import IS_INGEST, IS_LIVE, VERSION_ID
from api.search import keyword_store, shards
from api.search.indexes import for_writing as indexes_for_writing
from api.services import Services
from api.sources.ingest_job import INGEST, IngestCheckpoint, IngestReport
from api.sources.removal import poster_key, remove_vectors
from pipelines.embedders.embedder import Embedder
from pipelines.ingest import Batch
from pipelines.parsers.report_warnings import fold
from pipelines.tables import Table, words_of
from pipelines.text.languages import languages_of, spread
from pipelines.types import Fragment, ParseWarning, embedding_text

log = structlog.get_logger()

MAX_WARNINGS = 200
KNOWN = "fragments_known"
"""In what a shard spent: fragments whose text was embedded before."""
_FRAGMENTS = uuid.UUID("6d2f4b6e-3a0c-5f6e-9b1d-2f2a5c1e7a10")


class SourceGone(Exception):
    """The source was deleted, or has a newer version, so what is read is not wanted any more."""


def fragment_id(version_id: str, ordinal: int) -> str:
    """Same input, same ids (law 4)."""
    return str(uuid.uuid5(_FRAGMENTS, f"{version_id}/{ordinal}"))


class IngestStore:
    """Writes batches so that doing one again replaces it; keeps the report up to date."""

    def __init__(
        self,
        with_: Services,
        source: Source,
        version: SourceVersion,
        job: Job,
        hold: Callable[[], None],
    ) -> None:
        """`hold` locks the job within the transaction, or raises LeaseLost."""
        self._hold = hold
        self._services = with_
        self._source_id = source.id
        self._instrument_id = source.instrument_id
        self._version_id = version.id
        self._job_id = job.id
        checkpoint = INGEST.checkpoint_of(job)
        self.unit = checkpoint.unit
        """Where reading goes on."""
        self.headings = checkpoint.headings
        report = checkpoint.report
        self.facts = dict(report.facts)
        self._counts = dict(report.counts)
        self._warnings = list(report.warnings)
        self._seconds = dict(report.seconds)
        self._end = checkpoint.end_ordinal
        self._known = 0

    def embed_by(self, model: str, embedder: Embedder) -> None:
        """The model, as a setting names it, that makes the instrument's index if this is what is
        read first."""
        self._embedded_by = model, embedder

    def write(self, batch: Batch, move: Callable[..., None]) -> None:
        """Put the batch's fragments in place of what was there, a shard for their vectors and the
        checkpoint after them: all or nothing. Raises SourceGone.

        `move` writes to the job's row within the transaction.
        """
        began = time.perf_counter()
        session = db.session()
        self._hold()
        status = session.scalar(
            select(SourceVersion.status).where(SourceVersion.id == self._version_id)
        )
        if status in (None, "superseded"):
            session.rollback()
            raise SourceGone
        indexes = indexes_for_writing(session, self._instrument_id, *self._embedded_by)
        if not indexes:
            session.rollback()
            raise SourceGone
        ordinals = (batch.first_ordinal, batch.end_ordinal)
        there = (
            FragmentRow.version_id == self._version_id,
            FragmentRow.ordinal >= ordinals[0],
            FragmentRow.ordinal < ordinals[1],
        )
        old = set(session.scalars(delete(FragmentRow).where(*there).returning(FragmentRow.id)))
        rows = [self._row(fragment) for fragment in batch.fragments]
        version = (self._instrument_id, self._version_id)
        shards.drop(session, self._job_id, self._version_id, ordinals)
        try:
            if rows:
                session.execute(insert(FragmentRow), rows)
                shards.add(session, version, ordinals, indexes, self._job_id)
            keyword_store.replace(session, version, ordinals, rows)
            move(checkpoint=self._checkpoint(batch))
            if old - {row["id"] for row in rows}:
                self._remove_vectors([self._version_id])
            session.commit()
        except IntegrityError as error:
            session.rollback()
            if isinstance(error.orig, ForeignKeyViolation):
                raise SourceGone from error
            raise
        self.unit = batch.stop
        self.spent("store", time.perf_counter() - began)

    def _row(self, fragment: Fragment) -> dict[str, Any]:
        # Postgres holds no NUL characters; PDFs do.
        text = fragment.text.replace("\x00", "")
        content = embedding_text(fragment.heading_path, text)
        return {
            "id": fragment_id(self._version_id, fragment.ordinal),
            "version_id": self._version_id,
            "source_id": self._source_id,
            "instrument_id": self._instrument_id,
            "text": text,
            "content_hash": hashlib.sha256(content.encode("utf-8", "surrogatepass")).digest(),
            **fragment.model_dump(mode="json", exclude={"text"}),
        }

    def _checkpoint(self, batch: Batch) -> IngestCheckpoint:
        """Where to go on after this batch."""
        for stage, seconds in batch.seconds.items():
            self.spent(stage, seconds)
        for name, count in batch.counts.items():
            self._counts[name] = self._counts.get(name, 0) + count
        self.facts.update(batch.facts)
        self._warnings = fold(self._warnings, batch.warnings)[:MAX_WARNINGS]
        self._end = batch.end_ordinal
        return IngestCheckpoint(
            unit=batch.stop,
            end_ordinal=self._end,
            headings=batch.headings,
            report=self._report(),
        )

    def spent(self, stage: str, seconds: float) -> None:
        self._seconds[stage] = round(self._seconds.get(stage, 0.0) + seconds, 3)

    def notice(self, message: str | None) -> None:
        """Something degraded that whoever reads the report should know."""
        if message and message not in {warning["message"] for warning in self._warnings}:
            degraded = ParseWarning(code="degraded", message=message)
            self._warnings = fold(self._warnings, [degraded])

    def tell_languages(self) -> None:
        """Put into the report which languages the fragments are written in, if that can be told;
        the first is the source's own where its file states none."""
        told = (
            FragmentRow.version_id == self._version_id,
            FragmentRow.ordinal < self._end,
            FragmentRow.kind.not_in(("metadata", "code")),
        )
        ordinals = db.session.scalars(
            select(FragmentRow.ordinal).where(*told).order_by(FragmentRow.ordinal)
        ).all()
        rows = db.session.execute(
            select(FragmentRow.text, FragmentRow.tables)
            .where(*told, FragmentRow.ordinal.in_(spread(ordinals)))
            .order_by(FragmentRow.ordinal)
        ).all()
        db.session.rollback()
        # Bars between cells are in no language.
        texts = (words_of(text, map(Table.model_validate, tables)) for text, tables in rows)
        if found := languages_of(texts):
            self.facts["languages"] = found
            self.facts.setdefault("language", found[0])

    def finish(self, at: datetime) -> int:
        """Make the version current, drop what it replaces, write the report; count of fragments.

        Within one transaction; nothing becomes current if there is no fragment.
        """
        session = db.session()
        found = reanchoring.search(session, self._source_id, self._version_id)
        session.commit()
        self._hold()
        for stage, seconds in shards.collect(session, self._job_id).items():
            if stage == KNOWN:
                self._known = round(seconds)
            else:
                self.spent(stage, seconds)
        beyond = delete(FragmentRow).where(
            FragmentRow.version_id == self._version_id, FragmentRow.ordinal >= self._end
        )
        stale = list(session.scalars(beyond.returning(FragmentRow.id)))
        keyword_store.drop_from(session, self._version_id, self._end)
        count = (
            session.scalar(select(func.count()).where(FragmentRow.version_id == self._version_id))
            or 0
        )
        version = session.get(SourceVersion, self._version_id, populate_existing=True)
        source = session.get(Source, self._source_id, populate_existing=True)
        if version is None or source is None or version.status == "superseded":
            session.rollback()
            raise SourceGone
        current = session.get(SourceVersion, source.current_version_id)
        if current is not None and current.number > version.number:
            version.status = "superseded"
            session.commit()
            raise SourceGone
        version.fragment_count = count
        version.pages = self.facts.get("pages")
        version.duration = self.facts.get("duration")
        version.report = {**self._report().model_dump(mode="json"), "finished_at": at.isoformat()}
        replaced = None
        if count and source.current_version_id != version.id:
            replaced = self._supersede(source, version, found)
        outdated = [*([replaced] if replaced else []), *([self._version_id] if stale else [])]
        purge = self._remove_vectors(outdated) if outdated else None
        session.commit()
        if purge is not None:
            enqueue(session, self._services.queue, purge)
        return count

    def _remove_vectors(self, version_ids: list[str]) -> Job | None:
        """Within the transaction that deletes Fragments of these versions: a job that removes
        their vectors, unless one is waiting to."""
        session = db.session()
        waiting = select(Job.id).where(
            IS_PURGE,
            Job.state == "queued",
            Job.subject_type == "version",
            Job.subject_id == version_ids[0],
        )
        if len(version_ids) == 1 and session.scalar(waiting.limit(1)) is not None:
            return None
        return remove_vectors(session, self._instrument_id, version_ids)

    def is_wanted(self) -> bool:
        """Whether the version is still there to be read about."""
        status = db.session.scalar(
            select(SourceVersion.status).where(SourceVersion.id == self._version_id)
        )
        db.session.rollback()
        return status not in (None, "superseded")

    def clean_up(self) -> None:
        """Remove what was written while the source was deleted or got a newer version."""
        session = db.session()
        session.rollback()
        for table in (FragmentRow, KeywordBlock, Shard):
            session.execute(delete(table).where(table.version_id == self._version_id))
        purge = remove_vectors(
            session,
            self._instrument_id,
            [self._version_id],
            objects=[poster_key(self._version_id)],
        )
        session.commit()
        enqueue(session, self._services.queue, purge)

    def _supersede(
        self, source: Source, version: SourceVersion, found: dict[Quoted, Found | None]
    ) -> str | None:
        """`version` takes the place of the current one; citations move to it as `found` says."""
        session = db.session()
        old_id = source.current_version_id
        source.current_version_id = version.id
        source.filename = version.filename
        if old_id is None:
            return None
        # Locks the source: what an answer cites from here on waits, and is caught up with.
        session.flush()
        reanchoring.move(session, source, version.id, found)
        session.execute(
            update(SourceVersion).where(SourceVersion.id == old_id).values(status="superseded")
        )
        session.execute(delete(FragmentRow).where(FragmentRow.version_id == old_id))
        # Whoever embeds one just now finds it gone, and has what was written removed.
        session.execute(delete(Shard).where(Shard.version_id == old_id))
        keyword_store.drop_from(session, old_id, 0)
        older = select(Job).where(
            IS_INGEST, IS_LIVE, Job.subject_id == source.id, version.id != VERSION_ID
        )
        for job in session.scalars(older):
            request_cancel(session, job)
        return old_id

    def _report(self) -> IngestReport:
        return IngestReport(
            facts=self.facts,
            counts=self._counts,
            warnings=self._warnings,
            seconds=self._seconds,
            fragments_known=self._known,
        )
