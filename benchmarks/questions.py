"""How long a question's vector takes, with and without the model's forms for questions.

    python -m benchmarks.questions [--json FILE]

SciFact's 150 shared queries, each embedded by two copies of the built-in model in turn, one of
which was made ready for questions, after rests as a worker has between two searches; the memory
is what making ready added to the process: resident, and of that its own (the model's file is
mapped, and shared by all that read it).
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from pathlib import Path

import psutil

from benchmarks.embedding import CACHE
from benchmarks.retrieval import load

RESTS = (0.0, 0.02)
"""Seconds before each question."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.questions", description=__doc__)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    from pipelines.embedding import BUILT_IN, load_embedder
    from pipelines.question_vectors import make_ready

    any_shape = load_embedder(BUILT_IN, cache=CACHE)
    own_forms = load_embedder(BUILT_IN, cache=CACHE)
    _, queries, _ = load()
    texts = [query["text"] for query in queries]
    for text in texts:
        any_shape.embed([text])
    before = psutil.Process().memory_full_info()
    make_ready(own_forms)
    after = psutil.Process().memory_full_info()
    rss, own = (after.rss - before.rss) / 2**20, (after.uss - before.uss) / 2**20
    result: dict[str, float] = {"rss_mib": rss, "own_mib": own}
    print(f"{len(texts)} questions; making ready added {rss:.0f} MiB, {own:.0f} of them its own")
    print(f"{'rest':>8}{'any shape p50':>16}{'p95':>8}{'own forms p50':>16}{'p95':>8}  ms")
    for rest in RESTS:
        spent: dict[str, list[float]] = {"any_shape": [], "own_forms": []}
        for text in texts:
            for name, model in (("any_shape", any_shape), ("own_forms", own_forms)):
                time.sleep(rest)
                began = time.perf_counter()
                model.embed([text])
                spent[name].append(1000 * (time.perf_counter() - began))
        line = f"{1000 * rest:5.0f} ms"
        for name, each in spent.items():
            p50, p95 = statistics.median(each), statistics.quantiles(each, n=20)[-1]
            result |= {f"{name}_p50_ms_{rest}": p50, f"{name}_p95_ms_{rest}": p95}
            line += f"{p50:16.2f}{p95:8.2f}"
        print(line)
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
