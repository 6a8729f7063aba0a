"""Replies to chat clients' tasks, in the shapes of the OpenAI API. No turn is made of them."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import redis
from sqlalchemy import delete
from sqlalchemy.orm import Session

from api.chat import llm_defaults, openai_format
from api.chat.client_task_job import CLIENT_TASK, RESULT, ClientTaskPayload
from api.chat.client_tasks import LONGEST, Message
from api.config import Config
from api.errors import unprocessable
from api.jobs import lifecycle, streaming
from api.jobs.event_log import BEGINNING
from api.models import Instrument, Job, User
from api.services import Services

NO_MODEL = (
    "This looks like a chat client's task beside the conversation (a title, tags, what to ask or "
    "search for). A language model answers those, and none is set here: switch such tasks off in "
    "the client, or set LLM. Questions about the instrument are answered without one."
)


@dataclass(frozen=True)
class Reply:
    """`error`: (code, message) where there is no text."""

    text: str = ""
    usage: Mapping[str, Any] | None = None
    error: tuple[str, str] | None = None


def task_models(session: Session, config: Config) -> list[str]:
    """The language models that a task may be asked of: those of titles; none where answers need
    none, for then nothing leaves the house."""
    if llm_defaults.default_of(session, config, "answer").model == llm_defaults.EXTRACTIVE:
        return []
    models = llm_defaults.default_of(session, config, "title").models
    return [model for model in models if model != llm_defaults.EXTRACTIVE]


def start(
    session: Session,
    with_: Services,
    *,
    who: User,
    instrument: Instrument,
    messages: Sequence[Message],
) -> Job:
    """The job that answers the task. Commits. Refuses when there is no language model."""
    models = task_models(session, with_.config)
    if not models:
        openai_format.fail(400, NO_MODEL, "no_language_model")
    if sum(len(text) for _, text in messages) > LONGEST:
        unprocessable("messages", f"A task has at most {LONGEST} characters.")
    asked = [{"role": _role(role), "content": text} for role, text in messages if text.strip()]
    # Who asked with instructions alone asks with the last of them: models answer somebody.
    asked[-1]["role"] = "user"
    job = CLIENT_TASK.create(
        session,
        subject=("instrument", instrument.id),
        instrument_id=instrument.id,
        user_id=who.id,
        payload=ClientTaskPayload(messages=asked, models=models),
    )
    session.commit()
    lifecycle.enqueue(session, with_.queue, job)
    return job


def followed(job_id: str, with_: Services, alive_seconds: float) -> Iterator[Reply | None]:
    """None as a sign of life, then the reply."""
    found = Reply(error=("task_lost", "The reply was lost; ask again."))
    for item in streaming.follow(job_id, BEGINNING, with_.events, with_.hub, alive_seconds):
        if item is None:
            yield None
        elif isinstance(item, streaming.Gap):
            continue
        elif item.event == RESULT:
            found = Reply(item.data["text"], item.data["usage"])
        elif item.event in ("failed", "cancelled"):
            message = item.data.get("message") or "The task was cancelled."
            found = Reply(error=(item.data.get("code") or item.event, message))
    yield found


def waited_for(job_id: str, with_: Services, seconds: float) -> Reply:
    """The reply, or that it took too long."""
    until = time.monotonic() + seconds
    for reply in followed(job_id, with_, alive_seconds=1.0):
        if reply is not None:
            return reply
        if time.monotonic() > until:
            break
    return Reply(error=("timeout", "The reply took too long; ask again."))


def forget(session: Session, with_: Services, job_id: str) -> None:
    """The job and what its log tells; one that nobody waits for any more is stopped first."""
    job = session.get(Job, job_id, populate_existing=True)
    if job is not None and not job.is_finished:
        lifecycle.request_cancel(session, job)
        session.commit()
    session.execute(delete(Job).where(Job.id == job_id, Job.state.in_(streaming.FINAL)))
    session.commit()
    # Without Redis there is no log to be read, and it expires by itself.
    with suppress(redis.RedisError):
        with_.events.forget(job_id)


def completion(reply: Reply, job_id: str, model: str, created: int) -> dict[str, Any]:
    """A `chat.completion`."""
    return openai_format.completion(_as_turn(reply, job_id), model, created)


def lines(reply: Reply, chunks: openai_format.Chunks, job_id: str) -> str:
    """The rest of a stream."""
    if reply.error is not None:
        code, message = reply.error
        return openai_format.failure(message, code)
    return chunks.text(reply.text) + chunks.last(_as_turn(reply, job_id))


def _as_turn(reply: Reply, job_id: str) -> dict[str, Any]:
    """As a turn that has neither proofs nor an id of its own."""
    return {
        "turn_id": job_id,
        "session_id": None,
        "status": "done",
        "answer": reply.text,
        "reasoning": "",
        "citations": [],
        "answered": None,
        "understood_as": None,
        "claims": [],
        "related": [],
        "notices": [],
        "usage": reply.usage or {},
        "is_task": True,
    }


def _role(role: str) -> str:
    return "system" if role in ("system", "developer") else "user"
