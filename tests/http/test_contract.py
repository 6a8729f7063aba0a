"""The HTTP contract: one error shape, lists with paging, the OpenAPI document, idempotency."""

from __future__ import annotations

import re
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from flask import Flask

from deploy.stack import Stack
from tests.support.client import Client
from tests.support.documents import NOTES

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("GET", "/nowhere", None, 404),
        ("GET", "/api/nowhere/", None, 404),
        ("DELETE", "/api/instruments/", None, 405),
        ("POST", "/api/instruments/", {"nme": "x"}, 422),
        ("POST", "/api/chat/ask", {"question": "x"}, 422),
        ("POST", "/api/uploads/initiate", {"filename": 5}, 422),
        ("GET", "/api/sources/?type=poem", None, 422),
        ("GET", "/api/sources/?page_size=1000", None, 422),
        ("GET", "/api/instruments/not-an-id", None, 404),
        ("GET", "/stream/chat", None, 422),
    ],
)
def test_every_error_has_the_same_shape(
    admin: Client, method: str, path: str, body: dict | None, code: int
) -> None:
    answer = admin.request(method, path, json=body)
    assert answer.status_code == code
    error = answer.json()
    assert error["code"] == code
    assert isinstance(error["status"], str)
    assert set(error) <= {"code", "status", "message", "errors"}
    assert "Traceback" not in answer.text
    assert answer.headers["X-Request-ID"]


def test_errors_of_fields_name_them(admin: Client) -> None:
    error = admin.post("/api/instruments/", json={"name": ""}).json()
    assert error["errors"]["json"]["name"]


def test_broken_json_is_an_error_in_the_same_shape(admin: Client) -> None:
    answer = admin.post(
        "/api/instruments/", content=b"{not json", headers={"Content-Type": "application/json"}
    )
    assert 400 <= answer.status_code < 500
    assert answer.json()["code"] == answer.status_code


