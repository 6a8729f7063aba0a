"""`make bench`: every benchmark, one after another; the figures go to benchmarks/results/*.json.

python -m benchmarks [NAME ...]
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
BENCHMARKS = {
    "ingest": "pages a second through the real stack, beside a LangChain pipeline",
    "embedding": "fragments a second, and what a fast form costs in quality",
    "locate": "PDF text, boxes and answers against ground truth, beside other extractors",
    "ocr": "page scans and pictures against ground truth",
    "recordings": "subtitles, speech and slides against ground truth",
    "main_text": "the main text of web pages against ground truth",
    "retrieval": "SciFact through ingest, indexes and search",
    "cross_language": "questions in other languages on English paragraphs (XQuAD)",
    "claims": "altered, true and reworded sentences against the check of claims",
    "proofs": "answers' proofs: the words (XQuAD) and the page (FinanceBench), beside LangChain",
    "manuals": "questions of a service engineer on real manuals, marked right, wrong, declined",
    "ask": "an answer without a language model: milliseconds, and answers a second",
    "cancel": "milliseconds until a stopped answer's vendor is left",
    "memory": "an ingest process over fifty files",
}


def main(names: list[str]) -> int:
    unknown = set(names) - set(BENCHMARKS)
    if unknown:
        print(f"There is no benchmark {', '.join(sorted(unknown))}. There are:", file=sys.stderr)
        for name, meaning in BENCHMARKS.items():
            print(f"  {name:16}{meaning}", file=sys.stderr)
        return 2
    RESULTS.mkdir(exist_ok=True)
    failed = []
    for name in names or BENCHMARKS:
        print(f"\n== {name}: {BENCHMARKS[name]}\n", flush=True)
        command = [sys.executable, "-m", f"benchmarks.{name}"]
        run = subprocess.run([*command, "--json", str(RESULTS / f"{name}.json")], check=False)
        if run.returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
