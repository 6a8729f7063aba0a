"""Asking, and the life of a turn."""

from __future__ import annotations

import re
from typing import Any

from flask import Response, jsonify, request
from flask.views import MethodView
from marshmallow import Schema, ValidationError, fields, pre_dump, pre_load, validate

from api.chat import regenerations
from api.chat.turns import start_turn
from api.citations.recognition import RecognitionSchema
from api.citations.withdrawal import as_shown
from api.errors import refuse, unprocessable
from api.extensions import db
from api.http import access
from api.http.json_fields import REFS, Stored, locators_field
from api.http.paging import Blueprint
from api.jobs import streaming
from api.models import ChatSession, ChatTurn, Instrument, Job
from api.models.base import is_uuid
from api.routes import jobs as job_routes
from api.services import services

blueprint = Blueprint("chat", __name__, url_prefix="/api/chat", description="Asking")

MAX_QUESTION = 4000
VERDICTS = ["verified", "partial", "unsupported"]
_WAIT = re.compile(r"\bwait=(\d+)")


class AskSchema(Schema):
    instrument_id = fields.String(required=True)
    question = fields.String(required=True, validate=validate.Length(1, MAX_QUESTION))
    session_id = fields.String(load_default=None, allow_none=True)
    source_ids = fields.List(fields.String(), load_default=None, allow_none=True)
    model = fields.String(load_default=None, allow_none=True)

    @pre_load
    def alias(self, data: Any, **_: Any) -> Any:
        """`instrument` is another name for `instrument_id`."""
        if not isinstance(data, dict) or "instrument" not in data:
            return data
        data = dict(data)
        named = data.pop("instrument")
        if data.setdefault("instrument_id", named) != named:
            raise ValidationError("instrument and instrument_id differ", "instrument")
        return data


class LinksSchema(Schema):
    turn = fields.String()
    stream = fields.String()


class AskedSchema(Schema):
    turn_id = fields.String()
    session_id = fields.String()
    job_id = fields.String()
    status = fields.String()
    links = fields.Nested(LinksSchema)


class FocusSchema(Schema):
    start = fields.Integer(metadata={"description": "Offset in `quote`"})
    end = fields.Integer(metadata={"description": "Offset in `quote`"})
    locators = locators_field()


class RelatedSchema(Schema):
    """A passage near the question that does not answer it: no proof of anything."""

    source_id = fields.String()
    version_id = fields.String()
    fragment_id = fields.String()
    title = fields.String()
    filename = fields.String()
    type = fields.String()
    score = fields.Float()
    quote = fields.String()
    locator = fields.Dict(allow_none=True)
    locators = locators_field()
    focus = fields.Nested(FocusSchema, allow_none=True)


class CitationSchema(Schema):
    id = fields.String()
    number = fields.Integer()
    source_id = fields.String()
    version_id = fields.String()
    fragment_id = fields.String()
    title = fields.String()
    filename = fields.String()
    type = fields.String()
    score = fields.Float()
    quote = fields.String()
    locator = fields.Function(
        lambda citation: citation.locators[0] if citation.locators else None,
        metadata={"allOf": [{"$ref": f"{REFS}Locator"}], "nullable": True},
    )
    locators = locators_field()
    recognition = fields.Nested(RecognitionSchema, allow_none=True)
    verdict = fields.String(allow_none=True, metadata={"enum": [*VERDICTS, None]})
    focus = fields.Nested(
        FocusSchema,
        allow_none=True,
        metadata={"description": "What decides in `quote`: the sentence, row or step to mark"},
    )
    state = fields.String(metadata={"enum": ["current", "stale", "withdrawn"]})
    moved_from = fields.String(
        allow_none=True,
        metadata={"description": "The version it was made from, when its quote moved to a newer"},
    )


class ClaimSchema(Schema):
    """A sentence of the answer and what its proofs say to it."""

    text = fields.String()
    start = fields.Integer(metadata={"description": "Offset in `answer`"})
    end = fields.Integer(metadata={"description": "Offset in `answer`"})
    verdict = fields.String(metadata={"enum": VERDICTS})
    citations = fields.List(fields.Integer(), metadata={"description": "Numbers of proofs"})
    missing = fields.List(
        fields.String(),
        metadata={"description": 'What the proofs do not say: "number: 6 kg", "word: blue"'},
    )
    changed = fields.List(
        fields.String(),
        metadata={
            "description": "What they say otherwise in the same place, or what the sentence leaves "
            'out of them: "5 kg -> 6 kg", "if lid closed -> (left out)"'
        },
    )
    repeats = fields.List(
        fields.String(), metadata={"description": "Sources whose words it repeats"}
    )


