"""The Celery app, and what happens when a worker starts and stops."""

from __future__ import annotations

import atexit
import ctypes
import os
import signal
import sys
import threading
from typing import Any

import redis
import structlog
from celery import Celery, Task, signals
from flask import Flask, has_app_context

import celeryconfig
from api.app import create_app
from api.job_kinds import KINDS
from api.jobs import worker_registry
from api.jobs.this_worker import NAME, stopping
from api.search import rpc
from api.sources import shard_embedding
from api.startup import settings_or_exit

log = structlog.get_logger()

ANNOUNCE_SECONDS = 4.0
GIVE_BACK_SECONDS = 2.0
_PR_SET_PDEATHSIG = 1

_made: Flask | None = None
_making = threading.Lock()


def flask_app() -> Flask:
    """The application, made once per process, by whichever thread is first, after the fork."""
    global _made
    with _making:
        if _made is None:
            _made = create_app(config)
        return _made


class ContextTask(Task):
    """Runs inside the application's context, unless one is active already."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if has_app_context():
            return self.run(*args, **kwargs)
        with flask_app().app_context():
            return self.run(*args, **kwargs)


config = settings_or_exit()
celery = Celery("vouch", task_cls=ContextTask)
celery.config_from_object(celeryconfig)
celery.conf.update(
    broker_url=config.redis_url.get_secret_value(),
    task_routes={
        **{kind.task: {"queue": kind.queue} for kind in KINDS},
        shard_embedding.TASK: {"queue": shard_embedding.QUEUE},
    },
    imports=(
        *(kind.module for kind in KINDS),
        "workers.shards",
        "workers.search",
        "workers.sweep",
    ),
    beat_schedule={
        "sweep": {
            "task": "vouch.sweep_jobs",
            "schedule": config.sweep_seconds,
            # One that could not run in time is replaced by the next.
            "options": {"expires": 2 * config.sweep_seconds},
        }
    },
)


@signals.worker_process_init.connect
def _child_starts(**_: Any) -> None:
    """A pool process dies with its parent, so that a killed worker leaves nobody behind."""
    global _made, _making
    _made, _making = None, threading.Lock()
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    warm_up()


def warm_up() -> None:
    """Load what the first job or search needs, after the fork, in a thread."""

    def load() -> None:
        from pipelines.errors import PipelineError

        try:
            services = flask_app().extensions["services"]
            services.embedder.embed(["warm up"])
            services.index.connect()
        except PipelineError as error:
            log.error("the worker is not ready yet", error=str(error))

    threading.Thread(target=load, name="warm-up", daemon=True).start()


def queues_of(sender: Any) -> list[str]:
    """What the worker listens to; one that answers also searches (workers/search.py)."""
    queues = list(sender.app.amqp.queues.consume_from)
    return [*queues, rpc.QUEUE] if "answers" in queues else queues


@signals.worker_ready.connect
def _announce(sender: Any, **_: Any) -> None:
    """Say every few seconds that this worker listens, so that a waiting job can tell why."""
    queues = queues_of(sender)
    if "answers" in queues:
        warm_up()
    client = redis.Redis.from_url(config.redis_url.get_secret_value(), decode_responses=True)
    slots = sender.controller.concurrency

    def run() -> None:
        told = False
        while not stopping.wait(ANNOUNCE_SECONDS if told else 0.0):
            try:
                worker_registry.announce(client, queues, NAME, slots)
            except redis.RedisError as error:
                log.warning("worker can't announce itself", error=type(error).__name__)
            told = True

    threading.Thread(target=run, name="announce", daemon=True).start()


@signals.worker_ready.connect
def _heed_stops(sender: Any, **_: Any) -> None:
    """Give jobs back as soon as a cold stop is asked for, in a thread.

    Celery sends `worker_shutting_down` only after its own handler has waited for tasks, which may
    take longer than a supervisor does, and `worker_shutdown` after a warm stop only.
    """
    asked = threading.Event()
    queues = queues_of(sender)

    def run() -> None:
        asked.wait()
        give_back(queues)

    thread = threading.Thread(target=run, name="give-back", daemon=True)
    thread.start()

    def finish() -> None:
        if asked.is_set():
            thread.join(GIVE_BACK_SECONDS)

    atexit.register(finish)
    cold = ["SIGQUIT", "SIGTERM"] if os.environ.get("REMAP_SIGTERM") == "SIGQUIT" else ["SIGQUIT"]
    for name in cold:
        number = getattr(signal, name)
        theirs = signal.getsignal(number)

        def heard(number: int, frame: Any, theirs: Any = theirs) -> None:
            stopping.set()
            asked.set()
            if callable(theirs):
                theirs(number, frame)

        signal.signal(number, heard)


@signals.worker_shutting_down.connect
def _stop(**_: Any) -> None:
    stopping.set()


@signals.worker_shutdown.connect
def _leave(sender: Any, **_: Any) -> None:
    stopping.set()
    give_back(queues_of(sender))


def give_back(queues: list[str]) -> None:
    """Put unfinished jobs back, so that whoever is left or comes next goes on with them at once.

    Whoever still works on them here may not write any more. Makes its own connection: to load the
    application would take longer than there may be.
    """
    from sqlalchemy import NullPool, create_engine
    from sqlalchemy.exc import SQLAlchemyError
    from sqlalchemy.orm import Session

    from api.jobs import lifecycle

    try:
        with Session(
            create_engine(config.database_url.get_secret_value(), poolclass=NullPool)
        ) as session:
            for job_id in lifecycle.release(session, NAME):
                log.info("job put back", job_id=job_id)
        client = redis.Redis.from_url(config.redis_url.get_secret_value(), decode_responses=True)
        worker_registry.leave(client, queues, NAME)
    except (SQLAlchemyError, redis.RedisError) as error:
        log.warning("worker can't sign off", error=type(error).__name__)
