"""How a search goes to a worker and comes back, and what is remembered between two searches."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from flask import Flask
from werkzeug.exceptions import HTTPException

from api import searching
from api.hits import Filters
from api.keyword_cache import KeywordCache
from api.services import Services
from pipelines.question_vectors import QuestionVectors
from pipelines.retrieval import Place, _placed
from tests.client import Client

FILTERS = Filters(types=("pdf", "web"), heading="Pumps")


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker of the stack hears of a search."""
    monkeypatch.setattr(searching, "ASKED", "test:searches")
    monkeypatch.setattr(searching, "QUEUE", "nobody")
    monkeypatch.setattr(searching, "SECONDS", 2)


def _search(app: Flask, with_: Services) -> list[dict[str, Any]]:
    with app.app_context():
        return searching.search(with_, "instrument", "Which pump?", FILTERS, 3)


def test_a_question_that_died_with_its_worker_is_asked_again(app: Flask, nobody: None) -> None:
    with_: Services = app.extensions["services"]
    with ThreadPoolExecutor(1) as pool:
        hits = pool.submit(_search, app, with_)
        lost = searching.take(with_.redis, 5)
        again = searching.take(with_.redis, 5)
        assert again == lost
        assert again is not None
        assert (again.text, again.filters, again.count) == ("Which pump?", FILTERS, 3)
        searching.reply(with_.redis, again, {"hits": [{"text": "This one."}]})
        assert hits.result() == [{"text": "This one."}]


def test_without_a_worker_a_search_ends_and_leaves_nothing(app: Flask, nobody: None) -> None:
    with_: Services = app.extensions["services"]
    with pytest.raises(HTTPException) as refused:
        _search(app, with_)
    assert refused.value.code == 503
    assert "No worker listens" in refused.value.data["message"]  # type: ignore[attr-defined]
    assert with_.redis.llen(searching.ASKED) == 0


def test_words_are_known_only_while_the_index_is_the_same() -> None:
    cache = KeywordCache(most_bytes=20)
    cache.keep("here", (1, 10), {"oil": b"12345", "pump": b"12345"})
    assert cache.get("here", (1, 10), ["oil", "valve"]) == {"oil": b"12345"}
    assert cache.get("here", (2, 15), ["oil"]) == {}
    assert cache.get("elsewhere", (1, 10), ["oil"]) == {}
    cache.keep("here", (2, 15), {"oil": b"1234567890"})
    assert cache.get("here", (1, 10), ["oil", "pump"]) == {"pump": b"12345"}
    cache.keep("here", (2, 15), {"seal": b"12345678"})
    # The least used went: together they would have been 23 bytes.
    assert cache.get("here", (2, 15), ["oil", "seal"]) == {"seal": b"12345678"}
    assert cache.get("here", (1, 10), ["pump"]) == {"pump": b"12345"}


def test_a_question_is_embedded_once_unless_that_failed() -> None:
    class Model:
        name = "model@hash"
        max_tokens = 8
        asked: list[str]
        fails = True

        def offsets(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
            return [[(0, len(text))] for text in texts]

        def embed(self, texts: Sequence[str]) -> Any:
            self.asked += texts
            if self.fails:
                raise RuntimeError("no memory")
            return np.ones((len(texts), 4), dtype=np.float32)

    model: Any = Model()
    model.asked = []
    vectors = QuestionVectors(kept=1)
    with pytest.raises(RuntimeError):
        vectors.begin(model, "Which pump?").result()
    model.fails = False
    together = threading.Barrier(4)

    def ask() -> float:
        together.wait()
        return float(vectors.begin(model, "Which pump?").result().sum())

    with ThreadPoolExecutor(4) as pool:
        assert [found.result() for found in [pool.submit(ask) for _ in range(4)]] == [4.0] * 4
    assert model.asked == ["Which pump?"] * 2
    vectors.begin(model, "Which valve?").result()
    vectors.begin(model, "Which pump?").result()
    assert model.asked == [*["Which pump?"] * 2, "Which valve?", "Which pump?"]


@pytest.mark.parametrize("question", ["How many bars?", "Who wrote it?"])
def test_who_comes_first_is_the_same_however_few_are_looked_at(question: str) -> None:
    chance = random.Random(7)
    for _ in range(50):
        scores = sorted((round(chance.random(), 2) for _ in range(60)), reverse=True)
        near = sorted(((f"f{n:02}", s) for n, s in enumerate(scores)), key=lambda p: (-p[1], p[0]))
        stands = {
            id_: Place("version", chance.randrange(12), chance.random() < 0.3)
            for id_, _ in near
            if chance.random() < 0.9
        }

        def places(ids: Sequence[str], stands: dict[str, Place] = stands) -> dict[str, Place]:
            return {id_: stands[id_] for id_ in ids if id_ in stands}

        whole = _placed(question, near, places, len(near))
        few = _placed(question, near, places, 30)
        assert few == whole[: len(few)]


def test_vectors_beside_the_text_rank_as_those_of_the_index(
    admin: Client, instrument: str, app: Flask
) -> None:
    from sqlalchemy import delete, select

    from api.extensions import db
    from api.models import FragmentRow, FragmentVector

    pages = [f"# Pump {n}\n\nThe pump number {n} delivers {n * 7} litres." for n in range(3)]
    for n, page in enumerate(pages):
        admin.add_bytes(instrument, f"pump {n}.md", page.encode())
    here = select(FragmentRow.id).where(FragmentRow.instrument_id == instrument)
    stored = select(FragmentVector.fragment_id).where(FragmentVector.fragment_id.in_(here))

    def scores() -> list[tuple[str, float]]:
        query = {"instrument": instrument, "q": "litres of pump 2"}
        hits = admin.get("/api/search/", params=query).json()
        return [(hit["fragment_id"], hit["score"]) for hit in hits]

    beside = scores()
    with app.app_context():
        assert sorted(db.session.scalars(stored)) == sorted(db.session.scalars(here))
        db.session.execute(delete(FragmentVector).where(FragmentVector.fragment_id.in_(here)))
        db.session.commit()
    assert scores() == beside
    assert beside[0][1] > beside[-1][1]
