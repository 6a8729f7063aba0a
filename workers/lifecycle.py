"""Claim, heartbeat, progress, finish: the life of every job on the worker's side, in one place."""

from __future__ import annotations

import os
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any, NoReturn

import redis
import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api import jobs, passwords
from api.extensions import db
from api.models import Job
from api.services import Services, services
from pipelines.errors import Cancelled, PipelineError, ServiceUnavailable
from workers.main import WORKER, stopping

log = structlog.get_logger()

WATCH_SECONDS = 0.5
PAUSES = (2.0, 10.0, 60.0)
"""Seconds before what failed for an outside reason is tried again; the last one repeats."""
NEVER_GIVEN_UP = frozenset({"purge"})
"""What was deleted must go, however long a service is away."""
TOLD_SECONDS = 0.25
"""Progress is published at most this often."""


class Interrupted(Exception):
    """The worker is stopping: the job goes back to its queue."""


class PutBack(Exception):
    """The job is in its queue again."""


class Running:
    """A job that this worker holds. `check` between steps; writes are fenced by the lease."""

    def __init__(self, job: Job, owner: str, with_: Services) -> None:
        self.job = job
        self._job_id = job.id
        """For the watching thread: reading it of the row may need the session, which is not its."""
        self.owner = owner
        self.services = with_
        self._stop: Exception | None = None
        self._stopped = threading.Event()
        self._on_stop: list[Callable[[], None]] = []
        self._told = 0.0

    def check(self) -> None:
        """Raise Cancelled, Interrupted or LeaseLost when the work should end here."""
        if stopping.is_set():
            raise Interrupted
        if self._stop is not None:
            raise self._stop

    def on_stop(self, callback: Callable[[], None]) -> None:
        """Call `callback`, from another thread, as soon as the work should end."""
        self._on_stop.append(callback)
        if self._stop is not None:
            callback()

    def move(self, **values: Any) -> None:
        """Write progress and commit it, then tell it. Raises LeaseLost."""
        told = values.get("stage", self.job.stage) != self.job.stage
        self.put(**values)
        db.session.commit()
        self._tell(told)

    def put(self, **values: Any) -> None:
        """Write to the job's row within the current transaction. Raises LeaseLost."""
        jobs.move(db.session(), self.job.id, self.owner, **values)
        for name, value in values.items():
            setattr(self.job, name, value)

    def hold(self) -> None:
        """Lock the job within the current transaction. Raises LeaseLost."""
        jobs.hold(db.session(), self.job.id, self.owner)

    def put_back(self, seconds: float) -> NoReturn:
        """Leave the job, to be taken up again after `seconds`: what it needs is not there yet."""
        db.session.rollback()
        jobs.put_back(db.session(), self.job.id, self.owner, seconds)
        raise PutBack

    def tell(self, event: str, data: dict[str, Any]) -> None:
        """Publish to the job's log. What must last was committed before (law 1)."""
        self.services.events.publish(self.job.id, event, data)

    def _tell(self, at_once: bool) -> None:
        now = time.monotonic()
        if not at_once and now - self._told < TOLD_SECONDS:
            return
        self._told = now
        job = self.job
        self.tell(
            "progress",
            {"stage": job.stage, "done": job.done, "total": job.total, "unit": job.unit},
        )

    def watch(self) -> None:
        """Keep the lease and look out for a cancel, until the work has ended. In a thread."""
        lease = self.services.config.lease_seconds
        renewed = time.monotonic()
        while not self._stopped.wait(WATCH_SECONDS):
            try:
                with Session(db.engine) as session:
                    if time.monotonic() - renewed >= lease / 4:
                        cancelled = jobs.renew(session, self._job_id, self.owner, lease)
                        renewed = time.monotonic()
                    else:
                        asked = select(Job.cancel_requested_at).where(Job.id == self._job_id)
                        cancelled = session.scalar(asked) is not None
            except jobs.LeaseLost as error:
                self._end(error)
                return
            except SQLAlchemyError as error:
                log.warning("heartbeat failed", job_id=self._job_id, error=type(error).__name__)
                continue
            if cancelled or stopping.is_set():
                self._end(Cancelled("Cancelled.") if cancelled else Interrupted())
                return

    def ended(self) -> None:
        self._stopped.set()

    def _end(self, why: Exception) -> None:
        self._stop = why
        for callback in self._on_stop:
            callback()


