"""Answers searches: the model that embeds the question lives here, not in the API."""

from __future__ import annotations

import threading
import time
from typing import Any

import redis
import structlog
from celery import signals
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from api.jobs.this_worker import stopping
from api.search import fragments, rpc
from api.search.retrieval import indexes_of, reading
from api.search.rpc import SearchRequest
from api.services import Services, services
from pipelines.errors import PipelineError
from pipelines.retrieval.highlights import highlights
from pipelines.retrieval.retrieve import search
from pipelines.text.recognition import recognition
from pipelines.types import Hit
from workers.main import flask_app, queues_of

log = structlog.get_logger()

THREADS = 4
"""Searches at the same time in one worker, beside its answers."""
RECONNECT_SECONDS = 1.0
"""Between two tries to reach a Redis that is away."""


@signals.worker_ready.connect
def _listen(sender: Any, **_: Any) -> None:
    if rpc.QUEUE in queues_of(sender):
        for number in range(THREADS):
            threading.Thread(target=_serve, name=f"search-{number}", daemon=True).start()


def _serve() -> None:
    """Answer requests until the worker stops, whatever comes."""
    with flask_app().app_context():
        with_, told = services(), False
        while not stopping.is_set():
            try:
                _serve_next(with_)
                told = False
            except redis.RedisError as error:
                if not told:
                    log.warning("no searches can be taken", error=type(error).__name__)
                told = True
                stopping.wait(RECONNECT_SECONDS)
            except Exception:
                log.exception("a search could not be read")


def _serve_next(with_: Services) -> None:
    """Take the next request, if one comes, and answer it."""
    message = rpc.take(with_.redis)
    if message is None:
        return
    if stopping.is_set():
        rpc.give_back(with_.redis, message)
        return
    request = SearchRequest.from_message(message)
    # Nobody waits for an old one; those who still wait come first.
    if request.expires_at > time.time():
        rpc.reply(with_.redis, request, answer(with_, request))


def answer(with_: Services, request: SearchRequest) -> dict[str, Any]:
    """{"hits": [...]}, or {"error": message}: whoever waits hears of every failure."""
    try:
        with reading() as connection:
            found = _search(with_, connection, request)
        return {"hits": [_as_json(hit, request.question) for hit in found]}
    except PipelineError as error:
        log.warning("search failed", error=str(error))
        return {"error": str(error)}
    except SQLAlchemyError as error:
        log.warning("search failed", error=type(error).__name__)
        return {"error": "The database is not answering right now; try again in a moment."}
    except Exception:
        log.exception("search failed")
        return {"error": "The search failed; its cause is in the worker's log."}


def _search(with_: Services, connection: Connection, request: SearchRequest) -> list[Hit]:
    """Exact matches of a name first, then what retrieval ranks, each Fragment once."""
    instrument_id, question, filters = request.instrument_id, request.question, request.filters
    exact = fragments.named(connection, instrument_id, question, filters)
    indexes = indexes_of(with_, connection, instrument_id, filters)
    ranked = search(question, indexes, count=request.count) if indexes else []
    first = [hit.model_copy(update={"score": 1.0}) for hit in exact]
    known = {hit.fragment_id for hit in first}
    return [*first, *(hit for hit in ranked if hit.fragment_id not in known)][: request.count]


def _as_json(hit: Hit, question: str) -> dict[str, Any]:
    shown = hit.model_dump(mode="json", exclude={"spans", "recognised", "source_type"})
    return {
        **shown,
        "type": hit.source_type,
        "highlights": highlights(question, hit.text),
        "locator": shown["locators"][0] if shown["locators"] else None,
        "recognition": recognition(hit.recognised, 0, len(hit.text)),
    }