class TurnSchema(Schema):
    turn_id = fields.String(attribute="id")
    session_id = fields.String()
    instrument_id = fields.String()
    job_id = fields.String()
    status = fields.String(metadata={"enum": job_routes.STATES})
    question = fields.String()
    answer = fields.String()
    citations = fields.List(fields.Nested(CitationSchema))
    claims = fields.List(Stored(ClaimSchema))
    answered = fields.String(
        allow_none=True,
        metadata={
            "enum": ["yes", "partly", "no", None],
            "description": "Whether the answer gives what was asked for, apart from whether what "
            "it says is proved; null until it is written",
        },
    )
    understood_as = fields.String(
        allow_none=True,
        metadata={"description": "The question as it was looked for, where it leaned on others"},
    )
    related = fields.List(
        Stored(RelatedSchema),
        metadata={"description": "Where nothing answers: at most three passages that are near"},
    )
    reasoning = fields.String(
        metadata={
            "description": "What the model thought before, where its provider tells it: unchecked"
        }
    )
    model = fields.String(allow_none=True)
    usage = fields.Dict(metadata={"description": "Tokens read and written, cost where known"})
    timings = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        metadata={"description": "Milliseconds: queued_ms, retrieve_ms, first_token_ms, total_ms"},
    )
    notices = fields.List(fields.String())
    error = fields.Function(
        lambda turn: (
            {"code": turn.error_code, "message": turn.error_message} if turn.error_code else None
        ),
        metadata={"allOf": [{"$ref": f"{REFS}JobError"}], "nullable": True},
    )
    regenerated_from = fields.String(allow_none=True)
    chosen = fields.Boolean(attribute="is_chosen")
    feedback = fields.Function(
        lambda turn: (
            {"rating": turn.rating, "comment": turn.rating_comment} if turn.rating else None
        ),
        metadata={"allOf": [{"$ref": f"{REFS}Feedback"}], "nullable": True},
    )
    created_at = fields.DateTime()

    @pre_dump(pass_collection=True)
    def without_deleted(self, turns: Any, many: bool, **_: Any) -> Any:
        """Here, where every turn passes on its way out: none may tell of a deleted source."""
        shown = as_shown(db.session(), turns if many else [turns])
        return shown if many else shown[0]


class TurnChangeSchema(Schema):
    chosen = fields.Boolean(required=True, validate=validate.Equal(True))


class RegenerateSchema(Schema):
    model = fields.String(load_default=None, allow_none=True)


class FeedbackKeptSchema(Schema):
    status = fields.String()


class FeedbackSchema(Schema):
    rating = fields.String(required=True, validate=validate.OneOf(["up", "down"]))
    comment = fields.String(load_default="", validate=validate.Length(0, 5000))


@blueprint.route("/ask", parameters=["Prefer"])
class Ask(MethodView):
    @access.rule("instrument")
    @blueprint.arguments(AskSchema)
    @blueprint.response(202, AskedSchema)
    @blueprint.alt_response(
        200, schema=TurnSchema, description="With `Prefer: wait`: the whole turn, when done in time"
    )
    def post(self, body: dict[str, Any]) -> Any:
        """Ask a question.

        The answer is written by a worker; with `Prefer: wait=30` it is waited for.
        """
        turn = begin(body)
        wait = min(int(match[1]), 60) if (match := _WAIT.search(_prefer())) else 0
        if wait and turn.job_id:
            db.session.remove()
            streaming.wait_until_finished(turn.job_id, wait, services().hub)
            turn = db.session.get_one(ChatTurn, turn.id)
            if turn.status in streaming.FINAL:
                answer = jsonify(TurnSchema().dump(turn))
                answer.headers["Preference-Applied"] = f"wait={wait}"
                answer.headers["Content-Location"] = asked(turn)["links"]["turn"]
                return answer
        return asked(turn)


