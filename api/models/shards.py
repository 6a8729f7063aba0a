"""Shards: pieces of a job that any worker of its queue may do."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, HasId, Id, Time, now


class Shard(HasId, Base):
    """Stored Fragments of a version that still need their vectors in one collection.

    It covers the ordinals `first_ordinal` (inclusive) to `end_ordinal` (exclusive). Doing it
    again replaces the same vectors by id. `lease_owner` may finish it until `lease_until`.
    """

    __tablename__ = "shards"
    __table_args__ = (
        Index(
            "ix_shards_to_do", "job_id", "first_ordinal", postgresql_where=text("done_at IS NULL")
        ),
    )

    job_id: Mapped[str] = mapped_column(Id, ForeignKey("jobs.id", ondelete="CASCADE"))
    instrument_id: Mapped[str] = mapped_column(
        Id, ForeignKey("instruments.id", ondelete="CASCADE"), index=True
    )
    version_id: Mapped[str] = mapped_column(
        Id, ForeignKey("source_versions.id", ondelete="CASCADE"), index=True
    )
    first_ordinal: Mapped[int] = mapped_column(BigInteger)
    end_ordinal: Mapped[int] = mapped_column(BigInteger)
    index: Mapped[dict[str, Any]] = mapped_column(JSONB)
    """The VectorIndex that the vectors are for."""
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None] = mapped_column(Time)
    done_at: Mapped[datetime | None] = mapped_column(Time)
    spent: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    """Seconds by stage, and fragments whose vectors were known from before."""
    created_at: Mapped[datetime] = mapped_column(Time, default=now)
