"""The first stage of a source that comes from a URL: its bytes, checked and stored."""

from __future__ import annotations

from pathlib import Path

from api.extensions import db
from api.jobs.runner import RunningJob
from api.models import Source
from api.models.base import new_id
from api.sources.ingest_job import IngestCheckpoint, IngestPayload
from api.sources.new_versions import Stored
from api.sources.uploads import clean_filename
from api.sources.version_storing import store_version
from pipelines.errors import Cancelled
from pipelines.fetching.addresses import AllowedHosts
from pipelines.fetching.snapshot import Limits, fetch
from pipelines.parsers import parser_for
from pipelines.parsers.detect import UNKNOWN, detect, detect_path

_TOLD_BY_THEIR_END = frozenset({"application/zip", UNKNOWN})
"""The first bytes may belong to an office file that is listed at its end."""


def fetch_url(running: RunningJob[IngestPayload, IngestCheckpoint], url: str, path: Path) -> bool:
    """Fetch `url` to `path` and make it a version; False when the instrument holds these very
    bytes already."""
    source = db.session.get(Source, running.job.subject_id, populate_existing=True)
    if source is None or source.deleted_at is not None:
        raise Cancelled("The source was deleted.")
    db.session.commit()
    running.update(stage="fetch")
    with_ = running.services
    snapshot = fetch(
        url,
        path,
        allowed=AllowedHosts.parse(with_.config.fetch_allowed_hosts),
        limits=Limits(with_.config.fetch_max_bytes, with_.config.fetch_seconds),
        check=running.check,
        promising=_promising,
    )
    media_type = detect_path(path, snapshot.filename)
    # Raises when nobody reads such files.
    parser_for(media_type)
    version_id = new_id()
    key = f"versions/{version_id}"

    def store() -> Stored:
        with_.storage.upload(key, path, media_type)
        return Stored(
            version_id=version_id,
            object_key=key,
            filename=clean_filename(snapshot.filename),
            media_type=media_type,
            size=snapshot.size,
            sha256=snapshot.sha256,
            facts=snapshot.facts,
        )

    return store_version(running, key, store)


def _promising(head: bytes, filename: str) -> None:
    media_type = detect(head, filename)
    if media_type not in _TOLD_BY_THEIR_END:
        parser_for(media_type)
