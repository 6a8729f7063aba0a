"""The keyword index: which words stand in which Fragments, for BM25 ranking.

Made from the fragments in the transaction that writes them, and gone with them.
"""

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, LargeBinary, SmallInteger, text
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, Id


class KeywordBlock(Base):
    """Fragments of one version that were indexed together: ordinals first .. end (exclusive)."""

    __tablename__ = "keyword_blocks"
    __table_args__ = (
        Index(
            "ix_keyword_blocks_totals",
            "instrument_id",
            postgresql_include=["fragments", "words", "id"],
        ),
        Index("ix_keyword_blocks_version", "version_id", "first_ordinal"),
        Index("ix_keyword_blocks_form", "instrument_id", "form"),
        Index(
            "ix_keyword_blocks_languages",
            "instrument_id",
            "languages",
            postgresql_where=text("languages <> ''"),
            postgresql_include=["fragments"],
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    instrument_id: Mapped[str] = mapped_column(Id)
    version_id: Mapped[str] = mapped_column(
        Id, ForeignKey("source_versions.id", ondelete="CASCADE")
    )
    first_ordinal: Mapped[int] = mapped_column(BigInteger)
    end_ordinal: Mapped[int] = mapped_column(BigInteger)
    fragments: Mapped[int]
    words: Mapped[int]
    """Of all its Fragments together."""
    form: Mapped[int] = mapped_column(SmallInteger, server_default="0")
    """`pipelines.retrieval.index_words.FORM` when it was made: older releases make other words."""
    languages: Mapped[str] = mapped_column(server_default="")
    """What its Fragments are written in, as `written_in` names it, with commas between."""


class Posting(Base):
    """The Fragments of a block that a word stands in. No entry has a meaning without its block."""

    __tablename__ = "postings"
    # Thousands of rows hold the words of one question: they are read from the index alone.
    __table_args__ = (
        Index("ix_postings_word", "instrument_id", "word", postgresql_include=["entries"]),
    )

    block_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("keyword_blocks.id", ondelete="CASCADE"), primary_key=True
    )
    word: Mapped[str] = mapped_column(primary_key=True)
    part: Mapped[int] = mapped_column(SmallInteger, primary_key=True, server_default="0")
    """Entries too many for one row go on in the next."""
    instrument_id: Mapped[str] = mapped_column(Id)
    entries: Mapped[bytes] = mapped_column(LargeBinary)
    """As `pipelines.retrieval.keywords.ENTRY` lays out: fragment id, times it stands there, words
    there."""
