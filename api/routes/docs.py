"""Swagger UI's files, from the package, so that /docs works without a network."""

from __future__ import annotations

from flask import Response, send_from_directory

from api import access
from api.paging import Blueprint

blueprint = Blueprint("docs-files", __name__, url_prefix="/docs-files")


@blueprint.route("/<path:name>")
@blueprint.doc(hidden=True)
@access.rule("public")
def docs_file(name: str) -> Response:
    import swagger_ui_bundle

    return send_from_directory(swagger_ui_bundle.swagger_ui_path, name)
