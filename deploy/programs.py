"""The programs of the application and their entry commands, in the embedded stack and in compose.

`$NAME` in a command is filled in by `command`; docker-compose.yml says the same words with
`${NAME:-default}` and tests/deploy/test_compose.py holds the two together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from string import Template


@dataclass(frozen=True)
class Program:
    """One long-running program. `argv` may hold $NAME, filled in when the stack starts.

    One that `may_follow` starts when the others answer, so as not to slow them down.
    """

    name: str
    argv: tuple[str, ...]
    may_follow: bool = False


DEFAULTS: Mapping[str, str] = {
    "HOST": "127.0.0.1",
    "PORT": "8000",
    "NODE": "%h",
    "RUN": "var/run",
    "API_PROCESSES": "1",
    "INGEST_PROCESSES": "2",
    "ANSWER_THREADS": "8",
    "FLOWER_PORT": "5555",
}
"""HOST is the address to listen on, NODE what tells the workers of two stacks apart (`%h` is the
host's name to Celery), RUN a folder for files that only live while the stack does."""

_CELERY = ("celery", "-A", "workers.main:celery")

PROGRAMS: tuple[Program, ...] = (
    Program(
        "api",
        (
            *("gunicorn", "api.wsgi:app", "--bind", "$HOST:$PORT", "--workers", "$API_PROCESSES"),
            *("--worker-class", "gevent", "--worker-connections", "1000"),
            *("--graceful-timeout", "2", "--timeout", "60", "--keep-alive", "75"),
            "--no-control-socket",
        ),
    ),
    Program(
        "worker-ingest",
        (
            *("nice", "-n", "10", *_CELERY, "worker", "-n", "worker-ingest@$NODE"),
            *("-Q", "ingest,shards", "--pool", "prefork", "--concurrency"),
            *("$INGEST_PROCESSES", "--prefetch-multiplier", "1"),
            *("--without-gossip", "--without-mingle", "--loglevel", "INFO"),
        ),
    ),
    Program(
        "worker-answers",
        (
            *(*_CELERY, "worker", "-n", "worker-answers@$NODE", "-Q", "answers"),
            *("--pool", "threads", "--concurrency", "$ANSWER_THREADS"),
            *("--prefetch-multiplier", "1"),
            *("--without-gossip", "--without-mingle", "--loglevel", "INFO"),
        ),
    ),
    Program(
        "worker-maintenance",
        (
            *(*_CELERY, "worker", "-n", "worker-maintenance@$NODE", "-Q", "maintenance"),
            *("--pool", "threads", "--concurrency", "2", "--prefetch-multiplier", "1"),
            *("--without-gossip", "--without-mingle", "--loglevel", "INFO"),
        ),
    ),
    Program(
        "beat",
        (
            *(*_CELERY, "beat", "--schedule", "$RUN/beat-schedule", "--pidfile="),
            *("--loglevel", "INFO"),
        ),
        may_follow=True,
    ),
    Program(
        "flower",
        (*_CELERY, "flower", "--address=$HOST", "--port=$FLOWER_PORT"),
        may_follow=True,
    ),
)

PREPARE: tuple[str, ...] = ("python", "-m", "deploy.prepare")
"""Brings the tables up to date and seeds the local demo users; runs before the programs."""


def command(argv: tuple[str, ...], values: Mapping[str, str]) -> list[str]:
    """`argv` with every $NAME filled in from `values`, else from DEFAULTS; KeyError if neither."""
    known = {**DEFAULTS, **{name: value for name, value in values.items() if value}}
    return [Template(word).substitute(known) for word in argv]
