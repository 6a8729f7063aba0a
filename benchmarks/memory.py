"""Memory of an ingest process over fifty files in a row, through the real stack.

    python -m benchmarks.memory [--json FILE] [--plot FILE.svg]

One ingest process reads the manual of 619 pages, the page-count bomb and the corpus's PDFs, one
after another. For each file: the peak of the worker process and of its parser while it was read,
and what the worker holds afterwards.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil

from benchmarks.ingest import CORPUS, HERE, User, settings
from deploy.stack import Stack

FILES = 50
FIRST = ("pdf/DA-619p.pdf", "hostile/bomb_giant.pdf")


def files() -> list[Path]:
    rest = sorted((CORPUS / "pdf").glob("*.pdf"), key=lambda path: path.name.lower())
    chosen = [CORPUS / name for name in FIRST]
    return (chosen + [path for path in rest if path not in chosen])[:FILES]


class Meter:
    """Samples the ingest worker's pool process and its parser."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._lock = threading.Lock()
        self.worker = self.parser = self.now = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def reset(self) -> None:
        with self._lock:
            self.worker = self.parser = 0

    def end(self) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(0.05):
            worker = parser = 0
            for process in psutil.Process().children(recursive=True):
                try:
                    line = " ".join(process.cmdline())
                    rss = process.memory_info().rss
                except psutil.Error:
                    continue
                if "pipelines.sandbox.parser_process" in line:
                    parser = max(parser, rss)
                elif "worker-ingest@" in line:
                    worker = max(worker, rss)
            with self._lock:
                self.now = worker
                self.worker, self.parser = max(self.worker, worker), max(self.parser, parser)


def measure() -> list[dict[str, Any]]:
    rows = []
    with (
        tempfile.TemporaryDirectory(prefix="vouch-bench-") as folder,
        Stack(Path(folder), port=0, env=settings(1)) as stack,
    ):
        user = User(stack.url)
        meter = Meter()
        for path in files():
            meter.reset()
            job = user.complete(user.put(path))
            while user.job(job["job_id"])["finished_at"] is None:
                time.sleep(0.1)
            source = user.source(job["source_id"])
            rows.append(
                {
                    "file": path.name,
                    "status": source["status"],
                    "pages_ocr": source["report"].get("counts", {}).get("pages_ocr", 0),
                    "worker_mb": meter.worker / 2**20,
                    "parser_mb": meter.parser / 2**20,
                    "after_mb": meter.now / 2**20,
                }
            )
        meter.end()
    return rows


def plot(rows: list[dict[str, Any]], path: Path) -> None:
    """Three lines over the files, as an SVG picture."""
    width, height, margin = 900, 360, 50
    top = max(2048.0, *(row["worker_mb"] + row["parser_mb"] for row in rows))
    lines = []
    series = (("worker_mb", "#1f5fa8"), ("parser_mb", "#c05a1c"), ("after_mb", "#3a8a3a"))
    for number, (name, colour) in enumerate(series):
        points = " ".join(
            f"{margin + at * (width - 2 * margin) / max(1, len(rows) - 1):.1f},"
            f"{height - margin - row[name] * (height - 2 * margin) / top:.1f}"
            for at, row in enumerate(rows)
        )
        lines.append(f'<polyline points="{points}" fill="none" stroke="{colour}"/>')
        lines.append(f'<text x="{margin + 120 * number}" y="24" fill="{colour}">{name}</text>')
    for mark in (0, 512, 1024, 1536, 2048):
        y = height - margin - mark * (height - 2 * margin) / top
        lines.append(f'<text x="4" y="{y:.0f}">{mark}</text>')
        lines.append(f'<path d="M{margin} {y:.1f}H{width - margin}" stroke="#ccc"/>')
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}">'
    style = "<style>text{font:12px sans-serif}</style>"
    path.write_text(head + style + "".join(lines) + "</svg>")


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.memory", description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--plot", type=Path, default=HERE / "results" / "memory.svg")
    chosen = parser.parse_args()
    rows = measure()
    print(f"{'file':48}{'status':>8}{'ocr':>5}{'worker':>8}{'parser':>8}{'after':>8}  MB")
    for row in rows:
        print(
            f"{row['file'][:47]:48}{row['status']:>8}{row['pages_ocr']:5}"
            f"{row['worker_mb']:8.0f}{row['parser_mb']:8.0f}{row['after_mb']:8.0f}"
        )
    plain = [row for row in rows if not row["pages_ocr"]]
    read = [row for row in rows if row["pages_ocr"]]
    after = [row["after_mb"] for row in rows]
    result = {
        "rows": rows,
        "peak_without_ocr_mb": max(max(r["worker_mb"], r["parser_mb"]) for r in plain),
        "peak_with_ocr_mb": max((max(r["worker_mb"], r["parser_mb"]) for r in read), default=0.0),
        "after_first_ten_mb": statistics.mean(after[:10]),
        "after_last_ten_mb": statistics.mean(after[-10:]),
    }
    for name, value in result.items():
        if name != "rows":
            print(f"{name:24}{value:8.0f}")
    plot(rows, chosen.plot)
    print(f"plotted in {chosen.plot}")
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
