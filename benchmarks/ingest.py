"""From `complete` to `ready` through the real stack, beside a plain LangChain pipeline.

    python -m benchmarks.ingest [FILE ...] [--json FILE] [--alone] [--processes N]

Without FILE: a manual of 619 pages and nine small born-digital PDFs of the corpus. `--alone`
leaves LangChain out; it gets an environment of its own under benchmarks/results, made when it is
first needed. The model is loaded and warm on both sides before the clock starts.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from deploy.stack import Stack

HERE = Path(__file__).parent
CORPUS = HERE.parent / ".." / "shared" / "data"
SMALL = (
    "2305.03393v1-pg9",
    "amt_handbook_sample",
    "bookmark_sample",
    "interface-config-guide-p93",
    "minimal-document",
    "multi-column",
    "multicolumn",
    "normal_4pages",
    "RECEIPT-2024-TXN-98765_retail_purchase",
)
ENVIRONMENT = HERE / "results" / "langchain-environment"
POLL = 0.2
"""Seconds between two looks at the jobs: what the clock is true to."""
LIMIT = 1800.0
"""Seconds a run may take."""


@dataclass
class Watch:
    """Memory peaks and processor seconds of a stack's processes, by what they do."""

    root: psutil.Process
    peaks: dict[str, int] = field(default_factory=dict)
    """Largest RSS in bytes of any one process of a role."""
    seconds: dict[int, tuple[str, float, float]] = field(default_factory=dict)
    """pid -> role, processor seconds when first and when last seen."""
    began: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        self._over = threading.Event()
        self._look()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> dict[str, float]:
        """Processor seconds by role since the start."""
        self._over.set()
        self._thread.join()
        self._look()
        spent: Counter[str] = Counter()
        for role, first, last in self.seconds.values():
            spent[role] += last - first
        return {role: round(value, 2) for role, value in spent.most_common() if value > 0.05}

    def _run(self) -> None:
        while not self._over.wait(0.2):
            self._look()

    def _look(self) -> None:
        for process in self.root.children(recursive=True):
            try:
                role = _role(process.cmdline(), process.pid)
                times = process.cpu_times()
                rss = process.memory_info().rss
            except psutil.Error:
                continue
            now = times.user + times.system
            # All of a process counts that began after the watch did.
            began = 0.0 if process.create_time() > self.began else now
            began = self.seconds.get(process.pid, (role, began, now))[1]
            self.seconds[process.pid] = (role, began, now)
            self.peaks[role] = max(self.peaks.get(role, 0), rss)


def _role(words: list[str], pid: int) -> str:
    line = " ".join(words)
    for part, role in (
        ("pipelines.sandbox.parser_process", "parser"),
        ("worker-ingest@", "ingest worker"),
        ("worker-answers@", "answers worker"),
        ("worker-maintenance@", "maintenance worker"),
        ("gunicorn", "api"),
        ("postgres", "postgres"),
        ("redis", "redis"),
        ("rclone", "object store"),
        ("chroma", "chroma"),
        ("celery", "beat, flower"),
    ):
        if part in line:
            return role
    return words[0].rsplit("/", 1)[-1] if words else str(pid)


PUT_TRIES = 3
"""The embedded object store answers 500 now and then when many write at once."""


