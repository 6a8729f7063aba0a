"""The job that writes the answer of a turn."""

from __future__ import annotations

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from api.chat import regenerations
from api.jobs.kind import JobData, JobKind, Nothing, Reason
from api.models import ChatTurn, Job
from api.models.jobs import FINISHED


class AnswerCheckpoint(JobData):
    said: bool = False
    """Whether words went out: whoever begins anew has to say that they are void."""


def _mark_turn(session: Session, job: Job, state: str, reason: Reason | None) -> None:
    code, message = reason or (None, None)
    regenerations.settle(session, job.subject_id, state)
    session.execute(
        update(ChatTurn)
        .where(ChatTurn.id == job.subject_id)
        .values(
            status=state,
            error_code=code,
            error_message=message,
            finished_at=func.now() if state in FINISHED else None,
        )
    )


ANSWER = JobKind(
    name="answer",
    queue="answers",
    task="vouch.answer_turn",
    module="workers.answer",
    payload=Nothing,
    checkpoint=AnswerCheckpoint,
    mark_subject=_mark_turn,
    is_private=True,
)
