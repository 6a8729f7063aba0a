"""Which Fragments come first, whatever is known of them when, and in which order it is learnt."""

from __future__ import annotations

import random
import threading
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pipelines.chunking import ORDINALS_PER_UNIT
from pipelines.keywords import bm25, index_words, pack
from pipelines.retrieval import SIBLING, Candidate, Indexes, Seen, _first, _ranked, begin
from pipelines.types import Hit
from tests.test_reranking import hit


@pytest.mark.parametrize("by", [0.0, 0.03])
def test_who_comes_first_is_the_same_however_little_is_known(by: float) -> None:
    chance = random.Random(7)
    for _ in range(50):
        scores = sorted((round(chance.random(), 2) for _ in range(60)), reverse=True)
        near = sorted(((f"f{n:02}", s) for n, s in enumerate(scores)), key=lambda p: (-p[1], p[0]))
        stands = {
            id_: _stands(
                id_, page=chance.randrange(12), kind=chance.choice(["table", "text", "text"])
            )
            for id_, _ in near
            if chance.random() < 0.9
        }
        ranked = [
            (round(min(1.0, score + by * (stands[id_].kind == "table")), 4), id_)
            for id_, score in near
            if id_ in stands
        ]
        pages: Counter[int] = Counter()
        whole = []
        for score, id_ in sorted(ranked, key=lambda pair: (-pair[0], pair[1])):
            page = stands[id_].ordinal
            whole.append((-round(score * SIBLING ** pages[page], 4), id_))
            pages[page] += 1
        whole.sort()
        read: list[str] = []
        seen = _seen(stands, read)
        seen.rank([id_ for id_, _ in near if chance.random() < 0.5])
        for wanted in (2, 5, 20, 60):
            first = [(-hit.score, hit.fragment_id) for hit in _first(near, seen, wanted, by)]
            assert first == whole[:wanted]
            assert len(read) == len(set(read))
            assert wanted > 5 or len(read) < len(near)


def test_of_equals_the_same_comes_first_whatever_is_known() -> None:
    # 0.4947 + 0.03 is a little less than 0.5247.
    near = [("z", 0.5247), ("a", 0.4947)]
    stands = {"z": _stands("z"), "a": _stands("a", page=1, kind="table")}
    for known in ([], ["z"], ["a"], ["a", "z"]):
        seen = _seen(stands, [])
        seen.rank(known)
        assert [hit.fragment_id for hit in _first(near, seen, 1, 0.03)] == ["a"]


def _seen(stands: Mapping[str, Hit], read: list[str]) -> Seen:
    """Nothing known yet; what is read is told in `read`."""

    def load(ids: Sequence[str]) -> dict[str, Hit]:
        read.extend(ids)
        return {id_: stands[id_] for id_ in ids if id_ in stands}

    def candidates(ids: Sequence[str], **_: bool) -> dict[str, Candidate]:
        there = [stands[id_] for id_ in ids if id_ in stands]
        return {
            each.fragment_id: Candidate.of(each.version_id, each.ordinal, each.kind)
            for each in there
        }

    indexes: Any = SimpleNamespace(load=load, candidates=candidates)
    return Seen(indexes)


def _stands(name: str, *, page: int = 0, kind: Any = "text") -> Hit:
    return hit(name).model_copy(update={"ordinal": page * ORDINALS_PER_UNIT, "kind": kind})


def test_a_guess_at_common_words_never_changes_what_is_found() -> None:
    texts = {f"f{at}": f"pump part {at} {'oil' if at % 3 else 'seal'}" for at in range(60)}
    packed = {name: bytes([at]) * 16 for at, name in enumerate(texts)}
    postings, words = pack((packed[name], index_words(text)) for name, text in texts.items())
    names = {str(uuid.UUID(bytes=raw)): name for name, raw in packed.items()}

    def vectors(some: Sequence[str]) -> Any:
        rows = [[text.count(word) + 0.1 for word in ("pump", "oil", "seal", "7")] for text in some]
        return np.array([row / np.linalg.norm(row) for row in rows], dtype=np.float32)

    class Nearest:
        asked = 0

        def __init__(self) -> None:
            self.answers = threading.Event()

        def query(self, _: str, vector: Any, count: int, **__: Any) -> list[tuple[str, float]]:
            self.asked += 1
            assert self.answers.wait(10)
            similar = vectors(list(texts.values())) @ vector
            best = sorted(zip(names, similar.tolist(), strict=True), key=lambda pair: -pair[1])
            return best[:count]

    def candidates(ids: Sequence[str], **_: bool) -> dict[str, Candidate]:
        there = vectors([texts[names[id_]] for id_ in ids])
        return {
            id_: Candidate.of(id_, 0, "text", vector)
            for id_, vector in zip(ids, there, strict=True)
        }

    def ranked(guess: frozenset[str]) -> tuple[list[tuple[str, float]], int]:
        nearest: Any = Nearest()
        likely: list[str] = []

        def load(ids: Sequence[str]) -> dict[str, Hit]:
            # While the vector index is still looking.
            likely.extend(ids)
            nearest.answers.set()
            return {}

        with ThreadPoolExecutor(4) as pool:
            indexes = Indexes(
                meaning=lambda some: pool.submit(vectors, some),
                vectors=nearest,
                collection="pumps",
                words=lambda asked: bm25(
                    {word: postings.get(word, b"") for word in index_words(asked)}, 60, words
                ),
                candidates=candidates,
                load=load,
                around=lambda hits: ({}, {}),
                aside=pool.submit,
                common=lambda: guess,
            )
            begun = begin("pump seal 7", indexes)
            assert begun is not None
            found = _ranked("pump seal 7", Seen(indexes), begun, 7, 0.0)
        # All of them hold one of the words: what is likely to come first is what does.
        assert likely == [id_ for id_, _ in found[:7]]
        return found, nearest.asked

    right, asked = ranked(frozenset({"pump", "seal"}))
    assert asked == 1
    for wrong in (frozenset(), frozenset({"seal"}), frozenset({"pump", "seal", "7"})):
        found, asked = ranked(wrong)
        assert found == [(id_, pytest.approx(score, abs=1e-4)) for id_, score in right]
        assert asked == 2
