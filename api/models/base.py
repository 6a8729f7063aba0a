"""What every table shares: UUID keys, times in UTC, constraint names that migrations can find."""

import uuid
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    DateTime,
    MetaData,
    String,
    TypeDecorator,
    any_,
    bindparam,
    cast,
    literal,
)
from sqlalchemy.dialects.postgresql import UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


Reader = Session | Connection
"""Whatever runs statements that only read: a bare connection spares the work of objects."""


def new_id() -> str:
    return str(uuid.uuid4())


def is_uuid(text: str) -> bool:
    """Whether `text` is an id as Postgres and this API write it; Python reads others too."""
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def now() -> datetime:
    return datetime.now(UTC)


Id = UUID(as_uuid=False)
Time = DateTime(timezone=True)


class HasId:
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)


class HasTimes:
    created_at: Mapped[datetime] = mapped_column(Time, default=now, index=True)
    updated_at: Mapped[datetime] = mapped_column(Time, default=now, onupdate=now)


class IdList(TypeDecorator[Collection[str]]):
    """Ids on their way into a statement, as Postgres writes an array: an array type of
    SQLAlchemy's looks at each of them."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: Collection[str] | None, dialect: Any) -> str | None:  # noqa: ARG002
        return None if value is None else f"{{{','.join(value)}}}"


def among(column: Any, values: Collection[Any] | str) -> ColumnElement[bool]:
    """`column` is one of `values`, or of those that come with the execution under this name.

    One array instead of a parameter for each, so that Postgres plans a statement once however
    many there are.
    """
    is_id = isinstance(column.type, UUID)
    kind = IdList() if is_id else ARRAY(column.type)
    given: Any = (
        bindparam(values, type_=kind) if isinstance(values, str) else literal(list(values), kind)
    )
    return column == any_(cast(given, ARRAY(column.type)) if is_id else given)
