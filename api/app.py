"""create_app: the list of what the application is made of."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from api import errors
from api.chat import replays
from api.cli import operators
from api.config import Config
from api.extensions import db, jwt, limiter, migrate, smorest
from api.http import access, idempotency, logs, openapi, validation
from api.routes import ROUTES, docs
from api.services import Services


def create_app(config: Config, services: Services | None = None) -> Flask:
    app = Flask(__name__, static_folder=None)
    app.config.from_mapping(_flask_settings(config))
    app.extensions["services"] = services or Services(config)
    if config.trusted_proxies:
        count = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]

    logs.init_app(app, config)
    errors.init_app(app)
    db.init_app(app)
    migrate.init_app(app, db, directory="migrations")
    jwt.init_app(app)
    limiter.init_app(app)
    validation.init_app(app)
    access.init_app(app)
    idempotency.init_app(app, replays.check_turn)
    operators.init_app(app)
    smorest.init_app(app, spec_kwargs={"extra_plugins": [openapi.ContractPlugin(app)]})
    for blueprint in ROUTES:
        smorest.register_blueprint(blueprint)
    app.register_blueprint(docs.blueprint)
    access.open_to_all(app, "api-docs.openapi_json", "api-docs.openapi_swagger_ui")
    return app


def _flask_settings(config: Config) -> dict[str, object]:
    secure = config.secure_cookies or not config.is_local
    return {
        "SECRET_KEY": config.secret_key.get_secret_value(),
        "SQLALCHEMY_DATABASE_URI": config.database_url.get_secret_value(),
        "SQLALCHEMY_ENGINE_OPTIONS": {
            "pool_size": 10,
            "max_overflow": 20,
            # A connection that was closed while it rested is made anew.
            "pool_pre_ping": True,
            "connect_args": {"connect_timeout": 5},
        },
        "JWT_SECRET_KEY": config.secret_key.get_secret_value(),
        "JWT_TOKEN_LOCATION": ["headers", "cookies"],
        "JWT_ACCESS_TOKEN_EXPIRES": timedelta(seconds=config.access_token_seconds),
        "JWT_REFRESH_TOKEN_EXPIRES": timedelta(seconds=config.refresh_token_seconds),
        "JWT_COOKIE_SECURE": secure,
        "JWT_COOKIE_SAMESITE": "Lax",
        "JWT_COOKIE_CSRF_PROTECT": True,
        "JWT_REFRESH_COOKIE_PATH": "/api/auth",
        "RATELIMIT_STORAGE_URI": config.redis_url.get_secret_value(),
        # Redis may be away: then nobody is locked out, and a count in memory takes over.
        "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,
        "RATELIMIT_HEADERS_ENABLED": True,
        "MAX_CONTENT_LENGTH": 1 << 20,
        "API_TITLE": "Vouch",
        "API_VERSION": "1",
        "OPENAPI_VERSION": "3.0.3",
        "API_SPEC_OPTIONS": openapi.SPEC_OPTIONS,
        "OPENAPI_URL_PREFIX": "/",
        "OPENAPI_JSON_PATH": "openapi.json",
        "OPENAPI_SWAGGER_UI_PATH": "/docs" if config.is_local else None,
        "OPENAPI_SWAGGER_UI_URL": "/docs-files/",
    }
