"""The vector index, asked directly."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest
from flask import Flask

from api.models.base import new_id
from api.services import Services
from pipelines.errors import PipelineError, ReindexNeeded, ServiceRefused, ServiceUnavailable
from pipelines.retrieval.vector_index import Index
from tests.support.client import Client
from tests.support.documents import pdf

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


def test_vectors_of_another_length_ask_for_a_reindex(index: Index, collection: str) -> None:
    index.upsert(collection, ["one"], _vectors(3)[:1], "version")
    other = np.ones((1, DIMENSION + 1), dtype=np.float32)
    with pytest.raises(ReindexNeeded, match="reindex the instrument"):
        index.query(collection, other[0], 1)
    with pytest.raises(ReindexNeeded, match="reindex the instrument"):
        index.upsert(collection, ["two"], other, "version")


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (500, '{"error": "InternalError", "message": "disk"}', ServiceUnavailable),
        (503, "<html>no healthy upstream</html>", ServiceUnavailable),
        (429, '{"error": "RateLimitError", "message": "slow down"}', ServiceUnavailable),
        (400, '{"error": "InvalidArgumentError", "message": "no"}', ServiceRefused),
        (401, "<html>who are you</html>", ServiceRefused),
        (403, '{"error": "AuthError", "message": "no"}', ServiceRefused),
        (413, "<html>too large</html>", ServiceRefused),
        (200, "<html>hello</html>", ServiceUnavailable),
    ],
)
def test_what_will_pass_is_told_from_what_will_not(
    index: Index, collection: str, status: int, body: str, error: type[Exception]
) -> None:
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_DELETE = do_GET

        def log_message(self, *_: object) -> None:
            pass

    vectors = _vectors(5)
    index.upsert(collection, ["one"], vectors[:1], "version")
    server = HTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    answers = Index(f"http://127.0.0.1:{server.server_port}")
    # All else is known: only what is asked here goes there.
    answers._made, answers._known = index._made, dict(index._known)
    try:
        with pytest.raises(PipelineError) as written:
            answers.upsert(collection, ["two"], vectors[1:2], "version")
        with pytest.raises(PipelineError) as asked:
            answers.query(collection, vectors[0], 1)
        assert (type(written.value), type(asked.value)) == (error, error)
        # By Chroma's own client too, which asks a few things when it is made.
        answers = Index(f"http://127.0.0.1:{server.server_port}")
        with pytest.raises(ServiceUnavailable if status == 200 else (error, ServiceUnavailable)):
            answers.delete(collection, ["one"])
    finally:
        server.shutdown()
        server.server_close()


def test_a_job_fails_at_once_when_only_a_reindex_helps(
    admin: Client, instrument: str, app: Flask, index: Index
) -> None:
    from pipelines.retrieval.vector_index import collection_name

    first = pdf(f"The anvil of hall {new_id()} weighs 61 kilograms.")
    admin.add_bytes(instrument, "anvil.pdf", first)
    (name,) = (n for n in index.collections() if n.startswith(collection_name(instrument, "")))
    other = Index(app.extensions["services"].config.chroma_url)
    other.drop(name)
    other.upsert(name, ["one"], _vectors(6)[:1], "version")

    again = pdf(f"The hammer of hall {new_id()} weighs 3 kilograms.")
    begun = admin.upload(instrument, "hammer.pdf", again).json()
    failed = admin.wait(begun["job_id"], 30)
    assert (failed["state"], failed["attempt"]) == ("failed", 1)
    assert failed["error"]["code"] == "reindex_needed"
    assert "reindex the instrument" in failed["error"]["message"]

    made = admin.post(f"/api/instruments/{instrument}/reindex").json()
    assert admin.wait(made["job_id"])["state"] == "done"
    assert admin.post(f"/api/jobs/{begun['job_id']}/retry").status_code == 202
    assert admin.wait(begun["job_id"])["state"] == "done"
    assert "3 kilograms" in admin.ask(instrument, "How much does the hammer weigh?")["answer"]


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


@pytest.mark.parametrize("noticed", ["by a search", "by what is read next"])
def test_a_lost_index_is_made_anew(
    admin: Client, instrument: str, app: Flask, index: Index, noticed: str
) -> None:
    from pipelines.retrieval.vector_index import collection_name

    first = pdf(f"The anvil of hall {new_id()} weighs 61 kilograms.")
    admin.add_bytes(instrument, "anvil.pdf", first)
    prefix = collection_name(instrument, "")

    def vectors() -> int:
        names = [name for name in index.collections() if name.startswith(prefix)]
        return sum(index._client.get_collection(name).count() for name in names)

    assert vectors() == 1
    other = Index(app.extensions["services"].config.chroma_url)
    other.drop(next(name for name in index.collections() if name.startswith(prefix)))
    wanted = 1
    if noticed == "by a search":
        search = {"instrument": instrument, "q": "anvil"}
        assert admin.get("/api/search/", params=search).json(), "words find it all the same"
    else:
        second = pdf(f"The hammer of hall {new_id()} weighs 3 kilograms.")
        admin.add_bytes(instrument, "hammer.pdf", second)
        wanted = 2
    end = time.monotonic() + 30
    while vectors() != wanted:
        assert time.monotonic() < end, vectors()
        time.sleep(0.2)
    made = {"instrument": instrument, "kind": "reindex"}
    assert len(admin.get("/api/jobs/", params=made).json()) == 1
