"""The event log: one Redis Stream per job, with live fan-out.

An entry is written, kept alive and announced in one round trip. Who follows replays the stream
from a cursor and then listens to announcements, dropping ids that it has seen. Losing Redis
loses news, never work: a failed publish is logged once and the job goes on.
"""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import redis
import structlog

log = structlog.get_logger()

BEGINNING = "0-0"
RESYNC = "resync"
"""Put to every follower when announcements may have been missed: read the log again."""
PAUSE_SECONDS = 5.0
"""After a failed publish, how long none is tried: a job must not wait for Redis."""
CHANNEL = "vouch:live:"
MAX_EVENTS = 50_000

_PUBLISH = """
local id = redis.call(
    'XADD', KEYS[1], 'MAXLEN', '~', ARGV[4], '*', 'event', ARGV[1], 'data', ARGV[2])
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('PUBLISH', KEYS[2], id .. '\\n' .. ARGV[1] .. '\\n' .. ARGV[2])
return id
"""


@dataclass(frozen=True)
class Event:
    """An entry of a job's log. `id` is the stream's id: milliseconds, dash, sequence."""

    id: str
    event: str
    data: dict[str, Any]


def order(event_id: str) -> tuple[int, int]:
    """A key that sorts stream ids. Raises ValueError if it is none."""
    milliseconds, _, sequence = event_id.partition("-")
    return int(milliseconds), int(sequence or 0)


class EventLog:
    def __init__(self, client: redis.Redis, seconds: int) -> None:
        self._redis = client
        self._seconds = seconds
        self._publish = client.register_script(_PUBLISH)
        self._silent_until = 0.0

    def publish(self, job_id: str, event: str, data: dict[str, Any]) -> None:
        """Append to the job's log and tell who listens. Never raises for want of Redis (law 1)."""
        if time.monotonic() < self._silent_until:
            return
        try:
            self._publish(
                keys=[_stream(job_id), CHANNEL + job_id],
                args=[event, json.dumps(data, separators=(",", ":")), self._seconds, MAX_EVENTS],
            )
            self._silent_until = 0.0
        except redis.RedisError as error:
            if not self._silent_until:
                log.warning("events are not being published", error=type(error).__name__)
            self._silent_until = time.monotonic() + PAUSE_SECONDS

    def read(self, job_id: str, after: str = BEGINNING, count: int = 10_000) -> list[Event]:
        """Entries later than `after`, oldest first; empty when none or when the log has expired."""
        found: list[Event] = []
        while True:
            entries = self._redis.xrange(_stream(job_id), min=f"({after}", count=count) or []
            found += [_event(entry) for entry in entries]
            if len(entries) < count:
                return found
            after = found[-1].id

    def exists(self, job_id: str) -> bool:
        return bool(self._redis.exists(_stream(job_id)))

    def forget(self, job_id: str) -> None:
        self._redis.delete(_stream(job_id))


class Hub:
    """One Redis subscriber for a whole process, fanning out to all that follow a job here."""

    def __init__(self, client: redis.Redis) -> None:
        self._redis = client
        self._lock = threading.Lock()
        self._listeners: dict[str, set[queue.SimpleQueue[Event]]] = {}
        self._thread: threading.Thread | None = None
        self._subscribed = threading.Event()

    @contextmanager
    def follow(self, job_id: str) -> Iterator[queue.SimpleQueue[Event]]:
        """A queue that receives the job's events from now on.

        On return the subscription stands, so that a replay done afterwards misses nothing.
        """
        listener: queue.SimpleQueue[Event] = queue.SimpleQueue()
        with self._lock:
            self._listeners.setdefault(job_id, set()).add(listener)
            if self._thread is None or not self._thread.is_alive():
                self._subscribed.clear()
                self._thread = threading.Thread(target=self._listen, daemon=True)
                self._thread.start()
        self._subscribed.wait(timeout=5)
        try:
            yield listener
        finally:
            with self._lock:
                listeners = self._listeners.get(job_id, set())
                listeners.discard(listener)
                if not listeners:
                    self._listeners.pop(job_id, None)

    def _listen(self) -> None:
        """Runs for the life of the process; a broken connection is made again."""
        pause = threading.Event()
        while True:
            try:
                with self._redis.pubsub() as subscriber:
                    subscriber.psubscribe(CHANNEL + "*")
                    for message in subscriber.listen():
                        if message["type"] == "psubscribe":
                            self._subscribed.set()
                            self._resync()
                        elif message["type"] == "pmessage":
                            self._deliver(message["channel"], message["data"])
            except (redis.RedisError, OSError, ValueError) as error:
                self._subscribed.clear()
                log.warning("live events are interrupted", error=type(error).__name__)
                pause.wait(1.0)

    def _resync(self) -> None:
        with self._lock:
            everybody = [each for listeners in self._listeners.values() for each in listeners]
        for listener in everybody:
            listener.put(Event(BEGINNING, RESYNC, {}))

    def _deliver(self, channel: str, payload: str) -> None:
        job_id = channel.removeprefix(CHANNEL)
        with self._lock:
            listeners = list(self._listeners.get(job_id, ()))
        if not listeners:
            return
        event_id, name, data = payload.split("\n", 2)
        event = Event(event_id, name, json.loads(data))
        for listener in listeners:
            listener.put(event)


def _stream(job_id: str) -> str:
    return f"vouch:events:{job_id}"


def _event(entry: Any) -> Event:
    event_id, fields = entry
    return Event(event_id, fields["event"], json.loads(fields["data"]))
