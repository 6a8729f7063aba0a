"""The instructions of language models, per kind of prompt: versions, the active one, the built-in
one."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields, validate
from sqlalchemy import select

from api.chat import llm_defaults
from api.errors import unprocessable
from api.extensions import db
from api.http import access
from api.http.paging import Blueprint, page_of
from api.models import LLMPrompt
from api.routes.llm_defaults import known_kind
from pipelines.llms.prompts import BUILT_IN

blueprint = Blueprint(
    "llm-prompts", __name__, url_prefix="/api/llm-prompts", description="Instructions of models"
)

MAX_TEXT = 8_000
SHOWN = 100


class NewPromptSchema(Schema):
    text = fields.String(required=True, validate=validate.Length(1, MAX_TEXT))


class VersionSchema(Schema):
    version = fields.Integer()
    is_active = fields.Boolean()
    created_by = fields.String(allow_none=True)
    created_at = fields.DateTime(allow_none=True)


class VersionWithTextSchema(VersionSchema):
    type = fields.String()
    text = fields.String()


class PromptSchema(Schema):
    type = fields.String()
    version = fields.Integer(metadata={"description": "0 for the built-in instructions"})
    is_built_in = fields.Boolean()
    text = fields.String()
    created_at = fields.DateTime(allow_none=True)
    versions = fields.List(
        fields.Nested(VersionSchema), metadata={"description": f"The newest {SHOWN}, newest first"}
    )


class BuiltInSchema(Schema):
    type = fields.String()
    text = fields.String()


@blueprint.route("/<type_>")
class Prompt(MethodView):
    @access.rule("admin")
    @blueprint.response(200, PromptSchema)
    def get(self, type_: str) -> dict[str, Any]:
        """The active instructions and the list of versions."""
        return _shown(known_kind(type_))

    @access.rule("admin")
    @blueprint.arguments(NewPromptSchema)
    @blueprint.response(201, PromptSchema)
    def post(self, body: dict[str, Any], type_: str) -> dict[str, Any]:
        """Write a new version of the instructions, active from now on.

        The rules of citing and of fenced sources are added to whatever it says.
        """
        kind, text = known_kind(type_), body["text"].strip()
        if not text:
            unprocessable("text", "Write the instructions: the text is empty.")
        llm_defaults.add_prompt(db.session(), kind, text, access.user().id)
        db.session.commit()
        return _shown(kind)

    @access.rule("admin")
    @blueprint.response(204)
    def delete(self, type_: str) -> None:
        """Go back to the built-in instructions; the versions stay."""
        llm_defaults.revert_prompt(db.session(), known_kind(type_))
        db.session.commit()


@blueprint.route("/<type_>/default")
class BuiltInPrompt(MethodView):
    @access.rule("admin")
    @blueprint.response(200, BuiltInSchema)
    def get(self, type_: str) -> dict[str, Any]:
        """The built-in instructions."""
        return {"type": known_kind(type_), "text": BUILT_IN[type_]}


@blueprint.route("/<type_>/versions")
class PromptVersions(MethodView):
    @access.rule("admin")
    @blueprint.response(200, VersionWithTextSchema(many=True))
    @blueprint.paginate()
    def get(self, pagination_parameters: Any, type_: str) -> list[LLMPrompt]:
        """Every version of the instructions with its text, newest first."""
        rows = page_of(_versions(known_kind(type_)), pagination_parameters)
        return [prompt for (prompt,) in rows]


def _versions(kind: str) -> Any:
    return select(LLMPrompt).where(LLMPrompt.type == kind).order_by(LLMPrompt.version.desc())


def _shown(kind: str) -> dict[str, Any]:
    active = llm_defaults.active_prompt(db.session(), kind)
    return {
        "type": kind,
        "version": active.version if active else 0,
        "is_built_in": active is None,
        "text": active.text if active else BUILT_IN[kind],
        "created_at": active.created_at if active else None,
        "versions": db.session.scalars(_versions(kind).limit(SHOWN)).all(),
    }
