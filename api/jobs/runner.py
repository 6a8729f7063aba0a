"""Claim, heartbeat, progress, finish: the life of every job on the worker's side, in one place."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any, Generic, NoReturn

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from api.extensions import db
from api.jobs import lifecycle
from api.jobs.kind import Checkpoint, JobData, JobKind, Payload, Reason
from api.jobs.this_worker import new_owner, stopping
from api.models import Job
from api.services import Services, services
from pipelines.cancellation import Stop
from pipelines.errors import Cancelled, PipelineError, ServiceUnavailable

log = structlog.get_logger()

WATCH_SECONDS = 0.5
PAUSES = (2.0, 10.0, 60.0)
"""Seconds before what failed for an outside reason is tried again; the last one repeats."""
PROGRESS_SECONDS = 0.25
"""Progress is published at most this often."""


class Interrupted(Exception):
    """The worker is stopping: the job goes back to its queue."""


class Requeued(Exception):
    """The job is in its queue again, to be taken up later."""


class RunningJob(Generic[Payload, Checkpoint]):
    """A job that this worker holds. `check` between steps; writes are fenced by the lease."""

    def __init__(
        self, kind: JobKind[Payload, Checkpoint], job: Job, owner: str, with_: Services
    ) -> None:
        self.kind = kind
        self.job = job
        self._job_id = job.id
        """For the watching thread: reading it of the row may need the session, which is not its."""
        self.owner = owner
        self.services = with_
        self._stop: Exception | None = None
        self._stopped = threading.Event()
        self._on_stop: list[Callable[[], None]] = []
        self._published = 0.0

    @property
    def payload(self) -> Payload:
        return self.kind.payload_of(self.job)

    @property
    def checkpoint(self) -> Checkpoint:
        return self.kind.checkpoint_of(self.job)

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

    @cached_property
    def stop(self) -> Stop:
        """Set, from another thread, as soon as the work should end."""
        stop = Stop()
        self.on_stop(stop.set)
        return stop

    def update(self, **values: Any) -> None:
        """Write progress and commit it, then publish it. Raises LeaseLost."""
        is_new_stage = values.get("stage", self.job.stage) != self.job.stage
        self.write(**values)
        db.session.commit()
        self._publish_progress(is_new_stage)

    def write(self, **values: Any) -> None:
        """Write to the job's row within the current transaction. Raises LeaseLost.

        A payload or a checkpoint is given as its kind's JobData.
        """
        columns = {
            name: value.row if isinstance(value, JobData) else value
            for name, value in values.items()
        }
        lifecycle.write(db.session(), self.job.id, self.owner, **columns)
        for name, value in columns.items():
            setattr(self.job, name, value)

    def lock(self) -> None:
        """Lock the job within the current transaction. Raises LeaseLost."""
        lifecycle.lock(db.session(), self.job.id, self.owner)

    def requeue(self, seconds: float) -> NoReturn:
        """Leave the job, to be taken up again after `seconds`: what it needs is not there yet."""
        db.session.rollback()
        lifecycle.requeue(db.session(), self.job.id, self.owner, seconds)
        raise Requeued

    def publish(self, event: str, data: dict[str, Any]) -> None:
        """Publish to the job's log. What must last was committed before (law 1)."""
        self.services.events.publish(self.job.id, event, data)

    def _publish_progress(self, at_once: bool) -> None:
        now = time.monotonic()
        if not at_once and now - self._published < PROGRESS_SECONDS:
            return
        self._published = now
        job = self.job
        self.publish(
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
                        cancelled = lifecycle.renew(session, self._job_id, self.owner, lease)
                        renewed = time.monotonic()
                    else:
                        asked = select(Job.cancel_requested_at).where(Job.id == self._job_id)
                        cancelled = session.scalar(asked) is not None
            except lifecycle.LeaseLost as error:
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


def run(
    job_id: str,
    kind: JobKind[Payload, Checkpoint],
    work: Callable[[RunningJob[Payload, Checkpoint]], dict[str, Any] | None],
) -> bool:
    """Claim the job, do `work`, record how it ended, publish it. True if it is done, and by this
    call.

    `work` returns what the row should also say when done. A job that is not to be had (done by
    another, cancelled, still leased) is left alone, so a message delivered twice works once.
    """
    with_ = services()
    session = db.session()
    owner = new_owner()
    job = lifecycle.claim(session, job_id, owner, with_.config.lease_seconds)
    if job is None:
        return False
    structlog.contextvars.bind_contextvars(job_id=job_id, kind=job.kind)
    running = RunningJob(kind, job, owner, with_)
    if job.attempt > with_.config.max_attempts and kind.gives_up:
        _end(running, "failed", given_up(job))
        return False
    app = _app()

    def watch() -> None:
        with app.app_context():
            running.watch()

    watcher = threading.Thread(target=watch, name=f"watch-{job_id}", daemon=True)
    watcher.start()
    try:
        running.lock()
        lifecycle.mark_subject(session, job, "running")
        session.commit()
        running.check()
        values = work(running) or {}
        return _end(running, "done", None, **values)
    except Cancelled:
        _end(running, "cancelled", ("cancelled", "Cancelled."))
    except Requeued:
        session.rollback()
    except (Interrupted, lifecycle.LeaseLost) as error:
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
    return False


def given_up(job: Job) -> Reason:
    """Why a job that was tried too often failed."""
    place = f" near {job.unit} {job.done}" if job.unit and job.done else ""
    return (
        "worker_lost",
        f"The worker died {job.attempt - 1} times at the same place{place}. The file may need "
        "more memory than there is; retry the job or ask the operator.",
    )


def _later(running: RunningJob[Any, Any], error: Reason) -> None:
    """Try again what may pass (a service that was away), up to the limit of attempts."""
    session = db.session()
    session.rollback()
    job = running.job
    if running.kind.gives_up and job.attempt >= running.services.config.max_attempts:
        _end(running, "failed", error)
        return
    pause = PAUSES[min(job.attempt, len(PAUSES)) - 1]
    try:
        lifecycle.requeue(session, job.id, running.owner, pause)
    except (lifecycle.LeaseLost, SQLAlchemyError) as away:
        log.warning("job waits for the sweep", error=type(away).__name__)


def _end(running: RunningJob[Any, Any], state: str, error: Reason | None, **values: Any) -> bool:
    """Write how the job ended, and its subject with it, in one transaction; then tell it.

    False when another worker has it.
    """
    session = db.session()
    session.rollback()
    try:
        lifecycle.finish(session, running.job.id, running.owner, state, error=error, **values)
        lifecycle.mark_subject(session, running.job, state, error)
        session.commit()
    except lifecycle.LeaseLost:
        log.warning("another worker took the job before it ended here")
        return False
    running.ended()
    data: dict[str, Any] = {"job_id": running.job.id, "state": state, "done": running.job.done}
    if error:
        data |= {"code": error[0], "message": error[1]}
    lifecycle.after_end(running.services, running.job, state, data)
    return True


def _app() -> Any:
    from flask import current_app

    return current_app._get_current_object()  # type: ignore[attr-defined]
