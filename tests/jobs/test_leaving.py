"""A worker that is told to stop leaves nothing that others must wait for."""

from __future__ import annotations

import time
import uuid

import pytest

from deploy.stack import Stack
from tests.support.client import ENDS, Client
from tests.support.documents import pdf
from tests.support.processes import workers


@pytest.mark.slow
def test_a_stopping_worker_gives_its_job_back_at_once(
    stack: Stack, admin: Client, instrument: str
) -> None:
    """Within the time a supervisor allows: a job whose lease must run out is never `queued`."""
    mark = uuid.uuid4().hex[:8]
    lines = [f"Line {n} of {mark} tells of bearings, seals and gauges." for n in range(40)]
    data = pdf(*("\n".join(f"{page} {line}" for line in lines) for page in range(40)))
    job_id = admin.upload(instrument, "long.pdf", data).json()["job_id"]
    while not (job := admin.job(job_id))["done"]:
        assert job["state"] not in ENDS
        time.sleep(0.05)

    workers(stack, "worker-ingest")[0].terminate()
    seen = []
    while not seen or seen[-1] not in (*ENDS, "queued"):
        seen.append(admin.job(job_id)["state"])
        time.sleep(0.02)

    assert seen[-1] == "queued"
    job = admin.wait(job_id)
    assert (job["state"], job["done"], job["attempt"]) == ("done", 40, 1)
