"""Writes the answer of a turn: the model's words go out as they come, proofs with them."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Any

import structlog
from sqlalchemy import Connection

from api.chat import llm_defaults
from api.chat.answer_job import ANSWER, AnswerCheckpoint
from api.chat.answer_store import AnswerStore
from api.chat.language_notices import language_notices
from api.chat.side_prompts import Alone, alone, entitle
from api.extensions import db
from api.http.access import level_on
from api.jobs.embedding_model import embedding_model
from api.jobs.kind import Nothing
from api.jobs.runner import RunningJob, run
from api.models import ChatTurn, Instrument, User
from api.models.base import now
from api.search.about_sources import filters_for, with_sources
from api.search.embedding_models import model_in_use
from api.search.fragments import Filters
from api.search.keyword_store import foreign_language
from api.search.retrieval import indexes_of, reading
from api.services import Services, services
from pipelines.answering.answer import Answer, Proof, Token, answer
from pipelines.cancellation import Stop
from pipelines.errors import AccessEnded, Cancelled
from pipelines.llms.contract import Usage
from pipelines.providers.retrying import Waiting
from pipelines.quoting.asked import asks_of_several
from pipelines.quoting.meaning import Meaning
from pipelines.retrieval.neighbours import complete_tables
from pipelines.retrieval.retrieve import retrieve
from pipelines.types import Hit
from workers.main import celery

log = structlog.get_logger()


@celery.task(name=ANSWER.task)
def answer_turn(job_id: str) -> None:
    # Who ended the job alone gives the conversation a title: of a job's workers there is one.
    if run(job_id, ANSWER, _answer):
        entitle(services(), job_id)


def _answer(running: RunningJob[Nothing, AnswerCheckpoint]) -> dict[str, Any]:
    turn = _turn(running.job.subject_id)
    store = AnswerStore(db.session(), turn, running.lock)
    history = store.history()
    db.session.commit()
    timings = {"queued_ms": _ms((now() - turn.created_at).total_seconds())}
    model_used = model_in_use(db.session(), turn.instrument_id, running.services.config)
    db.session.commit()
    _, waited = embedding_model(running, model_used)
    timings["model_ms"] = _ms(waited)
    began = time.perf_counter()

    running.update(stage="retrieve")
    running.publish("status", {"stage": "retrieve"})
    with_ = running.services
    model = turn.model or with_.config.llm
    models = llm_defaults.chain_of(db.session(), with_.config, model)
    instructions = llm_defaults.instructions_of(db.session(), "answer")
    marks = db.session.get_one(Instrument, turn.instrument_id).mark_unproven
    db.session.commit()
    stop = Stop()
    running.on_stop(stop.set)
    language = foreign_language(db.session(), turn.instrument_id, turn.question)
    db.session.commit()
    asked = alone(with_, db.session(), turn.question, history, model, stop, language)
    running.check()
    hits = _hits(with_, turn, asked)
    timings["retrieve_ms"] = _ms(time.perf_counter() - began)

    running.check()
    _begin_anew(running)
    said = Answer()
    embedder = with_.embedder_of(model_used)
    said.usage.notices += language_notices(turn.question, language, asked.translated, embedder)
    _tell_beside(running, said.usage)
    stream = answer(
        turn.question,
        hits,
        with_.llms(models),
        said,
        history=history,
        instructions=instructions,
        alone=asked.question,
        meaning=Meaning(embedder),
        mark_unproven=marks,
        stop=stop,
    )
    try:
        for item in stream:
            running.check()
            if isinstance(item, Token):
                timings.setdefault("first_token_ms", _ms(time.perf_counter() - began))
            _tell(running, item, store)
            store.keep_partial(said.text)
        running.check()
    finally:
        stream.close()
        before = timings["queued_ms"] + timings["model_ms"]
        timings["total_ms"] = before + _ms(time.perf_counter() - began)
        said.usage.counts = asked.added_to(said.usage.counts)
        store.keep(said, timings, _other(asked.question, turn.question))
    running.publish("status", {"stage": "check"})
    return {"stage": "check", "done": len(said.text.split())}


def _begin_anew(running: RunningJob[Nothing, AnswerCheckpoint]) -> None:
    """From here on words go out: what another worker streamed before it died is void."""
    if running.checkpoint.said:
        running.publish("reset", {"reason": "The answer is written anew."})
    running.update(stage="generate", checkpoint=AnswerCheckpoint(said=True))
    running.publish("status", {"stage": "generate"})


def _tell(
    running: RunningJob[Nothing, AnswerCheckpoint], item: Token | Proof, store: AnswerStore
) -> None:
    if isinstance(item, Token):
        running.publish("token", {"t": item.text})
    else:
        running.publish("citation", store.citation(item))


def _other(understood: str, question: str) -> str | None:
    """The question as it was understood, where that is not how it was asked."""
    return understood if understood.split() != question.split() else None


def _tell_beside(running: RunningJob[Nothing, AnswerCheckpoint], usage: Usage) -> None:
    """What the model thinks goes out as it comes, and that its vendor is asked again."""

    def waits(waiting: Waiting) -> None:
        running.publish("status", {"stage": "waiting_for_model", **asdict(waiting)})

    usage.on_reasoning = lambda text: running.publish("reasoning", {"t": text})
    usage.on_waiting = waits


def _turn(turn_id: str) -> ChatTurn:
    """The turn, if it is still there and its asker may still read the instrument."""
    turn = db.session.get(ChatTurn, turn_id)
    if turn is None:
        raise Cancelled("The conversation was deleted.")
    asker = db.session.get(User, turn.user_id)
    if asker is None or level_on(asker, turn.instrument_id) is None:
        raise AccessEnded("You may not read this instrument any more; ask its manager for access.")
    return turn


def _hits(with_: Services, turn: ChatTurn, asked: Alone) -> list[Hit]:
    """What the instrument's index finds, by the model that it was made with."""
    sources = tuple(turn.source_ids) if turn.source_ids else None
    filters = Filters(source_ids=sources)
    with reading() as connection:
        named = filters_for(asked.question, filters)
        found = _found(with_, connection, turn.instrument_id, named, asked)
        if not found and named != filters:
            # No heading is called so.
            found = _found(with_, connection, turn.instrument_id, filters, asked)
        return with_sources(connection, turn.instrument_id, filters, asked.question, found)


def _found(
    with_: Services, connection: Connection, instrument_id: str, filters: Filters, asked: Alone
) -> list[Hit]:
    indexes = indexes_of(with_, connection, instrument_id, filters)
    if indexes is None:
        return []
    hits = retrieve(asked.question, indexes, translated=asked.translated)
    if asks_of_several(asked.question):
        return complete_tables(hits, indexes.neighbours)
    return hits


def _ms(seconds: float) -> int:
    return round(1000 * seconds)
