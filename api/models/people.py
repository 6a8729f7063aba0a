"""People and services that call us, and how they prove who they are."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from gevent import get_hub, monkey
from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.security import check_password_hash, generate_password_hash

from api.models.base import Base, HasId, HasTimes, Id, Time, now

# A hash to compare with when the account does not exist, so that both cases take as long.
_NOBODY = generate_password_hash("nobody has this password")


class User(HasId, HasTimes, Base):
    """Role `admin` manages every instrument; `member` sees what is granted."""

    __tablename__ = "users"

    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str] = mapped_column(default="")
    password_hash: Mapped[str | None]
    role: Mapped[str] = mapped_column(default="member")
    is_active: Mapped[bool] = mapped_column(default=True)

    @property
    def is_admin(self) -> bool:
        return self.role == "admin"

    def set_password(self, password: str) -> None:
        self.password_hash = generate_password_hash(password)


def password_matches(user: User | None, password: str) -> bool:
    """Whether `password` is the user's; takes as long for nobody as for somebody."""
    stored = user.password_hash if user is not None and user.password_hash else _NOBODY
    matches = _off_the_hub(check_password_hash, stored, password)
    return matches and user is not None and user.is_active


def _off_the_hub(work: Callable[..., bool], *args: str) -> bool:
    """Under gevent, hashing in a real thread: it would hold up every stream of the process."""
    if not monkey.is_module_patched("threading"):
        return work(*args)
    return get_hub().threadpool.apply(work, args)


class SignIn(HasId, Base):
    """One sign-in and all tokens that descend from it.

    Every token names its sign-in, so ending it ends them all. Only the newest refresh token
    counts: an older one used again means that somebody else holds it.
    """

    __tablename__ = "sign_ins"

    user_id: Mapped[str] = mapped_column(Id, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    refresh_jti: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(Time, default=now)
    expires_at: Mapped[datetime] = mapped_column(Time)
    ended_at: Mapped[datetime | None] = mapped_column(Time)


class ApiKey(HasId, Base):
    """A key for a service; only its SHA-256 is kept."""

    __tablename__ = "api_keys"

    user_id: Mapped[str] = mapped_column(Id, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    prefix: Mapped[str]
    sha256: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime] = mapped_column(Time, default=now)
    last_used_at: Mapped[datetime | None] = mapped_column(Time)


class IdempotentRequest(HasId, Base):
    """The answer to a request that carried an Idempotency-Key; `status` is null while it runs."""

    __tablename__ = "idempotent_requests"
    __table_args__ = (UniqueConstraint("user_id", "key", "path"),)

    user_id: Mapped[str] = mapped_column(Id, ForeignKey("users.id", ondelete="CASCADE"))
    key: Mapped[str]
    path: Mapped[str]
    body_sha256: Mapped[str]
    status: Mapped[int | None]
    headers: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Time, default=now, index=True)
