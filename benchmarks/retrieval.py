"""How well the product finds: SciFact through its own ingest, indexes and search.

    python -m benchmarks.retrieval [--json FILE]

Every abstract (5,183) is a source of one instrument, uploaded as Markdown with its title as
heading; the shared 150 queries are asked by `GET /api/search/`, one after another. A source ranks
where its first Fragment does. nDCG@10 and recall@10 as BEIR counts them; milliseconds are of the
whole HTTP call for a page of ten hits. What was tuned on these queries: the weight of the cosine
against BM25 (`pipelines.retrieval.retrieve.COSINE_WEIGHT`) and how the scores are made comparable
before they are added.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.ingest import User, settings
from deploy.stack import Stack

FOLDER = Path(__file__).parent.parent / ".." / "shared" / "data" / "qa" / "scifact"
AT = 10
FRAGMENTS = 50
"""Of a search: enough to name ten sources."""
UPLOADS = 8
"""Uploads at the same time."""


def load() -> tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, dict[str, int]]]:
    """Documents, queries, and what is relevant: query -> document -> grade."""
    documents = [json.loads(line) for line in (FOLDER / "corpus.jsonl").open()]
    relevant: dict[str, dict[str, int]] = {}
    with (FOLDER / "qrels_test.tsv").open() as file:
        for row in csv.DictReader(file, delimiter="\t"):
            relevant.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    queries = [json.loads(line) for line in (FOLDER / "queries.jsonl").open()]
    return documents, [query for query in queries if str(query["_id"]) in relevant], relevant


def ingest(user: User, documents: list[dict[str, Any]], folder: Path) -> float:
    """Upload all and wait until all are read; seconds."""
    began = time.perf_counter()

    def put(document: dict[str, Any]) -> str:
        path = folder / f"{document['_id']}.md"
        path.write_text(f"# {document['title'].strip()}\n\n{document['text'].strip()}\n")
        job: str = user.complete(user.put(path))["job_id"]
        path.unlink()
        return job

    with ThreadPoolExecutor(UPLOADS) as pool:
        jobs = list(pool.map(put, documents))
    waiting = list(reversed(jobs))
    while waiting:
        job = user.job(waiting[-1])
        if job["state"] in ("done", "failed", "cancelled"):
            if job["state"] != "done":
                raise SystemExit(f"a document was not read: {job['error']}")
            waiting.pop()
        else:
            time.sleep(0.5)
    return time.perf_counter() - began


def ask(user: User, queries: list[dict[str, Any]]) -> tuple[dict[str, list[str]], list[float]]:
    """Query -> documents, best first; and the milliseconds of a page of ten hits."""
    found, spent = {}, []
    for query in queries:
        began = time.perf_counter()
        user.search(query["text"], AT)
        spent.append(1000 * (time.perf_counter() - began))
        hits = user.search(query["text"], FRAGMENTS)
        names = [hit["filename"].removesuffix(".md") for hit in hits]
        found[str(query["_id"])] = list(dict.fromkeys(names))[:AT]
    return found, spent


def quality(
    found: dict[str, list[str]], relevant: dict[str, dict[str, int]]
) -> tuple[float, float]:
    """nDCG@10 and recall@10, means over the queries."""
    gains, recalls = [], []
    for query, documents in found.items():
        truth = relevant[query]
        ideal = sorted(truth.values(), reverse=True)[:AT]
        gains.append(_discounted([truth.get(name, 0) for name in documents]) / _discounted(ideal))
        recalls.append(sum(name in truth for name in documents) / len(truth))
    return statistics.mean(gains), statistics.mean(recalls)


def _discounted(gains: list[int]) -> float:
    return sum(gain / math.log2(rank + 2) for rank, gain in enumerate(gains))


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.retrieval", description=__doc__)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    documents, queries, relevant = load()
    with (
        tempfile.TemporaryDirectory(prefix="vouch-bench-") as folder,
        Stack(Path(folder) / "stack", port=0, env=settings(2)) as stack,
    ):
        user = User(stack.url)
        seconds = ingest(user, documents, Path(folder))
        ask(user, queries[:5])
        found, spent = ask(user, queries)
    gain, recall = quality(found, relevant)
    p50, p95 = statistics.median(spent), statistics.quantiles(spent, n=20)[-1]
    result = {
        "documents": len(documents),
        "queries": len(queries),
        "ingest_seconds": seconds,
        "ndcg_10": gain,
        "recall_10": recall,
        "p50_ms": p50,
        "p95_ms": p95,
    }
    print(f"{len(documents)} documents read in {seconds:.0f} s; {len(queries)} queries")
    print(f"nDCG@10 {gain:.4f}   recall@10 {recall:.4f}   p50 {p50:.1f} ms   p95 {p95:.1f} ms")
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
