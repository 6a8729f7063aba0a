"""The OpenAI API: any chat client asks an instrument as the model `vouch/<slug>`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from flask import Response, jsonify, request, stream_with_context
from flask.views import MethodView
from marshmallow import EXCLUDE, Schema, fields, validate
from sqlalchemy import select

from api.chat import openai_format
from api.chat.append_only import AppendOnly, Differs
from api.chat.client_tasks import is_client_task
from api.chat.turns import start_turn
from api.errors import unprocessable
from api.extensions import db
from api.http import access
from api.http.json_fields import TEXT
from api.http.paging import Blueprint
from api.jobs import streaming
from api.jobs.event_log import BEGINNING
from api.models import ChatSession, ChatTurn, Instrument, Job
from api.routes import jobs as job_routes
from api.routes.chat import MAX_QUESTION, CitationSchema, TurnSchema
from api.routes.openai_tasks import SIGN_OF_LIFE_SECONDS, WAIT_SECONDS, client_task
from api.services import services

blueprint = Blueprint("openai", __name__, url_prefix="/v1", description="OpenAI's API")

PREFIX = "vouch/"
ORIGIN = "openai"


class MessageSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    role = fields.String(
        required=True,
        validate=validate.OneOf(["system", "developer", "user", "assistant", "tool", "function"]),
    )
    content = fields.Raw(
        load_default=None,
        allow_none=True,
        metadata={"description": "A text, or a list of parts of type `text`"},
    )


class StreamOptionsSchema(Schema):
    class Meta:
        unknown = EXCLUDE

    include_usage = fields.Boolean(load_default=False, allow_none=True)


class CompletionSchema(Schema):
    """What Vouch heeds; temperature and the like say nothing to it and are let be."""

    class Meta:
        unknown = EXCLUDE

    model = fields.String(required=True)
    messages = fields.List(
        fields.Nested(MessageSchema), required=True, validate=validate.Length(1, 2000)
    )
    stream = fields.Boolean(load_default=False, allow_none=True)
    stream_options = fields.Nested(StreamOptionsSchema, load_default=None, allow_none=True)
    response_format = fields.Raw(
        load_default=None,
        allow_none=True,
        metadata={"description": "Tells a client's own task (a title, tags) from a question"},
    )
    n = fields.Integer(
        load_default=1,
        allow_none=True,
        validate=validate.Equal(1, error="Vouch gives one answer at a time."),
    )


class InstrumentModelSchema(Schema):
    """An instrument as OpenAI's clients know a model."""

    id = fields.String(metadata={"description": "`vouch/<slug>`"})
    object = fields.String(metadata={"enum": ["model"]})
    created = fields.Integer(metadata={"description": "Seconds since 1970"})
    owned_by = fields.String()
    name = fields.String()


class ModelsSchema(Schema):
    object = fields.String(metadata={"enum": ["list"]})
    data = fields.List(fields.Nested(InstrumentModelSchema))


class AnswerMessageSchema(Schema):
    role = fields.String(metadata={"enum": ["assistant"]})
    content = fields.String(metadata={"description": "The answer, with Markdown footnotes"})
    refusal = fields.String(allow_none=True)
    citations = fields.List(fields.Nested(CitationSchema))
    reasoning_content = fields.String(
        metadata={"description": "What the model thought before, where its provider tells it"}
    )


class ChoiceSchema(Schema):
    index = fields.Integer()
    message = fields.Nested(AnswerMessageSchema)
    logprobs = fields.Raw(allow_none=True)
    finish_reason = fields.String(metadata={"enum": ["stop"]})


class UsageSchema(Schema):
    prompt_tokens = fields.Integer()
    completion_tokens = fields.Integer()
    total_tokens = fields.Integer()


class AnswerSchema(Schema):
    """OpenAI's `chat.completion`; `citations` and `vouch` are what it does not know."""

    id = fields.String()
    object = fields.String(metadata={"enum": ["chat.completion"]})
    created = fields.Integer(metadata={"description": "Seconds since 1970"})
    model = fields.String()
    choices = fields.List(fields.Nested(ChoiceSchema))
    usage = fields.Nested(UsageSchema)
    vouch = fields.Dict(
        metadata={"description": "turn_id, session_id, status, claims and notices of the turn"}
    )


