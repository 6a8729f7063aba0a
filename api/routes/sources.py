"""Sources: what is known of an instrument."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields, validate
from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError

from api.citations.recognition import of_row
from api.errors import refuse, unprocessable
from api.extensions import db
from api.http import access
from api.http.json_fields import REFS, Stored, locators_field
from api.http.paging import Blueprint, page_of
from api.jobs import lifecycle
from api.models import FragmentRow, Source, SourceVersion
from api.models.base import is_uuid
from api.routes.uploads import CompletedSchema
from api.services import services
from api.sources import urls
from api.sources.ingest_job import INGEST
from api.sources.new_versions import arrival_error
from api.sources.removal import remove_source
from api.sources.uploads import start_ingest
from pipelines.errors import UrlRefused
from pipelines.fetching.addresses import AllowedHosts, check_url

blueprint = Blueprint(
    "sources", __name__, url_prefix="/api/sources", description="What is known of an instrument"
)

TYPES = ("pdf", "video", "audio", "image", "document", "web", "conversation", "run")
STATUSES = ("awaiting_upload", "queued", "processing", "ready", "failed")


class SourceErrorSchema(Schema):
    code = fields.String()
    message = fields.String(metadata={"description": "What happened and what to do next"})
    version_id = fields.String(metadata={"description": "Of a newer version that failed"})
    job_id = fields.String(metadata={"description": "Of a fetch that failed"})


class WarningSchema(Schema):
    code = fields.String()
    message = fields.String()
    place = fields.String(allow_none=True, metadata={"description": "For example `page 12`"})
    places = fields.List(fields.String())


class ReportSchema(Schema):
    """What was read, and what could not be read well. Empty until reading begins."""

    facts = fields.Dict(metadata={"description": "For example pages, duration, languages"})
    counts = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        metadata={"description": "For example pages_read, pages_ocr, words"},
    )
    warnings = fields.List(fields.Nested(WarningSchema))
    seconds = fields.Dict(
        keys=fields.String(),
        values=fields.Float(),
        metadata={"description": "Time per stage"},
    )
    fragments_known = fields.Integer(
        metadata={"description": "Fragments whose text was embedded before"}
    )
    finished_at = fields.DateTime()


class SourceSchema(Schema):
    id = fields.String()
    instrument_id = fields.String()
    title = fields.String()
    filename = fields.String()
    type = fields.String(metadata={"enum": TYPES})
    status = fields.String(metadata={"enum": STATUSES})
    version_id = fields.String(allow_none=True)
    media_type = fields.String(allow_none=True)
    size = fields.Integer(allow_none=True, metadata={"description": "Bytes"})
    sha256 = fields.String(allow_none=True)
    pages = fields.Integer(allow_none=True)
    duration = fields.Float(allow_none=True, metadata={"description": "Seconds"})
    fragment_count = fields.Integer()
    error = Stored(SourceErrorSchema, allow_none=True)
    created_at = fields.DateTime()
    updated_at = fields.DateTime()


class SourceReportSchema(SourceSchema):
    report = Stored(ReportSchema)


class SourceQuerySchema(Schema):
    instrument = fields.String()
    q = fields.String(validate=validate.Length(0, 200))
    type = fields.String(validate=validate.OneOf(TYPES))
    status = fields.String(validate=validate.OneOf(STATUSES))


class SourceChangeSchema(Schema):
    title = fields.String(required=True, validate=validate.Length(1, 500))


class UrlSchema(Schema):
    instrument_id = fields.UUID(required=True)
    url = fields.String(required=True, validate=validate.Length(1, 2000))
    title = fields.String(load_default=None, allow_none=True, validate=validate.Length(0, 500))


class FetchSchema(CompletedSchema):
    version_id = fields.String(allow_none=True)
    url = fields.String()


class FragmentSchema(Schema):
    id = fields.String()
    version_id = fields.String()
    ordinal = fields.Integer()
    kind = fields.String()
    text = fields.String()
    heading_path = fields.List(fields.String())
    locators = locators_field()
    recognition = fields.Function(
        lambda row: of_row(row),
        metadata={"allOf": [{"$ref": f"{REFS}Recognition"}], "nullable": True},
    )
    tokens = fields.Integer()


@blueprint.route("/")
class Sources(MethodView):
    @access.rule("instrument")
    @blueprint.arguments(SourceQuerySchema, location="query")
    @blueprint.response(200, SourceSchema(many=True))
    @blueprint.paginate()
    def get(self, query: dict[str, Any], pagination_parameters: Any) -> list[dict[str, Any]]:
        """Sources of the instruments that the caller may read, newest first."""
        if "instrument" in query:
            access.instrument_for(query["instrument"])
        found = _with_version().where(
            Source.instrument_id.in_(access.visible_instruments(access.user())),
            Source.deleted_at.is_(None),
        )
        if "instrument" in query:
            found = found.where(Source.instrument_id == query["instrument"])
        if "type" in query:
            found = found.where(Source.type == query["type"])
        if "status" in query:
            found = found.where(Source.status == query["status"])
        if query.get("q"):
            pattern = f"%{_escaped(query['q'])}%"
            found = found.where(or_(Source.title.ilike(pattern), Source.filename.ilike(pattern)))
        rows = page_of(found.order_by(Source.created_at.desc(), Source.id), pagination_parameters)
        return [shown(source, version) for source, version in rows]

    @access.rule("instrument")
    @blueprint.arguments(UrlSchema)
    @blueprint.response(202, FetchSchema)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Fetch a page or file from a public address.

        Again: a new version if it changed.
        """
        instrument = access.instrument_for(str(body["instrument_id"]), "editor")
        allowed = AllowedHosts.parse(services().config.fetch_allowed_hosts)
        try:
            target = check_url(body["url"].strip(), allowed)
        except UrlRefused as error:
            unprocessable("url", str(error))
        title = (body["title"] or "").strip() or None
        user_id = access.user().id
        source, job, is_new = urls.add_url(db.session(), instrument.id, target, title, user_id)
        if is_new:
            lifecycle.enqueue(db.session(), services().queue, job)
        return {
            "source_id": source.id,
            "version_id": INGEST.payload_of(job).version_id,
            "job_id": job.id,
            "status": source.status,
            "url": str(target),
        }


