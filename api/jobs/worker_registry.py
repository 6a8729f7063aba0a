"""Which workers listen to which queue, and how many tasks each can do at once, kept in Redis
while they live."""

from __future__ import annotations

import time
from collections.abc import Collection

import redis

SECONDS = 15


def announce(client: redis.Redis, queues: list[str], worker: str, slots: int) -> None:
    """`worker` listens to `queues` for the next 15 s and does `slots` tasks at the same time.
    Call it every few seconds."""
    with client.pipeline() as pipe:
        for queue in queues:
            pipe.zadd(_key(queue), {worker: time.time() + SECONDS})
            pipe.zremrangebyscore(_key(queue), 0, time.time())
        pipe.set(_slots(worker), slots, ex=SECONDS)
        pipe.execute()


def leave(client: redis.Redis, queues: list[str], worker: str) -> None:
    with client.pipeline() as pipe:
        for queue in queues:
            pipe.zrem(_key(queue), worker)
        pipe.delete(_slots(worker))
        pipe.execute()


def listening(client: redis.Redis, queue: str) -> int:
    """How many workers listen to `queue` now. Raises redis.RedisError."""
    return int(client.zcount(_key(queue), time.time(), "+inf"))


def counts(client: redis.Redis, queues: Collection[str]) -> dict[str, int]:
    """How many workers listen to each of `queues` now, in one round trip. Raises
    redis.RedisError."""
    return {queue: len(workers) for queue, workers in _workers(client, queues).items()}


def slots(client: redis.Redis, queues: Collection[str]) -> dict[str, dict[str, int]]:
    """{queue: {worker: how many tasks it does at once}} of those that listen now, in two round
    trips. Raises redis.RedisError."""
    listeners = _workers(client, queues)
    names = sorted({worker for workers in listeners.values() for worker in workers})
    found = client.mget([_slots(name) for name in names]) if names else []
    known = {name: int(count or 0) for name, count in zip(names, found, strict=True)}
    return {
        queue: {worker: known[worker] for worker in workers} for queue, workers in listeners.items()
    }


def _workers(client: redis.Redis, queues: Collection[str]) -> dict[str, list[str]]:
    names = list(queues)
    if not names:
        return {}
    with client.pipeline(transaction=False) as pipe:
        for queue in names:
            pipe.zrangebyscore(_key(queue), time.time(), "+inf")
        return dict(zip(names, pipe.execute(), strict=True))


def _key(queue: str) -> str:
    return f"vouch:workers:{queue}"


def _slots(worker: str) -> str:
    return f"vouch:slots:{worker}"
