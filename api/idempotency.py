"""Idempotency-Key on POST: the same key and body give the same answer.

The key is taken before the view runs, so that two requests at once do not both create. An
answer of the server's own failure (5xx) is not kept: the client may try again with the key.

An answer that holds a turn names it in Content-Location. It is given again only to who may still
read the turn, and only while nothing of it was withdrawn.
"""

from __future__ import annotations

import hashlib

from cryptography.fernet import Fernet
from flask import Flask, Response, current_app, g, request
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from api.access import level_on
from api.ciphers import cipher
from api.errors import refuse
from api.extensions import db
from api.models import ChatTurn, IdempotentRequest, User
from api.models.base import is_uuid

KEPT_HEADERS = ("Content-Type", "Location", "Content-Location")
MAX_BODY = 1 << 20


def init_app(app: Flask) -> None:
    app.before_request(_replay)
    app.after_request(_record)


def _replay() -> Response | None:
    key = request.headers.get("Idempotency-Key")
    caller = g.get("user")
    if request.method != "POST" or not key or caller is None:
        return None
    if len(key) > 200:
        refuse(422, "Idempotency-Key must be at most 200 characters.")
    body_sha256 = hashlib.sha256(request.get_data()).hexdigest()
    taken = db.session.execute(
        insert(IdempotentRequest)
        .values(user_id=caller.id, key=key, path=request.path, body_sha256=body_sha256)
        .on_conflict_do_nothing()
        .returning(IdempotentRequest.id)
    ).scalar_one_or_none()
    db.session.commit()
    if taken is not None:
        g.idempotent_request = taken
        return None
    earlier = db.session.scalar(
        select(IdempotentRequest).where(
            IdempotentRequest.user_id == caller.id,
            IdempotentRequest.key == key,
            IdempotentRequest.path == request.path,
        )
    )
    if earlier is None:
        refuse(409, "The first request with this Idempotency-Key has just failed; try again.")
    if earlier.body_sha256 != body_sha256:
        refuse(422, "This Idempotency-Key was used with another body; use a new key.")
    if earlier.status is None:
        refuse(409, "The first request with this Idempotency-Key is still running; try again.")
    if turn_at := (earlier.headers or {}).get("Content-Location"):
        _check_turn(caller, turn_at)
    answer = Response(_cipher().decrypt(earlier.body or b""), earlier.status, earlier.headers or {})
    answer.headers["Idempotency-Replayed"] = "true"
    return answer


def _check_turn(caller: User, address: str) -> None:
    """Refuse to repeat what a turn said when the caller could not read it there any more."""
    turn_id = address.rpartition("/")[2]
    turn = db.session.get(ChatTurn, turn_id) if is_uuid(turn_id) else None
    if turn is None or turn.user_id != caller.id or level_on(caller, turn.instrument_id) is None:
        refuse(404, "No such turn.")
    if any(citation.state == "withdrawn" for citation in turn.citations):
        refuse(410, f"A source of this answer was deleted since; GET {address} tells what is left.")


def _cipher() -> Fernet:
    return cipher(str(current_app.secret_key), "idempotent answers")


def _record(response: Response) -> Response:
    taken = g.pop("idempotent_request", None)
    if taken is None:
        return response
    db.session.rollback()
    keep = (
        response.status_code < 500 and not response.is_streamed and not response.direct_passthrough
    )
    if keep and (response.content_length or 0) <= MAX_BODY:
        row = db.session.get(IdempotentRequest, taken)
        if row is not None:
            row.status = response.status_code
            row.headers = {h: response.headers[h] for h in KEPT_HEADERS if h in response.headers}
            # An answer may hold a secret, such as a new API key.
            row.body = _cipher().encrypt(response.get_data())
    else:
        db.session.execute(delete(IdempotentRequest).where(IdempotentRequest.id == taken))
    # A key is remembered for a day.
    db.session.execute(
        delete(IdempotentRequest).where(
            IdempotentRequest.created_at < func.now() - func.make_interval(0, 0, 0, 1)
        )
    )
    db.session.commit()
    return response
