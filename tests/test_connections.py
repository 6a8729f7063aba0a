"""Kept connections to Postgres: one that was closed is made anew, the others are not asked."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from api import connections
from api.extensions import db


def test_a_kept_connection_is_asked_only_after_a_rest(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    with app.app_context():
        engine = db.engine
        dialect = type(engine.dialect)
        ping = dialect.do_ping

        def counted(self: Any, connection: Any) -> bool:
            asked.append(connection)
            return ping(self, connection)

        monkeypatch.setattr(dialect, "do_ping", counted)

        def number() -> int:
            with engine.connect() as connection:
                found = connection.scalar(text("SELECT pg_backend_pid()"))
            assert isinstance(found, int)
            return found

        def end(who: int) -> None:
            with psycopg.connect(
                engine.url.set(drivername="postgresql").render_as_string(False)
            ) as other:
                assert other.execute("SELECT pg_terminate_backend(%s, 5000)", [who]).fetchone()

        # One connection to begin with, so that each of these gets the same.
        engine.dispose()
        kept = number()
        assert number() == kept
        assert asked == []
        # What was closed says so, however short it rested.
        end(kept)
        fresh = number()
        assert fresh != kept
        assert len(asked) == 1
        monkeypatch.setattr(connections, "RESTED_SECONDS", 0.0)
        assert number() == fresh
        assert len(asked) == 2
