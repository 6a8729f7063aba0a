"""Removing what nobody sees any more: rows in batches, objects, vectors, logs.

Everything here can be broken off at any point and begun anew. Rows that tell what else is to be
removed go last. `lock` is called in each transaction that writes: it locks the job that does so,
and raises when the work should end here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from api.citations.withdrawal import Withdrawal
from api.models import (
    ChatSession,
    ChatTurn,
    FragmentRow,
    Instrument,
    Job,
    KeywordBlock,
    Shard,
    Source,
    SourceVersion,
    Upload,
)
from api.models.jobs import IS_INGEST, IS_LIVE, STORING, VERSION_ID
from api.search import indexes
from api.services import Services
from api.sources.page_pictures import cached_pdf
from api.sources.removal import object_keys
from pipelines.retrieval.vector_index import collection_name

ROWS = 500
"""Deleted in one transaction."""
BLOCKS = 20
"""Of the keyword index, with some thousand postings each."""
IDS = 1000
"""Of vectors, looked at together."""

Lock = Callable[[], None]


class VersionIsRead(Exception):
    """A job is at work on the version: what it deletes now it may write again in a moment."""


def purge_source(session: Session, with_: Services, source_id: str, lock: Lock) -> Iterator[int]:
    """Remove a source that was marked deleted; yields how many rows each batch rewrote or
    deleted. Its citations stay, withdrawn, without its words, and so do the sentences that
    something else proves."""
    source = session.get(Source, source_id, populate_existing=True)
    if source is None:
        return
    yield from Withdrawal(session, with_.events, source, lock).run()
    yield from _purge_what_it_holds(session, with_, source, lock)


def _purge_what_it_holds(
    session: Session, with_: Services, source: Source, lock: Lock
) -> Iterator[int]:
    versions = session.scalars(
        select(SourceVersion).where(SourceVersion.source_id == source.id)
    ).all()
    # The first upload of a source knows it only by the answer that it was given.
    uploads = (
        Upload.instrument_id == source.instrument_id,
        or_(Upload.source_id == source.id, Upload.completed["source_id"].astext == source.id),
    )
    keys = [key for version in versions for key in object_keys(version)]
    keys += session.scalars(select(Upload.object_key).where(*uploads)).all()
    # What a try had stored that died before it made a version of it.
    of_source = (Job.subject_type == "source", Job.subject_id == source.id)
    keys += session.scalars(select(STORING).where(*of_source, STORING.is_not(None))).all()
    session.commit()
    with_.storage.delete(keys)
    ids = [version.id for version in versions]
    lock()
    # Whoever embeds one just now finds it gone, and has what was written removed.
    session.execute(delete(Shard).where(Shard.version_id.in_(ids)))
    session.commit()
    for version in versions:
        yield from _in_batches(session, KeywordBlock, lock, KeywordBlock.version_id == version.id)
        yield from _in_batches(session, FragmentRow, lock, FragmentRow.version_id == version.id)
        cached_pdf(with_.config.data, version.id).unlink(missing_ok=True)
    purge_vectors(session, with_, source.instrument_id, ids)
    lock()
    session.execute(delete(Upload).where(*uploads))
    session.execute(delete(Source).where(Source.id == source.id))
    session.commit()


def purge_instrument(
    session: Session, with_: Services, instrument_id: str, lock: Lock
) -> Iterator[int]:
    """Remove an instrument that was marked deleted, with its sources, chats and jobs; yields how
    many rows each batch deleted."""
    of_it: dict[str, Any] = {"instrument_id": instrument_id}
    while source := session.scalar(select(Source).filter_by(**of_it).limit(1)):
        yield from _purge_what_it_holds(session, with_, source, lock)
    while keys := session.scalars(select(Upload.object_key).filter_by(**of_it).limit(ROWS)).all():
        with_.storage.delete(keys)
        lock()
        session.execute(delete(Upload).where(Upload.object_key.in_(keys)))
        session.commit()
    while ids := session.scalars(select(Job.id).filter_by(**of_it).limit(ROWS)).all():
        for id_ in ids:
            with_.events.forget(id_)
        lock()
        session.execute(delete(Job).where(Job.id.in_(ids)))
        session.commit()
        yield len(ids)
    for table in (ChatTurn, ChatSession):
        yield from _in_batches(session, table, lock, table.instrument_id == instrument_id)
    lock()
    session.execute(delete(Instrument).where(Instrument.id == instrument_id))
    session.commit()
    # Last, so that whoever still writes vectors finds that there is no such instrument.
    for name in _collections(with_, instrument_id):
        with_.index.drop(name)


def purge_vectors(
    session: Session, with_: Services, instrument_id: str, version_ids: Iterable[str]
) -> None:
    """Remove the vectors of these versions that no Fragment has, from every collection of the
    instrument. Raises VersionIsRead."""
    if session.get(Instrument, instrument_id, populate_existing=True) is None:
        session.commit()
        for name in _collections(with_, instrument_id):
            with_.index.drop(name)
        return
    session.commit()
    for version_id in version_ids:
        if _is_read(session, version_id):
            raise VersionIsRead
        for name in _collections(with_, instrument_id):
            _purge_version(session, with_, name, version_id)


def purge_collections(
    session: Session, with_: Services, instrument_id: str, names: Iterable[str]
) -> None:
    """Drop collections of an instrument, but for those that a reindex took up again meanwhile."""
    kept = indexes.collections(session, instrument_id)
    session.commit()
    for name in names:
        if name not in kept:
            with_.index.drop(name)


def _purge_version(session: Session, with_: Services, collection: str, version_id: str) -> None:
    at = 0
    while ids := with_.index.ids(collection, version_id, IDS, at):
        there = set(session.scalars(select(FragmentRow.id).where(FragmentRow.id.in_(ids))))
        session.commit()
        gone = [id_ for id_ in ids if id_ not in there]
        with_.index.delete(collection, gone)
        at += len(ids) - len(gone)


def _is_read(session: Session, version_id: str) -> bool:
    reading = select(Job.id).where(
        IS_INGEST, IS_LIVE, version_id == VERSION_ID, Job.cancel_requested_at.is_(None)
    )
    found = session.scalar(reading.limit(1)) is not None
    session.commit()
    return found


def _collections(with_: Services, instrument_id: str) -> Sequence[str]:
    prefix = collection_name(instrument_id, "")
    return [name for name in with_.index.collections() if name.startswith(prefix)]


def _in_batches(session: Session, table: Any, lock: Lock, *which: Any) -> Iterator[int]:
    """Delete those rows of `table`, with what hangs on them."""
    limit = BLOCKS if table is KeywordBlock else ROWS
    while ids := session.scalars(select(table.id).where(*which).limit(limit)).all():
        lock()
        session.execute(delete(table).where(table.id.in_(ids)))
        session.commit()
        yield len(ids)
