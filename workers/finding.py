"""Retrieval as the application's rows set it up: which index, which versions, which model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from api import hits as stored
from api import indexes, keyword_store, vector_store
from api.extensions import db
from api.hits import Filters
from api.models.base import Reader
from api.reindexing import rebuild_lost
from api.services import Services
from pipelines.retrieval import Candidate, Indexes
from pipelines.types import Hit
from workers.main import flask_app

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")

HEADINGS = 4
"""Headings in a row that a Fragment may begin with."""


class Reading:
    """A connection without a transaction, kept by the thread that reads with it: each statement
    stands for itself, and nothing is begun or ended between them, nor asked whether Postgres is
    still there."""

    def __init__(self) -> None:
        self._connection: Connection | None = None

    def read(self, work: Callable[[Connection], T]) -> T:
        """What `work` reads; once more by a new connection when this one was lost."""
        try:
            return self._run(work)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            return self._run(work)

    def _run(self, work: Callable[[Connection], T]) -> T:
        if self._connection is None:
            self._connection = db.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        try:
            return work(self._connection)
        except Exception:
            # Whatever state it is in, the next one begins with another.
            self._connection.invalidate()
            self._connection.close()
            self._connection = None
            raise


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

    def candidates(ids: Sequence[str], *, vectors: bool) -> Mapping[str, Candidate]:
        model = index.name if vectors else None
        found = read(lambda: stored.candidates(session, instrument_id, ids, model))
        # Embedded before vectors were kept beside the text.
        elsewhere = [id_ for id_, each in found.items() if vectors and each.vector is None]
        if elsewhere:
            there = with_.index.vectors(index.collection, elsewhere)
            found |= {id_: replace(found[id_], vector=vector) for id_, vector in there.items()}
        return found

    heading = (filters.heading or "").casefold()

    def accepts(hit: Hit) -> bool:
        above = (hit.title, *hit.heading_path, *_opening(hit.text))
        return any(heading in part.casefold() for part in above)

    return Indexes(
        meaning=partial(with_.questions.begin, embedder),
        vectors=_Nearest(with_, instrument_id, index.name),
        collection=index.collection,
        words=lambda text: read(
            lambda: keyword_store.rank(session, instrument_id, text, with_.keywords, version_ids)
        ),
        candidates=candidates,
        load=lambda ids: read(lambda: stored.load(session, instrument_id, ids)),
        around=lambda hits: read(lambda: stored.around(session, instrument_id, hits)),
        aside=with_.questions.aside,
        common=lambda: with_.keywords.common(instrument_id),
        version_ids=version_ids,
        accepts=accepts if heading else None,
        reranker=with_.reranker,
    )


class _Nearest:
    """The vector index, which has an index of the instrument made anew that it finds lost."""

    def __init__(self, with_: Services, instrument_id: str, model: str) -> None:
        self._services = with_
        self._instrument_id = instrument_id
        self._model = model

    def query(
        self,
        collection: str,
        vector: NDArray[np.float32],
        count: int,
        *,
        version_ids: Sequence[str] | None = None,
    ) -> list[tuple[str, float]]:
        index = self._services.index
        found = index.query(collection, vector, count, version_ids=version_ids)
        if not found and not index.has(collection):
            # In whichever thread this is: none of the caller's sessions is used.
            with flask_app().app_context(), Session(db.engine) as session:
                if vector_store.any_of(session, self._instrument_id, self._model):
                    rebuild_lost(session, self._services.queue, self._instrument_id)
        return found


def _opening(text: str) -> list[str]:
    """The headings that a Fragment begins with, which its heading path then leaves out: lines
    that end no sentence."""
    lines = text.splitlines()[:HEADINGS]
    return list(takewhile(lambda line: not line.rstrip().endswith(tuple(".!?:;,")), lines))
