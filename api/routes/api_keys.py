"""Keys for services that call us. The secret is shown once."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields, validate
from sqlalchemy import select

from api.errors import refuse
from api.extensions import db
from api.http import access
from api.http.paging import Blueprint, page_of
from api.models import ApiKey
from api.models.base import is_uuid

blueprint = Blueprint("api-keys", __name__, url_prefix="/api/api-keys", description="API keys")


class ApiKeySchema(Schema):
    id = fields.String(dump_only=True)
    name = fields.String(required=True, validate=validate.Length(1, 100))
    prefix = fields.String(dump_only=True)
    key = fields.String(dump_only=True, metadata={"description": "Shown when made, never again"})
    created_at = fields.DateTime(dump_only=True)
    last_used_at = fields.DateTime(dump_only=True, allow_none=True)


@blueprint.route("/")
class ApiKeys(MethodView):
    @access.rule("signed_in")
    @blueprint.response(200, ApiKeySchema(many=True))
    @blueprint.paginate()
    def get(self, pagination_parameters: Any) -> list[ApiKey]:
        """The caller's API keys, without their secrets."""
        mine = select(ApiKey).where(ApiKey.user_id == access.user().id)
        rows = page_of(mine.order_by(ApiKey.created_at, ApiKey.id), pagination_parameters)
        return [key for (key,) in rows]

    @access.rule("signed_in")
    @blueprint.arguments(ApiKeySchema)
    @blueprint.response(201, ApiKeySchema)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Make an API key; `key` is shown this once."""
        key, secret = access.new_api_key(db.session(), access.user(), body["name"])
        db.session.commit()
        return {**ApiKeySchema().dump(key), "created_at": key.created_at, "key": secret}


@blueprint.route("/<key_id>")
class OneApiKey(MethodView):
    @access.rule("signed_in")
    @blueprint.response(204)
    def delete(self, key_id: str) -> None:
        """Delete an API key; it is refused from now on."""
        key = db.session.get(ApiKey, key_id) if is_uuid(key_id) else None
        if key is None or key.user_id != access.user().id:
            refuse(404, "No such API key.")
        db.session.delete(key)
        db.session.commit()
