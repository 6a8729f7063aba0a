"""Every version of a source, with checksum and status."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields
from sqlalchemy import select

from api.http import access
from api.http.json_fields import Stored
from api.http.paging import Blueprint, page_of
from api.models import SourceVersion
from api.routes.sources import ReportSchema

blueprint = Blueprint(
    "source-versions", __name__, url_prefix="/api/sourceversions", description="Versions"
)


class SourceVersionSchema(Schema):
    id = fields.String()
    source_id = fields.String()
    number = fields.Integer()
    filename = fields.String()
    sha256 = fields.String()
    checksum = fields.Function(
        lambda version: f"sha256:{version.sha256}", metadata={"type": "string"}
    )
    media_type = fields.String()
    size = fields.Integer()
    status = fields.String()
    pages = fields.Integer(allow_none=True)
    duration = fields.Float(allow_none=True)
    fragment_count = fields.Integer()
    report = Stored(ReportSchema)
    created_at = fields.DateTime()


class SourceVersionQuerySchema(Schema):
    source = fields.String(required=True)


@blueprint.route("/")
class SourceVersions(MethodView):
    @access.rule("instrument")
    @blueprint.arguments(SourceVersionQuerySchema, location="query")
    @blueprint.response(200, SourceVersionSchema(many=True))
    @blueprint.paginate()
    def get(self, query: dict[str, Any], pagination_parameters: Any) -> list[SourceVersion]:
        """Every version of a source, newest first."""
        source = access.source_for(query["source"])
        versions = (
            select(SourceVersion)
            .where(SourceVersion.source_id == source.id)
            .order_by(SourceVersion.number.desc())
        )
        return [version for (version,) in page_of(versions, pagination_parameters)]
