"""Deny by default: every route states its rule, and what is not yours does not exist."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.support.client import Client
from tests.support.documents import NOTES

PUBLIC = {
    "/healthz",
    "/readyz",
    "/metrics",
    "/api/health/",
    "/api/auth/login",
    "/api/auth/refresh",
    "/api/auth/logout",
    "/api/auth/status",
    "/openapi.json",
    "/docs",
    "/docs-files/<path:name>",
}


def _routes(app: Flask) -> list[tuple[str, str, str]]:
    return sorted(
        (rule.rule, method, rule.endpoint)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    )


def test_every_route_states_its_access_rule(app: Flask) -> None:
    from api.http.access import rule_of

    routes = _routes(app)
    assert len(routes) > 30
    silent = [
        (path, method)
        for path, method, endpoint in routes
        if rule_of(app.view_functions[endpoint], method) is None
    ]
    assert silent == []


def test_only_what_must_be_public_is(app: Flask) -> None:
    from api.http.access import rule_of

    open_ = {
        path
        for path, method, endpoint in _routes(app)
        if rule_of(app.view_functions[endpoint], method) == "public"
    }
    assert open_ <= PUBLIC


def test_nobody_gets_past_a_route_that_is_not_public(app: Flask, admin: Client) -> None:
    """Every other route answers 401 to a stranger, before it looks at anything."""
    some_id = "6c1f2b0a-0000-4000-8000-000000000000"
    with Client(str(admin.base_url)) as stranger:
        for path, method, _ in _routes(app):
            if path in PUBLIC:
                continue
            address = path.replace("<int:page>", "1")
            while "<" in address:
                start, end = address.index("<"), address.index(">")
                address = address[:start] + some_id + address[end + 1 :]
            answer = stranger.request(method, address)
            assert answer.status_code == 401, (method, path, answer.text)


def test_a_view_without_a_rule_is_refused(app: Flask) -> None:
    from api.app import create_app
    from api.services import Services

    other = create_app(
        app.extensions["services"].config, Services(app.extensions["services"].config)
    )
    other.add_url_rule("/forgotten", view_func=lambda: "secret", endpoint="forgotten")
    assert other.test_client().get("/forgotten").status_code == 403


@pytest.fixture(scope="module")
def theirs(admin: Client) -> dict[str, str]:
    """An instrument of the manager's with a source, a turn, a citation and jobs."""
    instrument = admin.instrument("Private")
    source = admin.add_bytes(instrument, "mixer.md", NOTES)
    turn = admin.ask(instrument, "How many watts does the motor of the mixer draw?")
    return {
        "instrument": instrument,
        "source": source["id"],
        "turn": turn["turn_id"],
        "session": turn["session_id"],
        "job": turn["job_id"],
        "citation": turn["citations"][0]["id"],
    }


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/instruments/{instrument}"),
        ("PATCH", "/api/instruments/{instrument}"),
        ("DELETE", "/api/instruments/{instrument}"),
        ("GET", "/api/sources/{source}"),
        ("PATCH", "/api/sources/{source}"),
        ("DELETE", "/api/sources/{source}"),
        ("GET", "/api/sources/{source}/fragments"),
        ("POST", "/api/sources/{source}/reindex"),
        ("GET", "/api/sources/?instrument={instrument}"),
        ("GET", "/api/sourceversions/?source={source}"),
        ("GET", "/api/viewer/text/{source}?citation={citation}"),
        ("GET", "/api/viewer/pdf/{source}"),
        ("GET", "/api/chat/turns/{turn}"),
        ("POST", "/api/chat/regen/{turn}"),
        ("POST", "/api/chat/turn/{turn}/cancel"),
        ("POST", "/api/chat/turn/{turn}/feedback"),
        ("GET", "/api/citations/turn/{turn}"),
        ("GET", "/api/chat/sessions/{session}"),
        ("DELETE", "/api/chat/sessions/{session}"),
        ("GET", "/api/jobs/{job}"),
        ("POST", "/api/jobs/{job}/cancel"),
        ("POST", "/api/jobs/{job}/retry"),
        ("GET", "/api/jobs/{job}/events"),
        ("GET", "/stream/jobs/{job}"),
        ("GET", "/stream/turns/{turn}"),
        ("GET", "/stream/chat?instrument_id={instrument}&q=hello"),
    ],
)
def test_what_is_not_yours_does_not_exist(
    member: Client, theirs: dict[str, str], method: str, path: str
) -> None:
    body = None
    if method == "PATCH":
        body = {"name": "Mine now"} if "instruments" in path else {"title": "Mine now"}
    elif "feedback" in path:
        body = {"rating": "up"}
    answer = member.request(method, path.format(**theirs), json=body)
    assert answer.status_code == 404, answer.text


