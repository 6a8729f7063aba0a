"""Uploads: straight to the object store by presigned URL, then checked and made a source."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Response, jsonify
from flask.views import MethodView
from marshmallow import Schema, fields, validate

from api.errors import refuse
from api.extensions import db
from api.http import access
from api.http.paging import Blueprint
from api.models import Source, SourceVersion, Upload
from api.models.base import is_uuid
from api.services import services
from api.sources import uploads
from api.sources.new_versions import known_version

blueprint = Blueprint("uploads", __name__, url_prefix="/api/uploads", description="Bringing files")

_SHA256 = validate.Regexp(r"^[0-9a-fA-F]{64}$", error="Must be 64 hexadecimal digits.")


class InitiateSchema(Schema):
    instrument_id = fields.UUID(required=True)
    filename = fields.String(required=True, validate=validate.Length(1, 1000))
    size = fields.Integer(required=True, strict=True, validate=validate.Range(min=0))
    content_type = fields.String(load_default=None, allow_none=True)
    sha256 = fields.String(load_default=None, allow_none=True, validate=_SHA256)
    source_id = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={"description": "Makes a new version of this source"},
    )
    subtitles_of = fields.UUID(
        load_default=None,
        allow_none=True,
        metadata={"description": "The file is an .srt or .vtt for this recording"},
    )


class UploadSchema(Schema):
    upload_id = fields.String()
    signed_url = fields.String()
    method = fields.String(metadata={"enum": ["PUT"]})
    headers = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        metadata={"description": "To be sent with the PUT"},
    )
    expires_at = fields.DateTime()


class DuplicateSchema(Schema):
    duplicate = fields.Boolean()
    source_id = fields.String()
    version_id = fields.String()
    status = fields.String()


class CompleteSchema(Schema):
    password = fields.String(
        load_default=None,
        allow_none=True,
        load_only=True,
        metadata={"description": "Of the file, if it is encrypted; not stored"},
    )


class CompletedSchema(Schema):
    source_id = fields.String()
    version_id = fields.String()
    job_id = fields.String(allow_none=True)
    status = fields.String()
    duplicate = fields.Boolean(
        metadata={"description": "True when the instrument held these bytes already"}
    )


@blueprint.route("/initiate")
class Initiate(MethodView):
    @access.rule("instrument")
    @blueprint.arguments(InitiateSchema)
    @blueprint.response(201, UploadSchema)
    @blueprint.alt_response(
        200, schema=DuplicateSchema, description="The instrument holds these bytes already"
    )
    @blueprint.alt_response(413, "REQUEST_ENTITY_TOO_LARGE")
    def post(self, body: dict[str, Any]) -> Any:
        """Ask for the right to PUT one object; known bytes need none."""
        instrument = access.instrument_for(str(body["instrument_id"]), "editor")
        limit = services().config.max_upload_bytes
        if body["size"] > limit:
            refuse(413, f"The file is larger than {limit // 2**20} MiB, the most that is accepted.")
        target = body["source_id"] or body["subtitles_of"]
        if target is not None:
            source = access.source_for(str(target), "editor")
            if source.instrument_id != instrument.id:
                refuse(404, "No such source in this instrument.")
        sha256 = (body["sha256"] or "").lower() or None
        known = known_version(db.session(), instrument.id, sha256)
        if known is not None and known.status != "failed" and body["subtitles_of"] is None:
            return _duplicate(known)
        upload = Upload(
            instrument_id=instrument.id,
            source_id=str(target) if target else None,
            is_subtitles=body["subtitles_of"] is not None,
            user_id=access.user().id,
            filename=uploads.clean_filename(body["filename"]),
            size=body["size"],
            sha256=sha256,
            content_type=body["content_type"],
            object_key=uploads.new_upload_key(),
            expires_at=datetime.now(UTC) + timedelta(seconds=services().config.upload_seconds),
        )
        db.session.add(upload)
        db.session.commit()
        url = services().storage.upload_url(upload.object_key, services().config.upload_seconds)
        content_type = upload.content_type or "application/octet-stream"
        return {
            "upload_id": upload.id,
            "signed_url": url,
            "method": "PUT",
            "headers": {"Content-Type": content_type},
            "expires_at": upload.expires_at,
        }


@blueprint.route("/<upload_id>/complete")
class Complete(MethodView):
    @access.rule("instrument")
    @blueprint.arguments(CompleteSchema, required=False)
    @blueprint.response(202, CompletedSchema)
    @blueprint.alt_response(409, "CONFLICT")
    @blueprint.alt_response(413, "REQUEST_ENTITY_TOO_LARGE")
    @blueprint.alt_response(415, "UNSUPPORTED_MEDIA_TYPE")
    def patch(self, body: dict[str, Any] | None, upload_id: str) -> dict[str, Any]:
        """Check what was uploaded and start reading it.

        Again: the same answer. Files of more than 8 MiB are hashed by the job: a wrong SHA-256
        fails it with `upload_damaged`.
        """
        upload = db.session.get(Upload, upload_id) if is_uuid(upload_id) else None
        if upload is None or access.level_on(access.user(), upload.instrument_id) is None:
            refuse(404, "No such upload.")
        access.instrument_for(upload.instrument_id, "editor")
        if upload.completed is not None:
            return upload.completed
        password = (body or {}).get("password")
        return uploads.complete(db.session(), services(), upload, password)


def _duplicate(version: SourceVersion) -> Response:
    source = db.session.get(Source, version.source_id)
    answer = {
        "duplicate": True,
        "source_id": version.source_id,
        "version_id": version.id,
        "status": source.status if source else version.status,
    }
    response = jsonify(answer)
    response.status_code = 200
    return response
