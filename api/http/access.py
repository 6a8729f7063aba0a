"""Who may do what to which instrument: the only place that decides.

Every view states its rule with `@rule(...)`; a view without one is refused (deny by default).
Rules about a single instrument are settled in the view by one call to `instrument_for`, since
only there is it known which instrument it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from typing import Any, Literal, TypeVar

from flask import Flask, g, request
from flask_jwt_extended import verify_jwt_in_request
from flask_jwt_extended.exceptions import CSRFError, JWTExtendedException
from itsdangerous import BadSignature, URLSafeTimedSerializer
from jwt.exceptions import PyJWTError
from sqlalchemy import bindparam, event, func, or_, select, update
from sqlalchemy.orm import Session

from api.errors import refuse
from api.extensions import db
from api.models import AccessGrant, ApiKey, ChatSession, Instrument, SignIn, Source, User
from api.models.base import is_uuid
from api.models.base import now as utc_now

Rule = Literal["public", "signed_in", "instrument", "admin"]
Level = Literal["reader", "editor", "manager"]
LEVELS: dict[str, int] = {"reader": 1, "editor": 2, "manager": 3}
TICKET_SECONDS = 60
API_KEY_PREFIX = "vk_"

# Made once: every request asks for it.
_SIGNED_IN = (
    select(User, Instrument)
    .join(SignIn, SignIn.user_id == User.id)
    .outerjoin(Instrument, Instrument.id == bindparam("instrument"))
    .where(
        SignIn.id == bindparam("sid"),
        SignIn.ended_at.is_(None),
        SignIn.expires_at > bindparam("now"),
        User.is_active,
    )
)

SAFE = ("GET", "HEAD")
"""Methods that change nothing, as RFC 9110 calls them, unless a view says that it writes."""

View = TypeVar("View", bound=Callable[..., Any])


def rule(name: Rule, *, writes: bool = False) -> Callable[[View], View]:
    """State who may call a view, and whether it writes though its method is a safe one.

    `public`: anybody. `signed_in`: any user, for what is theirs alone. `instrument`: any user,
    and the view asks `instrument_for` (or a function built on it). `admin`: the role `admin`.
    """

    def mark(view: View) -> View:
        view.access_rule, view.writes = name, writes  # type: ignore[attr-defined]
        return view

    return mark


def rule_of(view: Any, method: str) -> Rule | None:
    """The rule of a view function, or of the method of a MethodView; None if it states none."""
    stated: Rule | None = getattr(_stating(view, method), "access_rule", None)
    return stated


def _stating(view: Any, method: str) -> Any:
    """What `rule` marked of a view function, or of the method of a MethodView; None if nothing."""
    view_class = getattr(view, "view_class", None)
    if view_class is not None:
        view = getattr(view_class, method.lower(), None) or getattr(view_class, "get", None)
    while view is not None and not hasattr(view, "access_rule"):
        view = getattr(view, "__wrapped__", None)
    return view


def init_app(app: Flask) -> None:
    app.before_request(_check)
    if not event.contains(db.session, "before_flush", _refuse_to_write):
        event.listen(db.session, "before_flush", _refuse_to_write)


def open_to_all(app: Flask, *endpoints: str) -> None:
    """State `public` for views that a library brings."""
    for endpoint in endpoints:
        if endpoint in app.view_functions:
            app.view_functions[endpoint] = _public(app.view_functions[endpoint])


def _public(view: Callable[..., Any]) -> Callable[..., Any]:
    """A function around a bound method, which can't carry a rule itself."""

    @rule("public")
    @wraps(view)
    def opened(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    return opened


def user() -> User:
    """Whoever is calling; only after a rule other than `public`."""
    return g.user


def maybe_user() -> User | None:
    """Whoever is calling, or None; for public views."""
    return _identify()


def instrument_for(instrument_id: str, level: Level = "reader") -> Instrument:
    """The instrument, if the caller has at least `level` on it.

    404 when the caller may not know that it exists, 403 when they may see it but not do this.
    """
    instrument = db.session.get(Instrument, instrument_id) if is_uuid(instrument_id) else None
    have = level_on(user(), instrument.id) if instrument is not None else None
    if instrument is None or have is None:
        refuse(404, "No such instrument.")
    if LEVELS[have] < LEVELS[level]:
        refuse(403, f"This needs the role {level} on the instrument; yours is {have}.")
    return instrument


def source_for(source_id: str, level: Level = "reader") -> Source:
    """The source, if the caller has at least `level` on its instrument; else 404 or 403."""
    source = db.session.get(Source, source_id) if is_uuid(source_id) else None
    if (
        source is None
        or source.deleted_at is not None
        or level_on(user(), source.instrument_id) is None
    ):
        refuse(404, "No such source.")
    instrument_for(source.instrument_id, level)
    return source


def chat_session_for(session_id: str) -> ChatSession:
    """The caller's own conversation; 404 for anybody else's."""
    chat = db.session.get(ChatSession, session_id) if is_uuid(session_id) else None
    if chat is None or chat.user_id != user().id:
        refuse(404, "No such conversation.")
    return chat


def level_on(who: User, instrument_id: str) -> Level | None:
    """The highest role that `who` holds on the instrument today; nobody any on a deleted one."""
    instrument = db.session.get(Instrument, instrument_id)
    if instrument is None or instrument.deleted_at is not None:
        return None
    if who.is_admin:
        return "manager"
    role = db.session.scalar(
        select(AccessGrant.role).where(
            AccessGrant.instrument_id == instrument_id, AccessGrant.user_id == who.id, _valid()
        )
    )
    return role  # type: ignore[return-value]


def visible_instruments(who: User) -> Any:
    """Ids of the instruments that `who` may read, as a subquery."""
    there = select(Instrument.id).where(Instrument.deleted_at.is_(None))
    if who.is_admin:
        return there
    mine = select(AccessGrant.instrument_id).where(AccessGrant.user_id == who.id, _valid())
    return there.where(Instrument.id.in_(mine))


def new_ticket(secret: str, who: User) -> str:
    """A short-lived ticket for `?ticket=` on streams, for clients that can't send headers."""
    return _tickets(secret).dumps(who.id)


def new_api_key(session: Session, who: User, name: str) -> tuple[ApiKey, str]:
    """A key and its secret, which is not kept."""
    import secrets

    secret = API_KEY_PREFIX + secrets.token_urlsafe(32)
    key = ApiKey(user_id=who.id, name=name, prefix=secret[:8], sha256=_sha256(secret))
    session.add(key)
    return key, secret


def _valid() -> Any:
    return or_(AccessGrant.expires_at.is_(None), AccessGrant.expires_at > func.now())


def _check() -> None:
    """Before every request: who is calling, and does the view's rule let them?"""
    if request.endpoint is None or request.method == "OPTIONS":
        return
    view = request_view()
    stated = rule_of(view, request.method)
    if stated == "public":
        return
    if stated is None:
        refuse(403, "This address has no access rule, so nobody may use it.")
    g.only_reads = request.method in SAFE and not _stating(view, request.method).writes
    caller = _identify()
    if caller is None:
        refuse(401, "Sign in first: POST /api/auth/login, then send the access token.")
    if stated == "admin" and not caller.is_admin:
        refuse(403, "Only an administrator may do this.")
    g.user = caller


def request_view() -> Any:
    from flask import current_app

    return current_app.view_functions.get(request.endpoint or "")


def _identify() -> User | None:
    """The caller by API key, stream ticket, bearer token or cookie. 401 for a bad one."""
    if "identified" in g:
        return g.identified
    g.identified = None
    if key := request.headers.get("X-API-Key"):
        g.identified = _user_by_key(key)
    elif request.path.startswith("/stream/") and (ticket := request.args.get("ticket")):
        g.identified = _user_by_ticket(ticket)
    else:
        bearer = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        # OpenAI clients send their key as a bearer token.
        if bearer.startswith(API_KEY_PREFIX):
            g.identified = _user_by_key(bearer)
        else:
            g.identified = _user_by_token()
    return g.identified


def _without_transaction() -> None:
    """Let each statement of a request that only reads stand for itself: Postgres is told of no
    beginning and no end. At its usual isolation they would see no common state either."""
    if g.get("only_reads") and not db.session().in_transaction():
        db.session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})


