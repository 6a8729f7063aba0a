"""Reads a version of a source into fragments and vectors, batch by batch."""

from __future__ import annotations

import hashlib
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from api import passwords
from api.extensions import db
from api.ingest_store import IngestStore, SourceGone
from api.models import Source, SourceVersion
from api.removal import poster_key
from pipelines import poster
from pipelines.chunking import Chunker
from pipelines.errors import Cancelled, SourceEmpty, SourceUnreadable
from pipelines.ingest import ingest
from pipelines.parser_process import ParserProcess
from pipelines.types import ParseOptions
from workers.lifecycle import Running, run
from workers.main import celery

log = structlog.get_logger()

NICENESS = 0
_parser: ParserProcess | None = None


@celery.task(name="vouch.ingest_source")
def ingest_source(job_id: str) -> None:
    run(job_id, _ingest)


def _ingest(running: Running) -> dict[str, Any]:
    source, version = _rows(running)
    store = IngestStore(running.services, source, version, running.job.checkpoint, running.hold)
    with tempfile.TemporaryDirectory(prefix="vouch-") as folder:
        path, subtitles = _fetch(running, store, version, Path(folder))
        try:
            return _read(running, store, version, path, subtitles)
        except SourceGone:
            raise Cancelled("The source was deleted or has a newer version.") from None
        finally:
            # However the reading ended: a deletion that came meanwhile must leave nothing.
            if not store.is_wanted():
                store.clean_up()


def _rows(running: Running) -> tuple[Source, SourceVersion]:
    version = db.session.get(SourceVersion, running.job.payload["version_id"])
    source = db.session.get(Source, running.job.subject_id)
    if source is None or version is None:
        raise Cancelled("The source was deleted.")
    db.session.commit()
    return source, version


def _fetch(
    running: Running, store: IngestStore, version: SourceVersion, folder: Path
) -> tuple[Path, Path | None]:
    """The file on disk, its bytes checked once more; and its subtitles, if some came along."""
    running.move(stage="download")
    began = time.perf_counter()
    path = folder / "source"
    storage = running.services.storage
    storage.download(version.object_key, path, running.check)
    with path.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != version.sha256:
            raise SourceUnreadable("The stored file is damaged; upload it again.")
    subtitles = None
    if version.subtitles_key:
        subtitles = folder / "subtitles"
        storage.download(version.subtitles_key, subtitles, running.check)
    store.spent("download", time.perf_counter() - began)
    return path, subtitles


def _read(
    running: Running,
    store: IngestStore,
    version: SourceVersion,
    path: Path,
    subtitles: Path | None,
) -> dict[str, Any]:
    with_ = running.services
    embedder = with_.embedder
    store.notice(embedder.notice)
    chunker = Chunker(embedder.offsets, embedder.max_tokens, headings=store.headings)
    options = ParseOptions(
        start=store.unit,
        password=passwords.read(with_.redis, with_.config.secret_key, running.job.id),
        subtitles=str(subtitles) if subtitles else None,
        transcriber=with_.config.transcriber,
    )
    running.move(stage="parse")
    parts = _parser_process(with_.config.stall_seconds).parse(path, version.media_type, options)
    try:
        for batch in ingest(parts, chunker, embedder, start=options.start):
            running.check()
            store.write_fragments(batch)
            store.write_vectors(batch, embedder.name)
            running.move(
                stage="index",
                done=batch.done,
                total=batch.total,
                unit=batch.unit,
                checkpoint=store.checkpoint(batch),
            )
    finally:
        # Ends the parser if it is still at work.
        parts.close()
    running.check()
    _add_poster(running, store, version, path)
    count = store.finish(datetime.now(UTC), embedder.name)
    if count == 0:
        raise SourceEmpty(
            "No text was found in this file, so there is nothing to ask about. If it holds "
            "pictures of text, they could not be read."
        )
    return {"done": running.job.total or running.job.done}


def _add_poster(running: Running, store: IngestStore, version: SourceVersion, path: Path) -> None:
    """A still picture of a video, for the viewer."""
    if not version.media_type.startswith("video/"):
        return
    picture = path.with_name("poster.jpg")
    if poster.make(path, picture, seconds=running.services.config.stall_seconds):
        running.services.storage.upload(poster_key(version.id), picture, "image/jpeg")
        store.facts["poster"] = True


def _parser_process(stall_seconds: int) -> ParserProcess:
    """This worker process's parser: kept from file to file, made after the fork."""
    global _parser
    if _parser is None:
        _parser = ParserProcess(stall_seconds=stall_seconds)
    return _parser
