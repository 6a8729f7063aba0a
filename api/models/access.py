"""Who may see which instrument, and until when."""

from datetime import datetime

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, HasId, HasTimes, Id, Time


class AccessGrant(HasId, HasTimes, Base):
    """A user's role on an instrument: `reader`, `editor` or `manager`; forever if no date."""

    __tablename__ = "access_grants"
    __table_args__ = (UniqueConstraint("instrument_id", "user_id"),)

    instrument_id: Mapped[str] = mapped_column(
        Id, ForeignKey("instruments.id", ondelete="CASCADE"), index=True
    )
    user_id: Mapped[str] = mapped_column(Id, ForeignKey("users.id", ondelete="CASCADE"), index=True)
    role: Mapped[str]
    expires_at: Mapped[datetime | None] = mapped_column(Time)
    granted_by: Mapped[str | None] = mapped_column(Id, ForeignKey("users.id", ondelete="SET NULL"))
