"""Bare extension objects; `create_app` binds them."""

from flask_jwt_extended import JWTManager
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

from api.errors import VouchApi
from api.models.base import Base

# Rows stay readable after a commit (law 6: no transaction across slow work).
db: SQLAlchemy = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
migrate = Migrate()
jwt = JWTManager()
smorest = VouchApi()
limiter = Limiter(key_func=get_remote_address, default_limits=[])
