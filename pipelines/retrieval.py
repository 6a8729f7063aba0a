"""Finding the Fragments that may answer a question: by meaning and by words, fused by score."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

from pipelines.index import Index
from pipelines.keywords import Ranking, index_words
from pipelines.neighbours import Around, fold, join
from pipelines.quoting.questions import core, understood
from pipelines.types import Hit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pipelines.reranking import Reranker

NEAREST = 100
"""Fragments taken by meaning, and as many by words."""
LOOKED_AT = 6
"""Times as many as are wanted: it is asked first where these stand."""
HITS = 16
RERANKED = 30
MEANING = 0.3
"""What the cosine counts for in the score; the share of BM25's best counts for the rest."""
NEAR = 0.15
"""Least cosine of a Fragment that is shown to an answerer; unrelated text lies around zero ..."""
WORDS = 0.3
"""... unless it holds this share of what the question's words are worth."""

SIBLING = 0.8
"""What each further Fragment of the same page (slide, minute, section) keeps of its score, once
more for each before it: an answer is rarely all on one page, and a reader sees the page anyway."""

TABLE = 0.03
"""What a Fragment of a table is raised by, unless a person, a place, a reason or a procedure is
asked for: rows of figures hold few words, so that words and meaning both rank them too low."""


@dataclass(frozen=True)
class Place:
    """Where a Fragment stands: a version and which of its pages, slides, minutes or sections."""

    version_id: str
    unit: int
    is_table: bool = False


Meaning = Callable[[Sequence[str]], "Future[NDArray[np.float32]]"]
"""Texts -> their unit vectors, float32 [n, d], worked out meanwhile."""

T = TypeVar("T")


class Aside(Protocol):
    """Does work in a thread of its own."""

    def __call__(self, work: Callable[[], T]) -> Future[T]: ...


VectorsOf = Callable[[Sequence[str]], Mapping[str, "NDArray[np.float32]"]]
"""Fragment ids -> their unit vectors, float32 [d]; what is not embedded yet is left out."""

Places = Callable[[Sequence[str]], Mapping[str, Place]]
"""Fragment ids -> where they stand; what is gone or out of date is left out."""

Load = Callable[[Sequence[str]], Mapping[str, Hit]]
"""Fragment ids -> the Hits that may be seen now; what is gone or out of date is left out."""


@dataclass(frozen=True)
class Indexes:
    """Where to look: one instrument's vectors and words, and its Fragments."""

    meaning: Meaning
    vectors: Index
    collection: str
    words: Callable[[str], Ranking]
    """Question -> Fragments by BM25, within the same limits as `version_ids`."""
    vectors_of: VectorsOf
    places: Places
    load: Load
    around: Around
    aside: Aside
    common: Callable[[], frozenset[str]] = frozenset
    """Words that were common when they were last looked up: a guess, for a head start."""
    version_ids: Sequence[str] | None = None
    """Look in these versions only."""
    accepts: Callable[[Hit], bool] | None = None
    """What a Hit must be, beyond its version; None when it need be nothing."""
    reranker: Reranker | None = None


def retrieve(question: str, indexes: Indexes, *, count: int = HITS) -> list[Hit]:
    """Hits for an answerer, best first, scores 0..1: what is too far away is left out, those that
    say the same are folded, and those that were cut in a sentence are joined to its rest."""
    hits = search(question, indexes, count=count)
    return join(hits, indexes.around)


@dataclass(frozen=True)
class Begun:
    """What is near a question by its meaning, being looked for."""

    stressed: str
    """What counts twice of the question: what is left of it without its common words."""
    meanings: Sequence[Future[NDArray[np.float32]]]
    """The vectors of the question and of that, as `Meaning` gives them."""
    nearest: Future[tuple[NDArray[np.float32], list[tuple[str, float]]]]
    """The vector of both, float32 [d], unit length; (id, cosine) of what is near it."""


def begin(question: str, indexes: Indexes) -> Begun | None:
    """Start on what needs neither the words nor the rows: the model and the vector index work
    meanwhile. None where there is nowhere to look."""
    if indexes.version_ids is not None and not indexes.version_ids:
        return None
    texts = meant(question, indexes.common())
    return _begun("".join(texts[1:]), [indexes.meaning(texts)], indexes)


def meant(question: str, common: frozenset[str]) -> list[str]:
    """The texts whose vectors make up the question's, the second what counts twice of it."""
    stressed = _rarer(question, common)
    return [question, stressed] if stressed else [question]


def search(
    question: str, indexes: Indexes, *, count: int = HITS, begun: Begun | None = None
) -> list[Hit]:
    """At most `count` Hits, best first, each as it is stored; `begun` of the same question."""
    begun = begun or begin(question, indexes)
    if begun is None:
        return []
    wanted = max(count, RERANKED) if indexes.reranker else count
    near = _ranked(question, indexes, begun)
    # Where the first of them stand is enough for most; a filter may leave few of those.
    many = len(near) if indexes.accepts else LOOKED_AT * wanted
    hits = _loaded(_placed(question, near, indexes.places, many), indexes, wanted)
    if len(hits) < wanted and many < len(near):
        hits = _loaded(_placed(question, near, indexes.places, len(near)), indexes, wanted)
    if indexes.reranker is not None:
        hits = indexes.reranker.rerank(question, hits)
    return hits[:count]


