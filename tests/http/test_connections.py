"""Kept connections to Postgres: one that was closed while it rested is made anew."""

from __future__ import annotations

import psycopg
from flask import Flask
from sqlalchemy import text

from api.extensions import db


def test_a_connection_that_was_closed_while_it_rested_is_made_anew(app: Flask) -> None:
    with app.app_context():
        engine = db.engine

        def number() -> int:
            with engine.connect() as connection:
                found = connection.scalar(text("SELECT pg_backend_pid()"))
            assert isinstance(found, int)
            return found

        # One connection to begin with, so that each of these gets the same.
        engine.dispose()
        kept = number()
        assert number() == kept
        url = engine.url.set(drivername="postgresql").render_as_string(False)
        with psycopg.connect(url) as other:
            assert other.execute("SELECT pg_terminate_backend(%s, 5000)", [kept]).fetchone()
        assert number() != kept
