"""The Postman collection: what the OpenAPI document says today, in Postman's format."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from deploy import postman

REQUEST = {
    "type": "object",
    "required": ["method", "url", "header"],
    "properties": {
        "method": {"enum": ["GET", "POST", "PUT", "PATCH", "DELETE"]},
        "url": {
            "type": "object",
            "required": ["raw", "host", "path"],
            "properties": {
                "raw": {"type": "string", "pattern": r"^\{\{baseUrl\}\}/"},
                "host": {"type": "array", "items": {"type": "string"}},
                "path": {"type": "array", "items": {"type": "string"}},
                "query": {"$ref": "#/$defs/pairs"},
            },
        },
        "header": {"$ref": "#/$defs/pairs"},
        "body": {
            "type": "object",
            "required": ["mode", "raw"],
            "properties": {"mode": {"const": "raw"}, "raw": {"type": "string"}},
        },
        "auth": {"type": "object", "required": ["type"]},
    },
}
COLLECTION = {
    "type": "object",
    "required": ["info", "item"],
    "properties": {
        "info": {
            "type": "object",
            "required": ["name", "schema"],
            "properties": {"schema": {"const": postman.SCHEMA}, "name": {"type": "string"}},
        },
        "auth": {
            "type": "object",
            "required": ["type", "bearer"],
            "properties": {"type": {"const": "bearer"}, "bearer": {"$ref": "#/$defs/pairs"}},
        },
        "variable": {"$ref": "#/$defs/pairs"},
        "item": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/folder"}},
    },
    "$defs": {
        "pairs": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["key", "value"],
                "properties": {"key": {"type": "string"}, "value": {"type": "string"}},
            },
        },
        "folder": {
            "type": "object",
            "required": ["name", "item"],
            "properties": {
                "item": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["name", "request"],
                        "properties": {"name": {"type": "string"}, "request": REQUEST},
                    },
                }
            },
        },
    },
}
"""What https://schema.getpostman.com/json/collection/v2.1.0 asks of the parts that are used."""


@pytest.fixture(scope="module")
def committed() -> dict[str, Any]:
    return json.loads(postman.FILE.read_text())


def _requests(collection: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for folder in collection["item"]:
        for item in folder["item"]:
            yield item["request"]


def test_the_collection_is_what_the_document_says_today() -> None:
    assert postman.FILE.read_text() == postman.text_of(postman.document()), "run: make docs"


def test_every_operation_is_in_it_once(committed: dict[str, Any]) -> None:
    paths = postman.document()["paths"]
    promised = sorted(
        f"{method.upper()} {path}"
        for path in paths
        for method in paths[path]
        if method != "parameters"
    )
    held = sorted(
        f"{request['method']} "
        + re.sub(r"\{\{(\w+)\}\}", r"{\1}", request["url"]["raw"].removeprefix("{{baseUrl}}"))
        for request in _requests(committed)
    )
    assert held == promised


def test_it_is_in_postmans_format(committed: dict[str, Any]) -> None:
    jsonschema.validate(committed, COLLECTION)


def test_every_variable_is_declared(committed: dict[str, Any]) -> None:
    declared = {variable["key"] for variable in committed["variable"]}
    assert {"baseUrl", "token"} <= declared
    assert set(re.findall(r"\{\{(\w+)\}\}", json.dumps(committed))) <= declared


def test_bodies_are_json_and_sign_in_is_open(committed: dict[str, Any]) -> None:
    for request in _requests(committed):
        if "body" in request:
            json.loads(request["body"]["raw"])
    login = next(r for r in _requests(committed) if r["url"]["raw"].endswith("/api/auth/login"))
    assert login["auth"] == {"type": "noauth"}
    assert set(json.loads(login["body"]["raw"])) == {"email", "password"}