class User:
    """Uploads and waits, over HTTP."""

    def __init__(self, url: str) -> None:
        self.http = httpx.Client(base_url=url, timeout=60)
        who = {"email": "admin@example.com", "password": "vouch-demo"}
        token = self.http.post("/api/auth/login", json=who).raise_for_status().json()
        self.http.headers["Authorization"] = f"Bearer {token['access_token']}"
        made = self.http.post("/api/instruments/", json={"name": "Benchmark"})
        self.instrument = made.raise_for_status().json()["id"]

    def put(self, path: Path) -> str:
        """The upload's id; the object is stored, nothing reads it yet."""
        data = path.read_bytes()
        body = {"instrument_id": self.instrument, "filename": path.name, "size": len(data)}
        right = self.http.post("/api/uploads/initiate", json=body).raise_for_status().json()
        for _ in range(PUT_TRIES):
            stored = httpx.put(right["signed_url"], content=data, headers=right["headers"])
            if stored.status_code < 500:
                break
        stored.raise_for_status()
        return right["upload_id"]

    def complete(self, upload: str) -> dict[str, Any]:
        return self.http.patch(f"/api/uploads/{upload}/complete", json={}).raise_for_status().json()

    def job(self, job_id: str) -> dict[str, Any]:
        return self.http.get(f"/api/jobs/{job_id}").raise_for_status().json()

    def jobs(self) -> dict[str, dict[str, Any]]:
        """The instrument's newest hundred, by id."""
        query = {"instrument": self.instrument, "page_size": 100}
        listed = self.http.get("/api/jobs/", params=query).raise_for_status().json()
        return {job["id"]: job for job in listed}

    def search(self, question: str, count: int, **limits: Any) -> list[dict[str, Any]]:
        query = {"instrument": self.instrument, "q": question, "page_size": count, **limits}
        return self.http.get("/api/search/", params=query).raise_for_status().json()

    def source(self, source_id: str) -> dict[str, Any]:
        return self.http.get(f"/api/sources/{source_id}").raise_for_status().json()

    def fragments(self, source_id: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            query = {"page": len(found) // 100 + 1, "page_size": 100}
            some = self.http.get(f"/api/sources/{source_id}/fragments", params=query).json()
            found += some
            if len(some) < 100:
                return found


def settings(processes: int) -> dict[str, str]:
    """The environment of a benchmark's stack: embedded services, a model converted once."""
    (HERE / "results").mkdir(exist_ok=True)
    env = {
        **os.environ,
        "INGEST_PROCESSES": str(processes),
        "MODEL_CACHE": str(HERE / "results" / "models"),
        "LLM": "extractive",
        "ACCESS_TOKEN_SECONDS": "86400",
    }
    for name in ("DATABASE_URL", "REDIS_URL", "S3_ENDPOINT", "CHROMA_URL"):
        env.pop(name, None)
    return env


def ours(files: list[Path], processes: int) -> dict[str, Any]:
    """One run on a fresh stack."""
    env = settings(processes)
    with (
        tempfile.TemporaryDirectory(prefix="vouch-bench-") as folder,
        Stack(Path(folder), port=0, env=env) as stack,
    ):
        user = User(stack.url)
        _warm(user, Path(folder), processes)
        uploads = [user.put(path) for path in files]
        watch = Watch(psutil.Process())
        began = time.perf_counter()
        jobs = [user.complete(upload) for upload in uploads]
        first_page, ends = _follow(user, jobs, began)
        seconds = time.perf_counter() - began
        spent = watch.end()
        sources = [user.source(job["source_id"]) for job in jobs]
        return {
            "seconds": seconds,
            "first_page_seconds": first_page,
            "files": len(files),
            "pages": sum(source["pages"] or 0 for source in sources),
            "fragments": sum(source["fragment_count"] for source in sources),
            "tokens": _tokens(user, sources, files),
            "stages": _stages(sources),
            "processor_seconds": spent,
            "peak_rss_mb": {role: size // 2**20 for role, size in watch.peaks.items()},
            "failed": [f"{s['filename']}: {s['error']}" for s in sources if s["status"] != "ready"],
            "ends": ends,
        }


def first_page(file: Path, processes: int) -> float:
    """Seconds from `complete` to a first page that can be asked about, nothing else being read."""
    with (
        tempfile.TemporaryDirectory(prefix="vouch-bench-") as folder,
        Stack(Path(folder), port=0, env=settings(processes)) as stack,
    ):
        user = User(stack.url)
        _warm(user, Path(folder), processes)
        upload = user.put(file)
        began = time.perf_counter()
        job_id = user.complete(upload)["job_id"]
        while not (job := user.job(job_id))["done"] and job["finished_at"] is None:
            time.sleep(POLL / 2)
        return time.perf_counter() - began


def _warm(user: User, folder: Path, processes: int) -> None:
    """Each ingest process has loaded the model and has its parser."""
    from reportlab.pdfgen import canvas

    jobs = []
    for number in range(processes * 3):
        path = folder / f"warm{number}.pdf"
        page = canvas.Canvas(str(path))
        page.drawString(72, 700, f"This page, number {number}, warms the worker up.")
        page.save()
        jobs.append(user.complete(user.put(path)))
    for job in jobs:
        while user.job(job["job_id"])["finished_at"] is None:
            time.sleep(0.1)


def _follow(
    user: User, jobs: list[dict[str, Any]], began: float
) -> tuple[float | None, dict[str, float]]:
    """Seconds until the first page of the first file could be asked about, and until each job's
    end, by source."""
    first_page: float | None = None
    ends: dict[str, float] = {}
    while first_page is None and time.perf_counter() - began < LIMIT:
        first = user.job(jobs[0]["job_id"])
        if first["done"] or first["finished_at"] is not None:
            first_page = time.perf_counter() - began
        time.sleep(POLL / 2)
    while len(ends) < len(jobs):
        now = user.jobs()
        at = time.perf_counter() - began
        for job in jobs:
            if now[job["job_id"]]["finished_at"] is not None:
                ends.setdefault(job["source_id"], at)
        if at > LIMIT:
            raise TimeoutError(f"not all was read in {LIMIT:.0f} s")
        time.sleep(POLL)
    return first_page, ends


def _stages(sources: list[dict[str, Any]]) -> dict[str, float]:
    spent: Counter[str] = Counter()
    for source in sources:
        spent.update(source["report"].get("seconds", {}))
    return {stage: round(value, 2) for stage, value in spent.most_common()}


def _tokens(user: User, sources: list[dict[str, Any]], files: list[Path]) -> dict[str, int]:
    """The model's tokens of what the parser read, and of what the fragments hold: nothing may
    get lost between, and no fragment may be longer than the model reads."""
    from pipelines.embedders.embedder import BUILT_IN, model_directory
    from pipelines.embedders.model_files import Tokens
    from pipelines.parsers import parser_for
    from pipelines.parsers.contract import ParseOptions

    tokens = Tokens(model_directory(BUILT_IN))
    read = held = longest = 0
    for source, path in zip(sources, files, strict=True):
        if source["status"] != "ready":
            continue
        parser = parser_for(source["media_type"])
        for part in parser.parse(path, ParseOptions()):
            read += sum(tokens.counts([segment.text for segment in part.segments]))
        fragments = user.fragments(source["id"])
        held += sum(tokens.counts([fragment["text"] for fragment in fragments]))
        longest = max([longest, *(fragment["tokens"] for fragment in fragments)])
    return {"read": read, "in_fragments": held, "longest_fragment": longest}


def install_langchain() -> Path:
    """Python of LangChain's environment, made when it is first needed."""
    python = ENVIRONMENT / "bin" / "python"
    requirements = HERE / "requirements-langchain.txt"
    stamp = ENVIRONMENT / requirements.name
    if not stamp.is_file() or stamp.read_text() != requirements.read_text():
        print("Installing LangChain into an environment of its own (once) ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(ENVIRONMENT)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", str(requirements)], check=True)
        stamp.write_text(requirements.read_text())
    return python


def langchain(files: list[Path]) -> dict[str, Any]:
    """One run in the environment of its own."""
    python = install_langchain()
    run = subprocess.run(
        [str(python), str(HERE / "langchain_pipeline.py"), *map(str, files)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(run.stdout.splitlines()[-1])


def show(result: dict[str, Any]) -> None:
    mine = result["vouch"]
    rows = [("", "Vouch", "LangChain")]
    other = result.get("langchain")
    rows.append(("seconds", f"{mine['seconds']:.1f}", f"{other['seconds']:.1f}" if other else "-"))
    rows.append(("pages/s", *(_rate(side, "pages") for side in (mine, other))))
    rows.append(("fragments/s", _rate(mine, "fragments"), _rate(other, "chunks") if other else "-"))
    if mine["first_page_seconds"] is not None:
        rows.append(("first page among all after s", f"{mine['first_page_seconds']:.2f}", "-"))
    rows.append(("first page alone after s", f"{result['first_page_alone_seconds']:.2f}", "-"))
    largest = max(mine["peak_rss_mb"].get(role, 0) for role in ("ingest worker", "parser"))
    rows.append(("peak RSS MB", str(largest), str(other["peak_rss_mb"]) if other else "-"))
    for row in rows:
        print(f"{row[0]:32}{row[1]:>12}{row[2]:>12}")
    if other:
        print(f"{'pages/s, ratio':32}{result['ratio']:>12.2f}")
    print("\nwork by stage, s:      ", mine["stages"])
    print("processor seconds:     ", mine["processor_seconds"])
    print("peak RSS of a process: ", mine["peak_rss_mb"])
    print("tokens:                ", mine["tokens"])
    for failed in (*mine["failed"], *(other["failed"] if other else ())):
        print("failed:                ", failed)


def _rate(side: dict[str, Any] | None, what: str) -> str:
    return f"{side[what] / side['seconds']:.1f}" if side else "-"


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.ingest", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--alone", action="store_true", help="leave LangChain out")
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args()
    files = chosen.files or [CORPUS / "pdf" / f"{name}.pdf" for name in ("DA-619p", *SMALL)]
    result: dict[str, Any] = {"vouch": ours([f.resolve() for f in files], chosen.processes)}
    result["first_page_alone_seconds"] = first_page(files[0].resolve(), chosen.processes)
    if not chosen.alone:
        result["langchain"] = langchain([f.resolve() for f in files])
        sides = (result["vouch"], result["langchain"])
        mine, other = (side["pages"] / side["seconds"] for side in sides)
        result["ratio"] = mine / other
    show(result)
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
