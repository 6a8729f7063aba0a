"""A remote procedure call over Redis: a worker searches, since the models that rank live there.

A request and its reply pass through two lists in Redis; nothing of them is kept there. A job
would outlive whoever asked.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any, Self, cast

import orjson
from redis import Redis, RedisError

from api.errors import refuse
from api.jobs import worker_registry
from api.models.base import new_id
from api.search.fragments import Filters
from api.services import Services

QUEUE = "searches"
REQUESTS = f"vouch:{QUEUE}"
"""The list of SearchRequests as JSON, the oldest first."""
TIMEOUT_SECONDS = 15.0
"""How long a caller waits; a request that nobody took by then is taken back."""
POLL_SECONDS = 2.0
"""One wait for Redis, well below what its client takes for a lost connection."""


@dataclass(frozen=True)
class SearchRequest:
    """A search as it waits for a worker."""

    reply_to: str
    """The Redis list that the reply is pushed to."""
    expires_at: float
    """When nobody waits any more, seconds since 1970."""
    instrument_id: str
    question: str
    filters: Filters
    count: int

    @property
    def message(self) -> str:
        return orjson.dumps(asdict(self)).decode()

    @classmethod
    def from_message(cls, message: str) -> Self:
        """JSON has lists where Filters has tuples."""
        given = orjson.loads(message)
        limits: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in given.pop("filters").items()
        }
        return cls(filters=Filters(**limits), **given)


def search(
    with_: Services, instrument_id: str, question: str, filters: Filters, count: int
) -> list[dict[str, Any]]:
    """At most `count` hits as JSON, best first. Refuses with 503 when no worker answers."""
    redis = cast("Redis", with_.redis)
    reply_to, expires_at = f"vouch:search:{new_id()}", time.time() + TIMEOUT_SECONDS
    request = SearchRequest(reply_to, expires_at, instrument_id, question, filters, count)
    try:
        reply = _call(redis, reply_to, request.message)
        if reply is None:
            if not worker_registry.listening(redis, QUEUE):
                refuse(503, f"No worker listens to queue {QUEUE}; start one, then search again.")
            refuse(503, "The search took too long; try again in a moment.")
    except RedisError:
        refuse(503, "Searching is not possible right now; try again in a moment.")
    answer = orjson.loads(reply)
    if "error" in answer:
        refuse(503, answer["error"])
    return cast("list[dict[str, Any]]", answer["hits"])


def _call(redis: Redis, reply_to: str, message: str) -> str | None:
    """A worker's reply, None when none comes in time. A request that was taken and not answered
    in half the time is sent once more, since whoever took it may be gone."""
    redis.rpush(REQUESTS, message)
    try:
        reply = _pop(redis, reply_to, TIMEOUT_SECONDS / 2)
        if reply is None:
            if redis.lpos(REQUESTS, message) is None:
                redis.lpush(REQUESTS, message)
            reply = _pop(redis, reply_to, TIMEOUT_SECONDS / 2)
        return reply
    finally:
        redis.lrem(REQUESTS, 0, message)


def take(redis: Redis) -> str | None:
    """The next SearchRequest's message, each for one worker; None when none came for a while."""
    return _pop(redis, REQUESTS, POLL_SECONDS)


def give_back(redis: Redis, message: str) -> None:
    """Let another worker have a message that was taken."""
    redis.lpush(REQUESTS, message)


def reply(redis: Redis, request: SearchRequest, answer: dict[str, Any]) -> None:
    """Push {"hits": [...]} or {"error": message} to whoever waits for it."""
    with redis.pipeline(transaction=False) as pipe:
        pipe.rpush(request.reply_to, orjson.dumps(answer))
        pipe.expire(request.reply_to, int(TIMEOUT_SECONDS))
        pipe.execute()


def _pop(redis: Redis, key: str, seconds: float) -> str | None:
    """The first of a list, as soon as there is one."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        popped = cast("list[str] | None", redis.blpop([key], timeout=min(left, POLL_SECONDS)))
        if popped is not None:
            return popped[1]
    return None
