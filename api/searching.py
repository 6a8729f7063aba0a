"""Asking a worker to search: the models that rank live there. A question and its reply pass
through Redis; nothing of it is kept."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any, cast

import kombu.exceptions
from redis import Redis

from api import presence
from api.errors import refuse
from api.hits import Filters
from api.models.base import new_id
from api.services import Services

TASK = "vouch.search"
QUEUE = "searches"
SECONDS = 15
"""How long a caller waits; a search that nobody took by then is dropped."""


def search(
    with_: Services, instrument_id: str, question: str, filters: Filters, count: int
) -> list[dict[str, Any]]:
    """At most `count` hits as JSON, best first. Refuses with 503 when no worker answers."""
    key = f"vouch:search:{new_id()}"
    try:
        with_.queue.send_task(
            TASK,
            args=[key, instrument_id, question, asdict(filters), count],
            queue=QUEUE,
            expires=SECONDS,
            retry_policy={"max_retries": 1},
        )
    except kombu.exceptions.OperationalError:
        refuse(503, "Searching is not possible right now; try again in a moment.")
    redis = cast("Redis", with_.redis)
    said = cast("list[str] | None", redis.blpop([key], timeout=SECONDS))
    if said is None:
        if not presence.listening(redis, QUEUE):
            refuse(503, f"No worker listens to queue {QUEUE}; start one, then search again.")
        refuse(503, "The search took too long; try again in a moment.")
    answer = json.loads(said[1])
    if "error" in answer:
        refuse(503, answer["error"])
    return cast("list[dict[str, Any]]", answer["hits"])


def reply(redis: Redis, key: str, answer: dict[str, Any]) -> None:
    """Hand the answer to whoever waits for it."""
    with redis.pipeline() as pipe:
        pipe.rpush(key, json.dumps(answer))
        pipe.expire(key, SECONDS)
        pipe.execute()
