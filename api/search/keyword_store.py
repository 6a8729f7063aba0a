"""The keyword index in Postgres: written with the fragments it is made from, read by questions."""

from __future__ import annotations

import uuid
from collections import Counter
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
from pipelines.retrieval.index_words import FORM, fragment_words, is_foreign, question_words
from pipelines.retrieval.keywords import ENTRY, Ranking, bm25, pack
from pipelines.text.function_words import unknown_language, written_in
from pipelines.text.language_tables import LANGUAGES
from pipelines.types import embedding_text

BLOCK = 128
EVERY = 2**62
TELLING = 4
"""Fragments of a block that tell the language of those that don't tell their own."""
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
    languages = _languages(session, instrument_id)
    wanted = question_words(question, sorted(languages))
    words = list(dict.fromkeys(form for forms in wanted.values() for form in forms))
    given = {"instrument": instrument_id, "words": words}
    if version_ids is None:
        rows = session.execute(_EVERYWHERE, given).all()
    else:
        rows = session.execute(_IN_VERSIONS, {**given, "versions": version_ids}).all()
    entries = {row.word: row.entries for row in rows if row.word is not None}
    postings = {
        word: b"".join(entries.get(form, b"") for form in forms) for word, forms in wanted.items()
    }
    foreign = is_foreign(question, _main(languages))
    return bm25(postings, int(rows[0].fragments), int(rows[0].words), is_foreign=foreign)


def foreign_language(session: Reader, instrument_id: str, question: str) -> str:
    """The English name of the language that most of the instrument's Fragments are in, if the
    question is in another one; else ""."""
    asked = written_in(question) or unknown_language(question)
    main = _main(_languages(session, instrument_id))
    return LANGUAGES[main].name if asked and main in LANGUAGES and asked != main else ""


def _languages(session: Reader, instrument_id: str) -> Counter[str]:
    """What the instrument's Fragments are written in, with how many of them there are; one that
    stands in a block of several counts for each."""
    counts: Counter[str] = Counter()
    for languages, fragments in session.execute(_LANGUAGES, {"instrument": instrument_id}):
        for language in languages.split(","):
            counts[language] += int(fragments)
    return counts


def _main(languages: Counter[str]) -> str | None:
    return languages.most_common(1)[0][0] if languages else None


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


_LANGUAGES = (
    select(KeywordBlock.languages, func.sum(KeywordBlock.fragments))
    .where(KeywordBlock.instrument_id == bindparam("instrument"), KeywordBlock.languages != "")
    .group_by(KeywordBlock.languages)
)
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
    """The versions of the instrument that have fragments and no block, or one of another form:
    read by a release that had no keyword index, or made other words."""
    none = (
        select(SourceVersion.id)
        .where(SourceVersion.instrument_id == instrument_id)
        .where(select(FragmentRow.id).where(FragmentRow.version_id == SourceVersion.id).exists())
        .where(~select(KeywordBlock.id).where(KeywordBlock.version_id == SourceVersion.id).exists())
    )
    older = select(KeywordBlock.version_id).where(
        KeywordBlock.instrument_id == instrument_id, KeywordBlock.form != FORM
    )
    return session.scalars(none.union(older)).all()


def complete(session: Session, instrument_id: str, lock: Callable[[], None]) -> None:
    """Index the versions that are missing, in place of what an older release made of them.
    Commits after each.

    `lock` locks the job that does it within the transaction, or raises LeaseLost: of two that
    index a version each of its words would be counted twice.
    """
    lock()
    for version_id in missing(session, instrument_id):
        lock()
        drop_from(session, version_id, 0)
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
    texts = [embedding_text(row["heading_path"], row["text"]) for row in rows]
    language = written_in("\n".join(texts[:: -(-len(texts) // TELLING)]))
    found = [fragment_words(text, language) for text in texts]
    ids = [uuid.UUID(row["id"]).bytes for row in rows]
    postings, words = pack(
        ((id_, each.words) for id_, each in zip(ids, found, strict=True)),
        {id_: each.parts for id_, each in zip(ids, found, strict=True)},
    )
    languages = sorted({each.language for each in found if each.language})
    block = session.execute(
        insert(KeywordBlock)
        .values(
            instrument_id=version[0],
            version_id=version[1],
            first_ordinal=ordinals[0],
            end_ordinal=ordinals[1],
            fragments=len(rows),
            words=words,
            form=FORM,
            languages=",".join(languages),
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
