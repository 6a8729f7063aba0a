"""A vector index is made anew beside the one in use, which answers until the new one holds all."""

from __future__ import annotations

import os
import threading
import time
import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from flask import Flask

from deploy.stack import Stack
from pipelines.embedders.model_facts import ModelFacts
from tests.support.client import Client
from tests.support.documents import NOTES, pdf

QUESTION = "How many watts does the motor of the Aurora mixer draw?"
BY_WORDS = "What watts does the motor draw?"
"""Its words alone find the answer: a model of random weights means nothing."""


def test_a_lost_index_is_made_anew_from_what_is_stored(
    stack: Stack, admin: Client, instrument: str
) -> None:
    source = admin.add_bytes(instrument, "mixer.md", NOTES)
    (lost,) = _collections(stack, instrument)
    _chroma(stack).delete_collection(lost)

    answer = admin.post(f"/api/instruments/{instrument}/reindex")
    assert answer.status_code == 202, answer.text
    job = admin.wait(answer.json()["job_id"])
    assert (job["state"], job["kind"], job["unit"]) == ("done", "reindex", "shards")
    assert job["done"] == job["total"] == 1
    (made,) = _collections(stack, instrument)
    assert made != lost
    ids = _chroma(stack).get_collection(made).get(include=[])["ids"]
    assert sorted(ids) == sorted(f["id"] for f in _fragments(admin, source["id"]))
    # What is read later goes where questions are looked up.
    admin.add_bytes(instrument, "anvil.pdf", pdf("The anvil weighs 77 kilograms."))
    assert _collections(stack, instrument) == [made]
    turn = admin.ask(instrument, "How heavy is the anvil?")
    assert "77 kilograms" in turn["citations"][0]["quote"]


def test_a_job_broken_off_after_the_switch_begins_nothing_anew(
    admin: Client, instrument: str, app: Flask
) -> None:
    """Its index serves by then: to fill it again, and give that up, would take it away."""
    from sqlalchemy import update

    from api.extensions import db
    from api.jobs.lifecycle import later
    from api.models import Job
    from api.search import indexes

    admin.add_bytes(instrument, "mixer.md", NOTES)
    job_id = admin.post(f"/api/instruments/{instrument}/reindex").json()["job_id"]
    assert admin.wait(job_id)["state"] == "done"
    with app.app_context():
        session = db.session()
        serves = indexes.in_use(session, instrument)
        again = update(Job).where(Job.id == job_id).values(state="queued", finished_at=None)
        session.execute(again.values(created_at=later(-60)))
        session.commit()
    assert admin.wait(job_id)["state"] == "done"
    with app.app_context():
        assert indexes.in_use(db.session(), instrument) == serves
    assert "450 watts" in admin.ask(instrument, QUESTION)["citations"][0]["quote"]


def test_sources_read_before_there_was_a_keyword_index_get_one(
    admin: Client, instrument: str, app: Flask
) -> None:
    from sqlalchemy import delete

    from api.extensions import db
    from api.models import KeywordBlock

    admin.add_bytes(instrument, "codes.md", b"# Codes\n\nE-4711 means that the lid is open.")
    with app.app_context():
        db.session.execute(delete(KeywordBlock).where(KeywordBlock.instrument_id == instrument))
        db.session.commit()

    def score() -> float:
        (hit,) = admin.get("/api/search/", params={"instrument": instrument, "q": "e4711"}).json()
        return float(hit["score"])

    by_meaning_alone = score()
    assert admin.get(f"/api/instruments/{instrument}").json()["reindex_needed"]
    job = admin.post(f"/api/instruments/{instrument}/reindex").json()
    assert admin.wait(job["job_id"])["state"] == "done"
    assert not admin.get(f"/api/instruments/{instrument}").json()["reindex_needed"]
    assert score() > by_meaning_alone


