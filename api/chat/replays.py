"""What a repeated request may say again of a turn."""

from __future__ import annotations

from api.citations.withdrawal import as_shown
from api.errors import refuse
from api.extensions import db
from api.http.access import level_on
from api.models import ChatTurn, User
from api.models.base import is_uuid


def check_turn(caller: User, address: str) -> None:
    """Refuse to repeat what a turn said when the caller could not read it there any more.

    `address` is the turn's path. Refuses with 404, or with 410 where a source was deleted since.
    """
    turn_id = address.rpartition("/")[2]
    turn = db.session.get(ChatTurn, turn_id) if is_uuid(turn_id) else None
    if turn is None or turn.user_id != caller.id or level_on(caller, turn.instrument_id) is None:
        refuse(404, "No such turn.")
    (shown,) = as_shown(db.session(), [turn])
    if any(citation.state == "withdrawn" for citation in shown.citations):
        refuse(410, f"A source of this answer was deleted since; GET {address} tells what is left.")
