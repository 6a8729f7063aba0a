"""The first stage of a source that comes from a URL: its bytes, checked and stored."""

from __future__ import annotations

import tempfile
from pathlib import Path

from api.extensions import db
from api.intake import clean_filename
from api.models import Source
from api.models.base import new_id
from api.url_intake import Stored, record
from pipelines.errors import Cancelled
from pipelines.fetching.addresses import AllowedHosts
from pipelines.fetching.snapshot import Limits, Snapshot, fetch
from pipelines.parsers import parser_for
from pipelines.parsers.detect import UNKNOWN, detect, detect_path
from workers.lifecycle import Running

_TOLD_BY_THEIR_END = frozenset({"application/zip", UNKNOWN})
"""The first bytes may belong to an office file that is listed at its end."""


def has_version(running: Running) -> bool:
    """Whether the job has bytes to read; fetches them first if it is to.

    False when the instrument holds the very same bytes, read already or being read by another.
    """
    payload = running.job.payload
    if "version_id" in payload or "url" not in payload:
        return True
    if "duplicate" in payload:
        return False
    source = db.session.get(Source, running.job.subject_id)
    if source is None or source.deleted_at is not None:
        raise Cancelled("The source was deleted.")
    running.move(stage="fetch")
    with_ = running.services
    limits = Limits(with_.config.fetch_max_bytes, with_.config.fetch_seconds)
    allowed = AllowedHosts.parse(with_.config.fetch_allowed_hosts)
    with tempfile.TemporaryDirectory(prefix="vouch-") as folder:
        path = Path(folder) / "snapshot"
        snapshot = fetch(
            payload["url"],
            path,
            allowed=allowed,
            limits=limits,
            check=running.check,
            promising=_promising,
        )
        media_type = detect_path(path, snapshot.filename)
        # Raises when nobody reads such files.
        parser_for(media_type)
        return _store(running, snapshot, path, media_type)


def _promising(head: bytes, filename: str) -> None:
    media_type = detect(head, filename)
    if media_type not in _TOLD_BY_THEIR_END:
        parser_for(media_type)


def _store(running: Running, snapshot: Snapshot, path: Path, media_type: str) -> bool:
    # A key of its own for each try: a worker that lost its lease can't write over what is read.
    version_id = new_id()
    key = f"versions/{version_id}"
    storage = running.services.storage
    wanted = False
    try:
        storage.upload(key, path, media_type)
        running.check()
        stored = Stored(
            version_id=version_id,
            object_key=key,
            filename=clean_filename(snapshot.filename),
            media_type=media_type,
            size=snapshot.size,
            sha256=snapshot.sha256,
            facts=snapshot.facts,
        )
        to_read = record(db.session(), running.job, stored, hold=running.hold, put=running.put)
        wanted = running.job.payload.get("version_id") == version_id
        return to_read
    finally:
        if not wanted:
            db.session.rollback()
            storage.delete([key])
