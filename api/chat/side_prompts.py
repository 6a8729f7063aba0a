"""What a language model is asked beside the answer: to make a question stand alone, and for a
conversation's title. Both do without one, and without its answer."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import structlog
from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.chat import llm_defaults
from api.extensions import db
from api.models import ChatSession, ChatTurn, Job
from api.models.chats import first_words
from api.services import Services
from pipelines.answering.follow_ups import carried_over, leans
from pipelines.cancellation import Stop
from pipelines.errors import PipelineError
from pipelines.llms.completing import complete
from pipelines.llms.contract import Usage
from pipelines.llms.prompts import (
    rewrite_messages,
    rewritten,
    title_messages,
    titled,
    translated,
)

log = structlog.get_logger()

MOST_SECONDS = 15.0
"""A question is not kept waiting longer for being rewritten, nor a worker for a title."""


@dataclass(frozen=True)
class Alone:
    """A question that can be understood by itself, and what it took to make it so."""

    question: str
    counts: dict[str, Any] = field(default_factory=dict)
    translated: str = ""
    """The same in the language of most of the sources, where the question is in another one."""

    def added_to(self, counts: dict[str, Any]) -> dict[str, Any]:
        """An answer's counts of tokens, with these beside them and in the cost."""
        if not self.counts:
            return counts
        both = {**counts, "rewrite": self.counts}
        costs = [each["cost_usd"] for each in (counts, self.counts) if "cost_usd" in each]
        if costs:
            both["cost_usd"] = round(sum(costs), 6)
        return both


def alone(
    with_: Services,
    session: Session,
    question: str,
    history: Sequence[tuple[str, str]],
    answering: str,
    stop: Stop,
    language: str = "",
) -> Alone:
    """`question` rewritten from the last turns by the model of kind `rewrite`, if it leans on them
    and there is one; else with the words of the earlier questions that it leans on.

    `answering` is the model that the answer is asked of; `language` what the question is to be
    translated into as well, if it is.
    """
    carried = carried_over(question, [asked for asked, _ in history])
    if not leans(question):
        history = ()
    if not history and not language:
        return Alone(carried)
    models = llm_defaults.side_models(session, with_.config, "rewrite", answering)
    instructions = llm_defaults.instructions_of(session, "rewrite")
    session.commit()
    if not models:
        return Alone(carried)
    usage = Usage()
    messages = rewrite_messages(question, history, instructions, language)
    reply = _asked(with_, models, messages, usage, stop)
    text, other = question, ""
    if reply:
        text, other = translated(reply, question) if language else (rewritten(reply, question), "")
    if text == question or not history:
        text = carried
    return Alone(text, usage.counts, other)


def entitle(with_: Services, job_id: str) -> None:
    """After the first answer of a conversation: a title by the model of kind `title`, unless there
    is none, or somebody has named the conversation meanwhile.

    The job has ended: nobody waits for it, and without it the question's first words stay.
    """
    try:
        _entitle(with_, db.session(), job_id)
    except SQLAlchemyError as error:
        log.warning("conversation keeps its first words", error=type(error).__name__)
    finally:
        db.session.remove()


def _entitle(with_: Services, session: Session, job_id: str) -> None:
    found = session.execute(
        select(ChatTurn, ChatSession)
        .join(Job, Job.subject_id == ChatTurn.id)
        .join(ChatSession, ChatSession.id == ChatTurn.session_id)
        .where(Job.id == job_id, ChatTurn.status == "done", ChatSession.origin == "chat")
    ).one_or_none()
    if found is None:
        return
    turn, chat = found
    named = first_words(turn.question)
    others = select(ChatTurn.id).where(ChatTurn.session_id == chat.id, ChatTurn.id != turn.id)
    if chat.title != named or session.scalar(others.limit(1)) is not None:
        return
    models = llm_defaults.side_models(
        session, with_.config, "title", turn.model or with_.config.llm
    )
    instructions = llm_defaults.instructions_of(session, "title")
    session.commit()
    if not models or not turn.answer:
        return
    reply = _asked(
        with_, models, title_messages(turn.question, turn.answer, instructions), Usage(), Stop()
    )
    if title := titled(reply):
        session.execute(
            update(ChatSession)
            .where(ChatSession.id == chat.id, ChatSession.title == named)
            .values(title=title)
        )
        session.commit()


def _asked(
    with_: Services,
    models: Sequence[str],
    messages: Sequence[dict[str, str]],
    usage: Usage,
    stop: Stop,
) -> str:
    """The reply; "" when there is none in time."""
    current = Stop()
    stop.call(current.set)
    timer = threading.Timer(MOST_SECONDS, current.set)
    timer.daemon = True
    timer.start()
    try:
        reply = complete(with_.llms(models), messages, current, usage=usage)
    except PipelineError as error:
        log.warning("a question beside the answer failed", reason=str(error))
        return ""
    finally:
        timer.cancel()
    return "" if current.is_set() else reply
