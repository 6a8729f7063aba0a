"""How long an answer without a language model takes, and how many of them a second.

    python -m benchmarks.ask [--seconds N] [--questions N] [--clients N] [--json FILE]

A few real manuals are the sources of one instrument. Their questions are asked one after another
by `GET /stream/chat`: milliseconds to the first token and to `done`. Then clients ask by
`POST /api/chat/ask` with `Prefer: wait=30`, each its next question when it has its answer: answers
a second, and milliseconds of an answer. Questions come round again: no answer is kept for the next
who asks. The clients run beside the stack on the same processors.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from httpx_sse import EventSource

from benchmarks.ingest import HERE, User, settings
from benchmarks.proofs import add
from deploy.stack import Stack

FOLDER = HERE.parent / ".." / "shared" / "data" / "qa" / "manuals"
DOCUMENTS = ("coolled_pe300.pdf", "xcell.pdf", "o2_dipping.pdf", "nanodrop_clean.pdf")
WARM = 8
"""Questions asked before the clock starts."""
BARS = {"first_token_p50": 80.0, "asks_a_second": 20.0}


def load() -> list[str]:
    """The questions of the documents that stand alone."""
    lines = filter(str.strip, (FOLDER / "questions.jsonl").read_text("utf-8").splitlines())
    asked = [json.loads(line) for line in lines]
    return [q["question"] for q in asked if q["doc"] in DOCUMENTS and not q.get("session")]


def stream(user: User, question: str) -> tuple[float, float]:
    """Milliseconds to the first token and to the whole answer."""
    query = {"instrument_id": user.instrument, "q": question}
    began = time.perf_counter()
    first = None
    with user.http.stream("GET", "/stream/chat", params=query) as answer:
        for event in EventSource(answer.raise_for_status()).iter_sse():
            if event.event == "token" and first is None:
                first = 1000 * (time.perf_counter() - began)
            if event.event == "done" and first is not None:
                return first, 1000 * (time.perf_counter() - began)
            if event.event in ("done", "error"):
                raise RuntimeError(f"no answer to {question!r}: {event.data}")
    raise RuntimeError(f"the answer to {question!r} broke off")


def loop(user: User, questions: list[str], clients: int, seconds: float) -> dict[str, float]:
    """Clients that each ask the next question when they have their answer."""
    turns = itertools.cycle(questions)
    began = time.perf_counter()

    def ask_on(_: int) -> list[float]:
        spent = []
        headers = {**user.http.headers, "Prefer": "wait=30"}
        with httpx.Client(base_url=user.http.base_url, headers=headers, timeout=60) as http:
            while (asked := time.perf_counter()) - began < seconds:
                body = {"instrument_id": user.instrument, "question": next(turns)}
                turn = http.post("/api/chat/ask", json=body).raise_for_status().json()
                if turn["status"] != "done":
                    raise RuntimeError(f"no answer to {body['question']!r}: {turn}")
                spent.append(1000 * (time.perf_counter() - asked))
        return spent

    with ThreadPoolExecutor(clients) as pool:
        spent = [value for some in pool.map(ask_on, range(clients)) for value in some]
    took = time.perf_counter() - began
    return {"answers": len(spent), "asks_a_second": len(spent) / took, **spread("ask", spent)}


def spread(name: str, values: list[float]) -> dict[str, float]:
    p95 = statistics.quantiles(values, n=20, method="inclusive")[-1]
    return {f"{name}_p50": statistics.median(values), f"{name}_p95": p95}


def measure(given: argparse.Namespace) -> dict[str, float]:
    questions = load()
    with (
        tempfile.TemporaryDirectory(prefix="vouch-bench-") as name,
        Stack(Path(name) / "stack", port=0, env=settings(2)) as stack,
    ):
        user = User(stack.url)
        add(user, [FOLDER / "docs" / document for document in DOCUMENTS])
        for question in questions[:WARM]:
            stream(user, question)
        asked = itertools.islice(itertools.cycle(questions), given.questions)
        firsts, wholes = zip(*(stream(user, question) for question in asked), strict=True)
        at_once = loop(user, questions, given.clients, given.seconds)
    one_by_one = spread("first_token", list(firsts)) | spread("whole", list(wholes))
    return {"questions": len(firsts), **one_by_one, "clients": given.clients, **at_once}


def show(found: dict[str, float]) -> None:
    def line(label: str, key: str) -> None:
        bar = f"   bar {BARS[f'{key}_p50']:.0f}" if f"{key}_p50" in BARS else ""
        print(f"  {label:14}p50 {found[f'{key}_p50']:7.1f}   p95 {found[f'{key}_p95']:7.1f}{bar}")

    print(f"{found['questions']} questions one after another; milliseconds")
    line("first token", "first_token")
    line("whole answer", "whole")
    print(f"{found['clients']} clients at the same time, {found['answers']} answers")
    line("whole answer", "ask")
    print(f"  {'a second':14}    {found['asks_a_second']:7.1f}   bar {BARS['asks_a_second']:.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.ask", description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0, help="how long the clients ask")
    parser.add_argument("--questions", type=int, default=104, help="asked one after another")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    if not FOLDER.is_dir():
        print(f"Nothing to measure: {FOLDER} is missing.", file=sys.stderr)
        return
    found = measure(given)
    show(found)
    if given.json:
        given.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
