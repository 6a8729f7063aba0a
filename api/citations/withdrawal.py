"""Turns that a deleted source proved: its words leave their citations, answers and logs.

From the moment a source is marked deleted `as_shown` tells turns without its words, worked out
when they are read; a job then takes the words out of the rows, some turns at a time
(`withdraw_some`), before the source itself goes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import redis
from sqlalchemy import inspect, or_, select, update
from sqlalchemy.orm import Session, selectinload

from api.jobs.event_log import EventLog
from api.models import ChatSession, ChatTurn, Citation, FragmentRow, Source
from api.models.chats import first_words
from pipelines.answering.withdrawal import WITHDRAWN, copies, withdraw
from pipelines.claims.quotes import Quote, quote_in
from pipelines.tables import Table
from pipelines.text.words import words

NOTICE = "A source of this answer was deleted; what only it said was withdrawn."
BATCH = 50
"""Turns whose words are taken out in one transaction."""
PAGE = 500
"""Conversations told by clients that are looked through at a time."""

Row = TypeVar("Row", ChatTurn, Citation)


def as_shown(session: Session, turns: Sequence[ChatTurn]) -> list[ChatTurn]:
    """The turns as they may be read: those that tell of deleted sources as copies without their
    words, in no session."""
    deleted = _deleted(session, turns)
    return [_without(session, turn, deleted) if _tells(turn, deleted) else turn for turn in turns]


def titles_as_shown(session: Session, chats: Sequence[ChatSession]) -> dict[str, str]:
    """Titles by id, without those that were made of what deleted sources said."""
    instruments = {chat.instrument_id for chat in chats}
    losing = set(
        session.scalars(
            select(Source.instrument_id)
            .where(Source.instrument_id.in_(instruments), Source.deleted_at.is_not(None))
            .distinct()
        )
    )
    return {
        chat.id: _title_as_shown(session, chat) if chat.instrument_id in losing else chat.title
        for chat in chats
    }


def _title_as_shown(session: Session, chat: ChatSession) -> str:
    turns = session.scalars(
        select(ChatTurn)
        .where(ChatTurn.session_id == chat.id)
        .options(selectinload(ChatTurn.citations))
    ).all()
    deleted = _deleted(session, turns)
    texts = [
        text
        for turn in turns
        for text in (*_texts(session, turn, deleted), *_repeated(turn, deleted))
    ]
    return _title_without(session, chat, texts)


def forget_log(session: Session, events: EventLog, turn: ChatTurn) -> None:
    """Let the turn's row speak instead of its log, if the log quotes a deleted source."""
    if turn.job_id and _tells(turn, _deleted(session, [turn])):
        # Without Redis there is no log to be read.
        with contextlib.suppress(redis.RedisError):
            events.forget(turn.job_id)


def withdraw_turn(session: Session, turn_id: str, source_ids: Collection[str]) -> None:
    """Take what deleted sources said out of one turn, within the caller's transaction, which
    holds it."""
    turn = session.scalars(_whole().where(ChatTurn.id == turn_id)).one()
    _take_out(session, turn, source_ids, set())


