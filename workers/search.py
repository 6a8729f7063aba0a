"""Answers searches: the model that embeds the question lives here, not in the API."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import redis
import structlog
from celery import signals
from sqlalchemy.exc import SQLAlchemyError

from api import searching
from api.hits import named
from api.models.base import Reader
from api.searching import Question
from api.services import Services, services
from api.this_worker import stopping
from pipelines.errors import PipelineError
from pipelines.highlights import Highlights
from pipelines.recognition import recognition
from pipelines.retrieval import Indexes, begin, meant
from pipelines.retrieval import search as find
from pipelines.types import Hit
from workers.finding import Reading, indexes_of
from workers.main import flask_app, queues_of

log = structlog.get_logger()

THREADS = 4
"""Searches at the same time in one worker, beside its answers."""
SWITCH_SECONDS = 1e-4
"""How long a thread may keep others from running Python, instead of 5 ms: a search waits in turn
for the database, the model and Chroma, each answered in a thread that is then due at once."""
AWAY_SECONDS = 1.0
"""Between two tries to reach a Redis that is away."""


@signals.worker_ready.connect
def _listen(sender: Any, **_: Any) -> None:
    if searching.QUEUE in queues_of(sender):
        sys.setswitchinterval(SWITCH_SECONDS)
        for number in range(THREADS):
            threading.Thread(target=_serve, name=f"search-{number}", daemon=True).start()


def _serve() -> None:
    """Answer questions until the worker stops, whatever comes."""
    with flask_app().app_context():
        with_, reading = services(), Reading()
        told = False
        while not stopping.is_set():
            try:
                _turn(with_, reading)
                told = False
            except redis.RedisError as error:
                if not told:
                    log.warning("no searches can be taken", error=type(error).__name__)
                told = True
                stopping.wait(AWAY_SECONDS)
            except Exception:
                log.exception("a search could not be read")


def _turn(with_: Services, reading: Reading) -> None:
    """Take the next question, if one comes, and answer it."""
    message = searching.take(with_.redis)
    if message is None:
        return
    if stopping.is_set():
        searching.give_back(with_.redis, message)
        return
    question = Question.read(message)
    # Nobody waits for an old one; those who still wait come first.
    if question.until > time.time():
        searching.reply(with_.redis, question, answer(with_, reading, question))


def answer(with_: Services, reading: Reading, question: Question) -> dict[str, Any]:
    """{"hits": [...]}, or {"error": message}: whoever waits hears of every failure."""
    marked = Marked(question.text)
    try:
        hits = reading.read(lambda reader: _found(with_, reader, question, marked))
        return {"hits": [_shown(hit, marked.of(hit)) for hit in hits]}
    except PipelineError as error:
        log.warning("search failed", error=str(error))
        return {"error": str(error)}
    except SQLAlchemyError as error:
        log.warning("search failed", error=type(error).__name__)
        return {"error": "The database is not answering right now; try again in a moment."}
    except Exception:
        log.exception("search failed")
        return {"error": "The search failed; its cause is in the worker's log."}


class Marked:
    """Where the words of a question stand in the Fragments that are read for it, by id."""

    def __init__(self, question: str) -> None:
        self._highlights = Highlights(question)
        self._known: dict[str, list[tuple[int, int]]] = {}

    def of(self, hit: Hit) -> list[tuple[int, int]]:
        """As `Highlights`, worked out once."""
        if hit.fragment_id not in self._known:
            self._known[hit.fragment_id] = self._highlights.of(hit.text)
        return self._known[hit.fragment_id]


def _found(with_: Services, reader: Reader, question: Question, marked: Marked) -> list[Hit]:
    """What is called so, then what is near, each Fragment once."""
    instrument_id, text, filters = question.instrument_id, question.text, question.filters
    # The model works while the database is asked for the index and for a name.
    with_.questions.ahead(meant(text, with_.keywords.common(instrument_id)))
    indexes = indexes_of(with_, reader, instrument_id, filters)
    begun = begin(text, indexes) if indexes else None
    first = named(reader, instrument_id, text, filters)
    near = (
        find(text, _marking(indexes, marked), count=question.count, begun=begun) if indexes else []
    )
    best = [hit.model_copy(update={"score": 1.0}) for hit in first]
    known = {hit.fragment_id for hit in best}
    return [*best, *(hit for hit in near if hit.fragment_id not in known)][: question.count]


def _marking(indexes: Indexes, marked: Marked) -> Indexes:
    """The same, marking what they read at once: most is read while the vector index looks."""

    def load(ids: Sequence[str]) -> Mapping[str, Hit]:
        hits = indexes.load(ids)
        for hit in hits.values():
            marked.of(hit)
        return hits

    return replace(indexes, load=load)


def _shown(hit: Hit, highlighted: list[tuple[int, int]]) -> dict[str, Any]:
    found = hit.model_dump(mode="json", exclude={"spans", "recognised", "source_type"})
    return {
        **found,
        "type": hit.source_type,
        "highlights": highlighted,
        "locator": found["locators"][0] if found["locators"] else None,
        "recognition": recognition(hit.recognised, 0, len(hit.text)),
    }
