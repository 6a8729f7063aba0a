"""Whoever manages an instrument chooses the model that indexes it; reindexing switches."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from flask import Flask

from tests.support.client import Client
from tests.support.openai_replies import Failure, Vectors
from tests.support.openai_server import OpenAIServer

DEFAULT, OTHER, SERVED = "all-MiniLM-L6-v2", "multilingual-e5-small", "openai:words"
TEXTS = {
    "rotor.md": "# Care\n\nClean the rotor of the centrifuge with warm water and a mild soap.",
    "motor.md": "# Motor\n\nThe motor draws 450 watts and is fused at 10 amperes.",
    "terms.md": "# Terms\n\nThe invoice is due within thirty days of delivery.",
    "storage.md": "# Storage\n\nKeep the device dry, and never below the freezing point.",
}
QUESTIONS = {
    "Womit wäscht man den drehbaren Teil?": "rotor.md",
    "如何清洗离心机？": "rotor.md",
    "¿Cuándo hay que pagar la factura?": "terms.md",
}


def _chosen(client: Client, instrument: str, model: str | None) -> Any:
    return client.patch(f"/api/instruments/{instrument}", json={"embedding_model": model})


def _shown(client: Client, instrument: str) -> tuple[str, str | None, bool]:
    found = client.get(f"/api/instruments/{instrument}").json()
    return found["embedding_model"], found["index_model"], found["reindex_needed"]


def _reindexed(client: Client, instrument: str) -> dict[str, Any]:
    job = client.post(f"/api/instruments/{instrument}/reindex").json()["job_id"]
    return client.wait(job)


def _first(client: Client, instrument: str, question: str) -> str | None:
    hits = client.get("/api/search/", params={"instrument": instrument, "q": question}).json()
    return hits[0]["filename"] if hits else None


def test_a_model_is_chosen_and_reindexing_switches(admin: Client, instrument: str) -> None:
    assert _shown(admin, instrument) == (DEFAULT, None, False)
    for name, text in TEXTS.items():
        admin.add_bytes(instrument, name, text.encode())
    assert _shown(admin, instrument) == (DEFAULT, DEFAULT, False)
    answer = _chosen(admin, instrument, OTHER)
    assert answer.status_code == 200, answer.text
    assert answer.json()["embedding_model"] == OTHER
    assert _shown(admin, instrument) == (OTHER, DEFAULT, True)
    # The old index answers, and takes what is new.
    assert _first(admin, instrument, "How many watts does the motor draw?") == "motor.md"
    admin.add_bytes(instrument, "anvil.md", b"# Anvil\n\nThe anvil weighs 77 kilograms.")
    assert _first(admin, instrument, "How heavy is the anvil?") == "anvil.md"
    assert _shown(admin, instrument) == (OTHER, DEFAULT, True)

    assert _reindexed(admin, instrument)["state"] == "done"
    assert _shown(admin, instrument) == (OTHER, OTHER, False)
    for question, name in QUESTIONS.items():
        assert _first(admin, instrument, question) == name
    assert _first(admin, instrument, "How heavy is the anvil?") == "anvil.md"
    assert _chosen(admin, instrument, None).json()["embedding_model"] == DEFAULT
    assert _shown(admin, instrument) == (DEFAULT, OTHER, True)


def test_what_is_chosen_before_anything_was_read_makes_the_first_index(
    admin: Client, instrument: str
) -> None:
    assert _chosen(admin, instrument, OTHER).status_code == 200
    assert _shown(admin, instrument) == (OTHER, None, False)
    for name, text in TEXTS.items():
        admin.add_bytes(instrument, name, text.encode())
    assert _shown(admin, instrument) == (OTHER, OTHER, False)
    for question, name in QUESTIONS.items():
        assert _first(admin, instrument, question) == name


@pytest.mark.parametrize("model", ["bert", "/etc", "openai:other", "", " "])
def test_only_models_that_are_offered_can_be_chosen(
    admin: Client, instrument: str, model: str
) -> None:
    refused = _chosen(admin, instrument, model)
    assert refused.status_code == 422
    if model:
        assert all(name in refused.text for name in (DEFAULT, OTHER, SERVED))
    assert _shown(admin, instrument)[0] == DEFAULT


def test_only_managers_choose(admin: Client, member: Client, instrument: str) -> None:
    assert _chosen(member, instrument, OTHER).status_code == 404
    assert _chosen(admin, str(uuid.uuid4()), OTHER).status_code == 404


def test_a_served_model_indexes_and_its_numbers_are_kept(
    admin: Client, instrument: str, llm_server: OpenAIServer, app: Flask
) -> None:
    for name, text in TEXTS.items():
        admin.add_bytes(instrument, name, text.encode())
    _chosen(admin, instrument, SERVED)
    llm_server.embeddings = Failure(401)
    failed = _reindexed(admin, instrument)
    assert failed["state"] == "failed"
    assert "EMBEDDING_API_KEY" in failed["error"]["message"]
    assert _shown(admin, instrument) == (SERVED, DEFAULT, True)
    assert _first(admin, instrument, "How many watts does the motor draw?") == "motor.md"

    llm_server.embeddings = Vectors()
    assert _reindexed(admin, instrument)["state"] == "done"
    assert _shown(admin, instrument) == (SERVED, SERVED, False)
    sent = [text for each in llm_server.embedding_requests for text in each.body["input"]]
    assert any("450 watts" in text for text in sent)
    assert _first(admin, instrument, "motor watts fused") == "motor.md"
    with app.app_context():
        from api.extensions import db
        from api.search import indexes

        index = indexes.in_use(db.session(), instrument)
    assert index is not None
    assert index.dimension == 64
    assert index.floor is not None
    assert 0 < index.floor < 0.95
