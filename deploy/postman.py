"""docs/postman_collection.json from the OpenAPI document: every operation as a Postman request.

    python -m deploy.postman

Format: https://schema.postman.com/collection/json/v2.1.0/draft-07/docs/index.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from deploy.environment import ROOT

FILE = ROOT / "docs" / "postman_collection.json"
SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
METHODS = ("get", "post", "put", "patch", "delete")

VARIABLES = {
    "baseUrl": "http://127.0.0.1:8000",
    "token": "",
    "email": "admin@example.com",
    "password": "vouch-demo",
    "page": "1",
    "type_": "answer",
    "model": "vouch/demo",
}
"""Values that a request works with at once on `make up`; ids are filled in by whoever asks."""

_KEEP_TOKEN = (
    "const answer = pm.response.json();",
    "if (answer.access_token) pm.collectionVariables.set('token', answer.access_token);",
)

Document = Mapping[str, Any]


def main() -> None:
    FILE.write_text(text_of(document()))
    print(f"{FILE.relative_to(ROOT)}: {sum(1 for _ in _operations(document()))} requests")


def document() -> Document:
    """The OpenAPI document of the application; no service is asked for it."""
    from api.app import create_app
    from api.config import Config
    from api.extensions import smorest

    create_app(Config.from_environment({}))
    return smorest.spec.to_dict()  # type: ignore[no-any-return]


def text_of(document: Document) -> str:
    """The collection as the file holds it."""
    return json.dumps(collection(document), indent=1, ensure_ascii=False) + "\n"


def collection(document: Document) -> dict[str, Any]:
    """A Postman collection (v2.1) with a folder for each tag. The same document, the same answer.

    Variables stand for the address, the token and all ids; signing in keeps the token.
    """
    folders: dict[str, list[dict[str, Any]]] = {}
    names = dict(VARIABLES)
    for path, method, operation, parameters in _operations(document):
        names |= {name: names.get(name, "") for name in re.findall(r"\{(\w+)\}", path)}
        request = _request(document, path, method, operation, parameters)
        folders.setdefault(operation["tags"][0], []).append(request)
    told = {tag["name"]: tag.get("description", "") for tag in document["tags"]}
    return {
        "info": {
            "name": document["info"]["title"],
            "description": document["info"]["description"],
            "schema": SCHEMA,
        },
        "auth": {
            "type": "bearer",
            "bearer": [{"key": "token", "value": "{{token}}", "type": "string"}],
        },
        "variable": [
            {"key": name, "value": value, "type": "string"} for name, value in names.items()
        ],
        "item": [
            {"name": tag, "description": told.get(tag, ""), "item": items}
            for tag, items in folders.items()
        ],
    }


def _operations(document: Document) -> Iterator[tuple[str, str, Document, list[Document]]]:
    """(path, method, operation, its parameters) of each."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                told = [*item.get("parameters", []), *item[method].get("parameters", [])]
                yield path, method, item[method], [_resolved(document, each) for each in told]


def _request(
    document: Document, path: str, method: str, operation: Document, parameters: list[Document]
) -> dict[str, Any]:
    address = re.sub(r"\{(\w+)\}", r"{{\1}}", path)
    url: dict[str, Any] = {
        "raw": "{{baseUrl}}" + address,
        "host": ["{{baseUrl}}"],
        "path": address.removeprefix("/").split("/"),
    }
    if query := [_named(each) for each in parameters if each["in"] == "query"]:
        url["query"] = query
    request: dict[str, Any] = {
        "method": method.upper(),
        "header": [_named(each) for each in parameters if each["in"] == "header"],
        "url": url,
        "description": operation.get("description") or operation["summary"],
    }
    if operation["security"] == []:
        request["auth"] = {"type": "noauth"}
    if "requestBody" in operation:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        request["header"].append({"key": "Content-Type", "value": "application/json"})
        body = json.dumps(_example(document, schema), indent=2)
        request["body"] = {
            "mode": "raw",
            "raw": body,
            "options": {"raw": {"language": "json"}},
        }
    item: dict[str, Any] = {"name": operation["summary"], "request": request, "response": []}
    if path == "/api/auth/login":
        script = {"type": "text/javascript", "exec": list(_KEEP_TOKEN)}
        item["event"] = [{"listen": "test", "script": script}]
    return item


def _named(parameter: Document) -> dict[str, Any]:
    """A query parameter or header; what may be left out is there, switched off."""
    schema = parameter.get("schema", {})
    value = parameter.get("example", schema.get("default", ""))
    named: dict[str, Any] = {"key": parameter["name"], "value": str(value)}
    if description := parameter.get("description"):
        named["description"] = description
    if not parameter.get("required"):
        named["disabled"] = True
    return named


def _example(document: Document, schema: Document, name: str = "") -> Any:
    """A body with what is required, in the names of the collection's variables."""
    schema = _resolved(document, schema)
    if "properties" in schema:
        return {
            key: _example(document, schema["properties"][key], key)
            for key in schema.get("required", [])
        }
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "array":
            return [_example(document, schema["items"], name)]
        case "integer" | "number":
            return schema.get("minimum", 0)
        case "boolean":
            return True
        case "object":
            return {}
    is_variable = name in VARIABLES or name.endswith("_id")
    return f"{{{{{name}}}}}" if is_variable else f"<{name}>"


def _resolved(document: Document, part: Document) -> Document:
    """What a reference stands for; anything else as it is."""
    while "$ref" in part:
        _, _, kind, name = part["$ref"].split("/")
        part = document["components"][kind][name]
    return part


if __name__ == "__main__":
    main()
