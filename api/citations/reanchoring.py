"""Citations of a source that has a newer version: moved to where their quote stands, or stale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.citations.recognition import of_row
from api.models import Citation, FragmentRow, KeywordBlock, Posting, Source
from pipelines.claims import anchoring
from pipelines.retrieval.index_words import fragment_words, index_words
from pipelines.retrieval.keywords import ENTRY
from pipelines.text.recognition import Recognition
from pipelines.types import locate, locator_from_json

RAREST = 3
"""Words of a quote that say which Fragments may hold it."""
CANDIDATES = 24
"""Fragments that are searched for one quote."""
WORDS = 2000
"""Words asked for at a time."""


@dataclass(frozen=True)
class Found:
    """Where a quote stands in the newer version; Locators as JSON."""

    fragment_id: str
    locators: tuple[dict[str, Any], ...]
    recognition: Recognition | None
    focus: tuple[dict[str, Any], ...]
    """Of what decides in it; empty where that is not found by itself."""


Quoted = tuple[str, str, str]
"""A quote, the Fragment it was taken from and what decides in it ("" where that is all of it)."""


def search(session: Session, source_id: str, version_id: str) -> dict[Quoted, Found | None]:
    """Where the quotes of the source's other versions stand in `version_id`; None for nowhere.

    Reads only, so that the transaction that moves the citations can be short.
    """
    rows = session.execute(
        select(Citation.quote, Citation.fragment_id, Citation.focus)
        .where(*_to_move(source_id, version_id), Citation.quote != "")
        .distinct()
    )
    return _search(session, version_id, list({_quoted(*row) for row in rows}))


def move(
    session: Session, source: Source, version_id: str, found: dict[Quoted, Found | None]
) -> None:
    """Move the source's citations to `version_id` within the caller's transaction.

    `found` is what `search` told; what was cited since is looked for here. Those that are not
    found are stale and keep their quote and place. Again, it changes nothing.
    """
    citations = session.scalars(select(Citation).where(*_to_move(source.id, version_id))).all()
    quoted = {c.id: _quoted(c.quote, c.fragment_id, c.focus) for c in citations}
    late = {quoted[c.id] for c in citations if c.quote} - found.keys()
    if late:
        found = {**found, **_search(session, version_id, sorted(late))}
    for citation in citations:
        place = found.get(quoted[citation.id])
        if place is None:
            citation.state = "stale"
            continue
        citation.moved_from = citation.version_id
        citation.version_id = version_id
        citation.fragment_id = place.fragment_id
        citation.locators = list(place.locators)
        citation.recognition = dict(place.recognition) if place.recognition else None
        if citation.focus:
            moved = {**citation.focus, "locators": list(place.focus)}
            citation.focus = moved if place.focus else None
        citation.filename = source.filename
        citation.type = source.type
        citation.state = "current"
    session.flush()


def catch_up(session: Session, turn_id: str) -> None:
    """Move a turn's citations whose source got a newer version while the answer was written.

    Within the caller's transaction, which holds the sources (`hold_sources`).
    """
    outdated = select(Source).where(
        Source.id.in_(select(Citation.source_id).where(Citation.turn_id == turn_id)),
        Source.current_version_id.is_not(None),
    )
    for source in session.scalars(outdated).all():
        move(session, source, str(source.current_version_id), {})


def hold_sources(session: Session, source_ids: Iterable[str]) -> set[str]:
    """Keep sources from being deleted or replaced until the transaction ends; those there are."""
    there = (Source.id.in_(set(source_ids)), Source.deleted_at.is_(None))
    held = select(Source.id).where(*there).order_by(Source.id)
    return set(session.scalars(held.with_for_update(read=True)))


def _quoted(quote: str, fragment_id: str, focus: Mapping[str, Any] | None) -> Quoted:
    decides = quote[focus["start"] : focus["end"]] if focus else quote
    return quote, fragment_id, "" if decides == quote else decides


def _to_move(source_id: str, version_id: str) -> tuple[Any, ...]:
    return (
        Citation.source_id == source_id,
        Citation.version_id != version_id,
        Citation.state.in_(("current", "stale")),
    )


def _search(
    session: Session, version_id: str, quotes: Sequence[Quoted]
) -> dict[Quoted, Found | None]:
    if not quotes:
        return {}
    # Where the quotes stood before, for as long as that is known.
    near = _ordinals(session, {fragment_id for _, fragment_id, _ in quotes})
    words = {
        part: list(dict.fromkeys((*index_words(part), *fragment_words(part).words)))
        for quote, *_ in quotes
        for part in (quote, *anchoring.parts_of(quote))
    }
    holders = _holders(session, version_id, words.values())
    ordinals = _ordinals(session, {id_ for ids in holders.values() for id_ in ids})
    found: dict[Quoted, Found | None] = {}
    for quote, fragment_id, focus in quotes:
        at = near.get(fragment_id, 0)
        candidates: set[int] = set()
        for part in {quote, *anchoring.parts_of(quote)}:
            candidates |= _candidates(words[part], holders, ordinals, at)
        found[quote, fragment_id, focus] = _place(
            session, version_id, (quote, focus), candidates, at
        )
    return found


def _holders(
    session: Session, version_id: str, texts: Iterable[Sequence[str]]
) -> dict[str, list[str]]:
    """The rarest words of each text -> ids of the version's Fragments that they stand in."""
    texts = list(texts)
    wanted = sorted({word for text in texts for word in text})
    of_version = (Posting.block_id == KeywordBlock.id, KeywordBlock.version_id == version_id)
    counts: dict[str, int] = {}
    for at in range(0, len(wanted), WORDS):
        some = Posting.word.in_(wanted[at : at + WORDS])
        size = func.sum(func.octet_length(Posting.entries))
        query = select(Posting.word, size).where(*of_version, some).group_by(Posting.word)
        counts.update((word, total // ENTRY.size) for word, total in session.execute(query))
    rare = sorted({word for text in texts for word in _rarest(text, counts)})
    holders: dict[str, list[str]] = {}
    for at in range(0, len(rare), WORDS):
        some = Posting.word.in_(rare[at : at + WORDS])
        for word, entries in session.execute(
            select(Posting.word, Posting.entries).where(*of_version, some)
        ):
            ids = (str(UUID(bytes=id_)) for id_, _, _ in ENTRY.iter_unpack(entries))
            holders.setdefault(word, []).extend(ids)
    return holders


def _rarest(text: Sequence[str], counts: dict[str, int]) -> list[str]:
    return sorted((w for w in text if w in counts), key=lambda w: (counts[w], w))[:RAREST]


def _candidates(
    words: Sequence[str], holders: dict[str, list[str]], ordinals: dict[str, int], near: int
) -> set[int]:
    """Ordinals of the Fragments that hold most of the words that say which, the closest first."""
    shared: dict[int, int] = {}
    for word in words:
        for id_ in holders.get(word, ()):
            ordinal = ordinals[id_]
            shared[ordinal] = shared.get(ordinal, 0) + 1
    best = sorted(shared, key=lambda ordinal: (-shared[ordinal], abs(ordinal - near)))
    return set(best[:CANDIDATES])


def _ordinals(session: Session, ids: set[str]) -> dict[str, int]:
    rows = session.execute(
        select(FragmentRow.id, FragmentRow.ordinal).where(FragmentRow.id.in_(ids))
    )
    return dict(rows.all())


def _place(
    session: Session,
    version_id: str,
    wanted: tuple[str, str],
    candidates: set[int],
    near: int,
) -> Found | None:
    """Where a quote stands and, within it, what decides; `wanted` holds both."""
    if not candidates:
        return None
    quote, focus = wanted
    around = {ordinal + step for ordinal in candidates for step in (-1, 0, 1)}
    rows = session.scalars(
        select(FragmentRow).where(
            FragmentRow.version_id == version_id, FragmentRow.ordinal.in_(around)
        )
    ).all()
    by_ordinal = {row.ordinal: row for row in rows}
    texts = {row.ordinal: row.text for row in rows}
    anchor = anchoring.find(quote, texts, candidates & texts.keys(), near)
    if anchor is None:
        return None
    locators = _located(anchor, by_ordinal)
    largest = max(anchor.pieces, key=lambda piece: piece.end - piece.start)
    row = by_ordinal[largest.ordinal]
    decides = locators
    if focus:
        there = {piece.ordinal for piece in anchor.pieces}
        within = anchoring.find(focus, texts, there, min(there))
        decides = _located(within, by_ordinal) if within else ()
    return Found(row.id, locators, of_row(row, largest.start, largest.end), decides)


def _located(
    anchor: anchoring.Anchor, by_ordinal: Mapping[int, FragmentRow]
) -> tuple[dict[str, Any], ...]:
    locators: list[dict[str, Any]] = []
    for piece in anchor.pieces:
        row = by_ordinal[piece.ordinal]
        values = [locator_from_json(locator) for locator in row.locators]
        spans = [(s[0], s[1], s[2], s[3]) for s in row.spans]
        for locator in locate(values, spans, piece.start, piece.end):
            _add(locators, locator.model_dump(mode="json"))
    return tuple(locators)


def _add(locators: list[dict[str, Any]], locator: dict[str, Any]) -> None:
    """One Locator for each page or picture: boxes of the same one are put together."""
    rest = {name: value for name, value in locator.items() if name != "boxes"}
    for known in locators:
        if "boxes" in locator and {n: v for n, v in known.items() if n != "boxes"} == rest:
            known["boxes"] += [box for box in locator["boxes"] if box not in known["boxes"]]
            return
    if locator not in locators:
        locators.append(locator)
