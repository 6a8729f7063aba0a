"""Server-sent events: the log of a job, and of a turn as it is written."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Response
from marshmallow import Schema, ValidationError, fields

from api.chat.answer_job import ANSWER
from api.citations.withdrawal import forget_log
from api.errors import refuse, unprocessable
from api.extensions import db
from api.http import access
from api.http.json_fields import TEXT
from api.http.paging import Blueprint
from api.jobs import streaming
from api.jobs.event_log import BEGINNING
from api.models import ChatTurn, Job
from api.routes import chat as chat_routes
from api.routes import jobs as job_routes
from api.services import services

DONE = (
    "turn_id", "answer", "answered", "understood_as", "citations", "claims", "related", "notices",
)  # fmt: skip
"""What `done` tells of a turn."""

blueprint = Blueprint("streams", __name__, url_prefix="/stream", description="Live")


class ResumeSchema(Schema):
    last_event_id = fields.String(
        metadata={"description": "Last-Event-ID, for clients that can't set headers"}
    )


class AskByStreamSchema(ResumeSchema):
    """Who resumes by Last-Event-ID needs none of it; else `instrument_id` and `q` are needed."""

    instrument_id = fields.String()
    instrument = fields.String(metadata={"description": "Another name for `instrument_id`"})
    q = fields.String(metadata={"description": "The question"})
    question = fields.String(metadata={"description": "Another name for `q`"})
    session_id = fields.String(metadata={"description": "The conversation that goes on"})
    model = fields.String(metadata={"description": "A language model other than the default"})


Line = tuple[str | None, str, dict[str, Any]] | None


@blueprint.route("/jobs/<job_id>", parameters=["LastEventID"])
@access.rule("signed_in")
@blueprint.arguments(ResumeSchema, location="query")
@blueprint.response(200, TEXT, content_type="text/event-stream")
def job_stream(_query: dict[str, Any], job_id: str) -> Response:
    """Follow a job.

    Events: `snapshot` (the job as `GET /api/jobs/{job_id}` tells it), `progress` `{stage, done,
    total, unit}`, of an answer also `status`, `token` and `citation`; then one of `done`, `failed`
    or `cancelled` `{job_id, state, done, code?, message?}`. A comment line every 15 s.
    """
    job = job_routes.job_for(job_id)
    job_routes.forget_what_was_deleted(job)
    snapshot = job_routes.JobSchema().dump(job_routes.shown(job))
    _, cursor = streaming.cursor_of(streaming.last_event_id(), job.id)
    return streaming.sse(job_id, _job_lines(job_id, snapshot, cursor))


@blueprint.route("/turns/<turn_id>", parameters=["LastEventID"])
@access.rule("instrument")
@blueprint.arguments(ResumeSchema, location="query")
@blueprint.response(200, TEXT, content_type="text/event-stream")
def turn_stream(_query: dict[str, Any], turn_id: str) -> Response:
    """Follow a turn that exists: replay, then live.

    The events are those of `GET /stream/chat`.
    """
    turn = chat_routes.turn_for(turn_id)
    _, cursor = streaming.cursor_of(streaming.last_event_id(), turn.job_id)
    return _turn_response(turn, cursor)


@blueprint.route("/chat", parameters=["LastEventID"])
@access.rule("instrument", writes=True)
@blueprint.arguments(AskByStreamSchema, location="query")
@blueprint.response(200, TEXT, content_type="text/event-stream")
def chat_stream(asked: dict[str, Any]) -> Response:
    """Ask and follow in one call.

    With a Last-Event-ID it resumes that turn, asking nothing. Events: `start` `{turn_id,
    session_id, job_id}`; `status` `{stage}`, with `{attempt, reason, seconds}` where the stage is
    `waiting_for_model`: its provider is asked again; `reasoning` `{t}`, what the model thinks
    before it answers; `token` `{t}`, a piece of the answer; `citation`, a proof as the turn has
    it; `reset` when the answer is begun anew and what was sent is void;
    `snapshot`, the whole turn, where what came after the Last-Event-ID is not kept any more; then
    `done` `{turn_id, answer, answered, understood_as, citations, claims, related, notices}` or
    `error` `{code, message}`. A comment line every 15 s.
    """
    job_id, cursor = streaming.cursor_of(streaming.last_event_id())
    if job_id is not None:
        job = db.session.get(Job, job_id)
        if job is None or job.kind != ANSWER.name:
            refuse(404, "No such turn to resume.")
        return _turn_response(chat_routes.turn_for(job.subject_id), cursor)
    query = {
        "instrument_id": asked.get("instrument_id") or asked.get("instrument"),
        "question": asked.get("q") or asked.get("question") or "",
        "session_id": asked.get("session_id"),
        "model": asked.get("model"),
    }
    try:
        body = chat_routes.AskSchema().load(query)
    except ValidationError as error:
        field = next(iter(error.messages_dict))
        name = {"question": "q"}.get(field, field)
        unprocessable(name, "instrument_id and q are needed to ask a question.", "query")
    return _turn_response(chat_routes.begin(body), BEGINNING)  # type: ignore[arg-type]


def _turn_response(turn: ChatTurn, cursor: str) -> Response:
    forget_log(db.session(), services().events, turn)
    start = {"turn_id": turn.id, "session_id": turn.session_id, "job_id": turn.job_id}
    return streaming.sse(str(turn.job_id), _turn_lines(turn.id, str(turn.job_id), start, cursor))


def _job_lines(job_id: str, snapshot: dict[str, Any], cursor: str) -> Iterator[Line]:
    yield cursor, "snapshot", snapshot
    for item in streaming.follow(job_id, cursor, services().events, services().hub):
        if item is None:
            yield None
        elif not isinstance(item, streaming.Gap):
            yield item.id, item.event, item.data


def _turn_lines(turn_id: str, job_id: str, start: dict[str, Any], cursor: str) -> Iterator[Line]:
    """The log in the words of a chat: `failed` and `cancelled` become `error`."""
    if cursor == BEGINNING:
        yield BEGINNING, "start", start
    for item in streaming.follow(job_id, cursor, services().events, services().hub):
        if item is None:
            yield None
        elif isinstance(item, streaming.Gap):
            yield from _from_row(turn_id, cursor)
        elif item.event in ("status", "reasoning", "token", "citation", "reset"):
            yield item.id, item.event, item.data
        elif item.event == "done":
            yield item.id, "done", _done(turn_id)
        elif item.event in streaming.FINAL:
            yield item.id, "error", _error(item.event, item.data)


def _from_row(turn_id: str, cursor: str) -> Iterator[Line]:
    """What the row holds of the answer, for one whose log is gone.

    A client that had nothing gets it as events; one that had some gets the whole as `snapshot`.
    """
    turn = _turn(turn_id)
    if cursor != BEGINNING:
        yield None, "snapshot", turn
        return
    if turn["reasoning"]:
        yield None, "reasoning", {"t": turn["reasoning"]}
    if turn["answer"]:
        yield None, "token", {"t": turn["answer"]}
    for citation in turn["citations"]:
        yield None, "citation", citation


def _done(turn_id: str) -> dict[str, Any]:
    turn = _turn(turn_id)
    return {key: turn[key] for key in DONE}


def _error(event: str, data: dict[str, Any]) -> dict[str, Any]:
    return {
        "code": data.get("code") or event,
        "message": data.get("message") or "The answer was cancelled; what was said is kept.",
    }


def _turn(turn_id: str) -> dict[str, Any]:
    turn = db.session.get_one(ChatTurn, turn_id)
    shown: Any = chat_routes.TurnSchema().dump(turn)
    db.session.remove()
    return shown