@blueprint.after_app_request
def _in_their_shape(response: Response) -> Response:
    """Errors of whatever kind under /v1, unknown addresses included, as OpenAI's clients know."""
    if request.path.startswith("/v1/"):
        return openai_format.reshaped(response)
    return response


@blueprint.route("/models")
class Models(MethodView):
    @access.rule("signed_in")
    @blueprint.response(200, ModelsSchema)
    def get(self) -> Response:
        """The instruments that the caller may read, as models."""
        readable = Instrument.id.in_(access.visible_instruments(access.user()))
        found = db.session.scalars(select(Instrument).where(readable).order_by(Instrument.slug))
        return jsonify({"object": "list", "data": [_model(each) for each in found]})


@blueprint.route("/models/<path:model>")
class OneModel(MethodView):
    @access.rule("instrument")
    @blueprint.response(200, InstrumentModelSchema)
    def get(self, model: str) -> Response:
        """An instrument as a model."""
        return jsonify(_model(_instrument(model)))


@blueprint.route("/chat/completions")
class ChatCompletions(MethodView):
    @access.rule("instrument")
    @blueprint.arguments(CompletionSchema)
    @blueprint.response(200, AnswerSchema)
    @blueprint.alt_response(
        200,
        schema=TEXT,
        content_type="text/event-stream",
        description="A chat completion; with `stream` its chunks, then `data: [DONE]`",
    )
    def post(self, body: dict[str, Any]) -> Response:
        """Ask an instrument by OpenAI's protocol.

        The last user message is asked; earlier ones are what was said before. Citations are
        footnotes of the text and `citations` of the message (of the last chunk with content). A
        client that leaves a stream cancels its turn.

        A chat client's own task (a title, tags, what to ask or search for), known by its form, is
        answered by the language model alone and leaves no conversation; 400 where none is set.
        """
        instrument = _instrument(body["model"])
        form = body["response_format"]
        wants_form = isinstance(form, dict) and str(form.get("type", "")).startswith("json")
        if is_client_task(openai_format.told(body["messages"]), wants_form=wants_form):
            return client_task(instrument, PREFIX + instrument.slug, body)
        question, history = openai_format.conversation(body["messages"])
        if len(question) > MAX_QUESTION:
            unprocessable("messages", f"A question has at most {MAX_QUESTION} characters.")
        turn = start_turn(
            db.session(),
            services(),
            who=access.user(),
            instrument=instrument,
            question=question,
            chat=_conversation(instrument, history),
            history=history,
            origin=ORIGIN,
        )
        model = PREFIX + instrument.slug
        if body["stream"]:
            options = body["stream_options"] or {}
            return _stream(turn, model, bool(options.get("include_usage")))
        return _whole(turn, model)


def _instrument(model: str) -> Instrument:
    """The instrument that `vouch/<slug>` names, if the caller may read it; else 404."""
    readable = access.visible_instruments(access.user())
    instrument_id = None
    if model.startswith(PREFIX):
        slug = model.removeprefix(PREFIX)
        instrument_id = db.session.scalar(
            select(Instrument.id).where(Instrument.slug == slug, Instrument.id.in_(readable))
        )
    if instrument_id is None:
        openai_format.fail(
            404,
            "There is no such model, or you may not read it; GET /v1/models lists yours.",
            "model_not_found",
        )
    return access.instrument_for(instrument_id)


def _model(instrument: Instrument) -> dict[str, Any]:
    return {
        "id": PREFIX + instrument.slug,
        "object": "model",
        "created": int(instrument.created_at.timestamp()),
        "owned_by": "vouch",
        "name": instrument.name,
    }


def _conversation(instrument: Instrument, history: list[list[str]]) -> ChatSession | None:
    """The conversation that goes on here: the one whose answer the client tells last."""
    if not history:
        return None
    question, answer = history[-1]
    return db.session.scalar(
        select(ChatSession)
        .join(ChatTurn, ChatTurn.session_id == ChatSession.id)
        .where(
            ChatSession.user_id == access.user().id,
            ChatSession.instrument_id == instrument.id,
            ChatSession.origin == ORIGIN,
            ChatTurn.user_id == access.user().id,
            ChatTurn.question == question,
            ChatTurn.answer == answer,
        )
        .order_by(ChatTurn.created_at.desc())
        .limit(1)
    )


