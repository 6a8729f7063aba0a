"""The keyword index in Postgres: written with the fragments it is made from, read by questions."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    LargeBinary,
    Select,
    SmallInteger,
    Text,
    bindparam,
    cast,
    delete,
    func,
    insert,
    literal,
    select,
)
from sqlalchemy.orm import Session

from api.models import FragmentRow, KeywordBlock, Posting, SourceVersion
from api.models.base import Reader, among
from pipelines.retrieval.keywords import ENTRY, Ranking, bm25, index_words, pack
from pipelines.types import embedding_text

BLOCK = 128
EVERY = 2**62
ROW_BYTES = 100 * ENTRY.size
"""Most of a word's entries in one row: with the longest word they fit into a row of an index,
2,704 bytes in Postgres."""


def rank(
    session: Reader,
    instrument_id: str,
    question: str,
    version_ids: Sequence[str] | None = None,
) -> Ranking:
    """The instrument's fragments (of these versions only) by BM25 of the question's words."""
    words = list(dict.fromkeys(index_words(question)))
    given = {"instrument": instrument_id, "words": words}
    if version_ids is None:
        rows = session.execute(_EVERYWHERE, given).all()
    else:
        rows = session.execute(_IN_VERSIONS, {**given, "versions": version_ids}).all()
    postings = dict.fromkeys(words, b"")
    postings.update((row.word, row.entries) for row in rows if row.word is not None)
    return bm25(postings, int(rows[0].fragments), int(rows[0].words))


def _postings(*, in_versions: bool) -> Select[Any]:
    """How many fragments and words the index of `instrument` (of `versions` only) holds, beside
    the postings of each of `words`: both of one moment. Made once, since making a statement takes
    longer than Postgres does."""
    here = KeywordBlock.instrument_id == bindparam("instrument")
    postings = select(
        Posting.word, func.string_agg(Posting.entries, literal(b"")).label("entries")
    ).where(Posting.instrument_id == bindparam("instrument"), among(Posting.word, "words"))
    if in_versions:
        # A word is as rare as it is where one looks.
        here &= among(KeywordBlock.version_id, "versions")
        postings = postings.join(KeywordBlock, KeywordBlock.id == Posting.block_id).where(here)
    sums = (KeywordBlock.fragments, KeywordBlock.words)
    whole = (
        select(*(func.coalesce(func.sum(column), 0).label(column.key) for column in sums))
        .where(here)
        .subquery("whole")
    )
    found = postings.group_by(Posting.word).subquery("found")
    return select(*whole.c, *found.c).select_from(whole.outerjoin(found, literal(True)))


_EVERYWHERE = _postings(in_versions=False)
_IN_VERSIONS = _postings(in_versions=True)


def replace(
    session: Session,
    version: tuple[str, str],
    ordinals: tuple[int, int],
    rows: Sequence[dict[str, Any]],
) -> None:
    """Index `rows` (with `id`, `heading_path` and `text`) of (instrument, version) in place of what
    was indexed within `ordinals`, within the transaction that writes them.

    A version that is read again may part into other batches: what else a block held stays.
    """
    overlapping = delete(KeywordBlock).where(
        KeywordBlock.version_id == version[1],
        KeywordBlock.first_ordinal < ordinals[1],
        KeywordBlock.end_ordinal > ordinals[0],
    )
    ends = overlapping.returning(KeywordBlock.first_ordinal, KeywordBlock.end_ordinal)
    for first, end in session.execute(ends).all():
        for rest in ((first, ordinals[0]), (ordinals[1], end)):
            if rest[0] < rest[1]:
                _add(session, version, rest, _stored(session, version[1], rest))
    _add(session, version, ordinals, rows)


def drop_from(session: Session, version_id: str, ordinal: int) -> None:
    """Forget a version's blocks that begin at `ordinal` or later."""
    session.execute(
        delete(KeywordBlock).where(
            KeywordBlock.version_id == version_id, KeywordBlock.first_ordinal >= ordinal
        )
    )


def missing(session: Session, instrument_id: str) -> Sequence[str]:
    """The versions of the instrument that have fragments and no block: read before there was a
    keyword index."""
    return session.scalars(
        select(SourceVersion.id)
        .where(SourceVersion.instrument_id == instrument_id)
        .where(select(FragmentRow.id).where(FragmentRow.version_id == SourceVersion.id).exists())
        .where(~select(KeywordBlock.id).where(KeywordBlock.version_id == SourceVersion.id).exists())
    ).all()


def complete(session: Session, instrument_id: str, lock: Callable[[], None]) -> None:
    """Index the versions that are missing. Commits after each.

    `lock` locks the job that does it within the transaction, or raises LeaseLost: of two that
    index a version each of its words would be counted twice.
    """
    lock()
    for version_id in missing(session, instrument_id):
        lock()
        fragments = _stored(session, version_id, (0, EVERY))
        for at in range(0, len(fragments), BLOCK):
            rows = fragments[at : at + BLOCK]
            ordinals = (rows[0]["ordinal"], rows[-1]["ordinal"] + 1)
            _add(session, (instrument_id, version_id), ordinals, rows)
        session.commit()
    session.commit()


def _add(
    session: Session,
    version: tuple[str, str],
    ordinals: tuple[int, int],
    rows: Sequence[Any],
) -> None:
    if not rows:
        return
    postings, words = pack(
        (uuid.UUID(row["id"]).bytes, index_words(embedding_text(row["heading_path"], row["text"])))
        for row in rows
    )
    block = session.execute(
        insert(KeywordBlock)
        .values(
            instrument_id=version[0],
            version_id=version[1],
            first_ordinal=ordinals[0],
            end_ordinal=ordinals[1],
            fragments=len(rows),
            words=words,
        )
        .returning(KeywordBlock.id)
    ).scalar_one()
    parted = [
        (word, part, entries[at : at + ROW_BYTES])
        for word, entries in postings.items()
        for part, at in enumerate(range(0, len(entries), ROW_BYTES))
    ]
    words_of, parts, entries_of = map(list, zip(*parted, strict=True)) if parted else ([], [], [])
    rows_of = (
        func.unnest(
            cast(words_of, ARRAY(Text)),
            cast(parts, ARRAY(SmallInteger)),
            cast(entries_of, ARRAY(LargeBinary)),
        )
        .table_valued("word", "part", "entries")
        .render_derived()
    )
    session.execute(
        insert(Posting).from_select(
            ["block_id", "instrument_id", "word", "part", "entries"],
            select(
                literal(block),
                cast(version[0], Posting.instrument_id.type),
                rows_of.c.word,
                rows_of.c.part,
                rows_of.c.entries,
            ),
        )
    )


def _stored(session: Session, version_id: str, ordinals: tuple[int, int]) -> Sequence[Any]:
    return (
        session.execute(
            select(FragmentRow.id, FragmentRow.ordinal, FragmentRow.heading_path, FragmentRow.text)
            .where(
                FragmentRow.version_id == version_id,
                FragmentRow.ordinal >= ordinals[0],
                FragmentRow.ordinal < ordinals[1],
            )
            .order_by(FragmentRow.ordinal)
        )
        .mappings()
        .all()
    )
