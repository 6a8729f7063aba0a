"""The OpenAPI document: complete for every operation, and true of what the API answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from flask import Flask

from deploy.stack import Stack
from tests.support.client import Client
from tests.support.documents import NOTES

SAMPLES = Path(__file__).parents[2] / "samples"
METHODS = ("get", "post", "put", "patch", "delete")
QUESTION = "How many watts does the motor of the mixer draw?"


@pytest.fixture(scope="module")
def document(app: Flask) -> dict[str, Any]:
    return app.test_client().get("/openapi.json").json


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """(name, operation, its path) of each."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method.upper()} {path}", item[method], item


def _lacks(operation: dict[str, Any], item: dict[str, Any]) -> list[str]:
    """What the document does not say of an operation."""
    missing = [key for key in ("summary", "tags", "security") if key not in operation]
    if "\n" in operation.get("summary", "") or len(operation.get("summary", "")) > 100:
        missing.append("a summary of one line")
    responses = operation.get("responses", {})
    success = {code: told for code, told in responses.items() if code.startswith("2")}
    if not success:
        missing.append("a success response")
    for code, told in success.items():
        content = told.get("content", {})
        if code == "204":
            continue
        if not content or not all(media.get("schema") for media in content.values()):
            missing.append(f"a schema for {code}")
        for media_type, media in content.items():
            if media_type == "application/json" and media["schema"].get("type") == "string":
                missing.append(f"a JSON schema for {code}")
    if "default" not in responses:
        missing.append("an error response")
    for parameter in [*item.get("parameters", []), *operation.get("parameters", [])]:
        if parameter.get("in") == "path" and not parameter.get("description"):
            missing.append(f"what {parameter['name']} is")
    return missing


def test_every_operation_is_described(document: dict[str, Any]) -> None:
    operations = list(_operations(document))
    assert len(operations) > 60
    lacking = {
        name: missing
        for name, operation, item in operations
        if (missing := _lacks(operation, item))
    }
    assert lacking == {}
    tags = {tag["name"] for tag in document["tags"]}
    assert {tag for _, operation, _ in operations for tag in operation["tags"]} <= tags


def test_an_operation_that_says_nothing_is_found() -> None:
    silent = {"responses": {"200": {"description": "OK"}}}
    assert _lacks(silent, {}) == [
        "summary",
        "tags",
        "security",
        "a schema for 200",
        "an error response",
    ]


def test_security_says_who_is_let_in(app: Flask, document: dict[str, Any], stack: Stack) -> None:
    """An operation is open in the document exactly when a stranger is not turned away by it."""
    schemes = document["components"]["securitySchemes"]
    assert schemes["bearer"]["bearerFormat"] == "JWT"
    assert (schemes["csrf"]["in"], schemes["csrf"]["name"]) == ("header", "X-CSRF-TOKEN")
    assert (schemes["apiKey"]["in"], schemes["apiKey"]["name"]) == ("header", "X-API-Key")
    with Client(stack.url) as stranger:
        for name, operation, _ in _operations(document):
            method, path = name.split(" ")
            address = re.sub(r"\{page\}", "1", path)
            address = re.sub(r"\{\w+\}", "6c1f2b0a-0000-4000-8000-000000000000", address)
            body = {"json": {}} if method in ("POST", "PUT", "PATCH") else {}
            turned_away = stranger.request(method, address, **body).status_code == 401
            is_open = operation["security"] == [] or {} in operation["security"]
            assert is_open != turned_away, name
            for alternative in operation["security"]:
                assert set(alternative) <= set(schemes), name
                if "cookie" in alternative:
                    assert ("csrf" in alternative) == (method != "GET"), name


def test_the_document_names_the_headers_that_clients_send(document: dict[str, Any]) -> None:
    paths, parameters = document["paths"], document["components"]["parameters"]

    def named(path: str, method: str) -> set[str]:
        told = [*paths[path].get("parameters", []), *paths[path][method].get("parameters", [])]
        return {
            parameters[each["$ref"].rpartition("/")[2]]["name"] if "$ref" in each else each["name"]
            for each in told
        }

    assert {"Prefer", "Idempotency-Key"} <= named("/api/chat/ask", "post")
    asked = {"instrument_id", "q", "session_id", "model", "last_event_id", "Last-Event-ID"}
    assert asked <= named("/stream/chat", "get")
    assert "Last-Event-ID" in named("/stream/jobs/{job_id}", "get")
    listed = paths["/api/sources/"]["get"]["responses"]["200"]
    assert "X-Pagination" in listed["headers"]
    for path in ("/stream/chat", "/stream/turns/{turn_id}", "/stream/jobs/{job_id}"):
        operation = paths[path]["get"]
        assert set(operation["responses"]["200"]["content"]) == {"text/event-stream"}
        assert "vents" in operation["description"]


