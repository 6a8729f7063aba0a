"""Tasks that chat clients set beside a conversation, answered as the OpenAI API answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask import Response, jsonify, stream_with_context

from api.chat import client_task_replies, openai_format
from api.extensions import db
from api.http import access
from api.jobs import streaming
from api.models import Instrument
from api.services import services

WAIT_SECONDS = 300.0
"""Longest wait for an answer that is not streamed."""
SIGN_OF_LIFE_SECONDS = 2.0
"""A client that has left is noticed by the first write after it, so silence is short."""


def client_task(instrument: Instrument, model: str, body: Mapping[str, Any]) -> Response:
    """The reply to a task. `body`: a loaded CompletionSchema; `model` as the client named it."""
    session, with_ = db.session(), services()
    messages = openai_format.told(body["messages"])
    job = client_task_replies.start(
        session, with_, who=access.user(), instrument=instrument, messages=messages
    )
    job_id, created = job.id, int(job.created_at.timestamp())
    db.session.remove()
    if body["stream"]:
        options = body["stream_options"] or {}
        chunks = openai_format.Chunks(job_id, model, created, bool(options.get("include_usage")))
        return Response(
            stream_with_context(_lines(job_id, chunks)),
            content_type="text/event-stream",
            headers=streaming.HEADERS,
        )
    try:
        reply = client_task_replies.waited_for(job_id, with_, WAIT_SECONDS)
    finally:
        _forget(job_id)
    if reply.error is not None:
        code, message = reply.error
        openai_format.fail(504 if code == "timeout" else 502, message, code)
    return jsonify(client_task_replies.completion(reply, job_id, model, created))


def _lines(job_id: str, chunks: openai_format.Chunks) -> Iterator[str]:
    """A client that leaves stops the model."""
    try:
        yield chunks.role()
        for reply in client_task_replies.followed(job_id, services(), SIGN_OF_LIFE_SECONDS):
            if reply is None:
                yield ": still here\n\n"
            else:
                yield client_task_replies.lines(reply, chunks, job_id)
    finally:
        _forget(job_id)


def _forget(job_id: str) -> None:
    client_task_replies.forget(db.session(), services(), job_id)
    db.session.remove()
