"""Instruments: what people ask about, and the boundary of access."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, HasId, HasTimes, Id, Time


class Instrument(HasId, HasTimes, Base):
    """What is deleted is marked in the request and nobody sees it any more; a job removes it."""

    __tablename__ = "instruments"
    __table_args__ = (
        Index(
            "ix_instruments_deleted", "deleted_at", postgresql_where=text("deleted_at IS NOT NULL")
        ),
    )

    name: Mapped[str]
    slug: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str] = mapped_column(default="")
    mark_unproven: Mapped[bool] = mapped_column(default=True)
    """Whether answers mark their sentences that nothing proves."""
    created_by: Mapped[str | None] = mapped_column(Id, ForeignKey("users.id", ondelete="SET NULL"))
    embedding_model: Mapped[str | None]
    """The model chosen for it; None: the one that is set for all."""
    index: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """The VectorIndex that questions are looked up in; None until something was read."""
    shadow_index: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """The one that a reindex job fills, to take its place."""
    deleted_at: Mapped[datetime | None] = mapped_column(Time)
