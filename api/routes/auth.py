"""Signing in and out. Tokens are JWTs; what ends them is kept in Postgres (Redis may be lost)."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Response, current_app, jsonify, request
from flask.views import MethodView
from flask_jwt_extended import (
    create_access_token,
    create_refresh_token,
    decode_token,
    get_jwt,
    set_access_cookies,
    set_refresh_cookies,
    unset_jwt_cookies,
    verify_jwt_in_request,
)
from flask_jwt_extended.exceptions import CSRFError, JWTExtendedException
from jwt.exceptions import PyJWTError
from marshmallow import Schema, fields, validate
from sqlalchemy import func, select, update

from api.errors import refuse
from api.extensions import db, limiter
from api.http import access
from api.http.paging import Blueprint
from api.models import SignIn, User
from api.models.people import password_matches
from api.services import services

blueprint = Blueprint("auth", __name__, url_prefix="/api", description="Who you are")


class LoginSchema(Schema):
    email = fields.String(required=True, validate=validate.Length(1, 320))
    password = fields.String(required=True, load_only=True, validate=validate.Length(1, 1024))
    session_mode = fields.String(load_default="api", validate=validate.OneOf(["web", "api"]))
    issuance_policy = fields.String(
        load_default="session", validate=validate.OneOf(["session", "tokens"])
    )


class UserSchema(Schema):
    id = fields.String()
    email = fields.String()
    name = fields.String()
    role = fields.String()


class TokensSchema(Schema):
    """With cookies the tokens are left out."""

    access_token = fields.String()
    refresh_token = fields.String()
    token_type = fields.String()
    expires_in = fields.Integer(metadata={"description": "Seconds"})
    user = fields.Nested(UserSchema)


class SignedOutSchema(Schema):
    status = fields.String()


class SignInStatusSchema(Schema):
    authenticated = fields.Boolean()


class TicketSchema(Schema):
    ticket = fields.String()
    expires_in = fields.Integer(metadata={"description": "Seconds"})


def _account() -> str:
    body: Any = request.get_json(silent=True)
    email = body.get("email") if isinstance(body, dict) else None
    return f"{request.remote_addr}/{str(email).lower()}"


def _login_rate() -> str:
    return services().config.login_rate


def _address_rate() -> str:
    return services().config.address_rate


@blueprint.route("/auth/login", methods=["POST"])
@access.rule("public")
@limiter.limit(_login_rate, key_func=_account)
@limiter.limit(_address_rate)
@blueprint.arguments(LoginSchema)
@blueprint.response(200, TokensSchema)
@blueprint.alt_response(401, "UNAUTHORIZED")
@blueprint.alt_response(429, "TOO_MANY_REQUESTS")
def login(body: dict[str, Any]) -> Response:
    """Sign in.

    `session_mode` `web` sets cookies and answers the user; `api` answers tokens.
    """
    who = db.session.scalar(select(User).where(User.email == body["email"].strip().lower()))
    if not password_matches(who, body["password"]) or who is None:
        refuse(401, "The e-mail address or the password is wrong.")
    lifetime = services().config.refresh_token_seconds
    sign_in = SignIn(
        user_id=who.id,
        refresh_jti="",
        expires_at=datetime.now(UTC) + timedelta(seconds=lifetime),
    )
    db.session.add(sign_in)
    db.session.flush()
    return _issue(who, sign_in, cookies=body["session_mode"] == "web")


@blueprint.route("/auth/refresh", methods=["POST"])
@access.rule("public")
@blueprint.doc(security=[{"bearer": []}, {"refreshCookie": [], "csrf": []}])
@blueprint.response(200, TokensSchema)
@blueprint.alt_response(401, "UNAUTHORIZED")
def refresh() -> Response:
    """Exchange a refresh token for new tokens.

    Sent as a bearer token or by cookie. The old refresh token dies; its second use ends the whole
    sign-in.
    """
    try:
        verify_jwt_in_request(refresh=True)
    except CSRFError:
        refuse(401, "Cookies need the header X-CSRF-TOKEN on writing requests.")
    except (JWTExtendedException, PyJWTError):
        refuse(401, "The refresh token is missing, expired or not valid; sign in again.")
    claims = get_jwt()
    # The row is locked, so that of two uses at the same time one is the second.
    sign_in = db.session.get(SignIn, claims["sid"], with_for_update=True)
    who = db.session.get(User, sign_in.user_id) if sign_in is not None else None
    if (
        sign_in is None
        or who is None
        or not who.is_active
        or sign_in.ended_at is not None
        or sign_in.expires_at < datetime.now(UTC)
    ):
        refuse(401, "This sign-in has ended; sign in again.")
    if sign_in.refresh_jti != claims["jti"]:
        sign_in.ended_at = datetime.now(UTC)
        db.session.commit()
        refuse(401, "This refresh token was used before, so the sign-in was ended; sign in again.")
    return _issue(who, sign_in, cookies="refresh_token_cookie" in request.cookies)


@blueprint.route("/auth/logout", methods=["POST"])
@access.rule("public")
@blueprint.doc(security=[{}, {"bearer": []}, {"cookie": [], "csrf": []}])
@blueprint.response(200, SignedOutSchema)
@blueprint.alt_response(401, "UNAUTHORIZED")
def logout() -> Response:
    """End the sign-in of the token that is sent, if any, and clear the cookies."""
    for kind in (False, True):
        try:
            if verify_jwt_in_request(optional=True, refresh=kind) is not None:
                ended = update(SignIn).where(SignIn.id == get_jwt()["sid"])
                db.session.execute(ended.values(ended_at=func.now()))
                db.session.commit()
                break
        except CSRFError:
            refuse(401, "Cookies need the header X-CSRF-TOKEN on writing requests.")
        except (JWTExtendedException, PyJWTError):
            continue
    answer = jsonify({"status": "ok"})
    unset_jwt_cookies(answer)
    return answer


@blueprint.route("/auth/me")
@access.rule("signed_in")
@blueprint.response(200, UserSchema)
def me() -> User:
    """Who is signed in."""
    return access.user()


@blueprint.route("/auth/status")
@access.rule("public")
@blueprint.doc(security=[{}, {"bearer": []}, {"cookie": []}, {"apiKey": []}])
@blueprint.response(200, SignInStatusSchema)
def status() -> Response:
    """Whether the caller is signed in; never a 401."""
    from werkzeug.exceptions import Unauthorized

    try:
        known = access.maybe_user() is not None
    except Unauthorized:
        known = False
    return jsonify({"authenticated": known})


@blueprint.route("/stream-tickets")
class StreamTickets(MethodView):
    @access.rule("signed_in")
    @blueprint.response(200, TicketSchema)
    def post(self) -> dict[str, Any]:
        """Make a short-lived ticket for `?ticket=` on `/stream/...`."""
        ticket = access.new_ticket(str(current_app.secret_key), access.user())
        return {"ticket": ticket, "expires_in": access.TICKET_SECONDS}


def _issue(who: User, sign_in: SignIn, *, cookies: bool) -> Response:
    claims = {"sid": sign_in.id, "nonce": secrets.token_hex(4)}
    access_token = create_access_token(who.id, additional_claims=claims)
    refresh_token = create_refresh_token(who.id, additional_claims=claims)
    sign_in.refresh_jti = decode_token(refresh_token)["jti"]
    db.session.commit()
    user = UserSchema().dump(who)
    if cookies:
        answer = jsonify({"user": user, "expires_in": services().config.access_token_seconds})
        set_access_cookies(answer, access_token)
        set_refresh_cookies(answer, refresh_token)
        return answer
    return jsonify(
        {
            "access_token": access_token,
            "refresh_token": refresh_token,
            "token_type": "Bearer",
            "expires_in": services().config.access_token_seconds,
            "user": user,
        }
    )
