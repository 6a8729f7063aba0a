"""Conversations: sessions, turns and the citations that prove them."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.models.base import Base, HasId, HasTimes, Id, Time


class ChatSession(HasId, HasTimes, Base):
    __tablename__ = "chat_sessions"

    user_id: Mapped[str] = mapped_column(Id, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    instrument_id: Mapped[str] = mapped_column(
        Id, ForeignKey("instruments.id", ondelete="CASCADE"), index=True
    )
    title: Mapped[str] = mapped_column(default="")
    origin: Mapped[str] = mapped_column(default="chat")
    """`chat`; `openai` for those that clients of the OpenAI API keep themselves; `eval` while an
    evaluation asks."""

    turns: Mapped[list["ChatTurn"]] = relationship(
        order_by="ChatTurn.created_at", cascade="all, delete-orphan", passive_deletes=True
    )


class ChatTurn(HasId, HasTimes, Base):
    """One question with its answer.

    `regenerated_from` names the first answer to the same question; it and those that stand
    beside it are a group, of which one is chosen.
    """

    __tablename__ = "chat_turns"
    __table_args__ = (
        Index(
            "uq_chat_turns_chosen",
            text("coalesce(regenerated_from, id)"),
            unique=True,
            postgresql_where=text("is_chosen"),
        ),
    )

    session_id: Mapped[str] = mapped_column(
        Id, ForeignKey("chat_sessions.id", ondelete="CASCADE"), index=True
    )
    instrument_id: Mapped[str] = mapped_column(Id, ForeignKey("instruments.id", ondelete="CASCADE"))
    user_id: Mapped[str] = mapped_column(Id, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    job_id: Mapped[str | None] = mapped_column(Id)
    regenerated_from: Mapped[str | None] = mapped_column(
        Id, ForeignKey("chat_turns.id", ondelete="SET NULL")
    )
    is_chosen: Mapped[bool] = mapped_column(default=True)
    """Of an answer and those regenerated beside it, the one that the conversation goes on from."""
    status: Mapped[str] = mapped_column(default="queued")
    question: Mapped[str] = mapped_column(Text)
    source_ids: Mapped[list[str] | None] = mapped_column(JSONB)
    history: Mapped[list[list[str]] | None] = mapped_column(JSONB)
    """(question, answer) before it, where the client tells them; None: those of the session."""
    answer: Mapped[str] = mapped_column(Text, default="")
    claims: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    answered: Mapped[str | None]
    """`yes`, `partly` or `no`: whether the answer gives what was asked for; None while it is
    written, and of answers from before this was told."""
    understood_as: Mapped[str | None] = mapped_column(Text)
    """The question as it was looked for, where it leaned on earlier ones."""
    related: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list)
    """Passages that are near, where nothing answers: as citations without a number."""
    reasoning: Mapped[str] = mapped_column(Text, default="")
    """What the model thought before it answered, where its provider tells it; no part of the
    answer."""
    reasoning_repeats: Mapped[list[str]] = mapped_column(JSONB, default=list)
    """The sources, by id, whose words the reasoning has."""
    model: Mapped[str | None]
    usage: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    timings: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    notices: Mapped[list[str]] = mapped_column(JSONB, default=list)
    error_code: Mapped[str | None]
    error_message: Mapped[str | None]
    rating: Mapped[str | None]
    rating_comment: Mapped[str | None]
    finished_at: Mapped[datetime | None] = mapped_column(Time)

    citations: Mapped[list["Citation"]] = relationship(
        order_by="Citation.number", cascade="all, delete-orphan", passive_deletes=True
    )


class Citation(HasId, Base):
    """A proof. It carries what it showed, so that nothing that happens later can shift it.

    No foreign keys to source, version and fragment: a citation outlives them, and says so.
    """

    __tablename__ = "citations"
    __table_args__ = (
        UniqueConstraint("turn_id", "number"),
        Index("ix_citations_source_id", "source_id"),
    )

    turn_id: Mapped[str] = mapped_column(Id, ForeignKey("chat_turns.id", ondelete="CASCADE"))
    number: Mapped[int]
    source_id: Mapped[str] = mapped_column(Id)
    version_id: Mapped[str] = mapped_column(Id)
    fragment_id: Mapped[str] = mapped_column(Id)
    title: Mapped[str]
    filename: Mapped[str]
    type: Mapped[str]
    score: Mapped[float]
    quote: Mapped[str] = mapped_column(Text)
    locators: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    recognition: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """{engine, confidence} where the quote was recognised rather than read."""
    verdict: Mapped[str | None]
    focus: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    """{start, end, locators}: the characters of the quote that decide, and where they stand; None
    where nothing finer than the quote is known."""
    state: Mapped[str] = mapped_column(default="current")
    moved_from: Mapped[str | None] = mapped_column(Id)
    """The version it was made from, when its quote was found again in a newer one."""

    @property
    def marked(self) -> list[dict[str, Any]]:
        """The Locators to mark for a reader: of what decides, else of the whole quote."""
        places: list[dict[str, Any]] = self.focus["locators"] if self.focus else self.locators
        return places


TITLE_LENGTH = 80


def first_words(question: str) -> str:
    """The title of a conversation that nobody has named: how its first question begins."""
    return question if len(question) <= TITLE_LENGTH else question[: TITLE_LENGTH - 1] + "…"
