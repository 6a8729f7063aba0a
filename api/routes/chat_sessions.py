"""The caller's conversations: their list, one with its turns, one as a file."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView
from marshmallow import Schema, ValidationError, fields, validate, validates
from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import selectinload

from api.chat import exports
from api.citations.withdrawal import titles_as_shown
from api.extensions import db
from api.http import access
from api.http.json_fields import TEXT
from api.http.paging import Blueprint, page_of
from api.models import ChatSession, ChatTurn, Job
from api.routes import jobs as job_routes
from api.routes.chat import TurnSchema

blueprint = Blueprint(
    "chat-sessions", __name__, url_prefix="/api/chat/sessions", description="Conversations"
)

ORIGINS = ("chat", "openai")
"""Where a conversation is held: here, or in a client of the OpenAI API."""


class SessionSchema(Schema):
    id = fields.String()
    session_id = fields.Function(lambda chat: chat["id"], metadata={"type": "string"})
    instrument_id = fields.String()
    title = fields.String()
    origin = fields.String(metadata={"enum": ORIGINS})
    turn_count = fields.Integer()
    created_at = fields.DateTime()
    updated_at = fields.DateTime()


class SessionWithTurnsSchema(SessionSchema):
    turns = fields.Nested(TurnSchema, many=True)


class SessionChangeSchema(Schema):
    title = fields.String(required=True, validate=validate.Length(1, 200))

    @validates("title")
    def has_words(self, title: str, **_: Any) -> None:
        if not title.strip():
            raise ValidationError("Give the conversation a title that can be seen.")


class SessionQuerySchema(Schema):
    instrument = fields.String()
    q = fields.String(validate=validate.Length(0, 200))
    origin = fields.String(load_default="chat", validate=validate.OneOf(ORIGINS))


class ExportQuerySchema(Schema):
    format = fields.String(load_default="md", validate=validate.OneOf(sorted(exports.FORMATS)))


@blueprint.route("/")
class Sessions(MethodView):
    @access.rule("signed_in")
    @blueprint.arguments(SessionQuerySchema, location="query")
    @blueprint.response(200, SessionSchema(many=True))
    @blueprint.paginate()
    def get(self, query: dict[str, Any], pagination_parameters: Any) -> list[dict[str, Any]]:
        """The caller's conversations, newest first.

        `q` is looked for in titles and questions.
        """
        who = access.user()
        count = select(func.count()).where(ChatTurn.session_id == ChatSession.id).scalar_subquery()
        mine = select(ChatSession, count).where(
            ChatSession.user_id == who.id,
            ChatSession.origin == query["origin"],
            ChatSession.instrument_id.in_(access.visible_instruments(who)),
        )
        if "instrument" in query:
            access.instrument_for(query["instrument"])
            mine = mine.where(ChatSession.instrument_id == query["instrument"])
        if words := query.get("q", "").strip():
            asked = ChatTurn.question.icontains(words, autoescape=True)
            mine = mine.where(
                or_(
                    ChatSession.title.icontains(words, autoescape=True),
                    exists().where(ChatTurn.session_id == ChatSession.id, asked),
                )
            )
        ordered = mine.order_by(ChatSession.created_at.desc(), ChatSession.id)
        rows = page_of(ordered, pagination_parameters)
        titles = titles_as_shown(db.session(), [chat for chat, _ in rows])
        return [_session(chat, count, titles[chat.id]) for chat, count in rows]


@blueprint.route("/<session_id>")
class OneSession(MethodView):
    @access.rule("instrument")
    @blueprint.response(200, SessionWithTurnsSchema)
    @blueprint.paginate(page_size=100)
    def get(self, session_id: str, pagination_parameters: Any) -> dict[str, Any]:
        """A conversation with a page of its turns, oldest first."""
        chat = session_for(session_id)
        turns = [turn for (turn,) in page_of(_turns_of(chat), pagination_parameters)]
        return {**_session(chat, pagination_parameters.item_count), "turns": turns}

    @access.rule("instrument")
    @blueprint.arguments(SessionChangeSchema)
    @blueprint.response(200, SessionSchema)
    def patch(self, body: dict[str, Any], session_id: str) -> dict[str, Any]:
        """Give a conversation another title."""
        chat = session_for(session_id)
        chat.title = body["title"].strip()
        db.session.commit()
        return _session(chat, len(chat.turns))

    @access.rule("instrument")
    @blueprint.response(204)
    def delete(self, session_id: str) -> None:
        """Delete a conversation; an answer that is being written is stopped."""
        chat = access.chat_session_for(session_id)
        for turn in chat.turns:
            if turn.status in ("queued", "running"):
                job_routes.cancel(db.session.get_one(Job, turn.job_id))
        db.session.delete(chat)
        db.session.commit()


@blueprint.route("/<session_id>/export")
class Export(MethodView):
    @access.rule("instrument")
    @blueprint.arguments(ExportQuerySchema, location="query")
    @blueprint.response(200, TEXT, content_type="text/markdown")
    @blueprint.alt_response(200, schema=SessionWithTurnsSchema, success=True)
    def get(self, query: dict[str, Any], session_id: str) -> Response:
        """A whole conversation as a file: Markdown with footnoted proofs, or JSON."""
        chat = session_for(session_id)
        turns: Any = TurnSchema(many=True).dump(db.session.scalars(_turns_of(chat)).all())
        session: Any = SessionSchema().dump(_session(chat, len(turns)))
        return exports.response(session, turns, query["format"])


def session_for(session_id: str) -> ChatSession:
    """The caller's own conversation, about an instrument that they may still read; else 404."""
    chat = access.chat_session_for(session_id)
    access.instrument_for(chat.instrument_id)
    return chat


def _turns_of(chat: ChatSession) -> Any:
    return (
        select(ChatTurn)
        .where(ChatTurn.session_id == chat.id)
        .options(selectinload(ChatTurn.citations))
        .order_by(ChatTurn.created_at, ChatTurn.id)
    )


def _session(chat: ChatSession, count: int, title: str | None = None) -> dict[str, Any]:
    """`title` as it may be shown, looked up unless it is given."""
    if title is None:
        title = titles_as_shown(db.session(), [chat])[chat.id]
    return {
        "id": chat.id,
        "instrument_id": chat.instrument_id,
        "title": title,
        "origin": chat.origin,
        "turn_count": count,
        "created_at": chat.created_at,
        "updated_at": chat.updated_at,
    }
