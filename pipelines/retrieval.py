"""Finding the Fragments that may answer a question."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pipelines.embedding import Embedder, fitting
from pipelines.index import Index
from pipelines.types import Hit

CANDIDATES = 40
HITS = 10
FLOOR = 0.15
"""Least cosine of a Fragment that is shown to an answerer; unrelated text lies around zero."""

Load = Callable[[Sequence[str]], Mapping[str, Hit]]
"""Fragment ids -> the Hits that may be seen now; what is gone or out of date is left out."""


def retrieve(
    question: str,
    *,
    embedder: Embedder,
    index: Index,
    collection: str,
    load: Load,
    version_ids: Sequence[str] | None = None,
    count: int = HITS,
) -> list[Hit]:
    """Hits for the question, best first, scores 0..1. `version_ids` limits where to look."""
    vector = embedder.embed([fitting(embedder, question)])[0]
    found = index.query(collection, vector, CANDIDATES, version_ids=version_ids)
    hits = load([id_ for id_, _ in found])
    ranked = []
    for id_, similarity in found:
        if id_ in hits and similarity >= FLOOR:
            score = round(min(1.0, max(0.0, similarity)), 4)
            ranked.append(hits[id_].model_copy(update={"score": score}))
    return ranked[:count]
