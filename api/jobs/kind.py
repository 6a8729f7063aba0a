"""What a kind of job is: where it waits, who does it, what it is given, and what is its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session

from api.models import Job
from api.models.base import new_id

if TYPE_CHECKING:
    from api.services import Services

Reason = tuple[str, str]
"""Why a job failed: a code for programs, a sentence for people."""


class JobData(BaseModel):
    """What a job's row keeps as JSON: its payload or its checkpoint.

    Rows outlive releases: a field may be added with a default, and a name stays what it is.
    """

    model_config = ConfigDict(frozen=True)

    @property
    def row(self) -> dict[str, Any]:
        """As the row keeps it: what differs from the defaults."""
        return self.model_dump(mode="json", exclude_defaults=True)


class Nothing(JobData):
    """Of kinds that need no payload, or no checkpoint."""


Payload = TypeVar("Payload", bound=JobData)
Checkpoint = TypeVar("Checkpoint", bound=JobData)


def _leave_subject(_session: Session, _job: Job, _state: str, _reason: Reason | None) -> None:
    """Nobody reads the job's state from what it works on."""


def _always(_session: Session, _job: Job) -> bool:
    return True


def _keep_no_password(_services: Services, _job: Job, _password: str) -> None:
    """The work needs none."""


def _nothing_to_clear(_services: Services, _job: Job) -> None:
    """The work leaves nothing that its end makes useless."""


@dataclass(frozen=True)
class JobKind(Generic[Payload, Checkpoint]):
    """A kind of job, listed in `api/job_kinds.py`.

    What has a default here is what generic code asks of a kind; it never asks which kind it is.
    """

    name: str
    """As the row and the API say it."""
    queue: str
    task: str
    """The name of the Celery task that does it."""
    module: str
    """Where that task is."""
    payload: type[Payload]
    checkpoint: type[Checkpoint]
    mark_subject: Callable[[Session, Job, str, Reason | None], None] = _leave_subject
    """Carries the job's new state over to what it works on, within the caller's transaction."""
    may_retry: Callable[[Session, Job], bool] = _always
    """Whether a failed or cancelled job still makes sense."""
    keep_password: Callable[[Services, Job, str], None] = _keep_no_password
    """Keeps the password that came with a retry. Raises redis.RedisError."""
    on_end: Callable[[Services, Job], None] = _nothing_to_clear
    """After the commit that ends a job, however it ended. Raises redis.RedisError."""
    gives_up: bool = True
    """Whether it fails when it was tried too often at the same place; else it is tried for ever."""
    can_be_cancelled: bool = True
    """Whether people may stop it."""
    is_private: bool = False
    """Whether only who asked for it may see it, whoever manages the instrument."""

    def create(
        self,
        session: Session,
        *,
        subject: tuple[str, str],
        instrument_id: str | None = None,
        user_id: str | None = None,
        payload: Payload | None = None,
        checkpoint: Checkpoint | None = None,
        unit: str | None = None,
    ) -> Job:
        """A queued job. The caller commits, then calls `api.jobs.lifecycle.enqueue` (law 1)."""
        job = Job(
            id=new_id(),
            kind=self.name,
            queue=self.queue,
            subject_type=subject[0],
            subject_id=subject[1],
            instrument_id=instrument_id,
            user_id=user_id,
            payload=payload.row if payload else {},
            checkpoint=checkpoint.row if checkpoint else {},
            unit=unit,
        )
        session.add(job)
        return job

    def payload_of(self, job: Job) -> Payload:
        return self.payload.model_validate(job.payload)

    def checkpoint_of(self, job: Job) -> Checkpoint:
        return self.checkpoint.model_validate(job.checkpoint)
