"""Is the process alive, and is everything that it needs?"""

from __future__ import annotations

import concurrent.futures
from pathlib import Path
from typing import Any

from flask import Response, jsonify
from marshmallow import Schema, fields
from sqlalchemy import text

from api.chat import llm_defaults
from api.config import Config
from api.extensions import db
from api.http import access
from api.http.json_fields import TEXT
from api.http.paging import Blueprint
from api.services import Services, services
from pipelines.embedders.remote import PROVIDER

blueprint = Blueprint("health", __name__, description="Health")

CHECK_SECONDS = 5
NEEDED = ("postgres", "redis", "object_store", "chroma")


class AliveSchema(Schema):
    status = fields.String()


class ReadySchema(Schema):
    status = fields.String(metadata={"enum": ["ok", "unavailable"]})
    services = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        metadata={"description": "`ok` or `down` for each backing service"},
    )
    models = fields.Dict(
        keys=fields.String(),
        values=fields.String(),
        metadata={"description": "`language`, the model that answers, and `embedding`"},
    )


@blueprint.route("/healthz")
@access.rule("public")
@blueprint.response(200, AliveSchema)
def healthz() -> Response:
    """Whether the process lives."""
    return jsonify({"status": "ok"})


@blueprint.route("/readyz")
@access.rule("public")
@blueprint.response(200, ReadySchema)
@blueprint.alt_response(503, schema=ReadySchema, description="One that is needed is down")
def readyz() -> Response:
    """Each backing service with its state, and the models; 503 while a service is down."""
    return _answer()


@blueprint.route("/api/health/")
@access.rule("public")
@blueprint.response(200, ReadySchema)
@blueprint.alt_response(503, schema=ReadySchema, description="One that is needed is down")
def health() -> Response:
    """What `/readyz` answers, under the API's prefix."""
    return _answer()


@blueprint.route("/metrics")
@access.rule("public")
@blueprint.response(200, TEXT, content_type="text/plain")
def metrics() -> Response:
    """Counts and times for Prometheus.

    The proxy in front should keep them inside.
    """
    from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

    return Response(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _answer() -> Response:
    found = states(services())
    ready = all(found[name] == "ok" for name in NEEDED)
    answer = jsonify(
        {
            "status": "ok" if ready else "unavailable",
            "services": found,
            "models": models(services().config, found["postgres"] == "ok"),
        }
    )
    answer.status_code = 200 if ready else 503
    return answer


def models(config: Config, ask: bool) -> dict[str, str]:
    """The models that answer and embed, files and directories by their last name only.

    `ask` whether an administrator set another one to answer; without, the settings tell.
    """
    language = config.llm
    if ask:
        language = llm_defaults.default_of(db.session(), config, "answer").model
        db.session.rollback()
    provider, colon, model = language.partition(":")
    if provider == "mock":
        model = Path(model).name
    embedding = config.embedding_model
    if not embedding.startswith(PROVIDER):
        embedding = Path(embedding).name
    return {"language": provider + colon + model, "embedding": embedding}


def states(with_: Services) -> dict[str, str]:
    """`ok` or `down` for each backing service; one that doesn't answer in 5 s is down."""
    checks: dict[str, Any] = {
        "redis": lambda: with_.redis.ping(),
        "object_store": lambda: with_.storage.ping(),
        "chroma": lambda: with_.index.ping(),
    }
    found = {"postgres": _state(_ping_postgres)}
    # Not as a context manager: leaving one waits for a check that hangs.
    pool = concurrent.futures.ThreadPoolExecutor(max_workers=len(checks))
    running = {name: pool.submit(_state, check) for name, check in checks.items()}
    for name, future in running.items():
        try:
            found[name] = future.result(timeout=CHECK_SECONDS)
        except TimeoutError:
            found[name] = "down"
    pool.shutdown(wait=False)
    return found


def _ping_postgres() -> None:
    db.session.execute(text("select 1"))
    db.session.remove()


def _state(check: Any) -> str:
    try:
        check()
    except Exception:  # noqa: BLE001 - whatever is wrong with a service, it is down
        return "down"
    return "ok"
