"""Asking a worker to search: the models that rank live there.

A question and its reply pass through two lists in Redis; nothing of them is kept there. A job
would outlive whoever asked.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import Any, Self, cast

import orjson
from redis import Redis, RedisError

from api import presence
from api.errors import refuse
from api.hits import Filters
from api.models.base import new_id
from api.services import Services

QUEUE = "searches"
ASKED = f"vouch:{QUEUE}"
"""The list of Questions as JSON, the oldest first."""
SECONDS = 15.0
"""How long a caller waits; what nobody took by then is taken back."""
WAIT_SECONDS = 2.0
"""One wait for Redis, well below what its client takes for a lost connection."""


@dataclass(frozen=True)
class Question:
    """A search as it waits for a worker."""

    reply_to: str
    until: float
    """When nobody waits any more, seconds since 1970."""
    instrument_id: str
    text: str
    filters: Filters
    count: int

    @property
    def message(self) -> str:
        return orjson.dumps(asdict(self)).decode()

    @classmethod
    def read(cls, message: str) -> Self:
        """From `message`. JSON has lists where Filters has tuples."""
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
    key, until = f"vouch:search:{new_id()}", time.time() + SECONDS
    message = Question(key, until, instrument_id, question, filters, count).message
    try:
        said = _asked(redis, key, message)
        if said is None:
            if not presence.listening(redis, QUEUE):
                refuse(503, f"No worker listens to queue {QUEUE}; start one, then search again.")
            refuse(503, "The search took too long; try again in a moment.")
    except RedisError:
        refuse(503, "Searching is not possible right now; try again in a moment.")
    answer = orjson.loads(said)
    if "error" in answer:
        refuse(503, answer["error"])
    return cast("list[dict[str, Any]]", answer["hits"])


def _asked(redis: Redis, key: str, message: str) -> str | None:
    """What a worker said; a question that was taken and not answered in half the time is asked
    once more, since whoever took it may be gone."""
    with redis.pipeline(transaction=False) as pipe:
        # Asked and waited for in one go.
        pipe.rpush(ASKED, message)
        pipe.blpop([key], timeout=min(WAIT_SECONDS, SECONDS / 2))
        _, answered = pipe.execute()
    said = answered[1] if answered else _heard(redis, key, SECONDS / 2 - WAIT_SECONDS)
    if said is not None:
        return said
    try:
        if redis.lpos(ASKED, message) is None:
            redis.lpush(ASKED, message)
        return _heard(redis, key, SECONDS / 2)
    finally:
        redis.lrem(ASKED, 0, message)


def take(redis: Redis) -> str | None:
    """The next Question's message, each for one worker; None when none came for a while."""
    return _heard(redis, ASKED, WAIT_SECONDS)


def give_back(redis: Redis, message: str) -> None:
    """Let another worker have a message that was taken."""
    redis.lpush(ASKED, message)


def reply(redis: Redis, question: Question, answer: dict[str, Any]) -> None:
    """Hand {"hits": [...]} or {"error": message} to whoever waits for it."""
    with redis.pipeline(transaction=False) as pipe:
        pipe.rpush(question.reply_to, orjson.dumps(answer))
        pipe.expire(question.reply_to, int(SECONDS))
        pipe.execute()


def _heard(redis: Redis, key: str, seconds: float) -> str | None:
    """The first of a list, as soon as there is one."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        said = cast("list[str] | None", redis.blpop([key], timeout=min(left, WAIT_SECONDS)))
        if said is not None:
            return said[1]
    return None
