"""Waiting for the embedding model, told: on a machine's first start it is converted, which takes
minutes, and work that waits for it must not look stuck."""

from __future__ import annotations

import concurrent.futures
import time
from typing import Any

from api.jobs.lifecycle import LOAD_MODEL
from api.jobs.runner import RunningJob
from pipelines.embedders.embedder import Embedder

LOOK_SECONDS = 0.2


def embedding_model(running: RunningJob[Any, Any], model: str) -> tuple[Embedder, float]:
    """The model that a setting names, and the seconds that the job waited for it; a job that waits
    can be cancelled. Raises ModelUnavailable, and what `RunningJob.check` raises."""
    loading = running.services.loading(model)
    began = time.perf_counter()
    if not loading.done():
        running.update(stage=LOAD_MODEL)
        while not concurrent.futures.wait([loading], LOOK_SECONDS).done:
            running.check()
    return loading.result(), time.perf_counter() - began
