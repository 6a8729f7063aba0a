"""Following a job: what happened, what happens, and the end, each once and in order.

Subscribe, then read the row, then replay from the cursor, then listen, dropping what was sent
already: nothing falls between. When the log is gone (expired, or Redis was lost) the row speaks.
"""

from __future__ import annotations

import json
import queue
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import redis
import structlog
from flask import Response, request, stream_with_context
from sqlalchemy import select

from api.extensions import db
from api.jobs.event_log import BEGINNING, RESYNC, Event, EventLog, Hub, order
from api.models import Job
from api.models.base import is_uuid

log = structlog.get_logger()

KEEPALIVE_SECONDS = 15.0
FINAL = frozenset({"done", "failed", "cancelled"})
HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


@dataclass(frozen=True)
class Gap:
    """The log no longer holds what came after the cursor: tell the state from the row."""

    job: Job


Item = Event | Gap | None
"""None is a sign of life, sent when nothing happened for a while."""


def follow(
    job_id: str, cursor: str, events: EventLog, hub: Hub, keepalive: float = KEEPALIVE_SECONDS
) -> Iterator[Item]:
    """The job's events later than `cursor`, then as they happen, up to the final one.

    A sign of life comes after `keepalive` seconds without any.
    """
    last = cursor
    with hub.follow(job_id) as live:
        job = _load(job_id)
        for event in _replay(events, job_id, cursor):
            last = event.id
            yield event
            if event.event in FINAL:
                return
        if job is None:
            yield _gone(job_id)
            return
        if last == cursor and (job.is_finished or cursor != BEGINNING) and _lost(events, job_id):
            yield Gap(job)
        if job.is_finished:
            yield final_event(job)
            return
        while True:
            try:
                event = live.get(timeout=keepalive)
            except queue.Empty:
                yield None
                job = _load(job_id)
                if job is None:
                    yield _gone(job_id)
                    return
                if not job.is_finished:
                    continue
                # Finished without an announcement that reached us.
                missed = [e for e in _replay(events, job_id, last) if e.event not in FINAL]
                yield from missed
                yield final_event(job)
                return
            news = _replay(events, job_id, last) if event.event == RESYNC else [event]
            for event in news:
                if order(event.id) <= order(last):
                    continue
                last = event.id
                yield event
                if event.event in FINAL:
                    return


def final_event(job: Job) -> Event:
    """How a finished job ended, from its row."""
    at = int((job.finished_at or job.updated_at).timestamp() * 1000)
    return Event(f"{at}-0", job.state, final_data(job))


def _gone(job_id: str) -> Event:
    """The end of a job whose row was deleted with what it worked on."""
    data = {"job_id": job_id, "code": "deleted", "message": "What this job worked on was deleted."}
    return Event(f"{int(time.time() * 1000)}-0", "cancelled", data)


def final_data(job: Job) -> dict[str, Any]:
    data: dict[str, Any] = {"job_id": job.id, "state": job.state, "done": job.done}
    if job.error_code:
        data |= {"code": job.error_code, "message": job.error_message}
    return data


def cursor_of(event_id: str | None, job_id: str | None = None) -> tuple[str | None, str]:
    """(job id, stream id) of a Last-Event-ID `job_id/stream-id`; ignores what is neither."""
    job, _, stream_id = (event_id or "").rpartition("/")
    try:
        order(stream_id)
    except ValueError:
        return job_id, BEGINNING
    if job and (not is_uuid(job) or (job_id is not None and job != job_id)):
        return job_id, BEGINNING
    return job or job_id, stream_id


def last_event_id() -> str | None:
    """Where the client stands: the header, or `last_event_id` for clients that can't set it."""
    return request.headers.get("Last-Event-ID") or request.args.get("last_event_id")


def sse(job_id: str, items: Iterator[tuple[str | None, str, dict[str, Any]] | None]) -> Response:
    """An SSE answer of (stream id, event, data); None becomes a comment line."""

    def lines() -> Iterator[str]:
        # No database session is held while the client listens.
        db.session.remove()
        yield "retry: 1000\n\n"
        for item in items:
            if item is None:
                yield ": still here\n\n"
                continue
            stream_id, event, data = item
            head = f"id: {job_id}/{stream_id}\n" if stream_id else ""
            yield f"{head}event: {event}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n"

    return Response(stream_with_context(lines()), content_type="text/event-stream", headers=HEADERS)


def poll(
    job_id: str, cursor: str, wait: float, events: EventLog, hub: Hub
) -> tuple[list[Event], bool]:
    """(events after the cursor, whether the log has ended), waiting up to `wait` seconds."""
    until = time.monotonic() + wait
    with hub.follow(job_id) as live:
        while True:
            job = _load(job_id)
            if job is None:
                return [], True
            found = _replay(events, job_id, cursor)
            if found:
                return found, found[-1].event in FINAL
            if job.is_finished:
                final = final_event(job)
                known = cursor != BEGINNING and order(cursor) >= order(final.id)
                return ([] if known else [final]), True
            left = until - time.monotonic()
            if left <= 0:
                return [], False
            try:
                live.get(timeout=min(left, KEEPALIVE_SECONDS))
            except queue.Empty:
                continue


def wait_until_finished(job_id: str, seconds: float, hub: Hub) -> None:
    """Return when the job has ended, or after `seconds`."""
    until = time.monotonic() + seconds
    with hub.follow(job_id) as live:
        job = _load(job_id)
        while job is not None and not job.is_finished:
            left = until - time.monotonic()
            if left <= 0:
                return
            try:
                event = live.get(timeout=min(left, 1.0))
            except queue.Empty:
                event = None
            if event is None or event.event in FINAL:
                job = _load(job_id)


def _load(job_id: str) -> Job | None:
    """A fresh copy of the row, with no session left open."""
    job = db.session.scalar(
        select(Job).where(Job.id == job_id).execution_options(populate_existing=True)
    )
    db.session.remove()
    return job


def _replay(events: EventLog, job_id: str, after: str) -> list[Event]:
    try:
        return events.read(job_id, after)
    except redis.RedisError as error:
        log.warning("event log can't be read", job_id=job_id, error=type(error).__name__)
        return []


def _lost(events: EventLog, job_id: str) -> bool:
    try:
        return not events.exists(job_id)
    except redis.RedisError:
        return True
