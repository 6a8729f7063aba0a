"""The main job on real input, over HTTP: upload a PDF, a picture and a video, ask, see proofs.

    python -m deploy.demo

Uses the stack that runs, or starts one and stops it at the end. Exits 0, or 1 naming the step
that failed and why.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy import control
from deploy.client import Client, Refused
from deploy.datadir import DataDir
from deploy.environment import ROOT
from deploy.errors import StackError
from deploy.screen import Screen, counted, place

EMAIL = "admin@example.com"
INSTRUMENT = "Halvora C24 demo"
API_SECONDS = 60.0
INGEST_SECONDS = 300.0
ANSWER_SECONDS = 90.0
FIRST_CITATIONS = 3
"""The expected source must be among so many citations."""


@dataclass(frozen=True)
class Question:
    """A question, the one file that answers it, what the answer must say, and its Locator."""

    text: str
    filename: str
    fact: str
    locator: str


QUESTIONS = (
    Question("With what torque is the rotor nut tightened?", "manual.pdf", "5.5 Nm", "page"),
    Question("What is the serial number on the rating plate?", "label.png", "HC24-58317", "region"),
    Question(
        "How long must the disinfectant stay on the chamber wall after a spill?",
        "training.mp4",
        "12 minutes",
        "time",
    ),
)


class DemoFailed(Exception):
    """The step that failed, and why."""

    def __init__(self, step: str, reason: str) -> None:
        super().__init__(f"{step}: {reason}")


def main() -> int:
    """Run the demo and tell how it ended; 0 or 1."""
    screen = Screen()
    started = time.monotonic()
    try:
        run(screen)
    except DemoFailed as exc:
        screen.failed(f"The demo failed at this step - {exc}")
        return 1
    except KeyboardInterrupt:
        screen.failed("Stopped by you.")
        return 130
    screen.line(f"All three answers hold. {time.monotonic() - started:.0f} s in all.")
    return 0


def run(screen: Screen) -> None:
    """Every step in order. Raises DemoFailed naming the one that went wrong."""
    data = DataDir(Path(os.environ.get("VOUCH_DATA") or ROOT / "var"))
    with _stack(data, screen) as (url, password), Client(url) as client:
        with _step("sign in"):
            client.sign_in(EMAIL, password)
            screen.line(f"Signed in at {url} as {EMAIL}.")
        with _step("create the instrument"):
            instrument, new = client.instrument(INSTRUMENT, "An invented bench-top centrifuge.")
            screen.line(f"Instrument {INSTRUMENT!r} {'created' if new else 'is there already'}.")
        sources = {
            question.filename: _add(client, screen, instrument["id"], question.filename)
            for question in QUESTIONS
        }
        for question in QUESTIONS:
            turn = _ask(client, screen, instrument["id"], question)
            proof = _expected_proof(turn, question, sources[question.filename])
            if question.locator == "page":
                _save_page(client, screen, proof, data.path / "demo" / "proof-page.png")


@contextmanager
def _step(name: str) -> Iterator[None]:
    try:
        yield
    except (Refused, StackError) as exc:
        raise DemoFailed(name, str(exc)) from exc
    except (KeyError, TypeError, ValueError) as exc:
        reason = f"the server's answer isn't what the contract says ({type(exc).__name__}: {exc})"
        raise DemoFailed(name, reason) from exc


@contextmanager
def _stack(data: DataDir, screen: Screen) -> Iterator[tuple[str, str]]:
    """The address of a running server and the demo password; ends what it started itself."""
    record, ours = data.read_record(), False
    url = record["url"] if record else f"http://127.0.0.1:{os.environ.get('PORT') or 8000}"
    password = os.environ.get("DEMO_PASSWORD") or "vouch-demo"
    try:
        if not _lives(url):
            ours = not data.is_locked()
            screen.line("Nothing answers yet; starting the stack (the first time takes longest).")
            with _step("start the stack"), screen.waiting("starting"):
                record = control.ensure_running(data)
                url = record["url"]
                _wait_for(url)
        yield url, control.demo_password(record) if record else password
    finally:
        if ours:
            screen.line("Stopping the stack; its data stay.")
            control.stop(data)


def _lives(url: str) -> bool:
    with Client(url) as probe:
        return probe.lives()


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + API_SECONDS
    while not _lives(url):
        if time.monotonic() > deadline:
            raise StackError(f"The API at {url} does not answer. See: python -m deploy status")
        time.sleep(0.5)


def _add(client: Client, screen: Screen, instrument_id: str, filename: str) -> str:
    """Upload a sample and follow its job to the end; the source's id."""
    path = ROOT / "samples" / filename
    with _step(f"upload {filename}"), screen.bar(f"upload {filename}", path.stat().st_size) as bar:
        answer = client.upload(instrument_id, path, bar.add)
    source_id = answer["source_id"]
    with _step(f"read {filename}"):
        job_id = answer.get("job_id")
        if answer.get("duplicate"):
            job_id = _unfinished_job(client, instrument_id, source_id)
        if job_id:
            _follow(client, screen, filename, job_id)
        source = client.source(source_id)
        if source["status"] != "ready":
            why = source.get("error") or "no reason was given"
            raise DemoFailed(f"read {filename}", f"the source is {source['status']}: {why}")
        extent = [counted(source["fragment_count"], "fragment")]
        if source.get("duration"):
            extent.insert(0, f"{source['duration']:.0f} s")
        elif source.get("pages"):
            extent.insert(0, counted(source["pages"], "page"))
        known = " (known already)" if answer.get("duplicate") else ""
        screen.line(f"{filename}: ready, {', '.join(extent)}{known}.")
    return str(source_id)


