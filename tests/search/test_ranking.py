"""Which Fragments come first: the scores of both indexes, tables, pages, common words."""

from __future__ import annotations

import random
import uuid
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from pipelines.chunking import ORDINALS_PER_UNIT
from pipelines.retrieval.index_words import index_words
from pipelines.retrieval.keywords import bm25, pack
from pipelines.retrieval.retrieve import (
    COSINE_WEIGHT,
    LEAST_SIMILARITY,
    SIBLING_FACTOR,
    TABLE_BONUS,
    Candidate,
    Indexes,
    search,
)
from pipelines.types import Hit
from tests.search.test_reranking import hit


def _at(name: str, *, page: int = 0, kind: Any = "text") -> Hit:
    return hit(name).model_copy(update={"ordinal": page * ORDINALS_PER_UNIT, "kind": kind})


def _by_cosine(cosines: Mapping[str, float], hits: Collection[Hit]) -> Indexes:
    """Fragments that hold none of the question's words; only `hits` may be seen."""
    there = {each.fragment_id: each for each in hits}
    return Indexes(
        embed=lambda texts: np.ones((len(texts), 2), dtype=np.float32),
        nearest=lambda _vector, _count: list(cosines.items()),
        keywords=lambda _question: bm25({}, 0, 0),
        candidates=lambda ids: {
            id_: Candidate.of(each.version_id, each.ordinal, each.kind)
            for id_, each in there.items()
            if id_ in ids
        },
        load=lambda ids: {id_: there[id_] for id_ in ids},
        neighbours=lambda _hits: ({}, {}),
    )


@pytest.mark.parametrize(
    ("question", "bonus"), [("How many litres?", TABLE_BONUS), ("Why does it leak?", 0.0)]
)
def test_tables_are_raised_and_more_of_a_page_comes_later(question: str, bonus: float) -> None:
    chance = random.Random(7)
    for _ in range(20):
        cosines = {f"f{n:02}": round(chance.uniform(0.1, 1.0), 2) for n in range(60)}
        hits = [
            _at(id_, page=chance.randrange(12), kind=chance.choice(["table", "text", "text"]))
            for id_ in cosines
            if chance.random() < 0.9
        ]
        fused = [
            (COSINE_WEIGHT * cosines[each.fragment_id] + bonus * (each.kind == "table"), each)
            for each in hits
            if cosines[each.fragment_id] >= LEAST_SIMILARITY
        ]
        pages: Counter[int] = Counter()
        expected = []
        for score, each in sorted(fused, key=lambda p: (-round(p[0], 4), p[1].fragment_id)):
            damped = round(round(score, 4) * SIBLING_FACTOR ** pages[each.ordinal], 4)
            expected.append((-damped, each.fragment_id))
            pages[each.ordinal] += 1
        expected.sort()
        for count in (2, 5, 60):
            found = search(question, _by_cosine(cosines, hits), count=count)
            assert [(-each.score, each.fragment_id) for each in found] == expected[:count]


def test_of_equals_the_first_by_id_comes_first() -> None:
    hits = [_at("z"), _at("a", page=1, kind="table")]
    # As floats, 0.24 + 0.03 is a little more than 0.27.
    found = search("How many litres?", _by_cosine({"z": 0.9, "a": 0.8}, hits))
    assert [(each.fragment_id, each.score) for each in found] == [("a", 0.27), ("z", 0.27)]


def test_what_is_left_without_common_words_counts_twice() -> None:
    texts = {
        str(
            uuid.uuid5(uuid.NAMESPACE_OID, str(at))
        ): f"pump part {at} {'oil' if at % 4 else 'seal'}"
        for at in range(60)
    }
    postings, words = pack((uuid.UUID(id_).bytes, index_words(t)) for id_, t in texts.items())

    def embed(some: Sequence[str]) -> Any:
        counts = [[text.count(word) + 0.1 for word in ("pump", "oil", "seal")] for text in some]
        vectors = np.array(counts, dtype=np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def vector_of(id_: str) -> Any:
        return embed([texts[id_]])[0]

    indexes = Indexes(
        embed=embed,
        nearest=lambda vector, count: [(id_, vector_of(id_) @ vector) for id_ in texts][:count],
        keywords=lambda asked: bm25(
            {word: postings.get(word, b"") for word in index_words(asked)}, len(texts), words
        ),
        candidates=lambda ids: {id_: Candidate.of(id_, 0, "text", vector_of(id_)) for id_ in ids},
        load=lambda ids: {
            id_: hit(texts[id_]).model_copy(update={"version_id": id_}) for id_ in ids
        },
        neighbours=lambda _hits: ({}, {}),
    )
    # All hold "pump" and a quarter "seal": the former tells none apart.
    doubled = embed(["pump sealing 7"])[0] + embed(["sealing 7"])[0]
    doubled /= np.linalg.norm(doubled)
    ranking = indexes.keywords("pump sealing 7")
    assert ranking.common == {"pump"}
    for each in search("pump sealing 7", indexes, count=60):
        id_ = each.version_id
        expected = COSINE_WEIGHT * (vector_of(id_) @ doubled)
        expected += (1 - COSINE_WEIGHT) * ranking.shares([id_])[id_]
        assert each.score == pytest.approx(float(expected), abs=1e-4)