def test_strangers_cannot_bring_or_ask(member: Client, theirs: dict[str, str]) -> None:
    assert member.initiate(theirs["instrument"], "x.md", 5).status_code == 404
    asked = {"instrument_id": theirs["instrument"], "question": "What is it?"}
    assert member.post("/api/chat/ask", json=asked).status_code == 404


def test_lists_hold_only_what_is_yours(member: Client, theirs: dict[str, str]) -> None:
    names = {i["id"] for i in member.get("/api/instruments/", params={"page_size": 100}).json()}
    assert theirs["instrument"] not in names
    sources = member.get("/api/sources/", params={"page_size": 100}).json()
    assert theirs["source"] not in {source["id"] for source in sources}
    jobs = member.get("/api/jobs/", params={"page_size": 100}).json()
    assert theirs["job"] not in {job["id"] for job in jobs}


def test_a_reader_may_ask_but_not_change(
    admin: Client, member: Client, theirs: dict[str, str], app: Flask
) -> None:
    from api.extensions import db
    from api.models import AccessGrant

    who = member.get("/api/auth/me").json()["id"]
    instrument = admin.instrument("Shared")
    source = admin.add_bytes(instrument, "mixer.md", NOTES)
    with app.app_context():
        db.session.add(AccessGrant(instrument_id=instrument, user_id=who, role="reader"))
        db.session.commit()
    assert member.get(f"/api/instruments/{instrument}").json()["my_access"] == "reader"
    assert "450 watts" in member.ask(instrument, "How many watts does the motor draw?")["answer"]
    assert member.delete(f"/api/sources/{source['id']}").status_code == 403
    assert member.initiate(instrument, "x.md", 5).status_code == 403
    assert member.patch(f"/api/instruments/{instrument}", json={"name": "x"}).status_code == 403


def test_who_reads_an_instrument_waits_for_postgres_once(
    app: Flask, admin: Client, instrument: str
) -> None:
    """The caller and what they name come together, and no transaction is begun around them."""
    from sqlalchemy import event

    from api.extensions import db

    said: list[str] = []
    alone: list[bool] = []

    def heard(connection: Any, _: Any, statement: str, *__: Any) -> None:
        said.append(statement)
        alone.append(connection.connection.dbapi_connection.autocommit)

    with app.app_context():
        engine = db.engine
    token = admin.headers["Authorization"]
    event.listen(engine, "before_cursor_execute", heard)
    try:
        found = app.test_client().get(
            f"/api/instruments/{instrument}", headers={"Authorization": token}
        )
    finally:
        event.remove(engine, "before_cursor_execute", heard)
    assert found.json["id"] == instrument
    assert "JOIN instruments" in said[0]
    assert not [each for each in said[1:] if "FROM users" in each or "FROM instruments" in each]
    assert all(alone)


def test_a_view_that_reads_cannot_write_by_mistake(app: Flask) -> None:
    from flask import g

    from api.extensions import db
    from api.models import Instrument

    with app.test_request_context("/api/instruments/"):
        g.only_reads = True
        db.session.add(Instrument(name="Half", slug="half"))
        with pytest.raises(RuntimeError, match="writes=True"):
            db.session.flush()
        db.session.rollback()


def test_a_question_by_stream_that_fails_leaves_nothing_behind(
    app: Flask, admin: Client, instrument: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from api.jobs.kind import JobKind

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("no job could be made")

    monkeypatch.setattr(JobKind, "create", fail)
    asked = app.test_client().get(
        f"/stream/chat?instrument={instrument}&q=oil",
        headers={"Authorization": admin.headers["Authorization"]},
    )
    assert asked.status_code == 500
    assert admin.get("/api/chat/sessions/", params={"instrument": instrument}).json() == []


def test_an_instrument_that_is_named_is_not_thereby_readable(
    member: Client, instrument: str
) -> None:
    for path in (f"/api/instruments/{instrument}", f"/api/search/?instrument={instrument}&q=oil"):
        assert member.get(path).status_code == 404
