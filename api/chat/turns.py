"""Asking: a turn and its job, committed, then enqueued."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from api.chat import llm_defaults
from api.chat.answer_job import ANSWER
from api.errors import unprocessable
from api.jobs import lifecycle
from api.models import ChatSession, ChatTurn, Instrument, User
from api.models.chats import first_words
from api.services import Services


def start_turn(
    session: Session,
    services: Services,
    *,
    who: User,
    instrument: Instrument,
    question: str,
    chat: ChatSession | None = None,
    source_ids: Sequence[str] | None = None,
    model: str | None = None,
    regenerated_from: str | None = None,
    history: list[list[str]] | None = None,
    origin: str = "chat",
) -> ChatTurn:
    """A turn whose answer is being written. Commits.

    `history` holds the (question, answer) before it where the client keeps them itself; else
    those of `chat` are looked up. `origin` is that of the conversation begun without a `chat`.
    """
    question = question.strip()
    if not question:
        unprocessable("question", "Ask something: the question is empty.")
    allowed = llm_defaults.allowed_models(session, services.config)
    if model is not None and model not in allowed:
        unprocessable("model", f"This model is not set up here; use {' or '.join(allowed)}.")
    if chat is None:
        chat = ChatSession(
            user_id=who.id, instrument_id=instrument.id, title=first_words(question), origin=origin
        )
        session.add(chat)
        session.flush()
    turn = ChatTurn(
        session_id=chat.id,
        instrument_id=instrument.id,
        user_id=who.id,
        question=question,
        source_ids=list(source_ids) if source_ids else None,
        model=model or allowed[0],
        regenerated_from=regenerated_from,
        is_chosen=regenerated_from is None,
        history=history,
    )
    session.add(turn)
    session.flush()
    job = ANSWER.create(
        session,
        subject=("turn", turn.id),
        instrument_id=instrument.id,
        user_id=who.id,
        unit="tokens",
    )
    session.flush()
    turn.job_id = job.id
    session.commit()
    lifecycle.enqueue(session, services.queue, job)
    return turn
