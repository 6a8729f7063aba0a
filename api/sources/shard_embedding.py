"""Gives stored Fragments their vectors, a shard at a time, in whichever process has a hand free."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import kombu.exceptions
import redis
import structlog
from sqlalchemy import select

from api.extensions import db
from api.jobs.lifecycle import enqueue
from api.models import FragmentRow, Shard
from api.search import indexes, shards, vector_store
from api.search.indexes import VectorIndex
from api.search.reindexing import rebuild_lost
from api.services import Services
from api.sources.ingest_writer import KNOWN
from api.sources.removal import remove_vectors
from pipelines.cancellation import Stop
from pipelines.embedders.embedder import Embedder, embed_whole
from pipelines.types import embedding_text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

log = structlog.get_logger()

TASK = "vouch.embed_shard"
QUEUE = "shards"
SLICE = 32
"""Fragments between two looks at the lease."""


class ShardLost(Exception):
    """Another worker took the shard, or it is not wanted any more."""


@dataclass(frozen=True)
class _Text:
    """A Fragment as the model reads it."""

    id: str
    text: str
    content_hash: bytes
    tokens: int


def ask_for_help(with_: Services, job_id: str) -> None:
    """Tell the other processes that a job has a shard to spare. A lost message does no harm."""
    try:
        with_.queue.send_task(TASK, args=[job_id], queue=QUEUE, retry=False)
    except (kombu.exceptions.OperationalError, redis.RedisError) as error:
        log.warning("no help with shards", job_id=job_id, error=type(error).__name__)


def embed_next(
    with_: Services,
    job_id: str,
    owner: str,
    check: Callable[[], None],
    stop: Stop | None = None,
) -> bool:
    """Do one shard of the job; False when there is none to take. `check` raises to stop, and
    `stop` breaks off a model that is served elsewhere.

    `owner` holds the shard meanwhile: the process that holds the job does so in the same name.
    """
    session = db.session()
    shard = shards.claim(session, job_id, owner, with_.config.lease_seconds)
    if shard is None:
        return False
    try:
        _embed(with_, shard, owner, check, stop)
    except ShardLost:
        log.info("shard done by another worker", job_id=job_id)
    except BaseException:
        session.rollback()
        shards.give_back(session, shard.id, owner)
        raise
    return True


def _embed(
    with_: Services, shard: Shard, owner: str, check: Callable[[], None], stop: Stop | None
) -> None:
    session = db.session()
    index = VectorIndex(**shard.index)
    embedder = index.checked(with_.embedder_of(index.model))
    lease = with_.config.lease_seconds
    renewed = time.monotonic()

    def go_on() -> None:
        nonlocal renewed
        check()
        if time.monotonic() - renewed > lease / 4:
            if not shards.renew(session, shard.id, owner, lease):
                raise ShardLost
            renewed = time.monotonic()

    began = time.perf_counter()
    texts = _texts(shard)
    hashes = {text.content_hash for text in texts if text.content_hash}
    known = vector_store.known(session, hashes, index.name)
    begun = index.job_id is None and vector_store.any_of(session, shard.instrument_id, index.name)
    session.commit()
    vectors = _vectors(embedder, texts, known, go_on, stop)
    embedded = time.perf_counter()
    if texts:
        ids = [text.id for text in texts]
        made = with_.index.upsert(index.collection, ids, vectors, shard.version_id)
        if made and begun:
            rebuild_lost(session, with_.queue, shard.instrument_id)
        if shards.lock(session, shard.id, owner):
            kept = [text.content_hash for text in texts]
            vector_store.keep(session, ids, kept, vectors, index.name)
    spent = {
        "embed": round(embedded - began, 3),
        "index": round(time.perf_counter() - embedded, 3),
        KNOWN: sum(text.content_hash in known for text in texts),
    }
    if not shards.finish(session, shard.id, owner, spent):
        _take_back(with_, shard, index, [text.id for text in texts])


def _texts(shard: Shard) -> list[_Text]:
    rows = db.session.execute(
        select(
            FragmentRow.id,
            FragmentRow.heading_path,
            FragmentRow.text,
            FragmentRow.content_hash,
            FragmentRow.tokens,
        )
        .where(
            FragmentRow.version_id == shard.version_id,
            FragmentRow.ordinal >= shard.first_ordinal,
            FragmentRow.ordinal < shard.end_ordinal,
        )
        .order_by(FragmentRow.ordinal)
    ).all()
    return [
        _Text(
            row.id, embedding_text(row.heading_path, row.text), row.content_hash or b"", row.tokens
        )
        for row in rows
    ]


def _vectors(
    embedder: Embedder,
    texts: Sequence[_Text],
    known: dict[bytes, NDArray[np.float32]],
    go_on: Callable[[], None],
    stop: Stop | None,
) -> NDArray[np.float32]:
    """float32 [n, dimension], unit length; each text that is not `known` is embedded once."""
    import numpy as np

    vectors = np.empty((len(texts), embedder.dimension), dtype=np.float32)
    places: dict[Any, list[int]] = {}
    for at, text in enumerate(texts):
        places.setdefault(text.content_hash or text.id, []).append(at)
    todo = []
    for key, same in places.items():
        if key in known:
            vectors[same] = known[key]
        else:
            todo.append(same)
    # Neighbours of like length leave little to pad.
    todo.sort(key=lambda same: texts[same[0]].tokens)
    for at in range(0, len(todo), SLICE):
        go_on()
        some = todo[at : at + SLICE]
        made = embed_whole(embedder, [texts[same[0]].text for same in some], stop=stop)
        for same, vector in zip(some, made, strict=True):
            vectors[same] = vector
    return vectors


def _take_back(with_: Services, shard: Shard, index: VectorIndex, ids: list[str]) -> None:
    """What was written for a shard that nobody wanted any more must not come back to life."""
    session = db.session()
    session.rollback()
    there = session.scalars(select(FragmentRow.id).where(FragmentRow.id.in_(ids))).all()
    unused = []
    if index.collection not in indexes.collections(session, shard.instrument_id):
        unused = [index.collection]
    elif len(there) == len(ids):
        # Another worker took the shard over: the vectors are those that it writes.
        session.commit()
        return
    purge = remove_vectors(session, shard.instrument_id, [shard.version_id], collections=unused)
    session.commit()
    enqueue(session, with_.queue, purge)
