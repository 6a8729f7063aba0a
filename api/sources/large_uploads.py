"""The first stage of a large upload: moved out of the uploader's reach, checked, made a version.

The presigned URL stays good for a while and may be written to again. So the object is downloaded
once and hashed on the way; what is checked, stored under a key that no URL reaches, and read is the
file on disk. A copy within the object store would spare the way back, and is one request that may
stay silent for longer than any client waits.
"""

from __future__ import annotations

from pathlib import Path

from api.extensions import db
from api.jobs.runner import RunningJob
from api.models import Source
from api.models.base import new_id
from api.object_store import ObjectMissing
from api.sources.ingest_job import IngestCheckpoint, IngestPayload, UploadedFile
from api.sources.new_versions import Stored
from api.sources.uploads import forget_upload
from api.sources.version_storing import store_version
from pipelines.errors import Cancelled, UploadDamaged
from pipelines.parsers import parser_for
from pipelines.parsers.detect import detect_path


def take_in(
    running: RunningJob[IngestPayload, IngestCheckpoint], upload: UploadedFile, path: Path
) -> bool:
    """Write the upload's bytes to `path` and make them a version; False when the instrument holds
    them already.

    Raises UploadDamaged when they are not what was announced, UnsupportedType.
    """
    source = db.session.get(Source, running.job.subject_id, populate_existing=True)
    if source is None or source.deleted_at is not None:
        raise Cancelled("The source was deleted.")
    db.session.commit()
    running.update(stage="store")
    key = f"versions/{upload.version_id}/{new_id()}"
    to_read = store_version(running, key, lambda: _stored(running, upload, key, path))
    forget_upload(running.services.storage, upload.object_key)
    return to_read


def _stored(
    running: RunningJob[IngestPayload, IngestCheckpoint], upload: UploadedFile, key: str, path: Path
) -> Stored:
    storage = running.services.storage
    try:
        sha256 = storage.download(upload.object_key, path, running.check)
    except ObjectMissing:
        raise UploadDamaged("The uploaded file is gone. Upload it again.") from None
    size = path.stat().st_size
    if size != upload.size:
        raise UploadDamaged(f"{upload.size} bytes were announced, {size} arrived. Upload it again.")
    if upload.sha256 and sha256 != upload.sha256:
        raise UploadDamaged(
            "The file arrived with another SHA-256 than was announced. Upload it again."
        )
    media_type = detect_path(path, upload.filename)
    # Raises when nobody reads such files.
    parser_for(media_type)
    running.check()
    storage.upload(key, path, media_type)
    return Stored(
        version_id=upload.version_id,
        object_key=key,
        filename=upload.filename,
        media_type=media_type,
        size=size,
        sha256=sha256,
        facts={},
    )
