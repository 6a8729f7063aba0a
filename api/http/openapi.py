"""What the OpenAPI document says of every operation alike: who may call it, how it is refused.

Views say what is theirs: a docstring, schemas in and out. From a view's access rule follow its
security and the refusals that go with it; from its method, Idempotency-Key; from `/v1`, OpenAI's
shape of errors.
"""

from __future__ import annotations

from typing import Any

from apispec import APISpec, BasePlugin
from flask import Flask
from werkzeug.routing import Rule

from api.http.access import rule_of
from api.http.json_fields import locator_schemas

SPEC_OPTIONS = {
    "info": {
        "description": (
            "Questions about an instrument, answered from its manuals, pictures, videos and files, "
            "each answer with its proofs. Lists take `page` and `page_size` and answer an array "
            "with the header X-Pagination; errors have one shape; ids are UUIDs; times are RFC "
            "3339 in UTC."
        ),
        "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
    },
    "servers": [{"url": "/"}],
}

SECURITY_SCHEMES: dict[str, dict[str, Any]] = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "`access_token` of POST /api/auth/login. An API key is taken here too, as "
        "clients of the OpenAI API send theirs.",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "access_token_cookie",
        "description": "Set by POST /api/auth/login with `session_mode` `web`.",
    },
    "refreshCookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "refresh_token_cookie",
        "description": "Set with the access token's cookie, sent under /api/auth alone.",
    },
    "csrf": {
        "type": "apiKey",
        "in": "header",
        "name": "X-CSRF-TOKEN",
        "description": "With cookies, on writing requests: the value of the cookie "
        "`csrf_access_token` (of `csrf_refresh_token` for POST /api/auth/refresh).",
    },
    "apiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "`key` of POST /api/api-keys/, for services.",
    },
    "ticket": {
        "type": "apiKey",
        "in": "query",
        "name": "ticket",
        "description": "`ticket` of POST /api/stream-tickets, for clients that can't send headers.",
    },
}

PARAMETERS: dict[str, dict[str, Any]] = {
    "IdempotencyKey": {
        "in": "header",
        "name": "Idempotency-Key",
        "schema": {"type": "string", "maxLength": 200},
        "description": "The same key and body give the same answer again for a day; the same key "
        "with another body is 422.",
    },
    "LastEventID": {
        "in": "header",
        "name": "Last-Event-ID",
        "schema": {"type": "string"},
        "description": "The `id` of the last event that arrived: what came after it is sent.",
    },
    "Prefer": {
        "in": "header",
        "name": "Prefer",
        "schema": {"type": "string"},
        "example": "wait=30",
        "description": "`wait=SECONDS`, at most 60: wait for the whole answer.",
    },
}

_PATH_PARAMETERS = {
    "citation_id": "Id of a citation",
    "instrument_id": "Id of an instrument",
    "job_id": "Id of a job",
    "key_id": "Id of an API key",
    "model": "`vouch/<slug>` of an instrument",
    "page": "Number of the page, from 1",
    "question_id": "Id of a golden question",
    "session_id": "Id of a conversation",
    "source_id": "Id of a source",
    "turn_id": "Id of a turn",
    "type_": "Kind of prompt: `answer`, `rewrite` or `title`",
    "upload_id": "Id of an upload",
}
_SAFE = ("get", "head")
_OPENAI_ERROR = "OPENAI_ERROR"


class ContractPlugin(BasePlugin):
    """Completes each operation as it is put into the document."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def init_spec(self, spec: APISpec) -> None:
        for name, scheme in SECURITY_SCHEMES.items():
            spec.components.security_scheme(name, scheme)
        for name, parameter in PARAMETERS.items():
            spec.components.parameter(name, parameter["in"], dict(parameter))
        for name, schema in locator_schemas().items():
            spec.components.schema(name, schema)
        spec.components.response(_OPENAI_ERROR, _openai_error())

    def path_helper(
        self,
        path: str | None = None,  # noqa: ARG002 - apispec calls it so
        operations: dict[Any, Any] | None = None,  # noqa: ARG002
        parameters: list[Any] | None = None,
        **_: Any,
    ) -> None:
        """Say what the parameters of the path are."""
        for parameter in parameters or ():
            if isinstance(parameter, dict) and parameter["in"] == "path":
                parameter.setdefault("description", _PATH_PARAMETERS.get(parameter["name"], ""))

    def operation_helper(
        self,
        path: str | None = None,  # noqa: ARG002 - apispec calls it so
        operations: dict[Any, Any] | None = None,
        **more: Any,
    ) -> None:
        """Add security, refusals and Idempotency-Key. `more["rule"]` is the werkzeug Rule."""
        rule: Rule = more["rule"]
        view = self._app.view_functions[rule.endpoint]
        for method, operation in (operations or {}).items():
            stated = rule_of(view, method)
            # A view that anybody may call may still say what it takes, as a refresh token.
            operation.setdefault("security", _security(stated, method, rule.rule))
            responses = operation.setdefault("responses", {})
            for code, name in _refusals(stated, "<" in rule.rule).items():
                responses.setdefault(code, name)
            if method == "post" and stated != "public":
                operation.setdefault("parameters", []).append("IdempotencyKey")
                responses.setdefault("409", "CONFLICT")
            if rule.rule.startswith("/v1/"):
                operation["responses"] = _as_openai(responses)


def _security(stated: str | None, method: str, path: str) -> list[dict[str, list[str]]]:
    if stated == "public":
        return []
    cookie: dict[str, list[str]] = {"cookie": []} if method in _SAFE else {"cookie": [], "csrf": []}
    ticket: list[dict[str, list[str]]] = [{"ticket": []}] if path.startswith("/stream/") else []
    return [{"bearer": []}, cookie, {"apiKey": []}, *ticket]


def _refusals(stated: str | None, names_something: bool) -> dict[str, str]:
    """Status code -> the refusal that a view's rule brings with it."""
    if stated == "public":
        return {}
    refusals = {"401": "UNAUTHORIZED"}
    if stated in ("instrument", "admin"):
        refusals["403"] = "FORBIDDEN"
    if stated == "instrument" or names_something:
        refusals["404"] = "NOT_FOUND"
    return refusals


def _as_openai(responses: dict[Any, Any]) -> dict[str, Any]:
    """The answers of an operation, its errors in OpenAI's shape, where 422 is 400."""
    told: dict[str, Any] = {}
    for code, response in responses.items():
        is_error = str(code)[0] in "45d"
        told["400" if str(code) == "422" else str(code)] = _OPENAI_ERROR if is_error else response
    return told


def _openai_error() -> dict[str, Any]:
    text = {"type": "string", "nullable": True}
    error = {
        "type": "object",
        "required": ["message", "type"],
        "properties": {
            "message": {"type": "string"},
            "type": {"type": "string"},
            "param": text,
            "code": text,
        },
    }
    schema = {"type": "object", "required": ["error"], "properties": {"error": error}}
    return {
        "description": "An error in OpenAI's shape",
        "content": {"application/json": {"schema": schema}},
    }
