"""Answers what a chat client asks beside a conversation: by a language model, without sources."""

from __future__ import annotations

from typing import Any

from api.chat.client_task_job import CLIENT_TASK, RESULT, ClientTaskPayload
from api.jobs.kind import Nothing
from api.jobs.runner import RunningJob, run
from pipelines.cancellation import Stop
from pipelines.llms.completing import complete
from pipelines.llms.contract import Usage
from workers.main import celery

LONGEST = 10_000
"""Characters of a reply."""


@celery.task(name=CLIENT_TASK.task)
def client_task(job_id: str) -> None:
    run(job_id, CLIENT_TASK, _reply)


def _reply(running: RunningJob[ClientTaskPayload, Nothing]) -> dict[str, Any]:
    asked, usage, stop = running.payload, Usage(), Stop()
    running.on_stop(stop.set)
    running.update(stage="generate")
    model = running.services.llms(asked.models)
    text = complete(model, asked.messages, stop, longest=LONGEST, usage=usage)
    running.check()
    running.publish(RESULT, {"text": text, "usage": usage.counts})
    return {"stage": "generate", "done": len(text.split())}
