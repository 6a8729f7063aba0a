"""Golden questions of an instrument, and what runs over them found."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, HasId, Id, Time, now


class GoldenQuestion(HasId, Base):
    """A question with where its answer stands. `turn_id`: the turn whose feedback it came from."""

    __tablename__ = "golden_questions"

    instrument_id: Mapped[str] = mapped_column(
        Id, ForeignKey("instruments.id", ondelete="CASCADE"), index=True
    )
    question: Mapped[str] = mapped_column(Text)
    answer: Mapped[str] = mapped_column(Text, default="")
    filename: Mapped[str | None]
    """Of the Source that holds the answer; None when nobody has said so yet."""
    page: Mapped[int | None]
    must: Mapped[str] = mapped_column(Text, default="")
    """What a right answer says, as pipelines/answering/expected_text.py reads it."""
    must_not: Mapped[str] = mapped_column(Text, default="")
    decline: Mapped[bool] = mapped_column(default=False)
    """Whether the right answer is that the sources don't say."""
    turn_id: Mapped[str | None] = mapped_column(
        Id, ForeignKey("chat_turns.id", ondelete="SET NULL")
    )
    created_at: Mapped[datetime] = mapped_column(Time, default=now)


class EvalRun(HasId, Base):
    """One run over an instrument's golden questions, with the settings it ran under."""

    __tablename__ = "eval_runs"

    instrument_id: Mapped[str] = mapped_column(
        Id, ForeignKey("instruments.id", ondelete="CASCADE"), index=True
    )
    settings: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    figures: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    items: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    created_at: Mapped[datetime] = mapped_column(Time, default=now)
