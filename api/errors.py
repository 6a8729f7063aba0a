"""One shape for every error, flask-smorest's: code, status, message, errors.

A message says what happened and what to do next. No stack trace, SQL or path leaves the server.
"""

from __future__ import annotations

from typing import Any, NoReturn

import structlog
from flask import Flask
from flask.typing import ResponseReturnValue
from flask_smorest import abort
from sqlalchemy.exc import OperationalError

log = structlog.get_logger()


def refuse(code: int, message: str, **extra: Any) -> NoReturn:
    """End the request with an error in the common shape."""
    abort(code, message=message, **extra)
    raise AssertionError("abort returned")


def unprocessable(field: str, message: str, location: str = "json") -> NoReturn:
    """422 for one field."""
    refuse(422, message, errors={location: {field: [message]}})


def init_app(app: Flask) -> None:
    app.register_error_handler(OperationalError, _database_away)
    app.register_error_handler(Exception, _unexpected)


def _database_away(error: Exception) -> ResponseReturnValue:
    log.error("database is not answering", error=type(error.__cause__ or error).__name__)
    return _body(503, "Service Unavailable", "The database is not answering. Try again shortly.")


def _unexpected(error: Exception) -> ResponseReturnValue:
    log.error("request failed", exc_info=error)
    return _body(
        500,
        "Internal Server Error",
        "Something went wrong on our side; it was logged with the request id in X-Request-ID.",
    )


def _body(code: int, status: str, message: str) -> ResponseReturnValue:
    return {"code": code, "status": status, "message": message}, code
