"""The words of a text as the keyword index knows them, and BM25 over packed postings."""

from __future__ import annotations

import math
import random
import uuid

import pytest

from pipelines.retrieval.index_words import index_words
from pipelines.retrieval.keywords import K1, B, bm25, pack


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The rotors are running", ["rotor", "run"]),
        ("1,200 and 1200", ["1200", "1200"]),
        ("3.5 mL", ["3.5", "ml"]),
        ("the pump's Kühler", ["pump", "kuhler"]),
        ("离心机", ["离心", "心机"]),
        ("", []),
    ],
)
def test_words(text: str, words: list[str]) -> None:
    assert index_words(text) == words


@pytest.mark.parametrize("written", ["VX-310", "vx310", "VX 310", "VX/310"])
def test_a_code_shares_words_with_every_way_to_write_it(written: str) -> None:
    assert {"vx", "310"} <= set(index_words(written))


def test_a_very_long_word_is_no_danger() -> None:
    assert all(len(word) <= 64 for word in index_words("a1" * 100_000 + " " + "x-1" * 50_000))


def test_scores_are_bm25() -> None:
    texts = ["oil oil pump", "oil valve", "valve seat and spring ring bolt"]
    ids = [uuid.uuid4() for _ in texts]
    postings, total = pack(
        (id_.bytes, index_words(text)) for id_, text in zip(ids, texts, strict=True)
    )
    lengths = [len(index_words(text)) for text in texts]
    assert total == sum(lengths)
    asked = ["oil", "pump", "unknown"]
    ranking = bm25({word: postings.get(word, b"") for word in asked}, len(texts), total)

    def idf(df: int) -> float:
        return math.log(1 + (len(texts) - df + 0.5) / (df + 0.5))

    def gain(count: int, length: int) -> float:
        return count * (K1 + 1) / (count + K1 * (1 - B + B * length / (total / len(texts))))

    best = (K1 + 1) * (idf(2) + idf(1) + idf(0))
    shares = [
        (idf(2) * gain(2, lengths[0]) + idf(1) * gain(1, lengths[0])) / best,
        idf(2) * gain(1, lengths[1]) / best,
        0.0,
    ]
    assert [id_ for id_, _ in ranking.best()] == [str(ids[0]), str(ids[1])]
    assert [share for _, share in ranking.best()] == pytest.approx(shares[:2], abs=1e-6)
    assert ranking.best(1) == ranking.best()[:1]
    known = ranking.shares([str(id_) for id_ in ids])
    assert [known[str(id_)] for id_ in ids] == pytest.approx(shares, abs=1e-6)


def test_the_best_are_the_first_of_all_though_many_are_alike() -> None:
    chance = random.Random(5)
    ids = [uuid.UUID(int=chance.getrandbits(128)) for _ in range(200)]
    postings, words = pack((id_.bytes, ["oil"] * chance.randrange(4)) for id_ in ids)
    ranking = bm25(postings, len(ids), words)
    whole = ranking.best()
    assert len({share for _, share in whole}) < 4
    assert [ranking.best(n) for n in range(1, 220, 7)] == [whole[:n] for n in range(1, 220, 7)]


def test_nothing_asked_finds_nothing() -> None:
    assert bm25({}, 0, 0).best() == []
    assert bm25({"oil": b""}, 5, 50).best() == []
    assert bm25({}, 0, 0).shares(["nobody"]) == {"nobody": 0.0}


def test_words_that_most_fragments_hold_are_common() -> None:
    texts = [f"The acme report names part p{n}" for n in range(50)]
    texts[0] += " and its torque"
    postings, total = pack((uuid.uuid4().bytes, index_words(text)) for text in texts)
    asked = ["acm", "torqu", "unknown"]
    held = {word: postings.get(word, b"") for word in asked}
    assert bm25(held, len(texts), total).common == {"acm"}
    few = {word: entries[: 20 * 8] for word, entries in held.items()}
    assert bm25(few, 8, total).common == frozenset()
