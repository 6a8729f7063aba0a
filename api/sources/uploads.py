"""From an uploaded object to a source: checked, moved out of the uploader's reach, recorded."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

import structlog
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api.errors import refuse, unprocessable
from api.jobs import lifecycle
from api.models import Job, Source, SourceVersion, Upload
from api.models.base import new_id
from api.models.jobs import IS_INGEST
from api.object_store import ObjectMissing, ObjectStore
from api.services import Services
from api.sources import file_passwords
from api.sources.ingest_job import (
    INGEST,
    IngestPayload,
    UploadedFile,
    begin_again,
    first_checkpoint,
)
from api.sources.new_versions import known_version
from pipelines.errors import UnsupportedType
from pipelines.parsers import parser_for, source_type_of
from pipelines.parsers.detect import detect

log = structlog.get_logger()

LOOK = 64 * 1024
AT_ONCE = 8 * 2**20
"""Bytes of the largest file that the request itself copies and hashes: a fraction of a second."""
SUBTITLES = {"application/x-subrip", "text/vtt"}
FETCHED = ("url", "requested_url", "redirects", "fetched_at")
"""Facts of a version that was fetched, which reading it again doesn't tell."""


class _Completed(Exception):
    """Somebody completed the upload in the meantime; `answer` is what they were told."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__()
        self.answer = answer


def clean_filename(name: str) -> str:
    """The last part of whatever path a client sent, without control characters."""
    last = PurePosixPath(name.replace("\\", "/")).name
    kept = "".join(c for c in last if unicodedata.category(c)[0] != "C").strip(". ")
    return kept[:255] or "unnamed"


def title_of(filename: str) -> str:
    stem = PurePosixPath(filename).stem or filename
    return re.sub(r"[_\s]+", " ", stem).strip() or filename


def new_upload_key() -> str:
    return f"uploads/{uuid.uuid4()}"


def complete(
    session: Session, services: Services, upload: Upload, password: str | None
) -> dict[str, Any]:
    """Check the object and make it a source, a new version or subtitles; start its job.

    Refuses with 409 (not there), 413, 415 or 422; then the upload may be tried again. Takes
    constant time: a file of up to AT_ONCE bytes is copied out of the uploader's reach and hashed
    here, so that known bytes and a wrong SHA-256 are told at once. Of a larger one the size and,
    by its first and last bytes, the type are checked; its job does the rest first
    (`api/sources/large_uploads.py`), and tells a wrong SHA-256 by failing with `upload_damaged`.
    """
    # No transaction is open meanwhile: what the object store is asked takes time (law 6).
    session.commit()
    limit = services.config.max_upload_bytes
    try:
        size = services.storage.size(upload.object_key)
        if size > limit:
            refuse(413, f"The file is larger than {limit // 2**20} MiB, the most that is accepted.")
        if size > AT_ONCE and not upload.is_subtitles:
            return _begin_taking_in(session, services, upload, password)
        return _take_in(session, services, upload, password)
    except ObjectMissing:
        refuse(409, "Nothing was uploaded yet: PUT the file to signed_url, then complete again.")
    except _Completed as earlier:
        return earlier.answer


def _begin_taking_in(
    session: Session, services: Services, upload: Upload, password: str | None
) -> dict[str, Any]:
    """A job that takes the object over; nothing that is checked here needs to be believed later."""
    media_type = _check(services.storage, upload.object_key, upload)

    def rows() -> tuple[dict[str, Any], Job]:
        source = _source_of(session, upload, media_type)
        source.status = "queued"
        version_id = new_id()
        file = UploadedFile(
            object_key=upload.object_key,
            version_id=version_id,
            filename=upload.filename,
            size=upload.size,
            sha256=upload.sha256,
        )
        job = INGEST.create(
            session,
            subject=("source", source.id),
            instrument_id=source.instrument_id,
            user_id=upload.user_id,
            payload=IngestPayload(upload=file),
        )
        answer = {"source_id": source.id, "version_id": version_id, "job_id": job.id}
        return {**answer, "status": source.status}, job

    answer, job = _record(session, services, upload, rows, password)
    if job is not None:
        lifecycle.enqueue(session, services.queue, job)
    return answer


def _take_in(
    session: Session, services: Services, upload: Upload, password: str | None
) -> dict[str, Any]:
    """The version of a small file. The presigned URL stays good for a while, so what is checked is
    a copy that it can't reach."""
    version_id = new_id()
    key = f"versions/{version_id}"
    storage = services.storage

    def rows() -> tuple[dict[str, Any], Job | None]:
        if upload.is_subtitles:
            return _add_subtitles(session, upload, key)
        known = known_version(session, upload.instrument_id, sha256)
        if known is not None:
            return _known(session, upload, known)
        return _new_version(session, upload, version_id, key, sha256, media_type)

    kept = False
    try:
        storage.copy(upload.object_key, key)
        media_type = _check(storage, key, upload)
        sha256 = storage.sha256(key)
        if upload.sha256 and sha256 != upload.sha256:
            unprocessable("sha256", "The file arrived with another SHA-256. Upload it again.")
        answer, job = _record(session, services, upload, rows, password)
        kept = not answer.get("duplicate")
    finally:
        if not kept:
            session.rollback()
            storage.delete([key])
    if job is not None:
        lifecycle.enqueue(session, services.queue, job)
    forget_upload(storage, upload.object_key)
    return answer


