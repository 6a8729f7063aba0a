"""Asking, and the life of a turn."""

from __future__ import annotations

import re
from typing import Any

from flask import Response, jsonify, request
from flask.views import MethodView
from marshmallow import Schema, ValidationError, fields, pre_load, validate
from sqlalchemy import func, select

from api import access, streaming
from api.asking import start_turn
from api.errors import refuse, unprocessable
from api.extensions import db
from api.models import ChatSession, ChatTurn, Citation, Instrument, Job
from api.models.base import is_uuid
from api.paging import Blueprint, page_of
from api.routes import jobs as job_routes
from api.services import services

blueprint = Blueprint("chat", __name__, url_prefix="/api/chat", description="Asking")

MAX_QUESTION = 4000
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


class AskedSchema(Schema):
    turn_id = fields.String()
    session_id = fields.String()
    job_id = fields.String()
    status = fields.String()
    links = fields.Dict()


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
    locator = fields.Function(lambda citation: citation.locators[0] if citation.locators else None)
    locators = fields.List(fields.Dict())
    verdict = fields.String(allow_none=True)
    state = fields.String()


class TurnSchema(Schema):
    turn_id = fields.String(attribute="id")
    session_id = fields.String()
    instrument_id = fields.String()
    job_id = fields.String()
    status = fields.String()
    question = fields.String()
    answer = fields.String()
    citations = fields.List(fields.Nested(CitationSchema))
    claims = fields.List(fields.Dict())
    model = fields.String(allow_none=True)
    usage = fields.Dict()
    timings = fields.Dict()
    notices = fields.List(fields.String())
    error = fields.Function(
        lambda turn: (
            {"code": turn.error_code, "message": turn.error_message} if turn.error_code else None
        )
    )
    regenerated_from = fields.String(allow_none=True)
    feedback = fields.Function(
        lambda turn: (
            {"rating": turn.rating, "comment": turn.rating_comment} if turn.rating else None
        )
    )
    created_at = fields.DateTime()


class FeedbackSchema(Schema):
    rating = fields.String(required=True, validate=validate.OneOf(["up", "down"]))
    comment = fields.String(load_default="", validate=validate.Length(0, 5000))


class SessionSchema(Schema):
    id = fields.String()
    session_id = fields.Function(lambda chat: chat["id"])
    instrument_id = fields.String()
    title = fields.String()
    turn_count = fields.Integer()
    created_at = fields.DateTime()
    updated_at = fields.DateTime()


class SessionWithTurnsSchema(SessionSchema):
    turns = fields.List(fields.Nested(TurnSchema))


class SessionChangeSchema(Schema):
    title = fields.String(required=True, validate=validate.Length(1, 200))


@blueprint.route("/ask")
class Ask(MethodView):
    @access.rule("instrument")
    @blueprint.arguments(AskSchema)
    @blueprint.response(202, AskedSchema)
    def post(self, body: dict[str, Any]) -> Any:
        """Ask. The answer is written by a worker; with `Prefer: wait=30` it is waited for."""
        turn = begin(body)
        wait = min(int(match[1]), 60) if (match := _WAIT.search(_prefer())) else 0
        if wait and turn.job_id:
            db.session.remove()
            streaming.wait_until_finished(turn.job_id, wait, services().hub)
            turn = db.session.get_one(ChatTurn, turn.id)
            if turn.status in streaming.FINAL:
                answer = jsonify(TurnSchema().dump(turn))
                answer.headers["Preference-Applied"] = f"wait={wait}"
                return answer
        return asked(turn)


@blueprint.route("/turns/<turn_id>")
class OneTurn(MethodView):
    @access.rule("instrument")
    @blueprint.response(200, TurnSchema)
    def get(self, turn_id: str) -> ChatTurn:
        return turn_for(turn_id)


@blueprint.route("/regen/<turn_id>")
class Regenerate(MethodView):
    @access.rule("instrument")
    @blueprint.response(202, AskedSchema)
    def post(self, turn_id: str) -> dict[str, Any]:
        """Answer the same question once more; both turns stay."""
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
            regenerated_from=old.id,
        )
        return asked(turn)


@blueprint.route("/turn/<turn_id>/cancel")
class CancelTurn(MethodView):
    @access.rule("instrument")
    @blueprint.response(202, AskedSchema)
    def post(self, turn_id: str) -> dict[str, Any]:
        """Stop writing; what was said so far is kept."""
        turn = turn_for(turn_id)
        job_routes.cancel(db.session.get_one(Job, turn.job_id))
        db.session.refresh(turn)
        return asked(turn)


@blueprint.route("/turn/<turn_id>/feedback")
class Feedback(MethodView):
    @access.rule("instrument")
    @blueprint.arguments(FeedbackSchema)
    @blueprint.response(200)
    def post(self, body: dict[str, Any], turn_id: str) -> Response:
        """Say whether the answer helped; again replaces."""
        turn = turn_for(turn_id)
        turn.rating, turn.rating_comment = body["rating"], body["comment"]
        db.session.commit()
        return jsonify({"status": "ok"})


@blueprint.route("/sessions/")
class Sessions(MethodView):
    @access.rule("signed_in")
    @blueprint.response(200, SessionSchema(many=True))
    @blueprint.paginate()
    def get(self, pagination_parameters: Any) -> list[dict[str, Any]]:
        """The caller's conversations, newest first."""
        who = access.user()
        mine = (
            select(ChatSession, func.count(ChatTurn.id))
            .outerjoin(ChatTurn)
            .where(
                ChatSession.user_id == who.id,
                ChatSession.instrument_id.in_(access.visible_instruments(who)),
            )
            .group_by(ChatSession.id)
            .order_by(ChatSession.created_at.desc(), ChatSession.id)
        )
        rows = page_of(mine, pagination_parameters)
        return [_session(chat, count) for chat, count in rows]


@blueprint.route("/sessions/<session_id>")
class OneSession(MethodView):
    @access.rule("instrument")
    @blueprint.response(200, SessionWithTurnsSchema)
    def get(self, session_id: str) -> dict[str, Any]:
        chat = access.chat_session_for(session_id)
        access.instrument_for(chat.instrument_id)
        return {**_session(chat, len(chat.turns)), "turns": chat.turns}

    @access.rule("instrument")
    @blueprint.arguments(SessionChangeSchema)
    @blueprint.response(200, SessionSchema)
    def patch(self, body: dict[str, Any], session_id: str) -> dict[str, Any]:
        chat = access.chat_session_for(session_id)
        chat.title = body["title"].strip()
        db.session.commit()
        return _session(chat, len(chat.turns))

    @access.rule("instrument")
    @blueprint.response(204)
    def delete(self, session_id: str) -> None:
        chat = access.chat_session_for(session_id)
        for turn in chat.turns:
            if turn.status in ("queued", "running"):
                job_routes.cancel(db.session.get_one(Job, turn.job_id))
        db.session.delete(chat)
        db.session.commit()


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


def citations_of(turn_id: str) -> list[dict[str, Any]]:
    rows = db.session.scalars(
        select(Citation).where(Citation.turn_id == turn_id).order_by(Citation.number)
    ).all()
    return CitationSchema(many=True).dump(rows)  # type: ignore[return-value]


def _session(chat: ChatSession, count: int) -> dict[str, Any]:
    return {
        "id": chat.id,
        "instrument_id": chat.instrument_id,
        "title": chat.title,
        "turn_count": count,
        "created_at": chat.created_at,
        "updated_at": chat.updated_at,
    }


def _prefer() -> str:
    return request.headers.get("Prefer", "")
