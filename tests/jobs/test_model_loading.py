"""While the embedding model is made ready on a new machine, work that waits for it says so."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from deploy.stack import Stack
from pipelines.embedders.embedder import BUILT_IN, model_directory
from pipelines.embedders.model_files import sha256, weights
from tests.support.client import Client

NOTE = b"# Mixer\n\nThe motor of the mixer draws 450 watts.\n"
HELD_SECONDS = 3.0


def wait_for(client: Client, job_id: str, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while not fits(job := client.job(job_id)):
        assert time.monotonic() < deadline, job
        time.sleep(0.1)
    return job


@pytest.mark.timeout(400)
def test_a_source_that_waits_for_the_model_tells_it(
    admin: Client, instrument: str, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    # By now the session's stack has converted the model; here somebody else still converts it:
    # holds the lock, and the converted form is not there yet.
    admin.add_bytes(instrument, "mixer.md", NOTE)
    models = tmp_path / "models"
    shutil.copytree(pytestconfig.cache.mkdir("models"), models)
    converted = models / sha256(weights(model_directory(BUILT_IN)))[:16]
    encoder, aside = converted / "encoder.xml", converted / "aside"
    encoder.rename(aside)
    env = {**os.environ, "MODEL_CACHE": str(models), "LLM": "extractive", "INGEST_PROCESSES": "1"}
    with converted.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with Stack(tmp_path / "data", port=0, env=env) as stack, Client(stack.url) as user:
            user.sign_in("admin@example.com")
            there = user.instrument()

            # It can be cancelled meanwhile.
            given_up = user.upload(there, "other.md", b"# Pump\n\nIt holds 3 litres.\n").json()
            wait_for(user, given_up["job_id"], lambda job: job["stage"] == "load_model")
            user.post(f"/api/jobs/{given_up['job_id']}/cancel").raise_for_status()
            wait_for(user, given_up["job_id"], lambda job: job["state"] == "cancelled")

            uploaded = user.upload(there, "mixer.md", NOTE).json()
            job = wait_for(user, uploaded["job_id"], lambda job: job["stage"] == "load_model")
            assert job["state"] == "running"
            assert "model" in job["waiting_because"]
            asked = user.post(
                "/api/chat/ask", json={"instrument_id": there, "question": "How many watts?"}
            ).json()
            answering = wait_for(user, asked["job_id"], lambda job: job["stage"] == "load_model")
            assert "model" in answering["waiting_because"]
            time.sleep(HELD_SECONDS)
            aside.rename(encoder)
            fcntl.flock(lock, fcntl.LOCK_UN)

            job = wait_for(user, uploaded["job_id"], lambda job: job["finished_at"] is not None)
            assert (job["state"], job["waiting_because"]) == ("done", None)
            report = user.get(f"/api/sources/{uploaded['source_id']}").json()["report"]
            assert report["seconds"]["model"] > HELD_SECONDS
            wait_for(user, asked["job_id"], lambda job: job["finished_at"] is not None)
            turn = user.get(f"/api/chat/turns/{asked['turn_id']}").json()
            assert turn["timings"]["model_ms"] > 1000 * HELD_SECONDS