def _loaded(ranked: Sequence[tuple[str, float]], indexes: Indexes, wanted: int) -> list[Hit]:
    """The first `wanted` Hits of `ranked` that count, what says the same folded."""
    accepts = indexes.accepts
    step = wanted + wanted // 2
    hits: list[Hit] = []
    for at in range(0, len(ranked), step):
        some = ranked[at : at + step]
        there = indexes.load([id_ for id_, _ in some])
        hits += [
            there[id_].model_copy(update={"score": score})
            for id_, score in some
            if id_ in there and (accepts is None or accepts(there[id_]))
        ]
        hits = fold(hits, wanted)
        if len(hits) >= wanted:
            break
    return hits


def _begun(
    stressed: str, meanings: Sequence[Future[NDArray[np.float32]]], indexes: Indexes
) -> Begun:
    import numpy as np

    def nearest() -> tuple[NDArray[np.float32], list[tuple[str, float]]]:
        vector = np.concatenate([meaning.result() for meaning in meanings]).sum(axis=0)
        vector /= np.linalg.norm(vector)
        where = indexes.version_ids
        return vector, indexes.vectors.query(indexes.collection, vector, NEAREST, version_ids=where)

    return Begun(stressed, meanings, indexes.aside(nearest))


def _stressed(question: str, rarer: str, begun: Begun, indexes: Indexes) -> Begun:
    """`begun`, if it counts `rarer` twice; else the same with that."""
    if rarer == begun.stressed:
        return begun
    # What was guessed to count twice is no good; the question's own vector is.
    meanings = [indexes.meaning([question])] if begun.stressed else list(begun.meanings)
    return _begun(rarer, [*meanings, indexes.meaning([rarer])] if rarer else meanings, indexes)


def _ranked(question: str, indexes: Indexes, begun: Begun) -> list[tuple[str, float]]:
    """(id, score) of what is near enough, best first."""
    import numpy as np

    by_words = indexes.words(question)
    begun = _stressed(question, _rarer(question, by_words.common), begun, indexes)
    # Most of these are not among the nearest; the model still works.
    said = dict(by_words.best(NEAREST))
    vectors = indexes.vectors_of(list(said)) if said else {}
    vector, nearest = begun.nearest.result()
    cosines = dict(nearest)
    if vectors:
        similar = np.stack(list(vectors.values())) @ vector
        cosines.update(zip(vectors, similar.tolist(), strict=True))
    meant_only = [id_ for id_ in cosines if id_ not in said]
    said.update(zip(meant_only, by_words.shares(meant_only), strict=True))
    # One that is not embedded yet is found by its words alone.
    found = [
        (id_, _score(cosines.get(id_, 0.0), share))
        for id_, share in said.items()
        if cosines.get(id_, 0.0) >= NEAR or share >= WORDS
    ]
    return sorted(found, key=lambda pair: (-pair[1], pair[0]))


def _rarer(question: str, common: frozenset[str]) -> str:
    """What is left of the question without its common words; "" where all is, or nothing."""
    tokens = question.split()
    rarer = [token for token in tokens if not _is_common(token, common)]
    return " ".join(rarer) if len(rarer) < len(tokens) else ""


def _is_common(token: str, common: frozenset[str]) -> bool:
    words = index_words(token) if common else []
    return bool(words) and common.issuperset(words)


def _placed(
    question: str, near: Sequence[tuple[str, float]], places: Places, many: int
) -> list[tuple[str, float]]:
    """(id, score) of what may be seen, best first, tables raised, siblings further down.

    Asks where the first `many` of `near` stand and leaves out whom the others could overtake.
    """
    raised = TABLE if _tables_may_answer(question) else 0.0
    there = places([id_ for id_, _ in near[:many]])
    ranked = _spread(_raised(near[:many], there, raised), there)
    if many >= len(near):
        return ranked
    bound = near[many][1] + raised
    return [(id_, score) for id_, score in ranked if score > bound]


def _tables_may_answer(question: str) -> bool:
    return understood(core(question)).wanted in ("number", "date", "anything")


def _raised(
    ranked: Sequence[tuple[str, float]], places: Mapping[str, Place], by: float
) -> list[tuple[str, float]]:
    raised = [
        (id_, min(1.0, score + by) if id_ in places and places[id_].is_table else score)
        for id_, score in ranked
    ]
    return sorted(raised, key=lambda pair: (-pair[1], pair[0]))


def _spread(
    ranked: Sequence[tuple[str, float]], places: Mapping[str, Place]
) -> list[tuple[str, float]]:
    """What may be seen of `ranked`, with siblings of a better Fragment further down."""
    before: dict[tuple[str, int], int] = {}
    spread = []
    for id_, score in ranked:
        if id_ in places:
            page = (places[id_].version_id, places[id_].unit)
            siblings = before.get(page, 0)
            before[page] = siblings + 1
            spread.append((id_, round(score * SIBLING**siblings, 4)))
    return sorted(spread, key=lambda pair: (-pair[1], pair[0]))


def _score(cosine: float, words: float) -> float:
    score = MEANING * cosine + (1 - MEANING) * words
    return round(min(1.0, max(0.0, score)), 4)
