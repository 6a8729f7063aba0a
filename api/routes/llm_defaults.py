"""Language models: who provides them, and which one serves which kind of prompt."""

from __future__ import annotations

from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields, validate

from api.chat import llm_defaults
from api.errors import refuse, unprocessable
from api.extensions import db
from api.http import access
from api.http.paging import Blueprint
from api.llm_settings import is_configured, why_not
from api.services import services
from pipelines.llms.catalogue import PRICES_OF, PROVIDERS, Facts, Provider

blueprint = Blueprint(
    "llm-defaults", __name__, url_prefix="/api/llm-defaults", description="Language models"
)

MAX_FALLBACKS = 5


class PriceSchema(Schema):
    """Per million tokens."""

    input = fields.Float()
    output = fields.Float()
    currency = fields.String()
    as_of = fields.String()


class ModelSchema(Schema):
    model = fields.String(metadata={"description": "As LLM and defaults name it"})
    context_window = fields.Integer(allow_none=True, metadata={"description": "Tokens"})
    max_output = fields.Integer(allow_none=True, metadata={"description": "Tokens"})
    abilities = fields.List(fields.String())
    price = fields.Nested(PriceSchema, allow_none=True)


class ProviderSchema(Schema):
    provider = fields.String()
    title = fields.String()
    configured = fields.Boolean()
    key_setting = fields.String(allow_none=True)
    url_setting = fields.String(allow_none=True)
    takes_any_model = fields.Boolean()
    models = fields.List(fields.Nested(ModelSchema))


class DefaultSchema(Schema):
    type = fields.String()
    model = fields.String()
    fallbacks = fields.List(fields.String())
    is_set = fields.Boolean()
    updated_at = fields.DateTime(allow_none=True)


class DefaultChangeSchema(Schema):
    model = fields.String(required=True, validate=validate.Length(1, 200))
    fallbacks = fields.List(
        fields.String(validate=validate.Length(1, 200)),
        load_default=None,
        validate=validate.Length(0, MAX_FALLBACKS),
        metadata={
            "description": "In order; left out: `extractive`, the sources' own sentences. An empty "
            "list means none"
        },
    )


@blueprint.route("/providers")
class Providers(MethodView):
    @access.rule("signed_in")
    @blueprint.response(200, ProviderSchema(many=True))
    def get(self) -> list[dict[str, Any]]:
        """Every provider, whether it is set up, and what is known of its models."""
        return [_provider(each) for each in PROVIDERS]


@blueprint.route("/<type_>")
class Default(MethodView):
    @access.rule("signed_in")
    @blueprint.response(200, DefaultSchema)
    def get(self, type_: str) -> llm_defaults.Default:
        """The model of a kind of prompt, and those that answer when it can't."""
        return llm_defaults.default_of(db.session(), services().config, known_kind(type_))

    @access.rule("admin")
    @blueprint.arguments(DefaultChangeSchema)
    @blueprint.response(200, DefaultSchema)
    def put(self, body: dict[str, Any], type_: str) -> llm_defaults.Default:
        """Set the model of a kind of prompt; what is asked from now on is answered by it."""
        config = services().config
        kind = known_kind(type_)
        model, fallbacks = body["model"].strip(), body["fallbacks"]
        if fallbacks is None:
            fallbacks = llm_defaults.fallbacks_of(model)
        fallbacks = [each.strip() for each in fallbacks]
        if told := why_not(config, model):
            unprocessable("model", told)
        for fallback in fallbacks:
            if told := why_not(config, fallback):
                unprocessable("fallbacks", told)
        if len({model, *fallbacks}) <= len(fallbacks):
            unprocessable("fallbacks", "Name each model once, and not the default itself.")
        llm_defaults.set_default(db.session(), kind, model, fallbacks, access.user().id)
        db.session.commit()
        return llm_defaults.default_of(db.session(), config, kind)

    @access.rule("admin")
    @blueprint.response(204)
    def delete(self, type_: str) -> None:
        """Go back to the model that follows from the settings."""
        llm_defaults.unset_default(db.session(), known_kind(type_))
        db.session.commit()


def known_kind(type_: str) -> str:
    """A kind of prompt; 404 for any other."""
    if type_ not in llm_defaults.KINDS:
        refuse(404, f"There is no such kind of prompt; there are {', '.join(llm_defaults.KINDS)}.")
    return type_


def _provider(provider: Provider) -> dict[str, Any]:
    return {
        "provider": provider.id,
        "title": provider.title,
        "configured": is_configured(services().config, provider),
        "key_setting": provider.key_setting or None,
        "url_setting": provider.url_setting or None,
        "takes_any_model": provider.takes_any,
        "models": [_model(provider, model, facts) for model, facts in provider.models],
    }


def _model(provider: Provider, model: str, facts: Facts) -> dict[str, Any]:
    price = facts.price and {
        "input": facts.price.input,
        "output": facts.price.output,
        "currency": "USD",
        "as_of": PRICES_OF,
    }
    abilities = {"streaming": facts.streaming, "tools": facts.tools, "vision": facts.vision}
    is_outside = bool(provider.key_setting)
    return {
        "model": f"{provider.id}:{model}" if model else provider.id,
        "context_window": facts.context if is_outside else None,
        "max_output": facts.max_output if is_outside else None,
        "abilities": [name for name, has in abilities.items() if has],
        "price": price,
    }
