"""The proofs of a turn."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields

from api.citations.withdrawal import as_shown
from api.extensions import db
from api.http import access
from api.http.paging import Blueprint
from api.routes.chat import CitationSchema, turn_for

blueprint = Blueprint("citations", __name__, url_prefix="/api/citations", description="Proofs")


class CitationsSchema(Schema):
    items = fields.List(fields.Nested(CitationSchema))


@blueprint.route("/turn/<turn_id>")
class TurnCitations(MethodView):
    @access.rule("instrument")
    @blueprint.response(200, CitationsSchema)
    def get(self, turn_id: str) -> dict[str, Any]:
        """The proofs of a turn, by number."""
        (turn,) = as_shown(db.session(), [turn_for(turn_id)])
        return {"items": turn.citations}
