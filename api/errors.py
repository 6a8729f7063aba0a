"""One shape for every error, flask-smorest's: code, status, message, errors.

A message says what happened and what to do next. No stack trace, SQL or path leaves the server.
"""

from __future__ import annotations

from typing import Any, NoReturn

import redis
import structlog
from flask import Flask
from flask.typing import ResponseReturnValue
from flask_smorest import Api, abort
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from pipelines.errors import ServiceRefused, ServiceUnavailable

log = structlog.get_logger()


def refuse(code: int, message: str, **extra: Any) -> NoReturn:
    """End the request with an error in the common shape."""
    abort(code, message=message, **extra)
    raise AssertionError("abort returned")


def unprocessable(field: str, message: str, location: str = "json") -> NoReturn:
    """422 for one field."""
    refuse(422, message, errors={location: {field: [message]}})


class VouchApi(Api):
    """flask-smorest's error handler, with a message for errors that come without one."""

    def handle_http_exception(self, error: HTTPException) -> Any:
        if not hasattr(error, "data"):
            told = _MESSAGES.get(error.code or 500, error.description or error.name)
            error.data = {"message": told}  # type: ignore[attr-defined]
        return super().handle_http_exception(error)


_MESSAGES = {
    404: "There is nothing at this address; GET /openapi.json lists what there is.",
    405: "This address does not take this method; GET /openapi.json lists what it takes.",
    413: "The request is too large; files go to the signed_url of POST /api/uploads/initiate.",
    429: "Too many attempts; wait a minute and try again.",
}


def init_app(app: Flask) -> None:
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(redis.RedisError, _redis_away)
    app.register_error_handler(ServiceUnavailable, _service_away)
    app.register_error_handler(ServiceRefused, _service_refuses)
    app.register_error_handler(Exception, _unexpected)


def _database_away(error: Exception) -> ResponseReturnValue:
    log.error("database is not answering", error=type(error.__cause__ or error).__name__)
    return _body(503, "Service Unavailable", "The database is not answering. Try again shortly.")


def _service_away(error: Exception) -> ResponseReturnValue:
    log.error("a backing service is not answering", error=str(error))
    return _body(503, "Service Unavailable", str(error))


def _service_refuses(error: Exception) -> ResponseReturnValue:
    log.error("a backing service refuses what it is asked", error=str(error))
    return _body(502, "Bad Gateway", str(error))


def _redis_away(error: Exception) -> ResponseReturnValue:
    log.error("redis is not answering", error=type(error).__name__)
    return _body(503, "Service Unavailable", "The queue is not answering. Try again shortly.")


def _unexpected(error: Exception) -> ResponseReturnValue:
    log.error("request failed", exc_info=error)
    return _body(
        500,
        "Internal Server Error",
        "Something went wrong on our side; it was logged with the request id in X-Request-ID.",
    )


def _body(code: int, status: str, message: str) -> ResponseReturnValue:
    return {"code": code, "status": status, "message": message}, code