class Withdrawal:
    """Takes what one deleted source said out of all turns. Can be begun anew at any time."""

    def __init__(
        self, session: Session, events: EventLog, source: Source, lock: Callable[[], None]
    ) -> None:
        """`lock` locks the job within the transaction, or raises when the work should end."""
        self._session = session
        self._events = events
        self._lock = lock
        self._source_id = source.id
        self._instrument_id = source.instrument_id
        self._known: set[str] = set()
        """Texts that the conversations told by clients were looked through for."""

    def run(self) -> Iterator[int]:
        """The number of turns of each batch, after it was committed."""
        citing = select(Citation.turn_id).where(
            Citation.source_id == self._source_id, Citation.state != "withdrawn"
        )
        while ids := self._ids(ChatTurn.id.in_(citing)):
            yield self._batch(ids)
        # What only repeats it stays so when another proof carries it: once through all of them.
        repeating = or_(
            ChatTurn.claims.contains([{"repeats": [self._source_id]}]),
            ChatTurn.reasoning_repeats.contains([self._source_id]),
            ChatTurn.related.contains([{"source_id": self._source_id}]),
        )
        last = "00000000-0000-0000-0000-000000000000"
        while ids := self._ids(repeating, ChatTurn.id > last):
            last = ids[-1]
            yield self._batch(ids)

    def _ids(self, *which: object) -> list[str]:
        mine = select(ChatTurn.id).where(ChatTurn.instrument_id == self._instrument_id, *which)  # type: ignore[arg-type]
        ids = self._session.scalars(mine.order_by(ChatTurn.id).limit(BATCH)).all()
        self._session.commit()
        return list(ids)

    def _batch(self, ids: Sequence[str]) -> int:
        self._lock()
        locked = _whole().where(ChatTurn.id.in_(ids)).order_by(ChatTurn.id)
        turns = self._session.scalars(locked.with_for_update(of=ChatTurn)).all()
        for turn in turns:
            # Before the commit, after which nothing says any more that a log is to be forgotten.
            if turn.job_id:
                self._events.forget(turn.job_id)
            _take_out(self._session, turn, [self._source_id], self._known)
        self._session.commit()
        return len(turns)


def _whole() -> Any:
    return (
        select(ChatTurn)
        .options(selectinload(ChatTurn.citations))
        .execution_options(populate_existing=True)
    )


def _deleted(session: Session, turns: Iterable[ChatTurn]) -> set[str]:
    """Of the sources that the turns tell of, those that are deleted and not yet gone."""
    told: set[str] = set()
    for turn in turns:
        told.update(c.source_id for c in turn.citations if c.state != "withdrawn")
        told.update(turn.reasoning_repeats or ())
        told.update(each["source_id"] for each in turn.related or ())
        told.update(*(claim.get("repeats", ()) for claim in turn.claims))
    if not told:
        return set()
    there = select(Source.id).where(Source.id.in_(told), Source.deleted_at.is_not(None))
    return set(session.scalars(there))


def _tells(turn: ChatTurn, source_ids: Collection[str]) -> bool:
    deleted = frozenset(source_ids)
    return (
        any(c.source_id in deleted for c in turn.citations)
        or any(not deleted.isdisjoint(claim.get("repeats", ())) for claim in turn.claims)
        or not deleted.isdisjoint(turn.reasoning_repeats or ())
        or any(each["source_id"] in deleted for each in turn.related or ())
    )


def _without(session: Session, turn: ChatTurn, source_ids: Collection[str]) -> ChatTurn:
    texts = _texts(session, turn, source_ids)
    copy = _copied(turn)
    copy.citations = [_copied(citation) for citation in turn.citations]
    _withdraw(session, copy, source_ids, texts)
    return copy


def _copied(row: Row) -> Row:
    columns = inspect(type(row)).column_attrs
    return type(row)(**{column.key: getattr(row, column.key) for column in columns})


def _texts(session: Session, turn: ChatTurn, source_ids: Collection[str]) -> list[str]:
    """What the turn quoted of the sources, and the Fragments that it quoted from."""
    gone = [c for c in turn.citations if c.source_id in source_ids]
    fragments = select(FragmentRow.text).where(FragmentRow.id.in_([c.fragment_id for c in gone]))
    return [*(c.quote for c in gone if c.quote), *(session.scalars(fragments) if gone else ())]


def _repeated(turn: ChatTurn, source_ids: Collection[str]) -> list[str]:
    """What the turn said after the sources without citing them."""
    deleted = frozenset(source_ids)
    return [c["text"] for c in turn.claims if not deleted.isdisjoint(c.get("repeats", ()))]


