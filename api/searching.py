"""Asking a worker to search: the models that rank live there.

A question and its reply pass through two lists in Redis; nothing of them is kept. A job would
outlive whoever asked, and its way there and back take longer than the search.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any, Self, cast

import redis as redis_errors
from redis import Redis

from api import presence
from api.errors import refuse
from api.hits import Filters
from api.models.base import new_id
from api.services import Services

QUEUE = "searches"
ASKED = f"vouch:{QUEUE}"
"""The list of Questions as JSON, the oldest first."""
SECONDS = 15
"""How long a caller waits; what nobody took by then is taken back."""


@dataclass(frozen=True)
class Question:
    """A search as it waits for a worker."""

    reply_to: str
    instrument_id: str
    text: str
    filters: Filters
    count: int

    @property
    def message(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, message: str) -> Self:
        """From `message`. JSON has lists where Filters has tuples."""
        given = json.loads(message)
        limits: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value
            for name, value in given.pop("filters").items()
        }
        return cls(filters=Filters(**limits), **given)


def search(
    with_: Services, instrument_id: str, question: str, filters: Filters, count: int
) -> list[dict[str, Any]]:
    """At most `count` hits as JSON, best first. Refuses with 503 when no worker answers."""
    key = f"vouch:search:{new_id()}"
    message = Question(key, instrument_id, question, filters, count).message
    redis = cast("Redis", with_.redis)
    try:
        redis.rpush(ASKED, message)
        said = _heard(redis, key, SECONDS / 2)
        if said is None:
            if redis.lpos(ASKED, message) is None:
                # Whoever took it may be gone.
                redis.rpush(ASKED, message)
            said = _heard(redis, key, SECONDS / 2)
        if said is None:
            redis.lrem(ASKED, 1, message)
            if not presence.listening(redis, QUEUE):
                refuse(503, f"No worker listens to queue {QUEUE}; start one, then search again.")
            refuse(503, "The search took too long; try again in a moment.")
    except redis_errors.RedisError:
        refuse(503, "Searching is not possible right now; try again in a moment.")
    answer = json.loads(said)
    if "error" in answer:
        refuse(503, answer["error"])
    return cast("list[dict[str, Any]]", answer["hits"])


def take(redis: Redis, seconds: float) -> Question | None:
    """The next Question, each for one worker; None when none comes within `seconds`."""
    message = _heard(redis, ASKED, seconds)
    return None if message is None else Question.read(message)


def reply(redis: Redis, question: Question, answer: dict[str, Any]) -> None:
    """Hand {"hits": [...]} or {"error": message} to whoever waits for it."""
    with redis.pipeline() as pipe:
        pipe.rpush(question.reply_to, json.dumps(answer))
        pipe.expire(question.reply_to, SECONDS)
        pipe.execute()


def _heard(redis: Redis, key: str, seconds: float) -> str | None:
    """The first of a list, as soon as there is one."""
    said = cast("list[str] | None", redis.blpop([key], timeout=seconds))
    return None if said is None else said[1]
