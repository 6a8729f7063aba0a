"""The job that answers a chat client's task (api/chat/client_tasks.py) by a language model alone.

Who asked waits for it; nothing of it stays. What was asked leaves the row with the job's end.
"""

from __future__ import annotations

from pydantic import Field
from sqlalchemy import update
from sqlalchemy.orm import Session

from api.jobs.kind import JobData, JobKind, Nothing, Reason
from api.models import Job
from api.models.jobs import FINISHED

RESULT = "result"
"""The event that tells the reply: `{text, usage}`."""


class ClientTaskPayload(JobData):
    messages: list[dict[str, str]] = Field(default_factory=list)
    """Role and content, as the client sent them."""
    models: list[str] = Field(default_factory=list)
    """Who is asked, in order."""


def _forget_what_was_asked(session: Session, job: Job, state: str, _reason: Reason | None) -> None:
    if state in FINISHED:
        session.execute(update(Job).where(Job.id == job.id).values(payload={}))


def _never(_session: Session, _job: Job) -> bool:
    return False


CLIENT_TASK = JobKind(
    name="client_task",
    queue="answers",
    task="vouch.client_task",
    module="workers.client_task",
    payload=ClientTaskPayload,
    checkpoint=Nothing,
    mark_subject=_forget_what_was_asked,
    may_retry=_never,
    is_private=True,
)
