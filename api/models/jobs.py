"""Jobs: everything that takes time. The row is the truth; events are only news about it."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from api.models.base import Base, HasId, HasTimes, Id, Time

FINISHED = ("done", "failed", "cancelled")


class Job(HasId, HasTimes, Base):
    """`queued -> running -> done | failed | cancelled`.

    `lease_owner` may write until `lease_until`; every write of a worker is fenced by it.
    `checkpoint` is where the work goes on after an interruption. `attempt` counts claims since
    the checkpoint last moved.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_state_queue", "state", "queue", "created_at"),
        Index("ix_jobs_subject", "subject_type", "subject_id"),
        # Two writers on one version would undo each other's work.
        Index(
            "uq_jobs_live_ingest",
            text("(payload ->> 'version_id')"),
            unique=True,
            postgresql_where=text("kind = 'ingest' and state in ('queued', 'running')"),
        ),
    )

    kind: Mapped[str]
    queue: Mapped[str]
    state: Mapped[str] = mapped_column(default="queued")
    stage: Mapped[str | None]
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    unit: Mapped[str | None]
    attempt: Mapped[int] = mapped_column(default=0)
    instrument_id: Mapped[str | None] = mapped_column(
        Id, ForeignKey("instruments.id", ondelete="CASCADE"), index=True
    )
    user_id: Mapped[str | None] = mapped_column(Id, ForeignKey("users.id", ondelete="SET NULL"))
    subject_type: Mapped[str]
    subject_id: Mapped[str] = mapped_column(Id)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    checkpoint: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    lease_owner: Mapped[str | None]
    lease_until: Mapped[datetime | None] = mapped_column(Time)
    heartbeat_at: Mapped[datetime | None] = mapped_column(Time)
    enqueued_at: Mapped[datetime | None] = mapped_column(Time)
    not_before: Mapped[datetime | None] = mapped_column(Time)
    """When its message may be sent again: after something outside failed, or was sent in vain."""
    cancel_requested_at: Mapped[datetime | None] = mapped_column(Time)
    error_code: Mapped[str | None]
    error_message: Mapped[str | None]
    started_at: Mapped[datetime | None] = mapped_column(Time)
    finished_at: Mapped[datetime | None] = mapped_column(Time)

    @property
    def is_finished(self) -> bool:
        return self.state in FINISHED


IS_INGEST = Job.kind == "ingest"
IS_LIVE = Job.state.in_(("queued", "running"))
VERSION_ID = Job.payload["version_id"].astext
URL = Job.payload["url"].astext
DUPLICATE = Job.payload["duplicate"].astext
STORING = Job.payload["storing"].astext
"""Those four are what the payload of a job that reads a source holds
(api/sources/ingest_job.py), as columns."""