def test_too_many_attempts_to_sign_in_are_429(app: Flask) -> None:
    from dataclasses import replace

    from api.app import create_app

    config = replace(app.extensions["services"].config, login_rate="2 per minute")
    client = create_app(config).test_client()
    body = {"email": f"{uuid.uuid4()}@example.com", "password": "wrong"}
    answers = [client.post("/api/auth/login", json=body) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert answers[-1].json["code"] == 429


def test_lists_are_paged_and_sorted(admin: Client, instrument: str) -> None:
    for n in range(3):
        admin.upload(instrument, f"note {n}.txt", b"Note number %d of three notes." % n)
    params = {"instrument": instrument, "page_size": 2}
    first = admin.get("/api/sources/", params=params)
    second = admin.get("/api/sources/", params={**params, "page": 2})
    assert '"total": 3' in first.headers["X-Pagination"]
    titles = [source["title"] for source in first.json() + second.json()]
    assert titles == ["note 2", "note 1", "note 0"]
    found = admin.get("/api/sources/", params={"instrument": instrument, "q": "NOTE 1"}).json()
    assert [source["title"] for source in found] == ["note 1"]
    assert admin.get("/api/sources/", params={"instrument": instrument, "q": "%"}).json() == []


def test_an_idempotency_key_gives_the_same_answer(admin: Client) -> None:
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    body = {"name": f"Once {uuid.uuid4().hex[:6]}"}
    first = admin.post("/api/instruments/", json=body, headers=headers)
    second = admin.post("/api/instruments/", json=body, headers=headers)
    assert (first.status_code, second.status_code) == (201, 201)
    assert second.json() == first.json()
    assert second.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    other = admin.post("/api/instruments/", json={"name": "Other"}, headers=headers)
    assert other.status_code == 422


def test_idempotent_questions_are_asked_once(admin: Client, instrument: str) -> None:
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    body = {"instrument_id": instrument, "question": "Once?", "model": "extractive"}
    turns = {
        admin.post("/api/chat/ask", json=body, headers=headers).json()["turn_id"] for _ in range(3)
    }
    assert len(turns) == 1


def test_the_openapi_document_holds_the_contract(admin: Client) -> None:
    paths = admin.get("/openapi.json").json()["paths"]
    promised = {
        "/api/auth/login": {"post"},
        "/api/auth/refresh": {"post"},
        "/api/auth/logout": {"post"},
        "/api/auth/me": {"get"},
        "/api/auth/status": {"get"},
        "/api/api-keys/": {"get", "post"},
        "/api/api-keys/{}": {"delete"},
        "/api/stream-tickets": {"post"},
        "/api/instruments/": {"get", "post"},
        "/api/instruments/{}": {"get", "patch", "delete"},
        "/api/sources/": {"get", "post"},
        "/api/sources/{}": {"get", "patch", "delete"},
        "/api/sources/{}/reindex": {"post"},
        "/api/sources/{}/fragments": {"get"},
        "/api/sourceversions/": {"get"},
        "/api/uploads/initiate": {"post"},
        "/api/uploads/{}/complete": {"patch"},
        "/api/jobs/": {"get"},
        "/api/jobs/{}": {"get"},
        "/api/jobs/{}/cancel": {"post"},
        "/api/jobs/{}/retry": {"post"},
        "/api/jobs/{}/events": {"get"},
        "/stream/jobs/{}": {"get"},
        "/stream/turns/{}": {"get"},
        "/stream/chat": {"get"},
        "/api/chat/ask": {"post"},
        "/api/chat/turns/{}": {"get", "patch"},
        "/api/chat/regen/{}": {"post"},
        "/api/chat/turn/{}/cancel": {"post"},
        "/api/chat/turn/{}/feedback": {"post"},
        "/api/chat/sessions/": {"get"},
        "/api/chat/sessions/{}": {"get", "patch", "delete"},
        "/api/chat/sessions/{}/export": {"get"},
        "/api/citations/turn/{}": {"get"},
        "/api/search/": {"get"},
        "/api/llm-defaults/providers": {"get"},
        "/api/llm-defaults/{}": {"get", "put", "delete"},
        "/api/llm-prompts/{}": {"get", "post", "delete"},
        "/api/llm-prompts/{}/default": {"get"},
        "/v1/models": {"get"},
        "/v1/models/{}": {"get"},
        "/v1/chat/completions": {"post"},
        "/api/viewer/pdf/{}": {"get"},
        "/api/viewer/pdf/{}/pages/{}.png": {"get"},
        "/api/viewer/video/{}": {"get"},
        "/api/viewer/audio/{}": {"get"},
        "/api/viewer/image/{}": {"get"},
        "/api/viewer/text/{}": {"get"},
        "/healthz": {"get"},
        "/readyz": {"get"},
        "/api/health/": {"get"},
        "/metrics": {"get"},
    }
    served = {
        re.sub(r"\{\w+\}", "{}", path): set(methods) - {"parameters"}
        for path, methods in paths.items()
    }
    for path, methods in promised.items():
        assert methods <= served.get(path, set()), path


def test_the_docs_work_without_a_network(admin: Client) -> None:
    page = admin.get("/docs").text
    for name in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert name.startswith("/docs-files/"), name
        assert admin.get(name).status_code == 200


def test_health_names_each_service(admin: Client) -> None:
    assert admin.get("/healthz").json() == {"status": "ok"}
    ready = admin.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["services"] == {
        "postgres": "ok",
        "redis": "ok",
        "object_store": "ok",
        "chroma": "ok",
    }
    assert "vouch_request_seconds" in admin.get("/metrics").text


def test_health_says_what_is_down(app: Flask) -> None:
    from dataclasses import replace

    from api.app import create_app

    config = replace(app.extensions["services"].config, chroma_url="http://127.0.0.1:9")
    answer = create_app(config).test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json["services"]["chroma"] == "down"
    assert answer.json["services"]["postgres"] == "ok"


def test_the_api_loads_no_model_and_no_parser(stack: Stack) -> None:
    """After serving the routes that matter, none of the heavy libraries is in the process."""
    code = """
import sys
from api.wsgi import app
client = app.test_client()
token = client.post("/api/auth/login", json={"email": "admin@example.com",
    "password": "vouch-demo"}).json["access_token"]
headers = {"Authorization": f"Bearer {token}"}
for path in ("/readyz", "/openapi.json", "/api/sources/", "/api/instruments/", "/api/jobs/"):
    assert client.get(path, headers=headers).status_code == 200, path
heavy = {"torch", "unstructured", "openvino", "sentence_transformers", "tokenizers", "rapidocr",
    "onnxruntime", "cv2", "av", "spacy", "pypdfium2", "transformers"}
print(sorted(heavy & set(sys.modules)))
"""
    ran = subprocess.run(
        [sys.executable, "-c", code], env=stack.env, cwd=ROOT, capture_output=True, text=True
    )
    assert ran.stdout.strip().splitlines()[-1] == "[]", ran.stderr


def test_no_secret_or_text_is_logged(admin: Client, instrument: str, stack: Stack) -> None:
    marker = f"zebra{uuid.uuid4().hex}"
    admin.add_bytes(instrument, "secret.md", NOTES + marker.encode())
    admin.ask(instrument, f"What of {marker}?")
    logs = "".join(
        path.read_text(errors="replace") for path in (stack.datadir.path / "log").glob("*.log")
    )
    assert "/api/chat/ask" in logs
    assert marker not in logs
    assert "vouch-demo" not in logs
    for name in ("SECRET_KEY", "S3_SECRET_KEY", "OPENAI_API_KEY"):
        assert stack.env[name] not in logs, name
