"""Answers a search: the model that embeds the question lives here, not in the API."""

from __future__ import annotations

from typing import Any

import structlog

from api.extensions import db
from api.hits import Filters, named
from api.searching import TASK, reply
from api.services import services
from pipelines.errors import PipelineError
from pipelines.highlights import highlights
from pipelines.retrieval import search as find
from pipelines.types import Hit
from workers.finding import indexes_of
from workers.main import celery

log = structlog.get_logger()


@celery.task(name=TASK)
def search(
    key: str, instrument_id: str, question: str, filters: dict[str, Any], count: int
) -> None:
    """Push {"hits": [...]} or {"error": message} to the list `key`."""
    with_ = services()
    try:
        hits = _found(instrument_id, question, _filters(filters), count)
        answer: dict[str, Any] = {"hits": [_shown(question, hit) for hit in hits]}
    except PipelineError as error:
        log.warning("search failed", error=str(error))
        answer = {"error": str(error)}
    finally:
        db.session.rollback()
    reply(with_.redis, key, answer)


def _found(instrument_id: str, question: str, filters: Filters, count: int) -> list[Hit]:
    """What is called so, then what is near, each Fragment once."""
    session = db.session()
    first = named(session, instrument_id, question, filters)
    indexes = indexes_of(services(), session, instrument_id, filters)
    near = find(question, indexes, count=count) if indexes else []
    best = [hit.model_copy(update={"score": 1.0}) for hit in first]
    known = {hit.fragment_id for hit in best}
    return [*best, *(hit for hit in near if hit.fragment_id not in known)][:count]


def _filters(given: dict[str, Any]) -> Filters:
    """JSON has lists where Filters has tuples."""
    names = ("source_ids", "types", "version_ids")
    lists = {name: None if given[name] is None else tuple(given[name]) for name in names}
    return Filters(**lists, heading=given["heading"])


def _shown(question: str, hit: Hit) -> dict[str, Any]:
    found = hit.model_dump(mode="json", exclude={"spans", "source_type"})
    return {
        **found,
        "type": hit.source_type,
        "highlights": highlights(question, hit.text),
        "locator": found["locators"][0] if found["locators"] else None,
    }
