"""Retrieval on an instrument's rows: which index, which versions, which model."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from api.extensions import db
from api.search import fragments as stored
from api.search import indexes, keyword_store, vector_store
from api.search.fragments import Filters
from api.search.indexes import VectorIndex
from api.search.reindexing import rebuild_lost
from api.services import Services
from pipelines.embedders.embedder import fitting
from pipelines.retrieval.retrieve import Candidate, Indexes
from pipelines.types import Hit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HEADINGS = 4
"""Headings in a row that a Fragment may begin with."""


@contextmanager
def reading() -> Iterator[Connection]:
    """A connection without a transaction: nothing stays open in Postgres while a model or Chroma
    works between two statements."""
    with db.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        yield connection


def indexes_of(
    with_: Services, connection: Connection, instrument_id: str, filters: Filters
) -> Indexes | None:
    """Where to look for an instrument's Fragments, by a connection of `reading`; None when there
    are none."""
    index = indexes.in_use(connection, instrument_id)
    version_ids = stored.versions(connection, instrument_id, filters)
    if index is None or version_ids == []:
        return None
    embedder = index.checked(with_.embedder_of(index.model))

    def embed(texts: Sequence[str]) -> NDArray[np.float32]:
        return embedder.embed([fitting(embedder, text) for text in texts], asked=True)

    return Indexes(
        embed=embed,
        nearest=partial(_nearest, with_, instrument_id, index, version_ids),
        keywords=partial(keyword_store.rank, connection, instrument_id, version_ids=version_ids),
        candidates=partial(_candidates, with_, connection, instrument_id, index),
        load=partial(stored.load, connection, instrument_id),
        neighbours=partial(stored.neighbours, connection, instrument_id),
        facts=index.facts(embedder),
        accepts=partial(_stands_under, filters.heading.casefold()) if filters.heading else None,
        reranker=with_.reranker,
    )


def _nearest(
    with_: Services,
    instrument_id: str,
    index: VectorIndex,
    version_ids: Sequence[str] | None,
    vector: NDArray[np.float32],
    count: int,
) -> Sequence[tuple[str, float]]:
    """The vector index's answer. An index that Chroma has lost is made anew."""
    found = with_.index.query(index.collection, vector, count, version_ids=version_ids)
    if not found and not with_.index.has(index.collection):
        # The caller's connection has no transactions.
        with Session(db.engine) as session:
            if vector_store.any_of(session, instrument_id, index.name):
                rebuild_lost(session, with_.queue, instrument_id)
    return found


def _candidates(
    with_: Services,
    connection: Connection,
    instrument_id: str,
    index: VectorIndex,
    ids: Collection[str],
) -> Mapping[str, Candidate]:
    found = stored.candidates(connection, instrument_id, ids, index.name)
    # Embedded before vectors were kept beside the text, or not yet.
    missing = [id_ for id_, each in found.items() if each.vector is None]
    vectors = with_.index.vectors(index.collection, missing) if missing else {}
    return found | {id_: replace(found[id_], vector=each) for id_, each in vectors.items()}


def _stands_under(heading: str, hit: Hit) -> bool:
    """Whether `heading`, case-folded, is part of a heading above the Fragment or in its beginning,
    or of its source's title."""
    above = (hit.title, *hit.heading_path, *_opening(hit.text))
    return any(heading in part.casefold() for part in above)


def _opening(text: str) -> list[str]:
    """The headings that a Fragment begins with, which its heading path then leaves out: lines
    that end no sentence."""
    lines = text.splitlines()[:HEADINGS]
    return list(takewhile(lambda line: not line.rstrip().endswith(tuple(".!?:;,")), lines))
