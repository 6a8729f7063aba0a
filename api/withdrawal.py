"""Turns that a deleted source proved: its words leave their citations, answers and logs."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session, selectinload

from api.asking import first_words
from api.models import ChatSession, ChatTurn, Citation, FragmentRow
from pipelines.claims.quotes import Quote, quote_in
from pipelines.tables import Table
from pipelines.withdrawal import WITHDRAWN, copies, withdraw
from pipelines.words import words

NOTICE = "A source of this answer was deleted; what only it said was withdrawn."


def withdraw_sources(session: Session, source_ids: Collection[str]) -> list[str]:
    """Take what these sources said out of every turn, within the caller's transaction.

    The caller holds or has deleted the sources, so that no answer can cite them meanwhile.
    Returns the jobs of the turns that told of them, whose event logs hold what was withdrawn.
    """
    citing = select(Citation.turn_id).where(
        Citation.source_id.in_(source_ids), Citation.state != "withdrawn"
    )
    repeating = [ChatTurn.claims.contains([{"repeats": [id_]}]) for id_ in source_ids]
    turns = session.scalars(
        select(ChatTurn)
        .where(or_(ChatTurn.id.in_(citing), *repeating))
        .order_by(ChatTurn.id)
        .options(selectinload(ChatTurn.citations))
        .with_for_update(of=ChatTurn)
        .execution_options(populate_existing=True)
    ).all()
    texts = {text for turn in turns for text in _withdraw(session, turn, source_ids)}
    _forget_history(session, {turn.instrument_id for turn in turns}, texts)
    session.flush()
    return [turn.job_id for turn in turns if turn.job_id]


def _withdraw(session: Session, turn: ChatTurn, source_ids: Collection[str]) -> list[str]:
    """Returns what the turn quoted of the sources, and what it repeated."""
    gone = [citation for citation in turn.citations if citation.source_id in source_ids]
    left = [c for c in turn.citations if c not in gone and c.state != "withdrawn"]
    fragments = select(FragmentRow.text).where(
        FragmentRow.id.in_([citation.fragment_id for citation in gone])
    )
    deleted = frozenset(source_ids)
    said = [c["text"] for c in turn.claims if not deleted.isdisjoint(c.get("repeats", ()))]
    texts = [*(citation.quote for citation in gone), *session.scalars(fragments)]
    before = turn.answer
    turn.answer, turn.claims = withdraw(
        turn.answer,
        turn.claims,
        left=_quotes(session, left),
        gone={c.number for c in turn.citations if c not in left},
        texts=texts,
        sources=source_ids,
    )
    _forget_title(session, turn, [*texts, *said])
    if gone or turn.answer != before:
        turn.notices = [*(notice for notice in turn.notices if notice != NOTICE), NOTICE]
    for citation in gone:
        citation.state = "withdrawn"
        citation.quote = citation.title = citation.filename = ""
        citation.locators = []
        citation.recognition = None
    return [*texts, *said]


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


def _forget_history(session: Session, instrument_ids: set[str], texts: Collection[str]) -> None:
    """Earlier answers that clients told along with later questions, in whichever conversation."""
    later = select(ChatTurn.id, ChatTurn.history).where(
        ChatTurn.instrument_id.in_(instrument_ids), ChatTurn.history.is_not(None)
    )
    # A history is written once, with its turn: only the few that change need be locked.
    told = [
        (id_, history) for id_, history in session.execute(later.order_by(ChatTurn.id)) if history
    ]
    answers = [answer for _, history in told for _, answer in history]
    is_copy = dict(zip(answers, copies(answers, {"deleted": texts}), strict=True))
    for id_, history in told:
        kept = [[asked, WITHDRAWN if is_copy[answer] else answer] for asked, answer in history]
        if kept != history:
            session.execute(update(ChatTurn).where(ChatTurn.id == id_).values(history=kept))


def _forget_title(session: Session, turn: ChatTurn, texts: list[str]) -> None:
    """A title that was made of the answer gives way to the words of the first question."""
    chat = session.get_one(ChatSession, turn.session_id)
    asked = session.scalars(
        select(ChatTurn.question)
        .where(ChatTurn.session_id == chat.id)
        .order_by(ChatTurn.created_at, ChatTurn.id)
    ).all()
    told = set(words(chat.title)) - set(words(" ".join(asked)))
    if told & set(words(" ".join(texts))):
        chat.title = first_words(asked[0])
