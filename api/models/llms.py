"""Language models as an administrator sets them: a default and prompts per kind of prompt."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, HasId, Id, Time, now


class LLMDefault(Base):
    """The model for a kind of prompt, and those to fall back on, in order."""

    __tablename__ = "llm_defaults"

    type: Mapped[str] = mapped_column(primary_key=True)
    model: Mapped[str]
    fallbacks: Mapped[list[str]] = mapped_column(JSONB, default=list)
    updated_by: Mapped[str | None] = mapped_column(Id, ForeignKey("users.id", ondelete="SET NULL"))
    updated_at: Mapped[datetime] = mapped_column(Time, default=now, onupdate=now)


class LLMPrompt(HasId, Base):
    """A version of the prompt of one kind; at most one of a kind is active."""

    __tablename__ = "llm_prompts"
    __table_args__ = (
        UniqueConstraint("type", "version"),
        Index("uq_llm_prompts_active", "type", unique=True, postgresql_where=text("is_active")),
    )

    type: Mapped[str]
    version: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    is_active: Mapped[bool] = mapped_column(default=True)
    created_by: Mapped[str | None] = mapped_column(Id, ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(Time, default=now)
