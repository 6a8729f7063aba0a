"""Fields that show JSON as it is stored; the OpenAPI document says what it looks like."""

from __future__ import annotations

from typing import Any

from marshmallow import fields
from pydantic import TypeAdapter

from pipelines.types import Locator

REFS = "#/components/schemas/"

TEXT = {"type": "string"}
"""The schema of an answer that is plain text, or a stream of it."""
FILE = {"type": "string", "format": "binary"}
"""The schema of an answer that is a file."""


class Stored(fields.Nested):
    """JSON as it is stored: the schema describes it, nothing is converted or left out."""

    def _serialize(self, *args: Any, **_: Any) -> Any:
        return args[0]


def locator_schemas() -> dict[str, dict[str, Any]]:
    """Name -> schema, in the words of OpenAPI 3.0: `Locator` and one for each of its types."""
    whole = TypeAdapter(Locator).json_schema(ref_template=REFS + "{model}")
    schemas = {name: _as_openapi(schema) for name, schema in whole.pop("$defs").items()}
    return {**schemas, "Locator": _as_openapi(whole)}


def locator_field(**settings: Any) -> fields.Field[Any]:
    """A field that holds a Locator as JSON."""
    return fields.Dict(metadata={"allOf": [{"$ref": f"{REFS}Locator"}]}, **settings)


def locators_field() -> fields.Field[Any]:
    """A field that holds a list of Locators as JSON."""
    return fields.List(locator_field())


def _as_openapi(schema: Any) -> Any:
    """JSON Schema 2020-12 in what OpenAPI 3.0 has for it: no tuples, constants or null type."""
    if isinstance(schema, list):
        return [_as_openapi(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    told = {
        name: _as_openapi(value)
        for name, value in schema.items()
        if name not in ("prefixItems", "const", "anyOf")
        and value is not None
        and not (name == "title" and isinstance(value, str))
    }
    if "prefixItems" in schema:
        told["items"] = _as_openapi(schema["prefixItems"][0])
    if "const" in schema:
        told["enum"] = [schema["const"]]
    if "anyOf" in schema:
        choices = [each for each in schema["anyOf"] if each != {"type": "null"}]
        told |= {"nullable": True, **_as_openapi(choices[0])}
    return told
