"""Searching an instrument: the ranking that answers use, for people and programs."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields, validate

from api.citations.recognition import RecognitionSchema
from api.errors import unprocessable
from api.extensions import db
from api.http import access
from api.http.json_fields import locator_field, locators_field
from api.http.paging import Blueprint
from api.models.base import is_uuid
from api.search import rpc
from api.search.fragments import Filters
from api.services import services

blueprint = Blueprint("search", __name__, url_prefix="/api/search", description="Searching")

MAX_QUESTION = 4000
MAX_RESULTS = 200
TYPES = ["pdf", "video", "audio", "image", "document", "web", "conversation", "run"]
SORTS = ["relevance", "title", "place"]


class SearchSchema(Schema):
    instrument = fields.String(required=True)
    q = fields.String(required=True, validate=validate.Length(1, MAX_QUESTION))
    type = fields.List(fields.String(validate=validate.OneOf(TYPES)))
    source = fields.List(fields.String())
    version = fields.List(fields.String())
    heading = fields.String(validate=validate.Length(1, 500))
    sort = fields.String(load_default="relevance", validate=validate.OneOf(SORTS))


class HitSchema(Schema):
    source_id = fields.String()
    version_id = fields.String()
    fragment_id = fields.String()
    title = fields.String()
    filename = fields.String()
    type = fields.String()
    kind = fields.String()
    score = fields.Float()
    text = fields.String()
    heading_path = fields.List(fields.String())
    highlights = fields.List(
        fields.List(fields.Integer()),
        metadata={"description": "[start, end] in `text` of what was asked for"},
    )
    locator = locator_field(allow_none=True)
    locators = locators_field()
    recognition = fields.Nested(RecognitionSchema, allow_none=True)


@blueprint.route("/")
class Search(MethodView):
    @access.rule("instrument")
    @blueprint.arguments(SearchSchema, location="query")
    @blueprint.response(200, HitSchema(many=True))
    @blueprint.alt_response(503, "SERVICE_UNAVAILABLE")
    @blueprint.paginate()
    def get(self, query: dict[str, Any], pagination_parameters: Any) -> list[dict[str, Any]]:
        """Search an instrument: Fragments that are called so or are about it, best first.

        `type`, `source` and `version` may be given more than once; `heading` is part of a heading
        or title above the Fragment. `sort` other than `relevance` sorts what ranks highest:
        `title`, or `place` (source by source in reading order). The total in X-Pagination counts
        what was ranked so far: there is more as long as it names a next page.
        """
        instrument = access.instrument_for(query["instrument"])
        question = query["q"].strip()
        if not question:
            unprocessable("q", "Ask for something: the question is empty.", "query")
        for source_id in query.get("source", ()):
            if access.source_for(source_id).instrument_id != instrument.id:
                unprocessable("source", "Every source must belong to the instrument.", "query")
        if not all(map(is_uuid, query.get("version", ()))):
            unprocessable("version", "A version is named by its id.", "query")
        filters = Filters(
            source_ids=_tuple(query.get("source")),
            types=_tuple(query.get("type")),
            version_ids=_tuple(query.get("version")),
            heading=query.get("heading"),
        )
        paging = pagination_parameters
        sort = query["sort"]
        end = paging.first_item + paging.page_size
        count = min(end + 1, MAX_RESULTS) if sort == "relevance" else MAX_RESULTS
        # No connection is held while a worker searches.
        db.session.remove()
        found = rpc.search(services(), instrument.id, question, filters, count)
        paging.item_count = len(found)
        if sort == "title":
            found.sort(key=lambda hit: (hit["title"].casefold(), hit["source_id"], hit["ordinal"]))
        elif sort == "place":
            found.sort(key=lambda hit: (hit["source_id"], hit["ordinal"]))
        return found[paging.first_item : end]


def _tuple(values: list[str] | None) -> tuple[str, ...] | None:
    return tuple(values) if values else None
