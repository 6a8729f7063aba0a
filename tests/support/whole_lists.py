"""Lists of the API, read to their last page."""

from __future__ import annotations

import time
from typing import Any

from tests.support.client import ENDS, Client

HANG = 60
"""Seconds that a job may run."""


def ended_jobs(client: Client, instrument: str) -> dict[str, dict[str, Any]]:
    """The instrument's ingest jobs by id, once all have ended; fails when one runs too long."""
    began: dict[str, float] = {}
    while True:
        jobs = whole_list(client, "/api/jobs/", instrument=instrument, kind="ingest")
        at_work = [job for job in jobs if job["state"] not in ENDS]
        for job in at_work:
            if job["state"] == "running":
                since = began.setdefault(job["id"], time.monotonic())
                assert time.monotonic() - since < HANG, f"it hangs: {job}"
        if not at_work:
            return {job["id"]: job for job in jobs}
        time.sleep(0.2)


def listed_sources(client: Client, instrument: str) -> list[dict[str, Any]]:
    return whole_list(client, "/api/sources/", instrument=instrument)


def fragments_of(client: Client, source_id: str) -> list[dict[str, Any]]:
    return whole_list(client, f"/api/sources/{source_id}/fragments")


def whole_list(client: Client, path: str, **query: str) -> list[dict[str, Any]]:
    """A whole list."""
    found: list[dict[str, Any]] = []
    while True:
        paging = {"page": str(len(found) // 100 + 1), "page_size": "100"}
        some = client.get(path, params={**query, **paging}).json()
        found += some
        if len(some) < 100:
            return found
