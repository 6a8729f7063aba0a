"""The keyword index in Postgres: words that many Fragments hold, and rows of older versions."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterator

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from api.app import create_app
from api.config import Config
from api.extensions import db
from api.models import Instrument, Posting, Source, SourceVersion
from api.search import keyword_store
from api.secret_url import SecretUrl
from deploy.stack import Stack

MANY = 250
ROWS_NEEDED = 3


def test_a_word_that_many_fragments_hold_is_found_in_all_of_them(
    app: Flask, instrument: str
) -> None:
    rows = [
        {"id": str(uuid.uuid4()), "ordinal": at, "heading_path": [], "text": f"pump number {at}"}
        for at in range(MANY)
    ]
    with app.app_context():
        session = db.session()
        version_id = _version(instrument)
        keyword_store.replace(session, (instrument, version_id), (0, MANY), rows)
        for limits in (None, [version_id]):
            ranking = keyword_store.rank(session, instrument, "pump 7", limits)
            assert {id_ for id_, _ in ranking.best()} == {row["id"] for row in rows}
            assert ranking.best(1)[0][0] == rows[7]["id"]
        stored = session.query(Posting).filter_by(instrument_id=instrument, word="pump")
        assert stored.count() == ROWS_NEEDED
        session.rollback()


def _version(instrument_id: str) -> str:
    session = db.session()
    assert session.get(Instrument, instrument_id) is not None
    source = Source(
        instrument_id=instrument_id, title="Pumps", filename="pumps.txt", type="document"
    )
    session.add(source)
    session.flush()
    version = SourceVersion(
        source_id=source.id,
        instrument_id=instrument_id,
        number=1,
        object_key="none",
        filename="pumps.txt",
        media_type="text/plain",
        size=1,
        sha256="0" * 64,
    )
    session.add(version)
    session.flush()
    return version.id


@pytest.fixture
def old_tables(stack: Stack) -> Iterator[Flask]:
    """An application on tables of its own, as they were before postings had parts."""
    config = Config.from_environment(stack.env)
    url = make_url(config.database_url.get_secret_value())
    name = f"old_{uuid.uuid4().hex[:8]}"
    server = create_engine(url)
    with server.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
    there = url.update_query_dict({"options": f"-csearch_path={name}"})
    app = create_app(
        dataclasses.replace(
            config, database_url=SecretUrl(there.render_as_string(hide_password=False))
        )
    )
    with app.app_context():
        flask_migrate.upgrade(revision="0004")
        yield app
        db.session.remove()
        db.engine.dispose()
    with server.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {name} CASCADE"))
    server.dispose()


def test_long_postings_are_parted_and_put_together_again(old_tables: Flask) -> None:
    entries = bytes(at % 251 for at in range(20 * MANY))
    whole = [("pump", entries), ("seal", entries[:2000]), ("valve", entries[:20])]
    with db.engine.begin() as connection:
        # The block that a posting hangs on is not what this is about.
        connection.execute(text("ALTER TABLE postings DROP CONSTRAINT fk_postings_block_id"))
        for word, held in whole:
            connection.execute(
                text(
                    "INSERT INTO postings (block_id, word, instrument_id, entries)"
                    " VALUES (1, :word, :instrument, :entries)"
                ),
                {"word": word, "instrument": str(uuid.uuid4()), "entries": held},
            )
    flask_migrate.upgrade()
    parts = "SELECT word, count(*), string_agg(entries, ''::bytea ORDER BY part) FROM postings"
    with db.engine.begin() as connection:
        stored = connection.execute(text(f"{parts} GROUP BY word ORDER BY word")).all()
    assert [(word, held) for word, _, held in stored] == whole
    assert [count for _, count, _ in stored] == [ROWS_NEEDED, 1, 1]
    flask_migrate.downgrade(revision="0004")
    with db.engine.begin() as connection:
        stored = connection.execute(text("SELECT word, entries FROM postings ORDER BY word")).all()
    assert [(word, held) for word, held in stored] == whole
