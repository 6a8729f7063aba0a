"""A model behind an OpenAI-compatible endpoint, asked with the vendor's own SDK."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pydantic import SecretStr

from pipelines.cancellation import Stop
from pipelines.embedders.embedder import Embedder, fragment_tokens, load_embedder
from pipelines.embedders.model_files import TooLong
from pipelines.embedders.remote import BATCH, ServedModel
from pipelines.errors import (
    Cancelled,
    ModelUnavailable,
    PipelineError,
    ServiceRefused,
    ServiceUnavailable,
)
from tests.support.openai_replies import Failure, Stall, Vectors
from tests.support.openai_server import OpenAIServer


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


def _load(server: OpenAIServer, key: str = "test-key", **seconds: float) -> Embedder:
    served = ServedModel(server.base_url, SecretStr(key), **seconds)
    return load_embedder("openai:words", cache=Path("/nowhere"), served=served)


def test_dimension_and_floor_are_found_when_it_is_first_asked(server: OpenAIServer) -> None:
    embedder = _load(server)
    assert embedder.dimension == 64
    assert 0 < embedder.facts.floor < 0.9
    assert fragment_tokens(embedder) == 256
    vectors = embedder.embed(["the pump leaks", "the pump leaks", "an old orchestra"])
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1])
    assert embedder.facts.similarity(float(vectors[0] @ vectors[1])) == pytest.approx(1)
    assert server.embedding_requests[0].body["model"] == "words"


def test_texts_go_in_batches_and_come_back_in_order(server: OpenAIServer) -> None:
    server.embeddings = Vectors(shuffled=True)
    embedder = _load(server)
    texts = [f"part {number}" for number in range(2 * BATCH + 5)]
    made = embedder.embed(texts)
    sizes = [len(request.body["input"]) for request in server.embedding_requests[1:]]
    assert sizes == [BATCH, BATCH, 5]
    expected = np.array([Vectors().of(text) for text in texts])
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert np.abs(made - expected).max() < 1e-5


@pytest.mark.parametrize(
    ("failure", "error", "advice"),
    [
        (Failure(401), ModelUnavailable, "EMBEDDING_API_KEY"),
        (Failure(404), ModelUnavailable, "check EMBEDDING_MODEL"),
        (Failure(400, "unknown parameter"), ServiceRefused, "EMBEDDING_BASE_URL"),
        (Failure(400, "maximum context length"), ServiceRefused, "reads less"),
    ],
)
def test_what_is_refused_is_said(
    server: OpenAIServer, failure: Failure, error: type[PipelineError], advice: str
) -> None:
    server.embeddings = failure
    with pytest.raises(error, match=advice):
        _load(server)
    assert len(server.embedding_requests) == 1


def test_a_busy_server_is_asked_again(server: OpenAIServer) -> None:
    embedder = _load(server)
    server.embeddings = Failure(429, headers={"Retry-After": "0.2"})
    free = threading.Timer(0.5, lambda: setattr(server, "embeddings", Vectors()))
    free.start()
    assert embedder.embed(["oil"]).shape == (1, 64)
    assert len(server.embedding_requests) > 2
    free.join()


def test_one_that_stays_away_is_unavailable_in_time(server: OpenAIServer) -> None:
    embedder = _load(server, question=0.5)
    server.embeddings = Stall()
    began = time.monotonic()
    with pytest.raises(ServiceUnavailable):
        embedder.embed(["oil"], asked=True)
    assert time.monotonic() - began < 5


def test_a_request_is_broken_off_when_the_work_ends(server: OpenAIServer) -> None:
    embedder = _load(server)
    server.embeddings = Stall()
    stop = Stop()
    threading.Timer(0.3, stop.set).start()
    with pytest.raises(Cancelled):
        embedder.embed(["oil"], stop=stop)
    assert server.wait_for_disconnect()


def test_another_dimension_is_an_error(server: OpenAIServer) -> None:
    embedder = _load(server)
    server.embeddings = Vectors(dimension=32)
    with pytest.raises(ModelUnavailable, match="32 numbers, and before that of 64"):
        embedder.embed(["oil"])
    assert _load(server).name != embedder.name


def test_nothing_is_cut_silently(server: OpenAIServer) -> None:
    with pytest.raises(TooLong):
        _load(server).embed(["word " * 600])