def test_words_that_an_older_release_made_are_made_anew(
    admin: Client, instrument: str, app: Flask
) -> None:
    from sqlalchemy import select, update

    from api.extensions import db
    from api.models import KeywordBlock, Posting

    text = "# Wartung\n\nDie Kühlmittelpumpe ist nach zwei Jahren zu wechseln."
    admin.add_bytes(instrument, "pumpe.md", text.encode())
    here = KeywordBlock.instrument_id == instrument
    words = select(Posting.word).where(Posting.instrument_id == instrument)
    with app.app_context():
        made = set(db.session.scalars(words))
        old = update(KeywordBlock).where(here).values(form=0, languages="")
        db.session.execute(old)
        db.session.execute(update(Posting).where(Posting.word == "~pump").values(word="stale"))
        db.session.commit()
    assert admin.get(f"/api/instruments/{instrument}").json()["reindex_needed"]
    job = admin.post(f"/api/instruments/{instrument}/reindex").json()
    assert admin.wait(job["job_id"])["state"] == "done"
    assert not admin.get(f"/api/instruments/{instrument}").json()["reindex_needed"]
    with app.app_context():
        assert set(db.session.scalars(words)) == made
        assert set(db.session.scalars(select(KeywordBlock.languages).where(here))) == {"de"}
    (hit,) = admin.get("/api/search/", params={"instrument": instrument, "q": "Pumpe"}).json()
    assert hit["filename"] == "pumpe.md"


def test_what_is_read_meanwhile_is_in_the_new_index_too(
    stack: Stack, admin: Client, instrument: str, app: Flask
) -> None:
    """The reindex job is held up while a source is read."""
    from sqlalchemy import func, update

    from api.extensions import db
    from api.jobs.lifecycle import later
    from api.models import Instrument, Job
    from api.search import indexes
    from api.search.indexes import VectorIndex
    from api.search.reindex_job import REINDEX

    admin.add_bytes(instrument, "mixer.md", NOTES)
    with app.app_context():
        row = db.session.get_one(Instrument, instrument)
        job = REINDEX.create(db.session(), subject=("instrument", instrument))
        job.instrument_id = instrument
        db.session.flush()
        assert row.index is not None
        shadow = VectorIndex(
            row.index["model"], row.index["name"], f"{row.index['collection']}-new", job.id
        )
        indexes.begin(db.session(), instrument, shadow)
        held = {"state": "running", "lease_owner": "test", "lease_until": later(3600)}
        db.session.execute(update(Job).where(Job.id == job.id).values(**held))
        db.session.commit()
        job_id = job.id
    assert admin.post(f"/api/instruments/{instrument}/reindex").status_code == 409
    source = admin.add_bytes(instrument, "anvil.pdf", pdf("The anvil weighs 78 kilograms."))
    turn = admin.ask(instrument, "How heavy is the anvil?")
    assert "78 kilograms" in turn["citations"][0]["quote"]
    with app.app_context():
        free = {"lease_until": func.now()}
        db.session.execute(update(Job).where(Job.id == job_id).values(**free))
        db.session.commit()
    assert admin.wait(job_id)["state"] == "done"
    made = _only_collection(stack, instrument)
    assert made == shadow.collection
    ids = _chroma(stack).get_collection(made).get(include=[])["ids"]
    assert {f["id"] for f in _fragments(admin, source["id"])} <= set(ids)