@blueprint.route("/turns/<turn_id>")
class OneTurn(MethodView):
    @access.rule("instrument")
    @blueprint.response(200, TurnSchema)
    def get(self, turn_id: str) -> ChatTurn:
        """A turn: the question, its answer and the proofs."""
        return turn_for(turn_id)

    @access.rule("instrument")
    @blueprint.arguments(TurnChangeSchema)
    @blueprint.response(200, TurnSchema)
    @blueprint.alt_response(409, "CONFLICT")
    def patch(self, _body: dict[str, Any], turn_id: str) -> ChatTurn:
        """Choose this answer among those to one question.

        The conversation goes on from what is chosen.
        """
        turn = turn_for(turn_id)
        if turn.status not in ("done", "cancelled") or not turn.answer:
            refuse(409, f"This answer is {turn.status} and says nothing; choose another.")
        regenerations.choose(db.session(), turn)
        db.session.commit()
        db.session.refresh(turn)
        return turn


@blueprint.route("/regen/<turn_id>")
class Regenerate(MethodView):
    @access.rule("instrument")
    @blueprint.arguments(RegenerateSchema, required=False)
    @blueprint.response(202, AskedSchema)
    def post(self, body: dict[str, Any] | None, turn_id: str) -> dict[str, Any]:
        """Answer the same question once more.

        Both turns stay; the new one is chosen once it is done.
        """
        old = turn_for(turn_id)
        instrument = access.instrument_for(old.instrument_id)
        turn = start_turn(
            db.session(),
            services(),
            who=access.user(),
            instrument=instrument,
            question=old.question,
            chat=db.session.get_one(ChatSession, old.session_id),
            source_ids=old.source_ids,
            model=(body or {}).get("model"),
            regenerated_from=old.regenerated_from or old.id,
            history=old.history,
        )
        return asked(turn)


@blueprint.route("/turn/<turn_id>/cancel")
class CancelTurn(MethodView):
    @access.rule("instrument")
    @blueprint.response(202, AskedSchema)
    def post(self, turn_id: str) -> dict[str, Any]:
        """Stop writing an answer; what was said so far is kept."""
        turn = turn_for(turn_id)
        job_routes.cancel(db.session.get_one(Job, turn.job_id))
        db.session.refresh(turn)
        return asked(turn)


@blueprint.route("/turn/<turn_id>/feedback")
class Feedback(MethodView):
    @access.rule("instrument")
    @blueprint.arguments(FeedbackSchema)
    @blueprint.response(200, FeedbackKeptSchema)
    def post(self, body: dict[str, Any], turn_id: str) -> Response:
        """Say whether an answer helped; again replaces."""
        turn = turn_for(turn_id)
        turn.rating, turn.rating_comment = body["rating"], body["comment"]
        db.session.commit()
        return jsonify({"status": "ok"})


def begin(body: dict[str, Any]) -> ChatTurn:
    """Start the turn that a loaded AskSchema asks for; refuses what may not be asked."""
    instrument: Instrument = access.instrument_for(body["instrument_id"])
    chat = None
    if body["session_id"]:
        chat = access.chat_session_for(body["session_id"])
        if chat.instrument_id != instrument.id:
            unprocessable("session_id", "This conversation is about another instrument.")
    for source_id in body["source_ids"] or ():
        if access.source_for(source_id).instrument_id != instrument.id:
            unprocessable("source_ids", "Every source must belong to the instrument.")
    return start_turn(
        db.session(),
        services(),
        who=access.user(),
        instrument=instrument,
        question=body["question"],
        chat=chat,
        source_ids=body["source_ids"],
        model=body["model"],
    )


def turn_for(turn_id: str) -> ChatTurn:
    """The caller's own turn, on an instrument that they may still read; else 404."""
    turn = db.session.get(ChatTurn, turn_id) if is_uuid(turn_id) else None
    if turn is None or turn.user_id != access.user().id:
        refuse(404, "No such turn.")
    access.instrument_for(turn.instrument_id)
    return turn


def asked(turn: ChatTurn) -> dict[str, Any]:
    return {
        "turn_id": turn.id,
        "session_id": turn.session_id,
        "job_id": turn.job_id,
        "status": turn.status,
        "links": {"turn": f"/api/chat/turns/{turn.id}", "stream": f"/stream/turns/{turn.id}"},
    }


def _prefer() -> str:
    return request.headers.get("Prefer", "")
