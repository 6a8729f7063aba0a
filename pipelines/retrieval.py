"""Finding the Fragments that may answer a question: by meaning and by words, fused by score."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from pipelines.chunking import ORDINALS_PER_UNIT
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
FEW = 8
"""Fragments whose text is read without asking first whether they come among the first."""
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
class Candidate:
    """What a Fragment is ranked by before its text is read."""

    version_id: str
    unit: int
    """Which of the version's pages, slides, minutes or sections it stands on."""
    is_table: bool
    vector: NDArray[np.float32] | None = None
    """Unit length, float32 [d]; None while it is not embedded, and where nobody asked for it."""

    @classmethod
    def of(cls, version_id: str, ordinal: int, kind: str, vector: Any = None) -> Candidate:
        return cls(version_id, ordinal // ORDINALS_PER_UNIT, kind == "table", vector)


Meaning = Callable[[Sequence[str]], "Future[NDArray[np.float32]]"]
"""Texts -> their unit vectors, float32 [n, d], worked out meanwhile."""

T = TypeVar("T")


class Aside(Protocol):
    """Does work in a thread of its own."""

    def __call__(self, work: Callable[[], T]) -> Future[T]: ...


class Vectors(Protocol):
    """The vector index, or what stands before it."""

    def query(
        self,
        collection: str,
        vector: NDArray[np.float32],
        count: int,
        *,
        version_ids: Sequence[str] | None = None,
    ) -> list[tuple[str, float]]:
        """As `pipelines.index.Index.query`."""
        ...


class Candidates(Protocol):
    """Fragment ids -> what ranks them; what is gone or out of date is left out."""

    def __call__(self, ids: Sequence[str], *, vectors: bool) -> Mapping[str, Candidate]: ...


Load = Callable[[Sequence[str]], Mapping[str, Hit]]
"""Fragment ids -> the Hits that may be seen now; what is gone or out of date is left out."""


@dataclass(frozen=True)
class Indexes:
    """Where to look: one instrument's vectors and words, and its Fragments."""

    meaning: Meaning
    vectors: Vectors
    collection: str
    words: Callable[[str], Ranking]
    """Question -> Fragments by BM25, within the same limits as `version_ids`."""
    candidates: Candidates
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
    nearest: Future[list[tuple[str, float]]]
    """(id, cosine) of what is near both together."""


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
    seen = Seen(indexes)
    by = _raise_of(question)
    near = _ranked(question, seen, begun, wanted, by)
    hits = _first(near, seen, wanted, by, indexes.accepts)
    if indexes.reranker is not None:
        hits = indexes.reranker.rerank(question, hits)
    return hits[:count]


class Seen:
    """What one search knows of Fragments; no text is read twice."""

    def __init__(self, indexes: Indexes) -> None:
        self.indexes = indexes
        self.candidates: dict[str, Candidate | None] = {}
        """None for what is gone or out of date."""
        self._hits: dict[str, Hit | None] = {}

    def rank(self, ids: Sequence[str], *, vectors: bool = False) -> None:
        """Learn what ranks them."""
        there = self.indexes.candidates(ids, vectors=vectors) if ids else {}
        self.candidates.update((id_, there.get(id_)) for id_ in ids)

    def read(self, ids: Sequence[str]) -> Mapping[str, Hit]:
        """As `Load`; what ranks them is known then too."""
        new = [id_ for id_ in ids if id_ not in self._hits]
        there = self.indexes.load(new) if new else {}
        for id_ in new:
            hit = self._hits[id_] = there.get(id_)
            known = self.candidates.get(id_)
            self.candidates[id_] = (
                None
                if hit is None
                else known or Candidate.of(hit.version_id, hit.ordinal, hit.kind)
            )
        return {id_: hit for id_ in ids if (hit := self._hits[id_]) is not None}


def _first(
    near: Sequence[tuple[str, float]],
    seen: Seen,
    wanted: int,
    by: float,
    accepts: Callable[[Hit], bool] | None = None,
) -> list[Hit]:
    """The first `wanted` Hits that count: tables raised `by` that, siblings further down, what
    says the same folded. About as many of `near` are read as that takes."""
    many = wanted
    while True:
        ranked = _certain(near, seen, many, by)
        there = seen.read([id_ for id_, _ in ranked])
        hits = fold(
            (
                there[id_].model_copy(update={"score": score})
                for id_, score in ranked
                if id_ in there and (accepts is None or accepts(there[id_]))
            ),
            wanted,
        )
        if len(hits) >= wanted or many >= len(near):
            return hits
        many *= 2


def _certain(
    near: Sequence[tuple[str, float]], seen: Seen, many: int, by: float
) -> list[tuple[str, float]]:
    """(id, score) of the first of `near` that may be seen, tables raised `by` that, siblings
    further down: exactly those that come first of all, about `many` of them. Of those that are
    known by their id alone it is learnt what ranks them where they could be among these."""
    first = _placed(near, seen, by)
    least = first[many - 1][1] if many <= len(first) else 0.0
    unknown = [pair for pair in near if pair[0] not in seen.candidates]
    could = [id_ for id_, score in unknown if _raised(score, by) >= least]
    if could:
        # A few are read at once: they are likely to be among the first.
        (seen.read if len(could) <= FEW else seen.rank)(could)
        first = _placed(near, seen, by)
    # The others could overtake whoever is further down than they would be.
    bound = max((_raised(score, by) for _, score in unknown[len(could) :]), default=-1.0)
    return [pair for pair in first if pair[1] > bound][:many]


def _placed(near: Sequence[tuple[str, float]], seen: Seen, by: float) -> list[tuple[str, float]]:
    """Those of `near` that are known and may be seen, best first, tables raised `by` that,
    siblings of a better Fragment further down."""
    known = [(id_, each, score) for id_, score in near if (each := seen.candidates.get(id_))]
    if by:
        known = [(i, each, _raised(s, by) if each.is_table else s) for i, each, s in known]
        known.sort(key=lambda one: (-one[2], one[0]))
    before: dict[tuple[str, int], int] = {}
    placed = []
    for id_, each, score in known:
        siblings = before.get((each.version_id, each.unit), 0)
        before[each.version_id, each.unit] = siblings + 1
        placed.append((id_, round(score * SIBLING**siblings, 4)))
    return sorted(placed, key=lambda pair: (-pair[1], pair[0]))


def _raised(score: float, by: float) -> float:
    return round(min(1.0, score + by), 4)


def _begun(
    stressed: str, meanings: Sequence[Future[NDArray[np.float32]]], indexes: Indexes
) -> Begun:
    def nearest() -> list[tuple[str, float]]:
        vector, where = _together(meanings), indexes.version_ids
        return indexes.vectors.query(indexes.collection, vector, NEAREST, version_ids=where)

    return Begun(stressed, meanings, indexes.aside(nearest))


def _together(meanings: Sequence[Future[NDArray[np.float32]]]) -> NDArray[np.float32]:
    """The vector of all of them, float32 [d], unit length, as soon as they are worked out."""
    import numpy as np

    vector = np.concatenate([meaning.result() for meaning in meanings]).sum(axis=0)
    vector /= np.linalg.norm(vector)
    return vector


def _stressed(question: str, rarer: str, begun: Begun, indexes: Indexes) -> Begun:
    """`begun`, if it counts `rarer` twice; else the same with that."""
    if rarer == begun.stressed:
        return begun
    # What was guessed to count twice is no good; the question's own vector is.
    meanings = [indexes.meaning([question])] if begun.stressed else list(begun.meanings)
    return _begun(rarer, [*meanings, indexes.meaning([rarer])] if rarer else meanings, indexes)


def _ranked(
    question: str, seen: Seen, begun: Begun, wanted: int, by: float
) -> list[tuple[str, float]]:
    """(id, score) of what is near enough, best first. What is likely to be among the first
    `wanted`, tables raised `by` that, is read meanwhile."""
    indexes = seen.indexes
    by_words = indexes.words(question)
    begun = _stressed(question, _rarer(question, by_words.common), begun, indexes)
    # Most of these are not among the nearest; the model still works.
    said = dict(by_words.best(NEAREST))
    seen.rank(list(said), vectors=True)
    cosines = _cosines(seen, begun)
    # Those that are likely to come first are read while the vector index still looks.
    likely = _placed(_scored(said, cosines), seen, by)
    seen.read([id_ for id_, _ in likely[:wanted]])
    cosines = dict(begun.nearest.result()) | cosines
    meant_only = [id_ for id_ in cosines if id_ not in said]
    said.update(zip(meant_only, by_words.shares(meant_only), strict=True))
    return _scored(said, cosines)


def _cosines(seen: Seen, begun: Begun) -> dict[str, float]:
    """Of the candidates that have a vector."""
    import numpy as np

    vectors = {
        id_: each.vector
        for id_, each in seen.candidates.items()
        if each is not None and each.vector is not None
    }
    if not vectors:
        return {}
    similar = np.stack(list(vectors.values())) @ _together(begun.meanings)
    return dict(zip(vectors, similar.tolist(), strict=True))


def _scored(shares: Mapping[str, float], cosines: Mapping[str, float]) -> list[tuple[str, float]]:
    """(id, score) of what is near enough, best first."""
    # One that is not embedded yet is found by its words alone.
    found = [
        (id_, _score(cosines.get(id_, 0.0), share))
        for id_, share in shares.items()
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


def _raise_of(question: str) -> float:
    """What tables are raised by."""
    may_answer = understood(core(question)).wanted in ("number", "date", "anything")
    return TABLE if may_answer else 0.0


def _score(cosine: float, words: float) -> float:
    score = MEANING * cosine + (1 - MEANING) * words
    return round(min(1.0, max(0.0, score)), 4)