class Checked(Client):
    """A client that holds each answer against the document."""

    def __init__(self, url: str, document: dict[str, Any]) -> None:
        super().__init__(url)
        self.seen: set[str] = set()
        self._document = document
        self._components = _strict(document["components"])
        self._paths = [
            (re.compile(re.sub(r"\\\{model\\\}", ".+", _pattern(path))), path)
            for path in document["paths"]
        ]

    def request(self, method: str, url: Any, **more: Any) -> httpx.Response:
        answer = super().request(method, url, **more)
        assert answer.status_code < 500, (method, url, answer.text)
        path = next(path for pattern, path in self._paths if pattern.fullmatch(answer.url.path))
        name = f"{method} {path}"
        self.seen.add(name)
        operation = self._document["paths"][path][method.lower()]
        responses = operation["responses"]
        told = responses.get(str(answer.status_code), responses["default"])
        if "$ref" in told:
            told = self._document["components"]["responses"][told["$ref"].rpartition("/")[2]]
        content = told.get("content", {})
        if answer.status_code == 204:
            assert not answer.content, name
            return answer
        media_type = answer.headers["content-type"].partition(";")[0]
        assert media_type in content, (name, media_type)
        if media_type == "application/json":
            schema = _strict(content[media_type]["schema"]) | {"components": self._components}
            try:
                jsonschema.validate(answer.json(), schema)
            except jsonschema.ValidationError as error:
                raise AssertionError(f"{name}: {error.json_path}: {error.message}") from None
        return answer


def _pattern(path: str) -> str:
    return re.sub(r"\\\{(?!model)\w+\\\}", "[^/]+", re.escape(path))


def _strict(schema: Any) -> Any:
    """OpenAPI 3.0's schemas as JSON Schema, with no property that isn't described."""
    if isinstance(schema, list):
        return [_strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    told = {name: _strict(value) for name, value in schema.items() if name != "nullable"}
    if schema.get("type") == "object" and "properties" in schema:
        told.setdefault("additionalProperties", False)
    if schema.get("nullable") is True:
        return {"anyOf": [told, {"type": "null"}]}
    return told


@pytest.fixture(scope="module")
def checked(stack: Stack, document: dict[str, Any]) -> Iterator[Checked]:
    with Checked(stack.url, document) as client:
        client.sign_in("admin@example.com")
        yield client


def test_answers_are_as_the_document_says(checked: Checked, document: dict[str, Any]) -> None:
    """One walk through the API; every answer holds no more and no less than is described."""
    instrument = checked.instrument("Described")
    source = checked.add(instrument, SAMPLES / "manual.pdf")
    note = checked.add_bytes(instrument, "mixer.md", NOTES)
    turn = checked.ask(instrument, "With what torque is the rotor nut tightened?")
    key = checked.post("/api/api-keys/", json={"name": "described"}).json()
    at = {
        "instrument_id": instrument,
        "source_id": source["id"],
        "turn_id": turn["turn_id"],
        "session_id": turn["session_id"],
        "job_id": turn["job_id"],
        "key_id": key["id"],
        "page": turn["citations"][0]["locator"]["page"],
        "type_": "answer",
        "model": f"vouch/{checked.get(f'/api/instruments/{instrument}').json()['slug']}",
    }
    queries = {
        "/api/search/": {"instrument": instrument, "q": "rotor nut"},
        "/api/sourceversions/": {"source": source["id"]},
        "/api/viewer/pdf/{source_id}": {"citation": turn["citations"][0]["id"]},
    }
    for path, item in document["paths"].items():
        if "get" in item and not path.startswith("/stream/"):
            checked.get(
                re.sub(r"\{(\w+)\}", lambda m: str(at[m[1]]), path), params=queries.get(path)
            )
    checked.get(f"/api/viewer/text/{note['id']}")
    checked.post(f"/api/chat/turn/{turn['turn_id']}/feedback", json={"rating": "up"})
    checked.get(f"/api/chat/turns/{turn['turn_id']}")
    checked.post(f"/api/jobs/{turn['job_id']}/retry")
    checked.post("/api/instruments/", json={"name": ""})
    checked.post("/api/stream-tickets")
    asked = {"role": "user", "content": QUESTION}
    body = {"model": at["model"], "messages": [asked]}
    checked.post("/v1/chat/completions", json={**body, "n": 2})
    checked.get("/v1/models/vouch/nothing")
    checked.delete(f"/api/api-keys/{key['id']}")
    checked.delete(f"/api/instruments/{instrument}")
    assert len(checked.seen) > 45


def test_the_document_is_plain_json(document: dict[str, Any]) -> None:
    """Every reference leads somewhere."""
    text = json.dumps(document)
    for kind, name in set(re.findall(r'"#/components/(\w+)/(\w+)"', text)):
        assert name in document["components"][kind], (kind, name)
