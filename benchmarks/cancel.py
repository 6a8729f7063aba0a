"""How long a stopped answer costs: from the cancel to the end of the vendor's stream.

    python -m benchmarks.cancel [--json FILE] [--rounds N]

A vendor that speaks OpenAI's protocol says a few words and falls silent, as a model that thinks
does. Milliseconds from `POST /api/chat/turn/{id}/cancel` until the vendor sees its connection
closed, and until the turn is `cancelled` with what was said.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from httpx_sse import EventSource

from benchmarks.ingest import User, settings
from deploy.stack import Stack
from pipelines.llms.prompts import BUILT_IN
from tests.support.openai_replies import Failure, Stall
from tests.support.openai_server import OpenAIServer

BAR = 1000.0
SAID = ("The motor ", "draws power. ", "And so ", "on ")


def measure(rounds: int) -> dict[str, Any]:
    closed, ended = [], []
    with OpenAIServer() as vendor, tempfile.TemporaryDirectory(prefix="vouch-bench-") as name:
        for kind in ("rewrite", "title"):
            vendor.aside(BUILT_IN[kind], Failure(400))
        env = {
            **settings(1),
            "LLM": "openai:scripted",
            "OPENAI_BASE_URL": vendor.base_url,
            "OPENAI_API_KEY": vendor.api_key,
        }
        with Stack(Path(name) / "stack", port=0, env=env) as stack:
            user = User(stack.url)
            note = Path(name) / "note.md"
            note.write_text("# Mixer\n\nThe motor of the mixer draws 450 watts.\n")
            job = user.complete(user.put(note))["job_id"]
            while user.job(job)["finished_at"] is None:
                time.sleep(0.1)
            for _ in range(rounds):
                one, other = _round(user, vendor)
                closed.append(one)
                ended.append(other)
    return {"rounds": rounds, "closed_ms": _spread(closed), "cancelled_ms": _spread(ended)}


def _round(user: User, vendor: OpenAIServer) -> tuple[float, float]:
    left = len(vendor.disconnects)
    vendor.script([[*SAID, Stall(), "Never heard."]])
    body = {"instrument_id": user.instrument, "question": "How many watts does the motor draw?"}
    turn = user.http.post("/api/chat/ask", json=body).raise_for_status().json()["turn_id"]
    with user.http.stream("GET", f"/stream/turns/{turn}") as stream:
        for event in EventSource(stream).iter_sse():
            if event.event == "token":
                break
    began = time.perf_counter()
    user.http.post(f"/api/chat/turn/{turn}/cancel").raise_for_status()
    if not vendor.wait_for_disconnect(left + 1, timeout=30):
        raise TimeoutError("the vendor's stream was never closed")
    closed = 1000 * (time.perf_counter() - began)
    while (shown := user.http.get(f"/api/chat/turns/{turn}").json())["status"] != "cancelled":
        time.sleep(0.02)
    if not shown["answer"]:
        raise ValueError("what was said is gone")
    return closed, 1000 * (time.perf_counter() - began)


def _spread(values: list[float]) -> dict[str, float]:
    return {"median": round(statistics.median(values), 1), "worst": round(max(values), 1)}


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.cancel", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    found = measure(given.rounds)
    print(f"{found['rounds']} answers stopped while the vendor was silent; milliseconds")
    for key, label in (("closed_ms", "vendor's stream closed"), ("cancelled_ms", "turn cancelled")):
        print(f"  {label:24}median {found[key]['median']:7.1f}   worst {found[key]['worst']:7.1f}")
    print(f"  bar {BAR:.0f}")
    if given.json:
        given.json.write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
