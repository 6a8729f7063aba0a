"""A file's password is used by its job and then is nowhere: not in Redis, not in the tables."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text

from api.sources import file_passwords
from tests.support.client import Client
from tests.support.pdf_fixtures import draw_pdf, lines

PASSWORD = "open-sesame-4711"
GUESS = "friend-or-foe-4711"


@pytest.fixture
def locked(tmp_path: Path) -> bytes:
    from reportlab.lib.pdfencrypt import StandardEncryption

    key = StandardEncryption(PASSWORD, "owner", strength=128)
    page = lines(72, 100, ["The vault opens at 19 degrees"])
    return draw_pdf(tmp_path / "locked.pdf", [page], encrypt=key).read_bytes()


@pytest.fixture
def redis(app: Flask) -> Any:
    return app.extensions["services"].redis


def assert_nowhere(app: Flask, redis: Any, *words: str) -> None:
    """No key of Redis and no row of any table holds one of `words`, nor waits a password."""
    from api.extensions import db
    from api.models.base import Base

    assert not redis.keys("vouch:password:*")
    read = {
        "string": redis.get,
        "list": lambda key: redis.lrange(key, 0, -1),
        "set": redis.smembers,
        "zset": lambda key: redis.zrange(key, 0, -1),
        "hash": redis.hgetall,
        "stream": redis.xrange,
    }
    for key in redis.scan_iter(count=1000):
        kind = redis.type(key)
        # A key may go between two commands.
        held = str(read[kind](key)) if kind != "none" else ""
        assert not any(word in held for word in words), key
    with app.app_context(), db.engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            for word in words:
                query = text(f"SELECT count(*) FROM {table.name} AS t WHERE t::text LIKE :word")
                assert connection.execute(query, {"word": f"%{word}%"}).scalar() == 0, table.name


def test_a_password_opens_the_file_and_is_forgotten(
    admin: Client, instrument: str, locked: bytes, app: Flask, redis: Any
) -> None:
    ends = []
    for given in (None, GUESS, PASSWORD):
        answer = admin.upload(instrument, "vault.pdf", locked, password=given)
        job = admin.wait(answer.json()["job_id"])
        ends.append((job["state"], job["error"] and job["error"]["code"]))
        assert_nowhere(app, redis, GUESS, PASSWORD)
    assert ends == [("failed", "password_required"), ("failed", "wrong_password"), ("done", None)]
    assert (
        "19 degrees" in admin.ask(instrument, "At how many degrees does the vault open?")["answer"]
    )


def test_a_failed_job_may_be_tried_again_with_the_password(
    admin: Client, instrument: str, locked: bytes, app: Flask, redis: Any
) -> None:
    job_id = admin.upload(instrument, "vault.pdf", locked).json()["job_id"]
    assert admin.wait(job_id)["error"]["code"] == "password_required"
    answer = admin.post(f"/api/jobs/{job_id}/retry", json={"password": PASSWORD})
    assert answer.status_code == 202, answer.text
    assert admin.wait(job_id)["state"] == "done"
    assert_nowhere(app, redis, PASSWORD)


def test_it_waits_encrypted_and_goes_when_the_job_is_cancelled_before_it_began(
    admin: Client, instrument: str, app: Flask, redis: Any
) -> None:
    from api.extensions import db
    from api.models import User
    from api.models.base import new_id
    from api.sources.ingest_job import INGEST

    services = app.extensions["services"]
    with app.app_context():
        user = db.session.scalars(select(User.id).where(User.email == "admin@example.com")).one()
        subject = ("source", new_id())
        job = INGEST.create(db.session(), subject=subject, instrument_id=instrument, user_id=user)
        job_id = job.id
        file_passwords.hold(redis, services.config.secret_key.get_secret_value(), job_id, PASSWORD)
        db.session.commit()
    (key,) = redis.keys("vouch:password:*")
    assert PASSWORD not in redis.get(key)
    assert 0 < redis.ttl(key) <= file_passwords.SECONDS
    assert (
        file_passwords.read(redis, services.config.secret_key.get_secret_value(), job_id)
        == PASSWORD
    )
    assert file_passwords.read(redis, "another-secret", job_id) is None
    assert admin.post(f"/api/jobs/{job_id}/cancel").json()["state"] == "cancelled"
    assert_nowhere(app, redis, PASSWORD)
