"""Swagger UI's files, from the package, so that /docs works without a network."""

from __future__ import annotations

from flask import Blueprint, Response, send_from_directory

from api.http import access

blueprint = Blueprint("docs-files", __name__, url_prefix="/docs-files")


@blueprint.route("/<path:name>")
@access.rule("public")
def docs_file(name: str) -> Response:
    import swagger_ui_bundle

    return send_from_directory(swagger_ui_bundle.swagger_ui_path, name)
