"""Questions such as a service engineer asks of real manuals: is the answer right, and proven?

    python -m benchmarks.manuals [DOCUMENT ...] [--model NAME] [--out FILE] [--json FILE]

Each document is an instrument of its own, answered without a language model. Answers are marked
by `../shared/tools/manuals.py` itself; its table is printed, and beside it the figures that have
a bar. A `session` is asked turn by turn and its last turn is marked. DOCUMENT is the beginning of
a file name; `--model` another embedding model; `--out` keeps every answer, one JSON object a line.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks.ingest import LIMIT, POLL, User, settings
from deploy.stack import Stack

SHARED = Path(__file__).parent.parent / ".." / "shared"
FOLDER = SHARED / "data" / "qa" / "manuals"
MARKER = SHARED / "tools" / "manuals.py"
BARS = {
    "right": (">=", 0.75),
    "answered_wrongly": ("<=", 0.04),
    "declined_wrongly": ("<=", 0.06),
    "quoted": (">=", 0.80),
    "quote_words": ("<=", 60),
    "answered_agrees": (">=", 0.85),
}
MEANINGS = {
    "right": "right",
    "answered_wrongly": "wrongly answered",
    "declined_wrongly": "wrongly declined",
    "quoted": "evidence in a quote",
    "quote_words": "words of a quote, median",
    "answered_agrees": "`answered` agrees",
}


@dataclass
class Asker:
    """The client that the marker asks through; keeps what a turn says of itself."""

    user: User
    source: str | None
    """None when the document was not read: then nothing is answered."""
    turn: dict[str, Any] = field(default_factory=dict)

    def ask(self, instrument: str, question: str, seconds: float, **more: Any) -> dict[str, Any]:
        """The whole turn. Raises SystemExit, as the marker expects it, when none came in time."""
        self.turn = {}
        if self.source is None:
            raise SystemExit("the document was not read")
        body = {"instrument_id": instrument, "question": question, **more}
        asked = self.user.http.post(
            "/api/chat/ask", json=body, headers={"Prefer": "wait=30"}
        ).raise_for_status()
        turn, until = asked.json(), time.monotonic() + seconds
        while turn["status"] in ("queued", "running"):
            if time.monotonic() > until:
                raise SystemExit("no answer in time")
            time.sleep(POLL)
            turn = self.user.http.get(f"/api/chat/turns/{turn['turn_id']}").json()
        self.turn = turn
        return turn


def marker() -> ModuleType:
    """`../shared/tools/manuals.py`, which imports its neighbours by name."""
    found = importlib.util.spec_from_file_location("marker_of_manuals", MARKER)
    if found is None or found.loader is None:
        raise ImportError(f"{MARKER} is no Python file")
    module = importlib.util.module_from_spec(found)
    sys.path.insert(0, str(MARKER.parent))
    try:
        found.loader.exec_module(module)
    finally:
        sys.path.remove(str(MARKER.parent))
    return module


def load(documents: Sequence[str] = ()) -> dict[str, list[dict[str, Any]]]:
    """Document -> its questions; only of documents that begin with one of the names given."""
    found: dict[str, list[dict[str, Any]]] = {}
    for line in filter(str.strip, (FOLDER / "questions.jsonl").read_text("utf-8").splitlines()):
        question = json.loads(line)
        if not documents or question["doc"].startswith(tuple(documents)):
            found.setdefault(question["doc"], []).append(question)
    return dict(sorted(found.items()))


def read(user: User, documents: Sequence[str]) -> dict[str, tuple[str, str | None]]:
    """Document -> its instrument and its source, once all are read; no source where that failed."""
    jobs = {}
    for name in documents:
        made = user.http.post("/api/instruments/", json={"name": Path(name).stem})
        user.instrument = made.raise_for_status().json()["id"]
        jobs[name] = (user.instrument, user.complete(user.put(FOLDER / "docs" / name)))
    found: dict[str, tuple[str, str | None]] = {}
    until = time.monotonic() + LIMIT
    for name, (instrument, job) in jobs.items():
        while (state := user.job(job["job_id"]))["finished_at"] is None:
            if time.monotonic() > until:
                raise TimeoutError(f"{name} was not read in {LIMIT:.0f} s")
            time.sleep(POLL)
        if state["state"] != "done":
            print(f"{name} was not read: {state['error']}", file=sys.stderr)
        found[name] = (instrument, job["source_id"] if state["state"] == "done" else None)
    return found


def answers(
    user: User, marks: ModuleType, questions: dict[str, list[dict[str, Any]]]
) -> Iterator[dict[str, Any]]:
    """A row for each question: the marker's own, with the turn's `answered`."""
    for name, (instrument, source) in read(user, list(questions)).items():
        asker = Asker(user, source)
        texts = {each["id"]: each["text"] for each in user.fragments(source)} if source else {}
        for question in questions[name]:
            marked = marks.one(asker, question, instrument, texts)
            yield {
                "id": question["id"],
                "doc": name,
                "kind": question["kind"],
                "asked": question.get("session") or question["question"],
                "gold": question["answer"],
                "decline": question["decline"],
                **marked,
                "answered": asker.turn.get("answered"),
            }


def figures(rows: Sequence[dict[str, Any]], total: dict[str, int]) -> dict[str, float | None]:
    """The figures that have a bar: shares 0..1, and words. None where nothing is to be counted."""
    quotes = [len(quote.split()) for row in rows for quote in row["quotes"]]
    return {
        "right": total["right"] / total["n"],
        "answered_wrongly": total["answered"] / total["n"],
        "declined_wrongly": total["declined"] / total["n"],
        "quoted": total["quoted"] / total["of_quoted"] if total["of_quoted"] else None,
        "quote_words": statistics.median(quotes) if quotes else None,
        "answered_agrees": statistics.mean(map(agrees, rows)),
    }


def agrees(row: dict[str, Any]) -> bool:
    """Whether the turn says it answered (`yes`, `partly`) just where it gave a right answer; a
    right decline is none."""
    return (row["answered"] in ("yes", "partly")) == (row["right"] and not row["decline"])


def show(found: dict[str, float | None]) -> None:
    print()
    for key, (sign, bar) in BARS.items():
        value = found[key]
        if value is None:
            print(f"{MEANINGS[key]:26}{'-':>8}")
            continue
        missed = value < bar if sign == ">=" else value > bar
        shown, stated = (f"{x:.0f}" if bar > 1 else f"{x:.2f}" for x in (value, bar))
        print(f"{MEANINGS[key]:26}{shown:>8}   bar {sign} {stated}{'   missed' * missed}")


def measure(given: argparse.Namespace, marks: ModuleType) -> dict[str, Any]:
    """Counts by kind and in total as the marker gives them, and the figures that have a bar."""
    env = settings(2) | ({"EMBEDDING_MODEL": given.model} if given.model else {})
    rows = []
    with (
        tempfile.TemporaryDirectory(prefix="vouch-bench-") as name,
        Stack(Path(name) / "stack", port=0, env=env) as stack,
        (given.out or Path(os.devnull)).open("w", encoding="utf-8") as kept,
    ):
        for row in answers(User(stack.url), marks, load(given.documents)):
            rows.append(row)
            print(json.dumps(row, ensure_ascii=False), file=kept, flush=True)
            mark = "ok " if row["right"] else "BAD"
            print(f"{mark} {row['id']} {'; '.join(row['amiss'])}", file=sys.stderr, flush=True)
    kinds = marks.table(rows)
    total = kinds.pop("total")
    return {"model": given.model, "total": total, "kinds": kinds, "figures": figures(rows, total)}


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.manuals", description=__doc__)
    parser.add_argument("documents", nargs="*", help="beginnings of file names")
    parser.add_argument("--model", help="embedding model (default: the settings')")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    if missing := [path for path in (MARKER, FOLDER) if not path.exists()]:
        print(f"Nothing to measure: {missing[0]} is missing.", file=sys.stderr)
        return 0
    if not load(given.documents):
        print(f"No document begins with {' or '.join(given.documents)}.", file=sys.stderr)
        return 2
    marks = marker()
    result = measure(given, marks)
    marks.show(result)
    show(result["figures"])
    if given.json:
        given.json.write_text(json.dumps(result, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
