"""Of the answers to one question, the one that the conversation goes on from."""

from __future__ import annotations

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from api.models import ChatTurn


def choose(session: Session, turn: ChatTurn) -> None:
    """Make `turn` the chosen one of its group, within the caller's transaction.

    The lock on the group's first turn lets one choice happen after another; an index refuses a
    second chosen one, so the earlier choice is taken back first.
    """
    first = turn.regenerated_from or turn.id
    session.execute(select(ChatTurn.id).where(ChatTurn.id == first).with_for_update(key_share=True))
    group = func.coalesce(ChatTurn.regenerated_from, ChatTurn.id) == first
    change = update(ChatTurn).execution_options(synchronize_session=False)
    session.execute(
        change.where(group, ChatTurn.is_chosen, ChatTurn.id != turn.id).values(is_chosen=False)
    )
    session.execute(change.where(ChatTurn.id == turn.id).values(is_chosen=True))


def settle(session: Session, turn_id: str, state: str) -> None:
    """Choose an answer that was asked for anew and has ended so, unless it said nothing.

    To be called before the turn's own row is written, so that locks are taken in one order.
    """
    if state not in ("done", "cancelled"):
        return
    turn = session.execute(
        select(ChatTurn).where(ChatTurn.id == turn_id).execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if turn is not None and turn.regenerated_from is not None and turn.answer:
        choose(session, turn)
