"""Which workers listen to which queue, kept in Redis while they live."""

from __future__ import annotations

import time

import redis

SECONDS = 15


def announce(client: redis.Redis, queues: list[str], worker: str) -> None:
    """`worker` listens to `queues` for the next 15 s. Call it every few seconds."""
    with client.pipeline() as pipe:
        for queue in queues:
            pipe.zadd(_key(queue), {worker: time.time() + SECONDS})
            pipe.zremrangebyscore(_key(queue), 0, time.time())
        pipe.execute()


def leave(client: redis.Redis, queues: list[str], worker: str) -> None:
    with client.pipeline() as pipe:
        for queue in queues:
            pipe.zrem(_key(queue), worker)
        pipe.execute()


def listening(client: redis.Redis, queue: str) -> int:
    """How many workers listen to `queue` now. Raises redis.RedisError."""
    return int(client.zcount(_key(queue), time.time(), "+inf"))


def _key(queue: str) -> str:
    return f"vouch:workers:{queue}"
