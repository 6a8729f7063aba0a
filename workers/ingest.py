"""Reads a version of a source into fragments, batch by batch, and sees to their vectors."""

from __future__ import annotations

import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import structlog

from api.extensions import db
from api.jobs.embedding_model import embedding_model
from api.jobs.runner import RunningJob, run
from api.models import Source, SourceVersion
from api.search import shards
from api.search.embedding_models import model_in_use
from api.sources import file_passwords
from api.sources.ingest_job import INGEST, IngestCheckpoint, IngestPayload
from api.sources.ingest_writer import IngestStore, SourceGone
from api.sources.large_uploads import take_in
from api.sources.removal import poster_key
from api.sources.shard_embedding import ask_for_help, embed_next
from api.sources.url_fetch import fetch_url
from pipelines.chunking import Chunker
from pipelines.embedders.embedder import fragment_tokens
from pipelines.errors import Cancelled, SourceEmpty, SourceUnreadable
from pipelines.ingest import read
from pipelines.parsers.contract import ParseOptions
from pipelines.sandbox import poster
from pipelines.sandbox.parser_process import ParserProcess
from pipelines.sandbox.slow_parts import parse_with_retry
from workers.main import celery

log = structlog.get_logger()

SPARE = 3
"""Shards that may wait for other processes before this one interrupts its reading."""
SHARD_WAIT_SECONDS = 2.0
"""Seconds that a shard may wait."""
WAIT_SECONDS = 0.1
_parser: ParserProcess | None = None

RunningIngest = RunningJob[IngestPayload, IngestCheckpoint]


@celery.task(name=INGEST.task)
def ingest_source(job_id: str) -> None:
    run(job_id, INGEST, _ingest)


def _ingest(running: RunningIngest) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="vouch-") as folder:
        path = Path(folder) / "source"
        if not _bring(running, path):
            return {}
        source, version = _rows(running)
        store = IngestStore(running.services, source, version, running.job, running.lock)
        subtitles = _download(running, store, version, path)
        try:
            return _read(running, store, version, path, subtitles)
        except SourceGone:
            raise Cancelled("The source was deleted or has a newer version.") from None
        finally:
            # However the reading ended: a deletion that came meanwhile must leave nothing.
            if not store.is_wanted():
                store.clean_up()


def _bring(running: RunningIngest, path: Path) -> bool:
    """Whether there is a version to read; if its bytes had to be brought first, they are at `path`.

    False when the instrument holds the very same bytes, read already or being read by another.
    """
    payload = running.payload
    if payload.version_id is not None:
        return True
    if payload.duplicate is not None:
        return False
    if payload.url is not None:
        return fetch_url(running, payload.url, path)
    if payload.upload is not None:
        return take_in(running, payload.upload, path)
    raise Cancelled("The source was deleted.")


def _rows(running: RunningIngest) -> tuple[Source, SourceVersion]:
    version = db.session.get(SourceVersion, running.payload.version_id)
    source = db.session.get(Source, running.job.subject_id)
    if source is None or source.deleted_at is not None or version is None:
        raise Cancelled("The source was deleted.")
    db.session.commit()
    return source, version


def _download(
    running: RunningIngest, store: IngestStore, version: SourceVersion, path: Path
) -> Path | None:
    """Have the version's bytes at `path`, checked once more unless they were brought just now; the
    path of its subtitles, if some came along."""
    running.update(stage="download")
    began = time.perf_counter()
    storage = running.services.storage
    if not path.exists() and storage.download(version.object_key, path, running.check) != (
        version.sha256
    ):
        raise SourceUnreadable("The stored file is damaged; upload it again.")
    subtitles = None
    if version.subtitles_key:
        subtitles = path.with_name("subtitles")
        storage.download(version.subtitles_key, subtitles, running.check)
    store.spent("download", time.perf_counter() - began)
    return subtitles


def _read(
    running: RunningIngest,
    store: IngestStore,
    version: SourceVersion,
    path: Path,
    subtitles: Path | None,
) -> dict[str, Any]:
    with_ = running.services
    model = model_in_use(db.session(), version.instrument_id, with_.config)
    db.session.commit()
    embedder, waited = embedding_model(running, model)
    store.spent("model", waited)
    store.notice(embedder.notice)
    store.embed_by(model, embedder)
    chunker = Chunker(
        embedder.offsets,
        fragment_tokens(embedder),
        headings=store.headings,
        additive=embedder.additive,
    )
    options = ParseOptions(
        start=store.unit,
        password=file_passwords.read(
            with_.redis, with_.config.secret_key.get_secret_value(), running.job.id
        ),
        subtitles=str(subtitles) if subtitles else None,
        transcriber=with_.config.transcriber,
        outside=with_.outside(running.stop),
    )
    running.update(stage="parse")
    parser = _parser_process(with_.config.stall_seconds)
    parts = parse_with_retry(parser, path, version.media_type, options)
    try:
        for batch in read(parts, chunker, start=options.start):
            running.check()
            store.write(batch, running.write)
            _share(running, first=batch.start == 0)
            running.update(done=_searchable(store, running), total=batch.total, unit=batch.unit)
    except Cancelled:
        # A service outside was broken off; why the work should end is known here.
        running.check()
        raise
    finally:
        # Ends the parser if it is still at work.
        parts.close()
    if running.job.done != store.unit:
        running.update(stage="embed")
        _embed_rest(running, store)
    running.check()
    _add_poster(running, store, version, path)
    store.tell_languages()
    count = store.finish(datetime.now(UTC))
    if count == 0:
        raise SourceEmpty(
            "No text was found in this file, so there is nothing to ask about. If it holds "
            "pictures of text, they could not be read."
        )
    return {"done": running.job.total or running.job.done}


def _share(running: RunningIngest, *, first: bool) -> None:
    """Have the new shard embedded: the first one here and now, later ones by whoever is free.

    This process lends a hand when more wait than the others take, or nobody does.
    """
    job_id = running.job.id
    if first:
        embed_next(running.services, job_id, running.owner, running.check, running.stop)
        return
    ask_for_help(running.services, job_id)
    waiting = shards.backlog(db.session(), job_id)
    db.session.commit()
    if waiting.count > SPARE or waiting.oldest_seconds > SHARD_WAIT_SECONDS:
        embed_next(running.services, job_id, running.owner, running.check, running.stop)


def _embed_rest(running: RunningIngest, store: IngestStore) -> None:
    """Until every shard is done, here or elsewhere; one whose worker fell silent is done here."""
    while True:
        running.check()
        helped = embed_next(
            running.services, running.job.id, running.owner, running.check, running.stop
        )
        done = _searchable(store, running)
        if done != running.job.done:
            checkpoint = running.checkpoint.model_copy(update={"searchable": done})
            running.update(done=done, checkpoint=checkpoint)
        if done == store.unit:
            return
        if not helped:
            time.sleep(WAIT_SECONDS)


def _searchable(store: IngestStore, running: RunningIngest) -> int:
    """Pages (seconds ...) from the first on that can be asked about."""
    left = shards.first_left(db.session(), running.job.id)
    db.session.commit()
    return store.unit if left is None else left


def _add_poster(
    running: RunningIngest, store: IngestStore, version: SourceVersion, path: Path
) -> None:
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
