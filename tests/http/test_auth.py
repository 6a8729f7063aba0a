"""Who you are: passwords, tokens, cookies, keys and tickets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.stack import Stack
from tests.support.client import PASSWORD, Client


@pytest.fixture
def visitor(stack: Stack) -> Iterator[Client]:
    with Client(stack.url) as client:
        yield client


def _login(client: Client, **more: str) -> dict:
    answer = client.post(
        "/api/auth/login", json={"email": "user@example.com", "password": PASSWORD, **more}
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def _as(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_tokens_say_who_you_are(visitor: Client) -> None:
    tokens = _login(visitor)
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] > 0
    assert tokens["user"]["email"] == "user@example.com"
    assert "password" not in str(tokens["user"])
    me = visitor.get("/api/auth/me", headers=_as(tokens["access_token"]))
    assert me.json() == tokens["user"]


@pytest.mark.parametrize(
    ("email", "password"),
    [("user@example.com", "wrong"), ("nobody@example.com", PASSWORD)],
)
def test_a_wrong_password_and_an_unknown_user_look_the_same(
    visitor: Client, email: str, password: str
) -> None:
    answer = visitor.post("/api/auth/login", json={"email": email, "password": password})
    assert answer.status_code == 401
    assert answer.json()["message"] == "The e-mail address or the password is wrong."


def test_nobody_is_401_and_status_says_so_without_one(visitor: Client) -> None:
    assert visitor.get("/api/auth/me").status_code == 401
    assert visitor.get("/api/auth/status").json() == {"authenticated": False}
    assert visitor.get("/api/auth/status", headers=_as("rubbish")).json() == {
        "authenticated": False
    }
    token = _login(visitor)["access_token"]
    assert visitor.get("/api/auth/status", headers=_as(token)).json() == {"authenticated": True}


def test_a_refresh_token_is_good_once_and_its_second_use_ends_the_sign_in(
    visitor: Client,
) -> None:
    first = _login(visitor)
    second = visitor.post("/api/auth/refresh", headers=_as(first["refresh_token"])).json()
    assert visitor.get("/api/auth/me", headers=_as(second["access_token"])).status_code == 200

    assert visitor.post("/api/auth/refresh", headers=_as(first["refresh_token"])).status_code == 401
    # Whoever holds the newer tokens may be the thief: they are ended too.
    assert visitor.get("/api/auth/me", headers=_as(second["access_token"])).status_code == 401
    assert (
        visitor.post("/api/auth/refresh", headers=_as(second["refresh_token"])).status_code == 401
    )


def test_logout_ends_both_tokens(visitor: Client) -> None:
    tokens = _login(visitor)
    assert visitor.post("/api/auth/logout", headers=_as(tokens["access_token"])).status_code == 200
    assert visitor.get("/api/auth/me", headers=_as(tokens["access_token"])).status_code == 401
    assert (
        visitor.post("/api/auth/refresh", headers=_as(tokens["refresh_token"])).status_code == 401
    )


def test_a_refresh_token_is_no_access_token(visitor: Client) -> None:
    tokens = _login(visitor)
    assert visitor.get("/api/auth/me", headers=_as(tokens["refresh_token"])).status_code == 401
    assert visitor.post("/api/auth/refresh", headers=_as(tokens["access_token"])).status_code == 401


def test_cookies_need_the_csrf_token_to_write(visitor: Client) -> None:
    answer = visitor.post(
        "/api/auth/login",
        json={"email": "user@example.com", "password": PASSWORD, "session_mode": "web"},
    )
    assert "access_token" not in answer.json()
    assert answer.json()["user"]["email"] == "user@example.com"
    cookie = next(h for h in answer.headers.get_list("set-cookie") if "access_token_cookie" in h)
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert visitor.get("/api/auth/me").status_code == 200

    assert visitor.post("/api/instruments/", json={"name": "By cookie"}).status_code == 401
    made = visitor.post(
        "/api/instruments/",
        json={"name": "By cookie"},
        headers={"X-CSRF-TOKEN": visitor.cookies["csrf_access_token"]},
    )
    assert made.status_code == 201


def test_an_api_key_is_shown_once_and_dies_when_deleted(member: Client, visitor: Client) -> None:
    made = member.post("/api/api-keys/", json={"name": "robot"})
    assert made.status_code == 201
    key = made.json()
    listed = member.get("/api/api-keys/").json()
    mine = next(item for item in listed if item["id"] == key["id"])
    assert "key" not in mine
    assert key["key"].startswith(mine["prefix"])

    headers = {"X-API-Key": key["key"]}
    assert visitor.get("/api/auth/me", headers=headers).json()["email"] == "user@example.com"
    assert visitor.get("/api/auth/me", headers={"X-API-Key": "vk_no"}).status_code == 401
    assert member.delete(f"/api/api-keys/{key['id']}").status_code == 204
    assert visitor.get("/api/auth/me", headers=headers).status_code == 401


def test_the_key_itself_is_not_stored(member: Client, app) -> None:
    from sqlalchemy import text

    from api.extensions import db

    key = member.post("/api/api-keys/", json={"name": "kept?"}).json()
    with app.app_context():
        rows = db.session.execute(text("select * from api_keys")).all()
    assert key["key"] not in str(rows)


def test_a_ticket_opens_streams_and_nothing_else(
    admin: Client, instrument: str, visitor: Client
) -> None:
    ticket = admin.post("/api/stream-tickets").json()
    assert 0 < ticket["expires_in"] <= 300
    params = {"ticket": ticket["ticket"]}
    turn = admin.ask(instrument, "Anything?")
    names = [e for _, e, _ in visitor.events(f"/stream/turns/{turn['turn_id']}", **params)]
    assert names[-1] == "done"
    assert visitor.get("/api/auth/me", params=params).status_code == 401
    forged = {"ticket": ticket["ticket"][:-2] + "xx"}
    answer = visitor.get(f"/stream/turns/{turn['turn_id']}", params=forged)
    assert answer.status_code == 401
