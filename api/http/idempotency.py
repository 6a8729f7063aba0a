"""Idempotency-Key on POST: the same key and body give the same answer.

The key is taken before the view runs, so that two requests at once do not both create. It is
taken for LEASE_SECONDS: a process that died in mid-request leaves it behind, and after that time
the next request with the same body takes it over, in one statement. The row then has another id,
so that a first request which was only slow finds that its answer is no longer the one to keep. An
answer of the server's own failure (5xx) is not kept: the client may try again with the key.

An answer that holds a turn names it in Content-Location. It is given again only to who may still
read the turn, and only while nothing of it was withdrawn.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from cryptography.fernet import Fernet
from flask import Flask, Response, current_app, g, request
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from api.encryption import cipher
from api.errors import refuse
from api.extensions import db
from api.models import IdempotentRequest, User

CHECK = "idempotency.check_turn"
KEPT_HEADERS = ("Content-Type", "Location", "Content-Location")
MAX_BODY = 1 << 20
LEASE_SECONDS = 900
"""Longer than any request takes: nginx waits 10 minutes for those of the OpenAI API, which wait
for whole answers, and 75 s for all others."""


def init_app(app: Flask, check_turn: Callable[[User, str], None]) -> None:
    """`check_turn` takes the caller and the address of a turn, and refuses to repeat what may not
    be read there any more."""
    app.extensions[CHECK] = check_turn
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
    taken = _take(caller.id, key, body_sha256)
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
        current_app.extensions[CHECK](caller, turn_at)
    answer = Response(_cipher().decrypt(earlier.body or b""), earlier.status, earlier.headers or {})
    answer.headers["Idempotency-Replayed"] = "true"
    return answer


def _take(user_id: str, key: str, body_sha256: str) -> str | None:
    """The id of the row that this request may answer in; None when another has the key. Commits."""
    fresh = insert(IdempotentRequest).values(
        user_id=user_id,
        key=key,
        path=request.path,
        body_sha256=body_sha256,
        created_at=func.now(),
    )
    row = IdempotentRequest
    taken = db.session.execute(
        fresh.on_conflict_do_update(
            index_elements=[row.user_id, row.key, row.path],
            set_={"id": fresh.excluded.id, "created_at": fresh.excluded.created_at},
            where=row.status.is_(None)
            & (row.body_sha256 == fresh.excluded.body_sha256)
            & (row.created_at < func.now() - func.make_interval(0, 0, 0, 0, 0, 0, LEASE_SECONDS)),
        ).returning(row.id)
    ).scalar_one_or_none()
    db.session.commit()
    return taken


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
    # Nothing is there under this id once the key was taken over.
    mine = IdempotentRequest.id == taken
    if keep and (response.content_length or 0) <= MAX_BODY:
        headers = {h: response.headers[h] for h in KEPT_HEADERS if h in response.headers}
        # An answer may hold a secret, such as a new API key.
        body = _cipher().encrypt(response.get_data())
        db.session.execute(
            update(IdempotentRequest)
            .where(mine)
            .values(status=response.status_code, headers=headers, body=body)
        )
    else:
        db.session.execute(delete(IdempotentRequest).where(mine))
    # A key is remembered for a day.
    db.session.execute(
        delete(IdempotentRequest).where(
            IdempotentRequest.created_at < func.now() - func.make_interval(0, 0, 0, 1)
        )
    )
    db.session.commit()
    return response
