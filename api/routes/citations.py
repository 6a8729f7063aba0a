"""The proofs of a turn."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView

from api import access
from api.paging import Blueprint
from api.routes.chat import TurnSchema, turn_for

blueprint = Blueprint("citations", __name__, url_prefix="/api/citations", description="Proofs")


@blueprint.route("/turn/<turn_id>")
class TurnCitations(MethodView):
    @access.rule("instrument")
    @blueprint.response(200)
    def get(self, turn_id: str) -> dict[str, Any]:
        turn: Any = TurnSchema(only=["citations"]).dump(turn_for(turn_id))
        return {"items": turn["citations"]}
