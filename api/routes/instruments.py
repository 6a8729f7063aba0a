"""Instruments: what people ask about, and the boundary of access."""

from __future__ import annotations

import re
import secrets
import unicodedata
from typing import Any

from flask.views import MethodView
from marshmallow import Schema, fields, validate
from sqlalchemy import exists, func, select

from api.errors import refuse
from api.extensions import db
from api.http import access
from api.http.paging import Blueprint, page_of
from api.jobs import lifecycle
from api.models import AccessGrant, Instrument, Source
from api.search.embedding_models import model_of, offered
from api.search.reindexing import begin_reindex, is_reindex_needed
from api.services import services
from api.sources.removal import remove_instrument

blueprint = Blueprint(
    "instruments", __name__, url_prefix="/api/instruments", description="What people ask about"
)


class InstrumentSchema(Schema):
    id = fields.String(dump_only=True)
    name = fields.String(required=True, validate=validate.Length(1, 200))
    slug = fields.String(dump_only=True)
    description = fields.String(load_default="", validate=validate.Length(0, 5000))
    mark_unproven = fields.Boolean(
        load_default=True,
        metadata={"description": "Whether a sentence that nothing proves is marked in the answer"},
    )
    source_count = fields.Integer(dump_only=True)
    my_access = fields.String(dump_only=True, metadata={"enum": ["reader", "editor", "manager"]})
    embedding_model = fields.String(
        dump_only=True,
        metadata={
            "description": "The model that it is to be indexed by: the one chosen for it, else "
            "EMBEDDING_MODEL"
        },
    )
    index_model = fields.String(
        dump_only=True,
        allow_none=True,
        metadata={
            "description": "The model whose index answers; null until something was read. "
            "Reindexing lets `embedding_model` take over"
        },
    )
    reindex_needed = fields.Boolean(dump_only=True)
    created_at = fields.DateTime(dump_only=True)
    updated_at = fields.DateTime(dump_only=True)


class InstrumentChangeSchema(Schema):
    name = fields.String(validate=validate.Length(1, 200))
    description = fields.String(validate=validate.Length(0, 5000))
    mark_unproven = fields.Boolean()
    embedding_model = fields.String(
        allow_none=True,
        validate=validate.Length(1, 300),
        metadata={
            "description": "One of the built-in models, `all-MiniLM-L6-v2` and "
            "`multilingual-e5-small`, EMBEDDING_MODEL or one of EMBEDDING_MODELS; null: the one "
            "that is set. Reindex the instrument to switch: the old index answers until the new "
            "one holds everything"
        },
    )


class ReindexSchema(Schema):
    instrument_id = fields.String()
    job_id = fields.String()
    status = fields.String()


@blueprint.route("/")
class Instruments(MethodView):
    @access.rule("signed_in")
    @blueprint.response(200, InstrumentSchema(many=True))
    @blueprint.paginate()
    def get(self, pagination_parameters: Any) -> list[dict[str, Any]]:
        """The instruments that the caller may read."""
        mine = Instrument.id.in_(access.visible_instruments(access.user()))
        query = select(Instrument).where(mine).order_by(Instrument.name, Instrument.id)
        return [_shown(instrument) for (instrument,) in page_of(query, pagination_parameters)]

    @access.rule("signed_in")
    @blueprint.arguments(InstrumentSchema)
    @blueprint.response(201, InstrumentSchema)
    def post(self, body: dict[str, Any]) -> dict[str, Any]:
        """Make an instrument; whoever makes it manages it."""
        caller = access.user()
        instrument = Instrument(
            name=body["name"].strip(),
            slug=_free_slug(body["name"]),
            description=body["description"],
            mark_unproven=body["mark_unproven"],
            created_by=caller.id,
        )
        db.session.add(instrument)
        db.session.flush()
        db.session.add(
            AccessGrant(
                instrument_id=instrument.id,
                user_id=caller.id,
                role="manager",
                granted_by=caller.id,
            )
        )
        db.session.commit()
        return _shown(instrument)


@blueprint.route("/<instrument_id>")
class OneInstrument(MethodView):
    @access.rule("instrument")
    @blueprint.response(200, InstrumentSchema)
    def get(self, instrument_id: str) -> dict[str, Any]:
        """One instrument."""
        return _shown(access.instrument_for(instrument_id))

    @access.rule("instrument")
    @blueprint.arguments(InstrumentChangeSchema)
    @blueprint.response(200, InstrumentSchema)
    def patch(self, body: dict[str, Any], instrument_id: str) -> dict[str, Any]:
        """Change an instrument: its name, description, embedding model, how answers are marked."""
        instrument = access.instrument_for(instrument_id, "manager")
        models = offered(services().config)
        if (model := body.get("embedding_model")) is not None and model not in models:
            refuse(422, f"There is no embedding model {model!r} here; choose {_either(models)}.")
        for name, value in body.items():
            setattr(instrument, name, value)
        db.session.commit()
        return _shown(instrument)

    @access.rule("instrument")
    @blueprint.response(204)
    def delete(self, instrument_id: str) -> None:
        """Delete an instrument with its sources, objects, vectors and chats."""
        instrument = access.instrument_for(instrument_id, "manager")
        purge = remove_instrument(db.session(), instrument, access.user().id)
        db.session.commit()
        lifecycle.enqueue(db.session(), services().queue, purge)


@blueprint.route("/<instrument_id>/reindex")
class Reindex(MethodView):
    @access.rule("instrument")
    @blueprint.response(202, ReindexSchema)
    def post(self, instrument_id: str) -> dict[str, Any]:
        """Make an instrument's indexes anew by the model that it is to have.

        The old index answers meanwhile.
        """
        instrument = access.instrument_for(instrument_id, "manager")
        job = begin_reindex(db.session(), instrument, access.user().id)
        if job is None:
            refuse(409, "This instrument is being reindexed; wait for its job or cancel it.")
        db.session.commit()
        lifecycle.enqueue(db.session(), services().queue, job)
        return {"instrument_id": instrument.id, "job_id": job.id, "status": job.state}


def _either(names: list[str]) -> str:
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _shown(instrument: Instrument) -> dict[str, Any]:
    config = services().config
    there = (Source.instrument_id == instrument.id, Source.deleted_at.is_(None))
    count = select(func.count()).where(*there)
    return {
        **InstrumentSchema().dump(instrument),
        "created_at": instrument.created_at,
        "updated_at": instrument.updated_at,
        "source_count": db.session.scalar(count),
        "embedding_model": model_of(instrument, config),
        "index_model": (instrument.index or {}).get("model"),
        "reindex_needed": is_reindex_needed(db.session(), instrument, config),
        "my_access": access.level_on(access.user(), instrument.id),
    }


def _free_slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60] or "instrument"
    if db.session.scalar(select(exists().where(Instrument.slug == slug))):
        return f"{slug}-{secrets.token_hex(3)}"
    return slug