def _whole(turn: ChatTurn, model: str) -> Response:
    job_id, created = str(turn.job_id), int(turn.created_at.timestamp())
    db.session.remove()
    streaming.wait_until_finished(job_id, WAIT_SECONDS, services().hub)
    shown = _shown(turn.id)
    if shown["status"] == "failed":
        openai_format.fail(502, shown["error"]["message"], shown["error"]["code"])
    if shown["status"] not in streaming.FINAL:
        _cancel(job_id)
        openai_format.fail(504, "The answer took too long; ask for a stream.", "timeout")
    answer = jsonify(openai_format.completion(shown, model, created))
    answer.headers["Content-Location"] = f"/api/chat/turns/{turn.id}"
    return answer


def _stream(turn: ChatTurn, model: str, with_usage: bool) -> Response:
    created = int(turn.created_at.timestamp())
    chunks = openai_format.Chunks(turn.id, model, created, with_usage)
    lines = _lines(turn.id, str(turn.job_id), chunks)
    return Response(
        stream_with_context(lines), content_type="text/event-stream", headers=streaming.HEADERS
    )


def _lines(turn_id: str, job_id: str, chunks: openai_format.Chunks) -> Iterator[str]:
    # No database session is held while the client listens.
    db.session.remove()
    ended = False
    try:
        yield chunks.role()
        for line in _told(turn_id, job_id, chunks):
            if line:
                yield line
        ended = True
    finally:
        if not ended:
            _cancel(job_id)


def _told(turn_id: str, job_id: str, chunks: openai_format.Chunks) -> Iterator[str]:
    """The turn's log as lines, up to its end."""
    heard, thought, marks = AppendOnly(), AppendOnly(), openai_format.Footnoted()
    events = streaming.follow(
        job_id, BEGINNING, services().events, services().hub, SIGN_OF_LIFE_SECONDS
    )
    try:
        for item in events:
            if item is None:
                yield ": still here\n\n"
            elif isinstance(item, streaming.Gap):
                yield chunks.text(marks.feed(heard.add(_shown(turn_id)["answer"])))
            elif item.event == "reset":
                heard.begin_anew()
                thought.begin_anew()
            elif item.event == "reasoning":
                # What a model thinks anew may differ: it is no answer, and what is new is left out.
                with suppress(Differs):
                    yield chunks.reasoning(thought.add(item.data["t"]))
            elif item.event == "status" and item.data.get("stage") == "waiting_for_model":
                yield ": the model's provider is asked again\n\n"
            elif item.event == "token":
                yield chunks.text(marks.feed(heard.add(item.data["t"])))
            elif item.event == "failed":
                yield openai_format.failure(
                    item.data.get("message") or "The answer failed; ask again.",
                    item.data.get("code"),
                )
            elif item.event in streaming.FINAL:
                turn = _shown(turn_id)
                yield chunks.text(marks.feed(heard.rest_of(turn["answer"])) + marks.end())
                yield chunks.last(turn)
    except Differs:
        _cancel(job_id)
        yield openai_format.failure(
            "The answer was begun anew and differs from what was sent; ask again.", "begun_anew"
        )


def _cancel(job_id: str) -> None:
    """Nobody listens any more: stop the model."""
    job = db.session.get(Job, job_id)
    if job is not None and not job.is_finished:
        job_routes.cancel(job)
    db.session.remove()


def _shown(turn_id: str) -> Mapping[str, Any]:
    """The turn as the API shows it. A turn deleted meanwhile is an empty one."""
    turn = db.session.get(ChatTurn, turn_id, populate_existing=True)
    shown: Any = TurnSchema().dump(turn or _gone(turn_id))
    db.session.remove()
    return shown


def _gone(turn_id: str) -> ChatTurn:
    return ChatTurn(
        id=turn_id,
        status="cancelled",
        answer="",
        reasoning="",
        claims=[],
        related=[],
        usage={},
        notices=[],
        citations=[],
    )
