"""What every table shares: UUID keys, times in UTC, constraint names that migrations can find."""

import uuid
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, Connection, DateTime, MetaData, any_, literal
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
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def now() -> datetime:
    return datetime.now(UTC)


Id = UUID(as_uuid=False)
Time = DateTime(timezone=True)


class HasId:
    id: Mapped[str] = mapped_column(Id, primary_key=True, default=new_id)


class HasTimes:
    created_at: Mapped[datetime] = mapped_column(Time, default=now, index=True)
    updated_at: Mapped[datetime] = mapped_column(Time, default=now, onupdate=now)


def among(column: Any, values: Collection[Any]) -> ColumnElement[bool]:
    """`column` is one of `values`: one array instead of a parameter for each, so that Postgres
    plans a statement once however many there are."""
    return column == any_(literal(list(values), ARRAY(column.type)))
