"""Hybrid retrieval: candidates by vectors and by BM25, their scores fused, then reranked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipelines.chunking import ORDINALS_PER_UNIT
from pipelines.embedders.model_facts import ModelFacts
from pipelines.retrieval.index_words import index_words
from pipelines.retrieval.keywords import Ranking
from pipelines.retrieval.neighbours import Neighbours, drop_near_duplicates, merge_split_sentences
from pipelines.retrieval.questions import core, understood
from pipelines.types import Hit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pipelines.retrieval.reranking import Reranker

TOP_K = 100
"""Candidates taken by vectors, and as many by BM25."""
HITS = 16
RERANKED = 30
COSINE_WEIGHT = 0.3
"""What the similarity counts for in the fused score; the share of BM25's best counts for the
rest."""
LEAST_SIMILARITY = 0.15
"""Of a Fragment that is shown to an answerer; unrelated text lies around zero ..."""
LEAST_SHARE = 0.3
"""... unless it holds this share of what the question's words are worth."""

SIBLING_FACTOR = 0.8
"""What each further Fragment of the same page (slide, minute, section) keeps of its score, once
more for each before it: an answer is rarely all on one page, and a reader sees the page anyway."""

TABLE_BONUS = 0.03
"""What a Fragment of a table is raised by, unless a person, a place, a reason or a procedure is
asked for: rows of figures hold few words, so that words and meaning both rank them too low."""


@dataclass(frozen=True)
class Candidate:
    """What a Fragment is ranked by, beside its BM25: its text is read only if it is among the
    best."""

    unit: tuple[str, int]
    """The version and the page, slide, minute or section of it that it stands on."""
    is_table: bool = False
    vector: NDArray[np.float32] | None = None
    """Unit length, float32 [d]; None while it is not embedded."""

    @classmethod
    def of(cls, version_id: str, ordinal: int, kind: str, vector: Any = None) -> Candidate:
        return cls((version_id, ordinal // ORDINALS_PER_UNIT), kind == "table", vector)


@dataclass(frozen=True)
class Indexes:
    """Where to look: one instrument's vectors, words and Fragments, as far as they may be seen."""

    embed: Callable[[Sequence[str]], NDArray[np.float32]]
    """Texts -> their unit vectors, float32 [n, d]."""
    nearest: Callable[[NDArray[np.float32], int], Sequence[tuple[str, float]]]
    """A vector and how many -> (fragment id, cosine) of the nearest."""
    keywords: Callable[[str], Ranking]
    """Question -> Fragments by BM25."""
    candidates: Callable[[Collection[str]], Mapping[str, Candidate]]
    """Fragment ids -> what they are ranked by; what is gone or out of date is left out."""
    load: Callable[[Collection[str]], Mapping[str, Hit]]
    """Fragment ids -> the Hits themselves, scores 0."""
    neighbours: Neighbours
    facts: ModelFacts = ModelFacts()  # noqa: RUF009 - it never changes
    """What the cosines mean."""
    accepts: Callable[[Hit], bool] | None = None
    """What a Hit must be; None when it need be nothing."""
    reranker: Reranker | None = None


def retrieve(
    question: str, indexes: Indexes, *, count: int = HITS, translated: str = ""
) -> list[Hit]:
    """As `search`, for an answerer: Hits cut within a sentence are merged with its rest."""
    hits = search(question, indexes, count=count, translated=translated)
    return merge_split_sentences(hits, indexes.neighbours)


def search(
    question: str, indexes: Indexes, *, count: int = HITS, translated: str = ""
) -> list[Hit]:
    """At most `count` Hits, best first, scores 0..1: what is too far away is left out, near
    duplicates too.

    `translated`: the question in the sources' language; a Fragment has the better of its scores.
    """
    scores, found = _scored(question, indexes)
    if translated and translated != question:
        others, further = _scored(translated, indexes)
        found |= further
        scores |= {id_: max(score, scores.get(id_, 0.0)) for id_, score in others.items()}
    wanted = max(count, RERANKED) if indexes.reranker else count
    hits = _loaded(_damp_siblings(scores, found), indexes, wanted)
    best = drop_near_duplicates(hits, wanted)
    return indexes.reranker.rerank(question, best)[:count] if indexes.reranker else best


def _scored(question: str, indexes: Indexes) -> tuple[dict[str, float], dict[str, Candidate]]:
    """Fragment id -> fused score of those that may be shown, and all that were looked at."""
    keywords = indexes.keywords(question)
    vector = _question_vector(question, keywords.common, indexes)
    cosines = dict(indexes.nearest(vector, TOP_K))
    shares = dict(keywords.best(TOP_K))
    found = dict(indexes.candidates(cosines.keys() | shares.keys()))
    cosines |= {id_: float(c.vector @ vector) for id_, c in found.items() if c.vector is not None}
    shares |= keywords.shares(found.keys() - shares.keys())

    bonus = _table_bonus(question)
    near = {
        id_: indexes.facts.similarity(cosines.get(id_, 0.0), foreign=keywords.is_foreign)
        for id_ in found
    }
    scores = {
        id_: _fused(near[id_], shares[id_], bonus if candidate.is_table else 0.0)
        for id_, candidate in found.items()
        if near[id_] >= LEAST_SIMILARITY or shares[id_] >= LEAST_SHARE
    }
    return scores, found


def _question_vector(
    question: str, common: frozenset[str], indexes: Indexes
) -> NDArray[np.float32]:
    """float32 [d], unit length: of the question, what is left of it without its common words
    counted twice."""
    import numpy as np

    tokens = question.split()
    rare = [token for token in tokens if not _is_common(token, common)]
    texts = [question, " ".join(rare)] if 0 < len(rare) < len(tokens) else [question]
    vector = indexes.embed(texts).sum(axis=0)
    return vector / np.linalg.norm(vector)


def _is_common(token: str, common: frozenset[str]) -> bool:
    words = index_words(token) if common else []
    return bool(words) and common.issuperset(words)


def _table_bonus(question: str) -> float:
    may_answer = understood(core(question)).wanted in ("number", "date", "anything")
    return TABLE_BONUS if may_answer else 0.0


def _fused(similarity: float, share: float, bonus: float) -> float:
    score = COSINE_WEIGHT * similarity + (1 - COSINE_WEIGHT) * share
    # Rounded as it is shown, so that what looks equal is equal.
    score = round(min(1.0, max(0.0, score)), 4)
    return round(min(1.0, score + bonus), 4)


def _damp_siblings(
    scores: Mapping[str, float], candidates: Mapping[str, Candidate]
) -> list[tuple[str, float]]:
    """(id, score), best first: each further one of the same unit by SIBLING_FACTOR less."""
    before: Counter[tuple[str, int]] = Counter()
    damped = []
    for id_, score in sorted(scores.items(), key=_best_first):
        unit = candidates[id_].unit
        damped.append((id_, round(score * SIBLING_FACTOR ** before[unit], 4)))
        before[unit] += 1
    return sorted(damped, key=_best_first)


def _best_first(scored: tuple[str, float]) -> tuple[float, str]:
    """Of equal scores the same one always comes first."""
    return -scored[1], scored[0]


def _loaded(ranked: Sequence[tuple[str, float]], indexes: Indexes, size: int) -> Iterator[Hit]:
    """The Hits of (id, score) that are accepted, read `size` at a time as they are wanted."""
    for at in range(0, len(ranked), size):
        some = ranked[at : at + size]
        there = indexes.load([id_ for id_, _ in some])
        for id_, score in some:
            if id_ in there and (indexes.accepts is None or indexes.accepts(there[id_])):
                yield there[id_].model_copy(update={"score": score})
