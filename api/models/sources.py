"""Sources, their versions, the uploads they come from and the fragments they become."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from api.models.base import Base, HasId, HasTimes, Id, Time, now


class Source(HasId, HasTimes, Base):
    """One piece of knowledge of an instrument.

    Readers see the fragments of `current_version_id`. A first version is current at once, so
    that its early pages can be asked about; a later one becomes current when it is complete.
    What is deleted is marked in the request and nobody sees it any more; a job removes it.
    """

    __tablename__ = "sources"
    __table_args__ = (
        # Looked up by exact name, of any length, with every search.
        Index("ix_sources_title", "instrument_id", text("md5(lower(title))")),
        Index("ix_sources_filename", "instrument_id", text("md5(lower(filename))")),
        Index("ix_sources_deleted", "deleted_at", postgresql_where=text("deleted_at IS NOT NULL")),
    )

    instrument_id: Mapped[str] = mapped_column(
        Id, ForeignKey("instruments.id", ondelete="CASCADE"), index=True
    )
    title: Mapped[str]
    filename: Mapped[str]
    type: Mapped[str]
    status: Mapped[str] = mapped_column(default="queued")
    current_version_id: Mapped[str | None] = mapped_column(Id)
    created_by: Mapped[str | None] = mapped_column(Id, ForeignKey("users.id", ondelete="SET NULL"))
    deleted_at: Mapped[datetime | None] = mapped_column(Time)

    versions: Mapped[list["SourceVersion"]] = relationship(
        order_by="SourceVersion.number", cascade="all, delete-orphan", passive_deletes=True
    )


class SourceVersion(HasId, Base):
    """One immutable upload of a source. `superseded` versions keep their record, not their text."""

    __tablename__ = "source_versions"
    __table_args__ = (
        UniqueConstraint("source_id", "number"),
        # The same bytes are one source: two uploads at the same time cannot both pass.
        Index(
            "uq_source_versions_live_bytes",
            "instrument_id",
            "sha256",
            unique=True,
            postgresql_where=text("status <> 'superseded'"),
        ),
    )

    source_id: Mapped[str] = mapped_column(Id, ForeignKey("sources.id", ondelete="CASCADE"))
    instrument_id: Mapped[str] = mapped_column(Id, ForeignKey("instruments.id", ondelete="CASCADE"))
    number: Mapped[int]
    sha256: Mapped[str]
    object_key: Mapped[str]
    subtitles_key: Mapped[str | None]
    """A side-car .srt or .vtt that came for a recording."""
    media_type: Mapped[str]
    filename: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(default="queued")
    pages: Mapped[int | None]
    duration: Mapped[float | None]
    fragment_count: Mapped[int] = mapped_column(default=0)
    report: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    error_code: Mapped[str | None]
    error_message: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(Time, default=now)


class Upload(HasId, Base):
    """The right to PUT one object. `version_id` is set when it was completed."""

    __tablename__ = "uploads"

    instrument_id: Mapped[str] = mapped_column(
        Id, ForeignKey("instruments.id", ondelete="CASCADE"), index=True
    )
    source_id: Mapped[str | None] = mapped_column(Id, ForeignKey("sources.id", ondelete="CASCADE"))
    """The source that this becomes a new version of, or the subtitles of."""
    is_subtitles: Mapped[bool] = mapped_column(default=False)
    user_id: Mapped[str] = mapped_column(Id, ForeignKey("users.id", ondelete="CASCADE"))
    filename: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str | None]
    content_type: Mapped[str | None]
    object_key: Mapped[str] = mapped_column(unique=True)
    expires_at: Mapped[datetime] = mapped_column(Time, index=True)
    created_at: Mapped[datetime] = mapped_column(Time, default=now)
    completed: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    """The answer that `complete` gave, to give it again."""


class FragmentRow(HasId, Base):
    """A Fragment as stored. `ordinal` orders a version and, with it, determines `id`."""

    __tablename__ = "fragments"
    __table_args__ = (UniqueConstraint("version_id", "ordinal"),)

    version_id: Mapped[str] = mapped_column(
        Id, ForeignKey("source_versions.id", ondelete="CASCADE")
    )
    source_id: Mapped[str] = mapped_column(
        Id, ForeignKey("sources.id", ondelete="CASCADE"), index=True
    )
    instrument_id: Mapped[str] = mapped_column(
        Id, ForeignKey("instruments.id", ondelete="CASCADE"), index=True
    )
    ordinal: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    text: Mapped[str]
    heading_path: Mapped[list[str]] = mapped_column(JSONB, default=list)
    locators: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    spans: Mapped[list[list[int]]] = mapped_column(JSONB, default=list)
    recognised: Mapped[list[dict[str, Any]]] = mapped_column(
        JSONB, default=list, server_default="[]"
    )
    tables: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, default=list, server_default="[]")
    """The cells of the tables in `text`; none for what was read before cells were kept."""
    tokens: Mapped[int]
    content_hash: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)
    """SHA-256 of what the model reads: the same text is embedded once."""


class FragmentVector(Base):
    """A Fragment's vector by one model, for those that look for it by id; Chroma has it too."""

    __tablename__ = "fragment_vectors"

    fragment_id: Mapped[str] = mapped_column(
        Id, ForeignKey("fragments.id", ondelete="CASCADE"), primary_key=True
    )
    model: Mapped[str] = mapped_column(primary_key=True)
    """The model's name with the hash of its weights."""
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    """float32 [d]."""
