"""Retrieval as the application's rows set it up: which index, which versions, which model."""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile
from typing import TypeVar

from sqlalchemy.orm import Session

from api import hits as stored
from api import indexes, keyword_store
from api.hits import Filters
from api.services import Services
from pipelines.retrieval import Indexes
from pipelines.types import Hit

T = TypeVar("T")

HEADINGS = 4
"""Headings in a row that a Fragment may begin with."""


def indexes_of(
    with_: Services, session: Session, instrument_id: str, filters: Filters
) -> Indexes | None:
    """Where to look for an instrument's Fragments; None when it has none.

    Before the model or Chroma are asked the transaction ends, the caller's included.
    """

    def read(question: Callable[[], T]) -> T:
        found = question()
        session.commit()
        return found

    index, version_ids = read(
        lambda: (
            indexes.in_use(session, instrument_id),
            stored.versions(session, instrument_id, filters),
        )
    )
    if index is None:
        return None
    heading = (filters.heading or "").casefold()

    def accepts(hit: Hit) -> bool:
        above = (hit.title, *hit.heading_path, *_opening(hit.text))
        return any(heading in part.casefold() for part in above)

    return Indexes(
        embedder=index.checked(with_.embedder_of(index.model)),
        vectors=with_.index,
        collection=index.collection,
        words=lambda text: read(
            lambda: keyword_store.rank(session, instrument_id, text, version_ids)
        ),
        places=lambda ids: read(lambda: stored.places(session, instrument_id, ids)),
        load=lambda ids: read(lambda: stored.load(session, instrument_id, ids)),
        around=lambda hits: read(lambda: stored.around(session, instrument_id, hits)),
        version_ids=version_ids,
        accepts=accepts if heading else None,
        reranker=with_.reranker,
    )


def _opening(text: str) -> list[str]:
    """The headings that a Fragment begins with, which its heading path then leaves out: lines
    that end no sentence."""
    lines = text.splitlines()[:HEADINGS]
    return list(takewhile(lambda line: not line.rstrip().endswith(tuple(".!?:;,")), lines))