def _take_out(
    session: Session, turn: ChatTurn, source_ids: Collection[str], known: set[str]
) -> None:
    """Rewrite the turn, its conversation's title and what clients told of it later, within the
    caller's transaction, which holds the turn. `known`: texts that were looked for there; grows."""
    texts = _texts(session, turn, source_ids)
    told = [*texts, *_repeated(turn, source_ids)]
    _withdraw(session, turn, source_ids, texts)
    chat = session.get_one(ChatSession, turn.session_id)
    chat.title = _title_without(session, chat, told)
    if new := set(told) - known:
        _forget_history(session, turn.instrument_id, new)
        known |= new
    session.flush()


def _withdraw(
    session: Session, turn: ChatTurn, source_ids: Collection[str], texts: Sequence[str]
) -> None:
    """The turn without what only these sources said. `texts` is what it quoted of them."""
    gone = [citation for citation in turn.citations if citation.source_id in source_ids]
    left = [c for c in turn.citations if c not in gone and c.state != "withdrawn"]
    before = turn.answer
    turn.answer, turn.claims = withdraw(
        turn.answer,
        turn.claims,
        left=_quotes(session, left),
        gone={c.number for c in turn.citations if c not in left},
        texts=texts,
        sources=source_ids,
    )
    if gone or not frozenset(source_ids).isdisjoint(turn.reasoning_repeats or ()):
        turn.reasoning, turn.reasoning_repeats = "", []
    if gone or turn.answer != before:
        turn.notices = [*(notice for notice in turn.notices if notice != NOTICE), NOTICE]
    turn.related = [each for each in turn.related or () if each["source_id"] not in source_ids]
    if gone:
        turn.understood_as = None
    for citation in gone:
        citation.state = "withdrawn"
        citation.focus = None
        citation.quote = citation.title = citation.filename = ""
        citation.locators = []
        citation.recognition = None


def _quotes(session: Session, citations: Collection[Citation]) -> dict[int, Quote]:
    """What each citation quotes, with its headings and table rows where its Fragment is there."""
    ids = [citation.fragment_id for citation in citations]
    rows = session.scalars(select(FragmentRow).where(FragmentRow.id.in_(ids)))
    fragments = {row.id: row for row in rows}
    quotes = {}
    for citation in citations:
        fragment = fragments.get(citation.fragment_id)
        start = fragment.text.find(citation.quote) if fragment else -1
        if fragment is None or start < 0:
            quotes[citation.number] = Quote(citation.quote)
            continue
        tables = map(Table.model_validate, fragment.tables)
        context = (citation.title, *fragment.heading_path)
        end = start + len(citation.quote)
        quotes[citation.number] = quote_in(fragment.text, tables, start, end, context)
    return quotes


def _forget_history(session: Session, instrument_id: str, texts: Collection[str]) -> None:
    """Earlier answers that clients told along with later questions, in whichever conversation."""
    later = (
        select(ChatTurn.id, ChatTurn.history)
        .where(ChatTurn.instrument_id == instrument_id, ChatTurn.history.is_not(None))
        .order_by(ChatTurn.id)
        .limit(PAGE)
    )
    page = session.execute(later).all()
    while page:
        # A history is written once, with its turn: only the few that change need be locked.
        answers = [answer for _, history in page for _, answer in history or ()]
        is_copy = dict(zip(answers, copies(answers, {"deleted": texts}), strict=True))
        for id_, history in page:
            kept = [
                [asked, WITHDRAWN if is_copy[answer] else answer] for asked, answer in history or ()
            ]
            if kept != (history or []):
                session.execute(update(ChatTurn).where(ChatTurn.id == id_).values(history=kept))
        page = session.execute(later.where(ChatTurn.id > page[-1].id)).all()


def _title_without(session: Session, chat: ChatSession, texts: Sequence[str]) -> str:
    """A title that was made of the answer gives way to the words of the first question."""
    if not texts:
        return chat.title
    asked = session.scalars(
        select(ChatTurn.question)
        .where(ChatTurn.session_id == chat.id)
        .order_by(ChatTurn.created_at, ChatTurn.id)
    ).all()
    told = set(words(chat.title)) - set(words(" ".join(asked)))
    return first_words(asked[0]) if told & set(words(" ".join(texts))) else chat.title
