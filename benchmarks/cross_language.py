"""Questions in one language on sources in another: XQuAD through the product's own ranking.

    python -m benchmarks.cross_language [--model NAME] [--languages de,es,ru,zh,en] [--every N]
        [--json FILE]

The 120 English paragraphs of XQuAD are the sources; the same questions are asked in each language.
Is the gold paragraph first, or among the first five? Documents are read, chunked, embedded and
ranked by the product's code, in this process and without its stores. Nothing was tuned on these
questions but the floor of the model's cosines (`pipelines.embedders.model_facts`).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import mean

from benchmarks.in_process import Library
from pipelines.embedders.embedder import load_embedder
from pipelines.embedders.model_facts import MULTILINGUAL

HERE = Path(__file__).parent
XQUAD = HERE.parent / ".." / "shared" / "data" / "qa" / "xquad"
CACHE = HERE / "results" / "models"
AMONG = 5
BAR = 0.90
"""Of each of BARRED: gold paragraph among the first five."""
BARRED = ("de", "es", "ru", "zh")


def paragraphs(language: str) -> list[tuple[str, list[str]]]:
    """(text, questions) of each paragraph, in the same order in every language."""
    data = json.loads((XQUAD / f"xquad.{language}.json").read_text("utf-8"))["data"]
    return [
        (paragraph["context"], [each["question"] for each in paragraph["qas"]])
        for article in data
        for paragraph in article["paragraphs"]
    ]


def asked(library: Library, language: str, every: int) -> dict[str, float]:
    """Shares of the questions whose paragraph is first, and among the first five."""
    questions = [
        (question, str(number))
        for number, (_, some) in enumerate(paragraphs(language))
        for question in some
    ][::every]
    ranks = [library.rank_of(question, gold, AMONG) for question, gold in questions]
    return {
        "questions": len(ranks),
        "first": mean(rank == 1 for rank in ranks),
        "top5": mean(rank is not None for rank in ranks),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.cross_language", description=__doc__)
    parser.add_argument("--model", default=MULTILINGUAL)
    parser.add_argument("--languages", default="en,de,es,ru,zh")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    library = Library(load_embedder(chosen.model, cache=chosen.cache))
    library.add({str(n): text for n, (text, _) in enumerate(paragraphs("en"))})
    figures = {}
    for language in chosen.languages.split(","):
        figures[language] = found = asked(library, language, chosen.every)
        bar = f"   bar {BAR}" if language in BARRED and chosen.model == MULTILINGUAL else ""
        print(f"{language}   first {found['first']:.3f}   top five {found['top5']:.3f}{bar}")
    if chosen.json:
        chosen.json.write_text(json.dumps({"model": chosen.model, **figures}, indent=1))


if __name__ == "__main__":
    main()
