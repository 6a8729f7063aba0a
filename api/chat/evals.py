"""Evaluation of an instrument: its golden questions are asked as a person would ask them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

import redis
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from api.chat import llm_defaults
from api.chat.turns import start_turn
from api.jobs import lifecycle, streaming
from api.models import ChatSession, ChatTurn, EvalRun, GoldenQuestion, Instrument, Job, User
from api.models.base import now
from api.search import rpc
from api.search.fragments import Filters
from api.services import Services
from pipelines.answering.evaluation import (
    COLUMNS,
    Golden,
    Item,
    Places,
    figures,
    judge,
    same_question,
)

SEARCHED = 5
"""Hits of search that count."""
SECONDS = 180
"""Longest time that one question may take."""
ORIGIN = "eval"
"""Of the conversation that a run holds: it is in nobody's history, and gone after the run."""


def put_golden(
    session: Session, instrument: Instrument, questions: Iterable[Golden]
) -> tuple[int, int]:
    """(added, replaced): a question that is there already gets the new answer and place."""
    known = {same_question(row.question): row for row in golden_of(session, instrument.id)}
    added = replaced = 0
    for golden in questions:
        row = known.get(same_question(golden.question))
        if row is None:
            row = GoldenQuestion(instrument_id=instrument.id, question=golden.question)
            session.add(row)
            added += 1
        else:
            replaced += 1
        for name in COLUMNS[1:]:
            setattr(row, name, getattr(golden, name))
    session.commit()
    return added, replaced


def take_feedback(session: Session, instrument: Instrument) -> int:
    """Questions whose answers were rated down become golden ones, their place still to be told."""
    known = {same_question(row.question) for row in golden_of(session, instrument.id)}
    rated = session.scalars(
        select(ChatTurn)
        .where(ChatTurn.instrument_id == instrument.id, ChatTurn.rating == "down")
        .order_by(ChatTurn.created_at, ChatTurn.id)
    )
    added = 0
    for turn in rated.all():
        if (key := same_question(turn.question)) in known:
            continue
        known.add(key)
        session.add(
            GoldenQuestion(instrument_id=instrument.id, question=turn.question, turn_id=turn.id)
        )
        added += 1
    session.commit()
    return added


def golden_of(session: Session, instrument_id: str) -> Sequence[GoldenQuestion]:
    ordered = select(GoldenQuestion).where(GoldenQuestion.instrument_id == instrument_id)
    return session.scalars(
        ordered.order_by(GoldenQuestion.created_at, GoldenQuestion.question, GoldenQuestion.id)
    ).all()


def as_golden(row: GoldenQuestion) -> Golden:
    return Golden(**{name: getattr(row, name) for name in COLUMNS})


def last_run(session: Session, instrument_id: str) -> EvalRun | None:
    newest = select(EvalRun).where(EvalRun.instrument_id == instrument_id)
    return session.scalar(newest.order_by(EvalRun.created_at.desc(), EvalRun.id).limit(1))


def run(
    session: Session,
    with_: Services,
    instrument: Instrument,
    who: User,
    *,
    model: str | None = None,
    heard: Callable[[Item], None],
) -> EvalRun:
    """Ask every golden question of the instrument as `who`, one after another; keeps the result.

    `heard` is told each one. Refuses with 503 when no worker answers.
    """
    questions = [as_golden(row) for row in golden_of(session, instrument.id)]
    title = f"Evaluation {now():%Y-%m-%d %H:%M}"
    chat = ChatSession(user_id=who.id, instrument_id=instrument.id, title=title, origin=ORIGIN)
    session.add(chat)
    session.commit()
    items = []
    try:
        for golden in questions:
            item = _ask(session, with_, instrument, who, chat, golden, model)
            items.append(item)
            heard(item)
    finally:
        session.rollback()
        _forget(session, with_, chat.id)
    config = with_.config
    kept = EvalRun(
        instrument_id=instrument.id,
        settings={
            "model": model or llm_defaults.default_of(session, config, "answer").model,
            "embedding_model": config.embedding_model,
            "searched": SEARCHED,
        },
        figures=figures(items),
        items=[item.as_json() for item in items],
    )
    session.add(kept)
    session.commit()
    return kept


def _ask(
    session: Session,
    with_: Services,
    instrument: Instrument,
    who: User,
    chat: ChatSession,
    golden: Golden,
    model: str | None,
) -> Item:
    hits = rpc.search(with_, instrument.id, golden.question, Filters(), SEARCHED)
    turn = start_turn(
        session,
        with_,
        who=who,
        instrument=instrument,
        question=golden.question,
        chat=chat,
        model=model,
        # Each question stands alone.
        history=[],
    )
    turn_id, job_id = turn.id, str(turn.job_id)
    session.commit()
    streaming.wait_until_finished(job_id, SECONDS, with_.hub)
    turn = session.get_one(ChatTurn, turn_id, populate_existing=True)
    if turn.status not in streaming.FINAL:
        lifecycle.request_cancel(session, session.get_one(Job, job_id))
        session.commit()
    answered = _answered(turn)
    return judge(
        golden,
        hits=[((hit["filename"], hit["title"]), _pages(hit["locators"])) for hit in hits],
        citations=_cited(turn),
        quotes=[citation.quote for citation in turn.citations],
        verdicts=[claim["verdict"] for claim in turn.claims],
        text=turn.answer,
        answered=answered,
        milliseconds=turn.timings.get("total_ms") if answered is not None else None,
    )


def _answered(turn: ChatTurn) -> str | None:
    """Whether the turn answered what was asked, by its own word: `yes`, `partly` or `no`; None
    when it failed."""
    if turn.status != "done":
        return None
    return turn.answered


def _cited(turn: ChatTurn) -> Places:
    return [((c.filename, c.title), _pages(c.locators)) for c in turn.citations]


def _pages(locators: Iterable[dict[str, Any]]) -> list[int]:
    return [locator["page"] for locator in locators if locator["type"] == "page"]


def _forget(session: Session, with_: Services, chat_id: str) -> None:
    """The run's conversation, its jobs and their logs: only the figures stay."""
    ids = [
        job_id
        for job_id in session.scalars(
            select(ChatTurn.job_id).where(ChatTurn.session_id == chat_id)
        ).all()
        if job_id
    ]
    session.execute(delete(ChatSession).where(ChatSession.id == chat_id))
    session.execute(delete(Job).where(Job.id.in_(ids)))
    session.commit()
    for job_id in ids:
        # Without Redis there is no log to be read, and it expires by itself.
        with suppress(redis.RedisError):
            with_.events.forget(job_id)
