"""One embedded stack for all tests of a process: real Postgres, Redis, object store, Chroma, model,
workers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from deploy.stack import Stack
from pipelines.llms.prompts import BUILT_IN
from tests.support.client import Client
from tests.support.openai_replies import Failure
from tests.support.openai_server import OpenAIServer
from tests.support.page_server import PageServer

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared" / "data"

# Set before anything of Vouch is imported by a test: a developer's own services stay out of it.
for name in ("DATABASE_URL", "REDIS_URL", "S3_ENDPOINT", "CHROMA_URL"):
    os.environ.pop(name, None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if SHARED.is_dir():
        return
    missing = pytest.mark.skip(reason="the third-party corpus (../shared/data) is not here")
    for item in items:
        if "corpus" in item.keywords:
            item.add_marker(missing)


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The third-party corpus beside the checkout."""
    return SHARED


@pytest.fixture(scope="session")
def llm_server() -> Iterator[OpenAIServer]:
    """A scripted server that speaks OpenAI's protocol; the stack's model is `openai:scripted`.

    What is asked beside answers, it declines: titles and rewritten questions use up no script.
    """
    with OpenAIServer() as server:
        for kind in ("rewrite", "title"):
            server.aside(BUILT_IN[kind], Failure(400))
        yield server


@pytest.fixture(scope="session")
def page_server() -> Iterator[PageServer]:
    """A local web server that the stack may fetch from."""
    with PageServer() as server:
        yield server


@pytest.fixture(scope="session")
def stack(
    tmp_path_factory: pytest.TempPathFactory,
    llm_server: OpenAIServer,
    page_server: PageServer,
    pytestconfig: pytest.Config,
) -> Iterator[Stack]:
    """The whole stack, quick to notice lost workers."""
    env = {
        **os.environ,
        # The converted model outlives the session; it is found by the hash of its weights.
        "MODEL_CACHE": str(pytestconfig.cache.mkdir("models")),
        "LLM": "openai:scripted",
        "EMBEDDING_MODELS": "openai:words",
        "OPENAI_BASE_URL": llm_server.base_url,
        "OPENAI_API_KEY": llm_server.api_key,
        "LEASE_SECONDS": "4",
        "SWEEP_SECONDS": "1",
        # The session may take longer than a token lives.
        "ACCESS_TOKEN_SECONDS": "7200",
        "LOGIN_RATE": "1000 per minute",
        "ADDRESS_RATE": "10000 per minute",
        "MAX_UPLOAD_BYTES": str(64 * 2**20),
        "FETCH_ALLOWED_HOSTS": page_server.host,
        "FETCH_MAX_BYTES": str(2 * 2**20),
    }
    with Stack(tmp_path_factory.mktemp("vouch"), port=0, env=env) as running:
        yield running


@pytest.fixture(scope="session")
def app(stack: Stack) -> Flask:
    """The application in this process, on the stack's services: for reading back rows."""
    from api.app import create_app
    from api.config import Config

    return create_app(Config.from_environment(stack.env))


@pytest.fixture(scope="session")
def admin(stack: Stack) -> Iterator[Client]:
    """Signed in as the Instrument Manager."""
    with Client(stack.url) as client:
        client.sign_in("admin@example.com")
        yield client


@pytest.fixture(scope="session")
def member(stack: Stack) -> Iterator[Client]:
    """Signed in as somebody who may read only what is granted."""
    with Client(stack.url) as client:
        client.sign_in("user@example.com")
        yield client


@pytest.fixture
def no_fallback(admin: Client) -> Iterator[None]:
    """Nobody answers in place of the language model."""
    path = "/api/llm-defaults/answer"
    put = admin.put(path, json={"model": "openai:scripted", "fallbacks": []})
    assert put.status_code == 200, put.text
    yield
    assert admin.delete(path).status_code == 204


@pytest.fixture
def instrument(admin: Client) -> str:
    """A fresh instrument's id."""
    return admin.instrument()