def _refuse_to_write(*_: Any) -> None:
    """Half of what is written without a transaction could be left behind."""
    if g and g.get("only_reads"):
        raise RuntimeError("this view writes: state it, @access.rule(..., writes=True)")


def _user_by_key(secret: str) -> User:
    _without_transaction()
    row = db.session.execute(
        select(ApiKey, User)
        .join(User, User.id == ApiKey.user_id)
        .where(ApiKey.sha256 == _sha256(secret), User.is_active)
    ).one_or_none()
    if row is None:
        refuse(401, "This API key is not known. Make one with POST /api/api-keys/.")
    key, who = row
    if key.last_used_at is None or (utc_now() - key.last_used_at).total_seconds() > 60:
        db.session.execute(
            update(ApiKey).where(ApiKey.id == key.id).values(last_used_at=func.now())
        )
        db.session.commit()
    return who


def _user_by_ticket(ticket: str) -> User:
    from flask import current_app

    try:
        user_id = _tickets(current_app.secret_key or "").loads(ticket, max_age=TICKET_SECONDS)  # type: ignore[arg-type]
    except BadSignature:
        refuse(401, "The stream ticket is not valid any more; POST /api/stream-tickets again.")
    _without_transaction()
    who = db.session.get(User, user_id)
    if who is None or not who.is_active:
        refuse(401, "The user of this ticket is gone.")
    return who


def _user_by_token() -> User | None:
    try:
        verified = verify_jwt_in_request(optional=True)
    except CSRFError:
        refuse(401, "Cookies need the header X-CSRF-TOKEN on writing requests.")
    except (JWTExtendedException, PyJWTError):
        refuse(401, "The token is expired or not valid; POST /api/auth/refresh or sign in again.")
    if verified is None:
        return None
    _, claims = verified
    _without_transaction()
    asked = {"sid": claims["sid"], "now": datetime.now(UTC), "instrument": _named_instrument()}
    found = db.session.execute(_SIGNED_IN, asked).one_or_none()
    if found is None:
        refuse(401, "This sign-in has ended; sign in again.")
    # Held, not read: `instrument_for` finds it in the session as long as somebody holds it.
    who, g.named_instrument = found
    return who


def _named_instrument() -> str | None:
    """The instrument that the request names, which its view will ask for."""
    named = (request.view_args or {}).get("instrument_id") or request.args.get("instrument", "")
    return named if is_uuid(named) else None


def _tickets(secret: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt="stream-ticket")


def _sha256(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
