"""Instruments: what people ask about, and the boundary of access."""

from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, HasId, HasTimes, Id


class Instrument(HasId, HasTimes, Base):
    __tablename__ = "instruments"

    name: Mapped[str]
    slug: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str] = mapped_column(default="")
    created_by: Mapped[str | None] = mapped_column(Id, ForeignKey("users.id", ondelete="SET NULL"))
    index: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """The VectorIndex that questions are looked up in; None until something was read."""
    shadow_index: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """The one that a reindex job fills, to take its place."""