def forget_upload(storage: ObjectStore, object_key: str) -> None:
    """What was uploaded is a version now. What stays of it goes with the upload's row."""
    try:
        storage.delete([object_key])
    except Exception as error:  # noqa: BLE001 - the sweep removes what is left of old uploads
        log.warning("uploaded object stays for the sweep", error=type(error).__name__)


def _check(storage: ObjectStore, key: str, upload: Upload) -> str:
    """The media type of the object, if it is what was announced and somebody parses it."""
    size = storage.size(key)
    if size != upload.size:
        unprocessable(
            "size", f"{upload.size} bytes were announced, {size} arrived. Upload it again."
        )
    if size == 0:
        unprocessable("size", "The file is empty.")
    if upload.is_subtitles and size > AT_ONCE:
        refuse(413, f"Subtitles are smaller than {AT_ONCE // 2**20} MiB.")
    head = storage.read(key, 0, min(size, LOOK))
    tail = storage.read(key, size - LOOK, LOOK) if size > LOOK else head
    media_type = detect(head, upload.filename, tail)
    if upload.is_subtitles:
        if media_type not in SUBTITLES:
            refuse(415, "These are no subtitles: a .srt or .vtt file is needed.")
    elif source_type_of(media_type) is None:
        if media_type in SUBTITLES:
            refuse(415, "Subtitles belong to a recording: say which with subtitles_of.")
        try:
            parser_for(media_type)
        except UnsupportedType as error:
            refuse(415, str(error))
    return media_type


def _record(
    session: Session,
    services: Services,
    upload: Upload,
    rows: Callable[[], tuple[dict[str, Any], Job | None]],
    password: str | None,
) -> tuple[dict[str, Any], Job | None]:
    """What `rows` makes, in one transaction. Of two uploads of the same bytes one becomes the
    duplicate. Raises _Completed."""
    for _ in range(2):
        session.refresh(upload, with_for_update=True)
        if upload.completed is not None:
            answer = upload.completed
            session.rollback()
            raise _Completed(answer)
        try:
            answer, job = rows()
            upload.completed = answer
            session.flush()
            if job is not None and password:
                # It waits for the job before the job can start.
                file_passwords.hold(
                    services.redis, services.config.secret_key.get_secret_value(), job.id, password
                )
            session.commit()
            return answer, job
        except IntegrityError:
            session.rollback()
    refuse(409, "The same file is being added by somebody else; try again.")