@blueprint.route("/<source_id>")
class OneSource(MethodView):
    @access.rule("instrument")
    @blueprint.response(200, SourceReportSchema)
    def get(self, source_id: str) -> dict[str, Any]:
        """A source with the report of its reading."""
        return _one(access.source_for(source_id))

    @access.rule("instrument")
    @blueprint.arguments(SourceChangeSchema)
    @blueprint.response(200, SourceReportSchema)
    def patch(self, body: dict[str, Any], source_id: str) -> dict[str, Any]:
        """Give a source another title."""
        source = access.source_for(source_id, "editor")
        source.title = body["title"].strip()
        db.session.commit()
        return _one(source)

    @access.rule("instrument")
    @blueprint.response(204)
    def delete(self, source_id: str) -> None:
        """Delete a source with its fragments, vectors and objects.

        Its citations say `withdrawn`.
        """
        source = access.source_for(source_id, "editor")
        purge = remove_source(db.session(), source, access.user().id)
        db.session.commit()
        lifecycle.enqueue(db.session(), services().queue, purge)


@blueprint.route("/<source_id>/reindex")
class Reindex(MethodView):
    @access.rule("instrument")
    @blueprint.response(202, CompletedSchema)
    def post(self, source_id: str) -> dict[str, Any]:
        """Read a source's current version again; what it yields replaces what is there."""
        source = access.source_for(source_id, "editor")
        version = db.session.get(SourceVersion, source.current_version_id)
        if version is None:
            refuse(409, "This source has no version to read.")
        if source.status in ("queued", "processing"):
            refuse(409, "This source is being read; wait for its job or cancel it.")
        job = start_ingest(db.session(), source, version, access.user().id)
        try:
            db.session.commit()
        except IntegrityError:
            db.session.rollback()
            refuse(409, "This source is being read; wait for its job or cancel it.")
        lifecycle.enqueue(db.session(), services().queue, job)
        return {
            "source_id": source.id,
            "version_id": version.id,
            "job_id": job.id,
            "status": source.status,
        }


@blueprint.route("/<source_id>/fragments")
class Fragments(MethodView):
    @access.rule("instrument")
    @blueprint.response(200, FragmentSchema(many=True))
    @blueprint.paginate()
    def get(self, source_id: str, pagination_parameters: Any) -> list[FragmentRow]:
        """Text and Locators of a source's current version, in order."""
        source = access.source_for(source_id)
        query = (
            select(FragmentRow)
            .where(FragmentRow.version_id == source.current_version_id)
            .order_by(FragmentRow.ordinal)
        )
        return [fragment for (fragment,) in page_of(query, pagination_parameters)]


def shown(source: Source, version: SourceVersion | None) -> dict[str, Any]:
    """A source as clients see it; `version` is the current one."""
    error = None
    if version is not None and version.error_code:
        error = {"code": version.error_code, "message": version.error_message}
    elif version is None and source.status == "failed":
        error = arrival_error(db.session(), source.id)
    return {
        "id": source.id,
        "instrument_id": source.instrument_id,
        "title": source.title,
        "filename": source.filename,
        "type": source.type,
        "status": source.status,
        "version_id": source.current_version_id,
        "media_type": version.media_type if version else None,
        "size": version.size if version else None,
        "sha256": version.sha256 if version else None,
        "pages": version.pages if version else None,
        "duration": version.duration if version else None,
        "fragment_count": version.fragment_count if version else 0,
        "error": error,
        "created_at": source.created_at,
        "updated_at": source.updated_at,
    }


def newest_version(source_id: str) -> SourceVersion | None:
    return db.session.scalar(
        select(SourceVersion)
        .where(SourceVersion.source_id == source_id)
        .order_by(SourceVersion.number.desc())
        .limit(1)
    )


def _one(source: Source) -> dict[str, Any]:
    current = (
        db.session.get(SourceVersion, source.current_version_id)
        if is_uuid(source.current_version_id or "")
        else None
    )
    answer = shown(source, current)
    answer["report"] = current.report if current else {}
    newest = newest_version(source.id)
    if newest is not None and newest is not current and newest.error_code:
        answer["error"] = {
            "code": newest.error_code,
            "message": newest.error_message,
            "version_id": newest.id,
        }
    answer["error"] = arrival_error(db.session(), source.id) or answer["error"]
    return answer


def _with_version() -> Any:
    return select(Source, SourceVersion).outerjoin(
        SourceVersion, SourceVersion.id == Source.current_version_id
    )


def _escaped(text: str) -> str:
    """A user's text inside a LIKE pattern, taken literally."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