def run(job_id: str, work: Callable[[Running], dict[str, Any] | None]) -> None:
    """Claim the job, do `work`, record how it ended, tell it.

    `work` returns what the row should also say when done. A job that is not to be had (done by
    another, cancelled, still leased) is left alone, so a message delivered twice works once.
    """
    with_ = services()
    session = db.session()
    owner = f"{WORKER}/{os.getpid()}-{uuid.uuid4().hex[:8]}"
    job = jobs.claim(session, job_id, owner, with_.config.lease_seconds)
    if job is None:
        return
    structlog.contextvars.bind_contextvars(job_id=job_id, kind=job.kind)
    running = Running(job, owner, with_)
    if job.attempt > with_.config.max_attempts and job.kind not in NEVER_GIVEN_UP:
        _end(running, "failed", given_up(job))
        return
    app = _app()

    def watch() -> None:
        with app.app_context():
            running.watch()

    watcher = threading.Thread(target=watch, name=f"watch-{job_id}", daemon=True)
    watcher.start()
    try:
        jobs.mark_subject(session, job, "running")
        session.commit()
        running.check()
        values = work(running) or {}
        _end(running, "done", None, **values)
    except Cancelled:
        _end(running, "cancelled", ("cancelled", "Cancelled."))
    except PutBack:
        session.rollback()
    except (Interrupted, jobs.LeaseLost) as error:
        log.info("job left to another worker", reason=type(error).__name__)
        session.rollback()
    except ServiceUnavailable as error:
        log.warning("job waits for a service", error=str(error))
        _later(running, (error.code, str(error)))
    except PipelineError as error:
        _end(running, "failed", (error.code, str(error)))
    except Exception as error:
        log.error("job failed unexpectedly", exc_info=error)
        message = (
            f"Something went wrong on our side ({type(error).__name__}) {job.attempt} times; it "
            "was logged. Retry the job, and tell the operator if it stays."
        )
        _later(running, ("internal_error", message))
    finally:
        running.ended()
        db.session.remove()
        structlog.contextvars.unbind_contextvars("job_id", "kind")


def given_up(job: Job) -> tuple[str, str]:
    """Why a job that was tried too often failed."""
    place = f" near {job.unit} {job.done}" if job.unit and job.done else ""
    return (
        "worker_lost",
        f"The worker died {job.attempt - 1} times at the same place{place}. The file may need "
        "more memory than there is; retry the job or ask the operator.",
    )


def _later(running: Running, error: tuple[str, str]) -> None:
    """Try again what may pass (a service that was away), up to the limit of attempts."""
    session = db.session()
    session.rollback()
    job = running.job
    if job.attempt >= running.services.config.max_attempts and job.kind not in NEVER_GIVEN_UP:
        _end(running, "failed", error)
        return
    pause = PAUSES[min(job.attempt, len(PAUSES)) - 1]
    try:
        jobs.put_back(session, job.id, running.owner, pause)
    except (jobs.LeaseLost, SQLAlchemyError) as away:
        log.warning("job waits for the sweep", error=type(away).__name__)


def _end(running: Running, state: str, error: tuple[str, str] | None, **values: Any) -> None:
    """Write how the job ended, and its subject with it, in one transaction; then tell it."""
    session = db.session()
    session.rollback()
    try:
        jobs.finish(session, running.job.id, running.owner, state, error=error, **values)
        jobs.mark_subject(session, running.job, state, error)
        session.commit()
    except jobs.LeaseLost:
        log.warning("another worker took the job before it ended here")
        return
    running.ended()
    if running.job.kind == "ingest":
        try:
            passwords.forget(running.services.redis, running.job.id)
        except redis.RedisError as away:
            log.warning("a password goes later by itself", error=type(away).__name__)
    data: dict[str, Any] = {"job_id": running.job.id, "state": state, "done": running.job.done}
    if error:
        data |= {"code": error[0], "message": error[1]}
    running.tell(state, data)


def _app() -> Any:
    from flask import current_app

    return current_app._get_current_object()  # type: ignore[attr-defined]
