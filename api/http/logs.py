"""Structured logs: a constant sentence, ids as fields, the request's id bound once."""

from __future__ import annotations

import logging
import re
import time
import uuid
from typing import Any

import structlog
from flask import Flask, Response, g, request
from prometheus_client import Histogram

from api.config import Config

log = structlog.get_logger()
REQUESTS = Histogram(
    "vouch_request_seconds", "Time until an answer begins", ["method", "route", "status"]
)
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def configure(config: Config) -> None:
    """Set up structlog and route the standard library's loggers through the same lines."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer = (
        structlog.dev.ConsoleRenderer()
        if config.log_format == "console"
        else structlog.processors.JSONRenderer()
    )
    level = logging.getLevelNamesMapping().get(config.log_level.upper(), logging.INFO)
    structlog.configure(
        processors=[*shared, structlog.processors.format_exc_info, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=max(level, logging.WARNING), format="%(name)s: %(message)s")


def init_app(app: Flask, config: Config) -> None:
    configure(config)
    app.before_request(_begin)
    app.after_request(_end)


def _begin() -> None:
    given = request.headers.get("X-Request-ID", "")
    g.request_id = given if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
    g.began = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)


def _end(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.get("request_id", "")
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    seconds = time.perf_counter() - g.get("began", time.perf_counter())
    # The rule, not the path: a path may hold what a user typed.
    route = str(request.url_rule or "unknown")
    REQUESTS.labels(request.method, route, response.status_code).observe(seconds)
    if request.endpoint not in {"health.healthz", "health.readyz"}:
        log.info(
            "request",
            method=request.method,
            route=route,
            status=response.status_code,
            ms=round(1000 * seconds, 1),
        )
    return response