def _new_version(
    session: Session,
    upload: Upload,
    version_id: str,
    key: str,
    sha256: str,
    media_type: str,
) -> tuple[dict[str, Any], Job]:
    source = _source_of(session, upload, media_type)
    if upload.source_id is None:
        source.current_version_id = version_id
    last = session.scalar(
        select(func.max(SourceVersion.number)).where(SourceVersion.source_id == source.id)
    )
    version = SourceVersion(
        id=version_id,
        source_id=source.id,
        instrument_id=upload.instrument_id,
        number=(last or 0) + 1,
        sha256=sha256,
        object_key=key,
        media_type=media_type,
        filename=upload.filename,
        size=upload.size,
    )
    session.add(version)
    session.flush()
    job = start_ingest(session, source, version, upload.user_id)
    return _answer(source, version, job.id), job


def _source_of(session: Session, upload: Upload, media_type: str) -> Source:
    """The source that the upload is a new version of, or a new one without a version."""
    source_type = source_type_of(media_type)
    if upload.source_id is None:
        source = Source(
            instrument_id=upload.instrument_id,
            title=title_of(upload.filename),
            filename=upload.filename,
            type=str(source_type),
            created_by=upload.user_id,
        )
        session.add(source)
        session.flush()
        return source
    # Held, so that it can't be deleted before its new version is there to be removed with it.
    known = session.get(Source, upload.source_id, populate_existing=True, with_for_update=True)
    if known is None or known.deleted_at is not None:
        refuse(404, "The source that this is a new version of was deleted.")
    if known.type != source_type:
        unprocessable(
            "source_id",
            f"A new version must be of type {known.type} too; upload the {source_type} as a new "
            "source.",
        )
    return known


def _known(
    session: Session, upload: Upload, version: SourceVersion
) -> tuple[dict[str, Any], Job | None]:
    """Bytes that are here already: nothing to do, or another try if reading them had failed."""
    source = session.get_one(Source, version.source_id)
    if version.status == "failed":
        job = start_ingest(session, source, version, upload.user_id)
        return {**_answer(source, version, job.id), "duplicate": True}, job
    last = session.scalar(
        select(Job.id)
        .where(IS_INGEST, Job.subject_id == source.id)
        .order_by(Job.created_at.desc())
        .limit(1)
    )
    return {**_answer(source, version, last), "duplicate": True}, None


def _add_subtitles(session: Session, upload: Upload, key: str) -> tuple[dict[str, Any], Job]:
    source = session.get(Source, upload.source_id, populate_existing=True)
    if source is None or source.deleted_at is not None:
        refuse(404, "The recording was deleted.")
    if source.current_version_id is None:
        refuse(409, "The recording is still being fetched; complete again in a moment.")
    version = session.get_one(SourceVersion, source.current_version_id)
    if source.type not in ("video", "audio"):
        unprocessable("subtitles_of", "Subtitles belong to a video or an audio recording.")
    reading = begin_again(session, version.id, FETCHED)
    session.refresh(version)
    version.subtitles_key = key
    job = reading or start_ingest(session, source, version, upload.user_id)
    return _answer(source, version, job.id), job


def start_ingest(
    session: Session,
    source: Source,
    version: SourceVersion,
    user_id: str | None,
) -> Job:
    """A job that reads the version, within the caller's transaction."""
    version.status = source.status = "queued"
    version.error_code = version.error_message = None
    return INGEST.create(
        session,
        subject=("source", source.id),
        instrument_id=source.instrument_id,
        user_id=user_id,
        payload=IngestPayload(version_id=version.id),
        checkpoint=first_checkpoint(_facts(version), FETCHED),
    )


def _facts(version: SourceVersion) -> dict[str, Any]:
    facts: dict[str, Any] = (version.report or {}).get("facts", {})
    return facts


def _answer(source: Source, version: SourceVersion, job_id: str | None) -> dict[str, Any]:
    return {
        "source_id": source.id,
        "version_id": version.id,
        "job_id": job_id,
        "status": version.status,
    }
