"""How much of a page's article our HTML parser keeps, and how little else.

`python -m benchmarks.main_text` prints the table and, with `--json FILE`, writes the figures. The
pages and the articles that people marked in them are those of article-extraction-benchmark
(scrapinghub, MIT) that are in the corpus. F1 is computed as that benchmark does: shingles of four
words, counted as multisets; each page's counts are divided by their sum; precision and recall are
means over pages and F1 is the harmonic mean of the two means; 1.96 standard deviations of 1,000
bootstrap samples are told as its interval. The published row was measured on all 181 pages of the
benchmark, the others on the pages that are here.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import re
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).parent.parent / ".." / "shared" / "data" / "html" / "aeb"
SHINGLE = 4
SAMPLES = 1000
_WORD = re.compile(r"\w+")
_PUBLISHED = re.compile(r"^\s+trafilatura\s+(\S+)\s+([\d.]+) ± [\d.]+\s+([\d.]+).*?\s+([\d.]+) ±")

Extractor = Callable[[str], str]
Counts = tuple[float, float, float]
"""True positives, false positives, false negatives: shares of one page's shingles."""


def ours(markup: str) -> str:
    """The body: all segments but the headline, which the benchmark has as a field of its own."""
    segments = _segments(markup)
    return "\n\n".join(s.text for s in segments if (s.kind, s.level) != ("title", 1))


def ours_with_headline(markup: str) -> str:
    """All segments, as a viewer shows them."""
    return "\n\n".join(segment.text for segment in _segments(markup))


def _segments(markup: str) -> list[Any]:
    from pipelines.parsers.contract import ParseOptions
    from pipelines.parsers.web.page import HtmlParser

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.html"
        path.write_text(markup, encoding="utf-8")
        parts = HtmlParser().parse(path, ParseOptions())
        return [segment for part in parts for segment in part.segments]


def plain_trafilatura(markup: str) -> str:
    """As the benchmark itself calls it."""
    import trafilatura

    return trafilatura.extract(markup, include_comments=False) or ""


EXTRACTORS: dict[str, Extractor] = {
    "vouch": ours,
    "vouch, with headline": ours_with_headline,
    "trafilatura": plain_trafilatura,
}


def shingles(text: str) -> Counter[tuple[str, ...]]:
    words = _WORD.findall(text)
    found = (tuple(words[i : i + SHINGLE]) for i in range(max(1, len(words) - SHINGLE + 1)))
    return Counter(shingle for shingle in found if shingle)


def matched(gold: str, text: str) -> Counts:
    wanted, got = shingles(gold), shingles(text)
    counts = ((wanted & got).total(), (got - wanted).total(), (wanted - got).total())
    whole = sum(counts)
    return tuple(count / whole for count in counts) if whole else (0.0, 0.0, 0.0)  # type: ignore


def scores(pages: list[Counts]) -> dict[str, float]:
    precision = statistics.mean(_share(tp, fp, fn) for tp, fp, fn in pages if tp + fp > 0)
    recall = statistics.mean(_share(tp, fn, fp) for tp, fp, fn in pages if tp + fn > 0)
    both = precision + recall
    f1 = 2 * precision * recall / both if both else 0.0
    return {"f1": f1, "precision": precision, "recall": recall}


def _share(hits: float, misses: float, others: float) -> float:
    if misses == others == 0:
        return 1.0
    return hits / (hits + misses) if hits or misses else 0.0


def interval(pages: list[Counts]) -> float:
    """1.96 standard deviations of F1 over bootstrap samples of the pages."""
    draw = random.Random(0)
    samples = [scores(draw.choices(pages, k=len(pages)))["f1"] for _ in range(SAMPLES)]
    return 1.96 * statistics.stdev(samples)


def load(folder: Path) -> dict[str, tuple[str, str]]:
    """Name of a page -> its markup and the text of its article."""
    truth = json.loads((folder / "ground-truth.json").read_text(encoding="utf-8"))
    pages = {}
    for name, gold in sorted(truth.items()):
        with gzip.open(folder / f"{name}.html.gz", "rt", encoding="utf-8") as file:
            pages[name] = (file.read(), gold.get("articleBody") or "")
    return pages


def published(folder: Path) -> dict[str, Any] | None:
    """The newest score of trafilatura in the benchmark's own table."""
    for line in (folder / "README_published_scores.rst").read_text("utf-8").splitlines():
        if row := _PUBLISHED.match(line):
            names = ("version", "f1", "precision", "recall")
            return {
                n: v if n == "version" else float(v)
                for n, v in zip(names, row.groups(), strict=True)
            }
    return None


def measure(pages: dict[str, tuple[str, str]], extract: Extractor) -> dict[str, Any]:
    began = time.perf_counter()
    counts = {name: matched(gold, extract(markup)) for name, (markup, gold) in pages.items()}
    seconds = time.perf_counter() - began
    values = list(counts.values())
    return {
        **scores(values),
        "interval": interval(values),
        "pages": len(values),
        "pages_per_second": len(values) / seconds,
        "worst": sorted((round(tp, 3), name) for name, (tp, _, _) in counts.items())[:10],
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", type=Path, help="write the figures here")
    arguments.add_argument("--corpus", type=Path, default=CORPUS)
    given = arguments.parse_args()
    pages = load(given.corpus)
    found = {name: measure(pages, extract) for name, extract in EXTRACTORS.items()}
    print(f"{'':24} {'F1':>14} {'precision':>10} {'recall':>8} {'pages':>6} {'pages/s':>8}")
    for name, row in found.items():
        print(
            f"{name:24} {row['f1']:.4f} ±{row['interval']:.4f} {row['precision']:10.4f} "
            f"{row['recall']:8.4f} {row['pages']:6} {row['pages_per_second']:8.1f}"
        )
    if row := published(given.corpus):
        name = f"trafilatura {row['version']}, published"
        print(f"{name:30} {row['f1']:.3f} {row['precision']:17.3f} {row['recall']:8.3f}    181")
        found["published"] = row
    if given.json:
        given.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
