"""How fast Fragments become vectors, and what a fast form costs in quality.

    python -m benchmarks.embedding [--json FILE] [--forms bf16,int8,fp32]

- Speed: Fragments of about 200 tokens of a manual of 619 pages, in as many one-thread processes
  as there are cores, as the ingest worker runs them; beside it one process of plain
  sentence-transformers with all cores, as everybody runs it.
- Quality: nDCG@10 of exact cosine on SciFact (5,183 documents, 150 queries), each form against
  fp32 in the same run.

Without `--forms`: the form that this processor gets, and fp32.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CORPUS = HERE.parent / ".." / "shared" / "data"
CACHE = HERE / "results" / "models"
COUNT = 480
SHARD = 64
TOKENS = (160, 240)
"""Least and most tokens of the Fragments taken: about 200 on average."""
ROUNDS = 3


def fragments() -> list[str]:
    """What the model reads of COUNT Fragments of the manual."""
    from pipelines.chunking import Chunker
    from pipelines.embedders.embedder import BUILT_IN, model_directory
    from pipelines.embedders.model_files import Tokens
    from pipelines.parsers.contract import ParseOptions
    from pipelines.parsers.pdf.parser import PdfParser

    tokens = Tokens(model_directory(BUILT_IN))
    chunker = Chunker(tokens.offsets, tokens.max_tokens)
    found: list[str] = []
    for part in PdfParser().parse(CORPUS / "pdf" / "DA-619p.pdf", ParseOptions()):
        for fragment in chunker.feed(part):
            if TOKENS[0] <= fragment.tokens <= TOKENS[1]:
                found.append(fragment.embedding_text)
        if len(found) >= COUNT:
            return found[:COUNT]
    return found


def embedder(form: str) -> Any:
    """The built-in model in one form: `auto`, an OpenVINO form, or `sentence-transformers`."""
    from pipelines.embedders.conversion import converted, quantize
    from pipelines.embedders.embedder import BUILT_IN, load_embedder, model_directory
    from pipelines.embedders.model_files import Tokens, sha256, weights
    from pipelines.embedders.with_openvino import OpenVinoEmbedder
    from pipelines.embedders.with_torch import TorchEmbedder

    directory = model_directory(BUILT_IN)
    if form == "sentence-transformers":
        return TorchEmbedder(directory, BUILT_IN, device="cpu")
    if form == "auto":
        return load_embedder(BUILT_IN, cache=CACHE)
    files = converted(directory, CACHE / sha256(weights(directory))[:16])
    if form == "int8" and not (files / "int8.xml").is_file():
        quantize(Tokens(directory), files)
    return OpenVinoEmbedder(Tokens(directory), files, BUILT_IN, form=form)  # type: ignore[arg-type]


def work(form: str) -> None:
    """A process of its own: loads, says it is ready, waits for a line, embeds, tells its time."""
    texts = json.loads(Path(sys.argv[3]).read_text())
    model = embedder(form)
    model.embed(texts[:SHARD])
    print("ready", flush=True)
    for _ in sys.stdin:
        began = time.perf_counter()
        if form == "sentence-transformers":
            model._model.encode(texts, batch_size=32, show_progress_bar=False)
        else:
            for at in range(0, len(texts), SHARD):
                model.embed(texts[at : at + SHARD])
        print(time.perf_counter() - began, flush=True)


def speed(form: str, texts: Path, processes: int) -> float:
    """Fragments a second over `processes`, the median of ROUNDS."""
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent)}
    command = [sys.executable, "-m", "benchmarks.embedding", "--work", form, str(texts)]
    running = [
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=HERE.parent,
            env=environment,
        )
        for _ in range(processes)
    ]
    rates = []
    for process in running:
        assert process.stdout is not None
        process.stdout.readline()
    for _ in range(ROUNDS):
        for process in running:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        slowest = max(float(process.stdout.readline()) for process in running)  # type: ignore[union-attr]
        rates.append(processes * COUNT / slowest)
    for process in running:
        process.communicate()
    return statistics.median(rates)


def quality(form: str) -> float:
    """nDCG@10 on SciFact's 150 shared queries, by exact cosine."""
    import numpy as np

    from pipelines.embedders.embedder import fitting

    folder = CORPUS / "qa" / "scifact"
    model = embedder(form)
    documents = [json.loads(line) for line in (folder / "corpus.jsonl").open()]
    relevant: dict[str, dict[str, int]] = {}
    with (folder / "qrels_test.tsv").open() as file:
        for row in csv.DictReader(file, delimiter="\t"):
            relevant.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    queries = [json.loads(line) for line in (folder / "queries.jsonl").open()]
    queries = [query for query in queries if str(query["_id"]) in relevant]
    texts = [f"{document['title']} {document['text']}".strip() for document in documents]
    vectors = model.embed([fitting(model, text) for text in texts])
    asked = model.embed([fitting(model, query["text"]) for query in queries])
    gains = []
    for query, scores in zip(queries, asked @ vectors.T, strict=True):
        truth = relevant[str(query["_id"])]
        best = [truth.get(str(documents[at]["_id"]), 0) for at in np.argsort(-scores)[:10]]
        ideal = sorted(truth.values(), reverse=True)[:10]
        gains.append(_discounted(best) / _discounted(ideal))
    return float(np.mean(gains))


def _discounted(gains: list[int]) -> float:
    return sum(gain / math.log2(rank + 2) for rank, gain in enumerate(gains))


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.embedding", description=__doc__)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--forms", default="")
    chosen = parser.parse_args()
    (HERE / "results").mkdir(exist_ok=True)
    texts = HERE / "results" / "embedding-fragments.json"
    taken = fragments()
    texts.write_text(json.dumps(taken))
    from pipelines.embedders.embedder import BUILT_IN, model_directory
    from pipelines.embedders.model_files import Tokens

    mean = statistics.mean(len(ids) for ids in Tokens(model_directory(BUILT_IN)).ids(taken))
    forms = chosen.forms.split(",") if chosen.forms else [embedder("auto").form, "fp32"]
    cores = os.cpu_count() or 1
    result: dict[str, Any] = {"tokens": mean, "processes": cores, "forms": {}}
    plain = speed("sentence-transformers", texts, 1)
    print(f"{len(taken)} fragments of {mean:.0f} tokens on average, {cores} cores")
    print(f"{'form':24}{'fragments/s':>12}{'SciFact nDCG@10':>17}")
    print(f"{'sentence-transformers':24}{plain:12.1f}")
    result["forms"]["sentence-transformers"] = {"fragments_per_second": plain}
    for form in dict.fromkeys(forms):
        rate, gain = speed(form, texts, cores), quality(form)
        result["forms"][form] = {"fragments_per_second": rate, "ndcg_10": gain}
        print(f"{form:24}{rate:12.1f}{gain:17.4f}")
    if chosen.json:
        chosen.json.write_text(json.dumps(result, indent=1))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(sys.argv[2])
    else:
        main()
