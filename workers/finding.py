"""Retrieval as the application's rows set it up: which index, which versions, which model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection

from api import hits as stored
from api import indexes, keyword_store, vector_store
from api.extensions import db
from api.hits import Filters
from api.models.base import Reader
from api.services import Services
from pipelines.retrieval import Indexes
from pipelines.types import Hit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")

HEADINGS = 4
"""Headings in a row that a Fragment may begin with."""


@contextmanager
def reading() -> Iterator[Connection]:
    """A connection without a transaction: each statement stands for itself, and nothing is begun
    or ended between them."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        yield connection


def indexes_of(
    with_: Services, session: Reader, instrument_id: str, filters: Filters
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
    embedder = index.checked(with_.embedder_of(index.model))

    def vectors_of(ids: Sequence[str]) -> Mapping[str, NDArray[np.float32]]:
        found = read(lambda: vector_store.read(session, ids, index.name))
        # Embedded before vectors were kept beside the text.
        elsewhere = [id_ for id_ in ids if id_ not in found]
        return found | with_.index.vectors(index.collection, elsewhere) if elsewhere else found

    heading = (filters.heading or "").casefold()

    def accepts(hit: Hit) -> bool:
        above = (hit.title, *hit.heading_path, *_opening(hit.text))
        return any(heading in part.casefold() for part in above)

    return Indexes(
        meaning=partial(with_.questions.begin, embedder),
        vectors=with_.index,
        collection=index.collection,
        words=lambda text: read(
            lambda: keyword_store.rank(session, instrument_id, text, with_.keywords, version_ids)
        ),
        vectors_of=vectors_of,
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
