"""How a search goes to a worker and comes back, and the vectors that it ranks by."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from flask import Flask
from sqlalchemy import text
from werkzeug.exceptions import HTTPException

from api.extensions import db
from api.search import rpc
from api.search.fragments import Filters
from api.search.rpc import SearchRequest
from api.services import Services
from pipelines.retrieval.retrieve import Candidate
from tests.support.client import Client

FILTERS = Filters(types=("pdf", "web"), heading="Pumps")


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker of the stack hears of a search."""
    monkeypatch.setattr(rpc, "REQUESTS", "test:searches")
    monkeypatch.setattr(rpc, "QUEUE", "nobody")
    monkeypatch.setattr(rpc, "TIMEOUT_SECONDS", 3.0)


def _search(app: Flask, with_: Services) -> list[dict[str, Any]]:
    with app.app_context():
        return rpc.search(with_, "instrument", "Which pump?", FILTERS, 3)


def _take(with_: Services) -> SearchRequest:
    message = rpc.take(with_.redis)
    assert message is not None
    return SearchRequest.from_message(message)


def test_a_question_that_died_with_its_worker_is_asked_again(app: Flask, nobody: None) -> None:
    with_: Services = app.extensions["services"]
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(_search, app, with_)
        lost = _take(with_)
        again = _take(with_)
        assert again == lost
        assert (again.question, again.filters, again.count) == ("Which pump?", FILTERS, 3)
        rpc.reply(with_.redis, again, {"hits": [{"text": "This one."}]})
        assert result.result() == [{"text": "This one."}]


def test_a_slow_answer_leaves_no_question_behind(app: Flask, nobody: None) -> None:
    with_: Services = app.extensions["services"]
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(_search, app, with_)
        slow = _take(with_)
        while not with_.redis.llen(rpc.REQUESTS):
            time.sleep(0.05)
        rpc.reply(with_.redis, slow, {"hits": []})
        assert result.result() == []
        assert with_.redis.llen(rpc.REQUESTS) == 0


def test_a_wait_outlasts_what_the_client_takes_for_a_lost_connection(
    app: Flask, nobody: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_: Services = app.extensions["services"]
    patience = with_.redis.connection_pool.connection_kwargs.get("socket_timeout", 5)
    assert patience is None or patience > 2 * rpc.POLL_SECONDS
    monkeypatch.setattr(rpc, "TIMEOUT_SECONDS", 12.0)
    with ThreadPoolExecutor(1) as pool:
        result = pool.submit(_search, app, with_)
        slow = _take(with_)
        time.sleep(6)
        rpc.reply(with_.redis, slow, {"hits": [{"text": "Late."}]})
        assert result.result() == [{"text": "Late."}]


def test_no_message_ends_the_searching(admin: Client, instrument: str, app: Flask) -> None:
    redis = app.extensions["services"].redis
    old = SearchRequest("nobody", time.time() - 1, instrument, "Which pump?", FILTERS, 3)
    for message in ("no JSON", "{}", '{"filters": {"colour": "red"}}', old.message) * 4:
        redis.rpush(rpc.REQUESTS, message)
    found = admin.get("/api/search/", params={"instrument": instrument, "q": "pump"})
    assert (found.status_code, found.json()) == (200, [])
    assert redis.exists("nobody") == 0


def test_a_search_goes_on_when_the_database_has_dropped_its_connections(
    admin: Client, instrument: str, app: Flask
) -> None:
    def search() -> tuple[int, Any]:
        found = admin.get("/api/search/", params={"instrument": instrument, "q": "pump"})
        return found.status_code, found.json()

    # Each of the worker's threads may keep a connection.
    with ThreadPoolExecutor(8) as pool:
        assert [pool.submit(search).result() for _ in range(8)] == [(200, [])] * 8
    with app.app_context(), db.engine.connect() as connection:
        others = text(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE usename = current_user AND pid <> pg_backend_pid() AND state = 'idle'"
        )
        assert connection.scalar(others) > 0
    for _ in range(8):
        assert search() == (200, [])


def test_without_a_worker_a_search_ends_and_leaves_nothing(app: Flask, nobody: None) -> None:
    with_: Services = app.extensions["services"]
    with pytest.raises(HTTPException) as refused:
        _search(app, with_)
    assert refused.value.code == 503
    assert "No worker listens" in refused.value.data["message"]  # type: ignore[attr-defined]
    assert with_.redis.llen(rpc.REQUESTS) == 0


def _vectors(candidates: Mapping[str, Candidate]) -> dict[str, list[float]]:
    """Of those that have one."""
    return {
        id_: each.vector.tolist() for id_, each in candidates.items() if each.vector is not None
    }


def test_vectors_beside_the_text_are_those_of_the_index(
    admin: Client, instrument: str, app: Flask
) -> None:
    from sqlalchemy import delete, select

    from api.models import FragmentRow, FragmentVector
    from api.search.retrieval import indexes_of, reading

    pages = [f"# Pump {n}\n\nThe pump number {n} delivers {n * 7} litres." for n in range(3)]
    for n, page in enumerate(pages):
        admin.add_bytes(instrument, f"pump {n}.md", page.encode())
    with_: Services = app.extensions["services"]
    with app.app_context(), reading() as connection:
        here = select(FragmentRow.id).where(FragmentRow.instrument_id == instrument)
        ids = list(connection.scalars(here))
        found = indexes_of(with_, connection, instrument, Filters())
        assert found is not None
        beside = _vectors(found.candidates(ids))
        connection.execute(delete(FragmentVector).where(FragmentVector.fragment_id.in_(here)))
        # Where they were never kept, the index is asked.
        elsewhere = _vectors(found.candidates(ids))
        assert set(beside) == set(elsewhere) == set(ids)
        assert len(ids) == 3
        for id_ in ids:
            assert beside[id_] == pytest.approx(elsewhere[id_], abs=1e-6)


def test_a_vector_is_kept_only_for_the_text_it_was_made_of(
    admin: Client, instrument: str, app: Flask
) -> None:
    from sqlalchemy import select

    from api.extensions import db
    from api.models import FragmentRow
    from api.search import fragments, vector_store

    admin.add_bytes(instrument, "pump.md", b"# Pump\n\nThe pump delivers 7 litres.")
    with app.app_context():
        session = db.session()
        row = session.scalars(
            select(FragmentRow).where(FragmentRow.instrument_id == instrument)
        ).one()
        session.commit()

        def kept(model: str) -> dict[str, list[float]]:
            return _vectors(fragments.candidates(session, instrument, [row.id], model))

        made = np.ones((1, 4), dtype=np.float32)
        vector_store.keep(session, [row.id], [b"of another text"], made, "toy")
        assert kept("toy") == {}
        vector_store.keep(session, [row.id], [row.content_hash], made, "toy")
        vector_store.keep(session, [row.id], [row.content_hash], 2 * made, "toy")
        assert kept("toy") == {row.id: [2.0] * 4}
        known = vector_store.known(session, [row.content_hash, b"unknown"], "toy")
        assert {key: vector.tolist() for key, vector in known.items()} == {
            row.content_hash: [2.0] * 4
        }
        vector_store.forget_unused(session, instrument)
        assert kept("toy") == {}
        name = "all-MiniLM-L6-v2@53aa51172d14"
        assert list(kept(name)) == [row.id]
