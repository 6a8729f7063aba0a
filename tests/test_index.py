"""The vector index, asked directly."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest
from flask import Flask

from api.models.base import new_id
from api.services import Services
from pipelines.errors import ServiceUnavailable
from pipelines.index import Index

COUNT, DIMENSION = 40, 16


@pytest.fixture
def index(app: Flask) -> Index:
    with_: Services = app.extensions["services"]
    return with_.index


@pytest.fixture
def collection(index: Index) -> Iterator[str]:
    name = f"i-test-{new_id()}"
    yield name
    index.drop(name)


def _vectors(seed: int) -> np.ndarray:
    drawn = np.random.default_rng(seed).normal(size=(COUNT, DIMENSION)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True)


def test_the_nearest_come_first_with_their_cosines(index: Index, collection: str) -> None:
    vectors = _vectors(1)
    ids = [f"f{n:02}" for n in range(COUNT)]
    index.upsert(collection, ids[:30], vectors[:30], "version one")
    index.upsert(collection, ids[30:], vectors[30:], "version two")
    cosines = vectors @ vectors[3]

    def best(among: range) -> list[str]:
        return [ids[n] for n in sorted(among, key=lambda n: -cosines[n])]

    found = index.query(collection, vectors[3], 12)
    assert [id_ for id_, _ in found] == best(range(COUNT))[:12]
    assert dict(found) == pytest.approx(
        {id_: cosines[ids.index(id_)] for id_, _ in found}, abs=1e-5
    )
    there = index.query(collection, vectors[3], 40, version_ids=["version two", "no version"])
    assert [id_ for id_, _ in there] == best(range(30, COUNT))
    assert index.query(collection, vectors[3], 5, version_ids=["no version"]) == []


def test_what_another_process_made_anew_is_found(app: Flask, index: Index, collection: str) -> None:
    with_: Services = app.extensions["services"]
    vectors = _vectors(2)
    assert index.query(collection, vectors[0], 1) == []
    index.upsert(collection, ["before"], vectors[:1], "version")
    assert [id_ for id_, _ in index.query(collection, vectors[0], 5)] == ["before"]
    other = Index(with_.config.chroma_url)
    other.drop(collection)
    assert index.query(collection, vectors[0], 5) == []
    other.upsert(collection, ["after"], vectors[1:2], "version")
    assert [id_ for id_, _ in index.query(collection, vectors[0], 5)] == ["after"]
    other.drop(collection)
    index.upsert(collection, ["again"], vectors[2:3], "version")
    assert [id_ for id_, _ in other.query(collection, vectors[0], 5)] == ["again"]


def test_a_server_that_fails_is_no_empty_index(index: Index, collection: str) -> None:
    index.upsert(collection, ["one"], _vectors(3)[:1], "version")
    with pytest.raises(ServiceUnavailable):
        # No such question: the vectors there have another length.
        index.query(collection, np.ones(DIMENSION + 1, dtype=np.float32), 1)


def test_an_answer_that_breaks_off_is_no_empty_index(index: Index, collection: str) -> None:
    class Breaks(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"ids": [[')

        def log_message(self, *_: object) -> None:
            pass

    index.upsert(collection, ["one"], _vectors(4)[:1], "version")
    index.query(collection, _vectors(4)[0], 1)
    server = HTTPServer(("127.0.0.1", 0), Breaks)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    broken = Index(f"http://127.0.0.1:{server.server_port}")
    # All else is known: only what is asked here goes there.
    broken._made, broken._known = index._made, dict(index._known)
    with pytest.raises(ServiceUnavailable):
        broken.query(collection, _vectors(4)[0], 1)
    with pytest.raises(ServiceUnavailable):
        broken.upsert(collection, ["two"], _vectors(4)[1:2], "version")
    server.shutdown()
    server.server_close()
