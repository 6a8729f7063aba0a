"""The application: HTTP in, rows and jobs out."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def create_app() -> Flask:
    """What `flask --app api` runs; loaded when asked for, as every module of `api` passes here."""
    from api.app import create_app as create
    from api.startup import settings_or_exit

    return create(settings_or_exit())