def _unfinished_job(client: Client, instrument_id: str, source_id: str) -> str | None:
    """The job to wait for when an earlier run left a known file unfinished or failed."""
    if client.source(source_id)["status"] == "ready":
        return None
    job = client.job_of(instrument_id, source_id)
    if job is None:
        return None
    if job["state"] in ("failed", "cancelled"):
        client.retry(job["id"])
    return str(job["id"])


def _follow(client: Client, screen: Screen, filename: str, job_id: str) -> None:
    with screen.bar(f"read {filename}") as bar:
        for name, data in client.follow(job_id, INGEST_SECONDS):
            if name in ("failed", "cancelled"):
                error = data.get("error") or data
                raise Refused(f"the job {name}: {error.get('message', error)}")
            bar.show(data.get("done"), data.get("total"), data.get("stage"))


def _ask(client: Client, screen: Screen, instrument_id: str, question: Question) -> dict[str, Any]:
    """Ask, print the answer as it streams and then its proofs; the turn as the server keeps it."""
    step = f"ask {question.text!r}"
    turn_id = ""
    with _step(step):
        screen.question(question.text)
        try:
            for name, data in client.ask(instrument_id, question.text, ANSWER_SECONDS):
                if name == "start":
                    turn_id = data["turn_id"]
                elif name == "token":
                    screen.token(data["t"])
                elif name == "error":
                    raise Refused(f"{data.get('code')}: {data.get('message')}")
        finally:
            screen.end_of_answer()
        turn = client.turn(turn_id)
        for citation in turn["citations"]:
            screen.proof(citation)
        return turn


def _expected_proof(turn: dict[str, Any], question: Question, source_id: str) -> dict[str, Any]:
    """The citation that proves the expected fact. Raises DemoFailed without one."""
    step = f"check the answer to {question.text!r}"
    with _step(step):
        if question.fact not in turn["answer"]:
            raise DemoFailed(step, f"it doesn't say {question.fact!r}: {turn['answer']!r}")
        first = turn["citations"][:FIRST_CITATIONS]
        for citation in first:
            if citation["source_id"] == source_id:
                if citation["locator"]["type"] != question.locator:
                    raise DemoFailed(step, f"no {question.locator} but {place(citation)}")
                return dict(citation)
        cited = ", ".join(citation["filename"] for citation in first) or "nothing"
        raise DemoFailed(step, f"it should cite {question.filename}, and cites {cited}")


def _save_page(client: Client, screen: Screen, citation: dict[str, Any], path: Path) -> None:
    with _step("save the proof page"):
        page = citation["locator"]["page"]
        picture = client.page_picture(citation["source_id"], page, citation["id"])
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(picture)
        except OSError as exc:
            raise DemoFailed("save the proof page", f"{path} can't be written: {exc}") from exc
        screen.line(f"  Page {page} with the proof marked: {path}")


if __name__ == "__main__":
    sys.exit(main())