def test_many_first_sources_at_once_agree_on_an_index(admin: Client, app: Flask) -> None:
    """Each locks the instrument to choose its index: none may wait for another for ever."""
    from api.extensions import db
    from api.search import indexes

    embedder: Any = SimpleNamespace(
        name="model@0123456789ab", dimension=4, facts=ModelFacts(floor=0.1)
    )
    together = threading.Barrier(6)
    chosen: list[tuple[str, ...]] = []

    def choose(instrument: str) -> None:
        with app.app_context():
            together.wait()
            found = indexes.for_writing(db.session(), instrument, "model", embedder)
            chosen.append(tuple(index.collection for index in found))
            db.session.commit()

    for _ in range(8):
        instrument = admin.instrument()
        threads = [threading.Thread(target=choose, args=[instrument]) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(chosen) == 8 * 6
    assert len(set(chosen)) == 8


def test_only_managers_reindex(admin: Client, member: Client, instrument: str) -> None:
    assert member.post(f"/api/instruments/{instrument}/reindex").status_code == 404
    assert admin.post(f"/api/instruments/{uuid.uuid4()}/reindex").status_code == 404


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_another_model_takes_over_while_questions_are_answered(tmp_path: Path) -> None:
    model = _small_model(tmp_path / "small")
    env = {
        **os.environ,
        "MODEL_CACHE": str(tmp_path / "models"),
        "LLM": "extractive",
        "INGEST_PROCESSES": "1",
    }
    with Stack(tmp_path / "data", port=0, env=env) as stack, Client(stack.url) as user:
        user.sign_in("admin@example.com")
        instrument = user.instrument()
        user.add_bytes(instrument, "mixer.md", NOTES)
        (first,) = _collections(stack, instrument)
    env["EMBEDDING_MODEL"] = str(model)
    with Stack(tmp_path / "data", port=0, env=env) as stack, Client(stack.url) as user:
        user.sign_in("admin@example.com")
        shown = user.get(f"/api/instruments/{instrument}").json()
        assert (shown["index_model"], shown["reindex_needed"]) == ("all-MiniLM-L6-v2", True)
        assert shown["embedding_model"] == str(model)
        # The old index answers, and takes what is new, until it is asked for another one.
        user.add_bytes(instrument, "anvil.pdf", pdf("The anvil weighs 79 kilograms."))
        assert "79 kilograms" in user.ask(instrument, "How heavy is the anvil?")["answer"]

        job_id = user.post(f"/api/instruments/{instrument}/reindex").json()["job_id"]
        while user.job(job_id)["finished_at"] is None:
            assert "450 watts" in user.ask(instrument, BY_WORDS)["answer"]
        assert user.job(job_id)["state"] == "done"
        shown = user.get(f"/api/instruments/{instrument}").json()
        assert (shown["index_model"], shown["reindex_needed"]) == (str(model), False)
        second = _only_collection(stack, instrument)
        assert second != first
        vectors = _chroma(stack).get_collection(second).get(include=["embeddings"])
        assert vectors["embeddings"].shape[1] == 64
        with psycopg.connect(stack.env["DATABASE_URL"].replace("+psycopg", "")) as database:
            kept = database.execute("SELECT model, length(vector) FROM fragment_vectors").fetchall()
        assert {length for _, length in kept} == {64 * 4}
        assert len(kept) == len(vectors["ids"])
        assert "450 watts" in user.ask(instrument, BY_WORDS)["answer"]


def _small_model(directory: Path) -> Path:
    """A sentence-transformers model of two small layers, with the built-in one's tokenizer.

    It reads half of what the built-in one reads.
    """
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import AutoTokenizer, BertConfig, BertModel

    from pipelines.embedders.embedder import BUILT_IN, model_directory

    body = directory.with_name("body")
    tokenizer = AutoTokenizer.from_pretrained(model_directory(BUILT_IN))
    tokenizer.save_pretrained(body)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=128,
    )
    BertModel(config).save_pretrained(body)
    words = Transformer(str(body), max_seq_length=64)
    SentenceTransformer(modules=[words, Pooling(64)]).save(str(directory))
    return directory


def _collections(stack: Stack, instrument: str) -> list[str]:
    names = [collection.name for collection in _chroma(stack).list_collections()]
    return sorted(name for name in names if name.startswith(f"i-{instrument}"))


def _only_collection(stack: Stack, instrument: str) -> str:
    """The one that is left when those of no use are gone, with the vectors of other models."""
    end = time.monotonic() + 30
    while len(names := _collections(stack, instrument)) > 1 or _models(stack, instrument) > 1:
        assert time.monotonic() < end, names
        time.sleep(0.1)
    return names[0]


def _models(stack: Stack, instrument: str) -> int:
    """Whose vectors are kept beside the Fragments."""
    with psycopg.connect(stack.env["DATABASE_URL"].replace("+psycopg", "")) as database:
        row = database.execute(
            "SELECT count(DISTINCT model) FROM fragment_vectors JOIN fragments"
            " ON fragments.id = fragment_id WHERE instrument_id = %s",
            [instrument],
        ).fetchone()
    return int(row[0]) if row else 0


def _chroma(stack: Stack) -> Any:
    import chromadb
    from chromadb.config import Settings

    address = urlsplit(stack.env["CHROMA_URL"])
    return chromadb.HttpClient(
        host=str(address.hostname),
        port=address.port or 8000,
        settings=Settings(anonymized_telemetry=False),
    )


def _fragments(client: Client, source_id: str) -> list[dict[str, Any]]:
    return client.get(f"/api/sources/{source_id}/fragments", params={"page_size": 100}).json()
