"""Kept connections to Postgres, looked at before each use: one that was closed is made anew.

SQLAlchemy's own `pool_pre_ping` asks Postgres each time, and every request waits for one answer
more. Here it is asked only where a look at the socket doesn't do.
"""

from __future__ import annotations

import socket
import time
from typing import Any

from flask import Flask
from sqlalchemy import event
from sqlalchemy.exc import InvalidatePoolError

from api.extensions import db

RESTED_SECONDS = 30.0
"""Rest after which it is asked all the same: a connection that was cut in between looks alive."""


def init_app(app: Flask) -> None:
    with app.app_context():
        engine = db.engine

    @event.listens_for(engine, "checkin")
    def _given_back(_: Any, record: Any) -> None:
        record.info["given_back"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _taken_out(connection: Any, record: Any, _: Any) -> None:
        since = record.info.get("given_back")
        try:
            if since is None or (
                time.monotonic() - since < RESTED_SECONDS and _is_silent(connection.fileno())
            ):
                return
            engine.dialect.do_ping(connection)
        except (engine.dialect.loaded_dbapi.Error, OSError) as error:
            raise InvalidatePoolError("the connection was lost while it rested") from error


def _is_silent(number: int) -> bool:
    """Whether nothing came by the socket `number`: what is closed says so."""
    looked_at = socket.socket(fileno=number)
    try:
        looked_at.setblocking(False)
        looked_at.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    else:
        return False
    finally:
        # It stays Postgres' client's own.
        looked_at.detach()
