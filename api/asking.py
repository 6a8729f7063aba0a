"""Asking: a turn and its job, committed, then enqueued."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from api import jobs
from api.errors import unprocessable
from api.models import ChatSession, ChatTurn, Instrument, User
from api.services import Services

TITLE_LENGTH = 80


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
) -> ChatTurn:
    """A turn whose answer is being written. Commits."""
    question = question.strip()
    if not question:
        unprocessable("question", "Ask something: the question is empty.")
    if model is not None and model not in {services.config.llm, "extractive"}:
        unprocessable(
            "model", f"This model is not set up here; use {services.config.llm} or extractive."
        )
    if chat is None:
        title = question if len(question) <= TITLE_LENGTH else question[: TITLE_LENGTH - 1] + "…"
        chat = ChatSession(user_id=who.id, instrument_id=instrument.id, title=title)
        session.add(chat)
        session.flush()
    turn = ChatTurn(
        session_id=chat.id,
        instrument_id=instrument.id,
        user_id=who.id,
        question=question,
        source_ids=list(source_ids) if source_ids else None,
        model=model or services.config.llm,
        regenerated_from=regenerated_from,
    )
    session.add(turn)
    session.flush()
    job = jobs.create_job(
        session,
        "answer",
        subject=("turn", turn.id),
        instrument_id=instrument.id,
        user_id=who.id,
        unit="tokens",
    )
    session.flush()
    turn.job_id = job.id
    session.commit()
    jobs.enqueue(session, services.queue, job)
    return turn
