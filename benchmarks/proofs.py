"""Whether answers prove themselves: the right page, and the words that answer, through the stack.

    python -m benchmarks.proofs [--part xquad|financebench] [--language en] [--every N]
        [--alone] [--json FILE]

- XQuAD: every paragraph is a source of one instrument, each question is asked of all of them.
  Does one of the (at most four) cited sentences hold the gold answer, and does the first? The
  extractive answerer's constants were tuned on the English questions, with an eye on FinanceBench.
  `--language` asks in another language, of paragraphs in that language.
- FinanceBench: the filings are sources of one instrument; each question is asked of its own
  filing, as a person would, and then of all of them. Is a page that holds the evidence among the
  first five that search finds, or the first; among the answer's citations, or its first? Beside
  it a LangChain pipeline on the same files with the same limit (`--alone` leaves it out). Tuned on
  these questions: what a table is raised by, from when on a word is common
  (`pipelines.retrieval.retrieve.TABLE_BONUS`, `pipelines.retrieval.keywords.COMMON`), how many
  Hits an answerer is given.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.ingest import HERE, User, install_langchain, settings
from deploy.stack import Stack

QA = HERE.parent / ".." / "shared" / "data" / "qa"
BARS = {
    "xquad": {"cited": 0.70, "first_cited": 0.50},
    "financebench": {"search_top5": 24, "search_first": 17, "cited": 22},
}
AMONG = 5
QUOTES = 4
LIMIT = 3600.0
"""Seconds that reading the sources may take."""


def add(user: User, files: Iterable[Path]) -> dict[str, str]:
    """File name -> source id, once all of them are ready."""
    jobs = {path.name: user.complete(user.put(path)) for path in files}
    until = time.monotonic() + LIMIT
    for name, job in jobs.items():
        while (state := user.job(job["job_id"]))["finished_at"] is None:
            if time.monotonic() > until:
                raise TimeoutError(f"{name} was not read in {LIMIT:.0f} s")
            time.sleep(0.2)
        if state["state"] != "done":
            raise RuntimeError(f"{name}: {state['error']}")
    return {name: job["source_id"] for name, job in jobs.items()}


def ask(user: User, question: str, sources: Sequence[str] = ()) -> dict[str, Any]:
    """The whole turn of a new conversation."""
    body: dict[str, Any] = {"instrument_id": user.instrument, "question": question}
    if sources:
        body["source_ids"] = list(sources)
    answer = user.http.post("/api/chat/ask", json=body, headers={"Prefer": "wait=60"})
    turn: dict[str, Any] = answer.raise_for_status().json()
    if turn.get("status") != "done":
        raise RuntimeError(f"no answer to {question!r}: {turn.get('error') or turn}")
    return turn


def cited(turn: dict[str, Any]) -> list[dict[str, Any]]:
    """The citations of the first four claims, in the order in which the answer names them."""
    by_number = {each["number"]: each for each in turn["citations"]}
    said = [number for claim in turn["claims"][:QUOTES] for number in claim["citations"]]
    return [by_number[number] for number in dict.fromkeys(said) if number in by_number]


def normal(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def xquad(language: str, every: int = 1) -> dict[str, Any]:
    """The figures of one language, 0..1, asking every `every`th question."""
    data = json.loads((QA / "xquad" / f"xquad.{language}.json").read_text("utf-8"))["data"]
    paragraphs = [paragraph for article in data for paragraph in article["paragraphs"]]
    with tempfile.TemporaryDirectory(prefix="vouch-bench-") as name:
        folder = Path(name)
        files = []
        for number, paragraph in enumerate(paragraphs):
            files.append(folder / f"paragraph-{number:03}.txt")
            files[-1].write_text(paragraph["context"], "utf-8")
        with Stack(folder / "stack", port=0, env=settings(2)) as stack:
            user = User(stack.url)
            sources = add(user, files)
            asked = [
                (sources[file.name], each["question"], {a["text"] for a in each["answers"]})
                for file, paragraph in zip(files, paragraphs, strict=True)
                for each in paragraph["qas"]
            ]
            asked = asked[::every]
            rows = [_held(ask(user, question), source, gold) for source, question, gold in asked]
    figures = {key: mean(row[key] for row in rows) for key in rows[0]}
    return {"language": language, "paragraphs": len(paragraphs), "questions": len(rows)} | figures


def _held(turn: dict[str, Any], source: str, gold: set[str]) -> dict[str, float]:
    proofs = cited(turn)
    holds = [any(normal(text) in normal(each["quote"]) for text in gold) for each in proofs]
    own = [each["source_id"] == source for each in proofs]
    verdicts = [claim["verdict"] for claim in turn["claims"]]
    return {
        "cited": any(holds),
        "first_cited": holds[:1] == [True],
        "cited_from_its_paragraph": any(a and b for a, b in zip(holds, own, strict=True)),
        "declined": not proofs,
        "claims": len(verdicts),
        "verified": mean(verdict == "verified" for verdict in verdicts) if verdicts else 1.0,
    }


def filings() -> tuple[list[Path], list[dict[str, Any]]]:
    """The PDFs, and the questions: text, file, pages that hold the evidence (from 1)."""
    folder = QA / "financebench"
    questions = []
    for line in (folder / "questions.jsonl").read_text("utf-8").splitlines():
        each = json.loads(line)
        pages = sorted({evidence["page_1based"] for evidence in each["evidence"]})
        file = f"{each['doc_name']}.pdf"
        questions.append({"question": each["question"], "file": file, "pages": pages})
    return sorted((folder / "pdfs").glob("*.pdf")), questions


def financebench(*, alone: bool) -> dict[str, Any]:
    files, questions = filings()
    result: dict[str, Any] = {"files": len(files), "questions": len(questions)}
    with (
        tempfile.TemporaryDirectory(prefix="vouch-bench-") as name,
        Stack(Path(name), port=0, env=settings(2)) as stack,
    ):
        user = User(stack.url)
        sources = add(user, files)
        for limit in ("own_filing", "all_filings"):
            rows = []
            for each in questions:
                source = sources[each["file"]]
                within = {"source": source} if limit == "own_filing" else {}
                found = user.search(each["question"], 10, **within)
                turn = ask(user, each["question"], list(within.values()))
                right = (source, set(each["pages"]))
                rows.append(_ranks(_right(found, *right), _right(cited(turn), *right)))
            result[limit] = _counted(rows)
            result[f"{limit}_questions"] = rows
    if not alone:
        result["langchain"] = langchain(files, questions)
    return result


def _right(proofs: Sequence[dict[str, Any]], source: str, pages: set[int]) -> list[bool]:
    """Which of them stand on a page that holds the evidence."""
    return [
        each["source_id"] == source
        and bool(pages & {place.get("page") for place in each["locators"] or ()})
        for each in proofs
    ]


def _ranks(found: Sequence[bool], proofs: Sequence[bool] = ()) -> dict[str, bool]:
    return {
        "search_top5": any(found[:AMONG]),
        "search_first": any(found[:1]),
        "cited": any(proofs),
        "first_cited": any(proofs[:1]),
        "declined": not proofs,
    }


def _counted(rows: Sequence[dict[str, bool]]) -> dict[str, int]:
    return {key: sum(row[key] for row in rows) for key in rows[0]}


def langchain(files: Sequence[Path], questions: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What LangChain's pipeline finds, in its own environment: it has no answers to cite."""
    python = install_langchain()
    with tempfile.NamedTemporaryFile("w", suffix=".json") as asked:
        json.dump(questions, asked)
        asked.flush()
        command = [str(python), str(HERE / "langchain_pipeline.py")]
        run = subprocess.run(
            [*command, "--questions", asked.name, *map(str, files)],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    found = json.loads(run.stdout.splitlines()[-1])["found"]
    return {limit: _counted([_ranks(row) for row in rows]) for limit, rows in found.items()}


def show_xquad(figures: dict[str, Any]) -> None:
    language, paragraphs, questions = (figures[k] for k in ("language", "paragraphs", "questions"))
    print(f"XQuAD {language}: {paragraphs} paragraphs, {questions} questions")
    for key, bar in BARS["xquad"].items():
        print(f"  {key:28}{figures[key]:8.3f}   bar {bar:.2f}")
    for key in ("cited_from_its_paragraph", "declined", "claims", "verified"):
        print(f"  {key:28}{figures[key]:8.3f}")


def show_financebench(figures: dict[str, Any]) -> None:
    print(f"FinanceBench: {figures['files']} filings, {figures['questions']} questions")
    other = figures.get("langchain", {})
    columns = ("own_filing", "all_filings")
    heads = [*columns, *(f"LangChain {column}" for column in columns if other)]
    print(f"  {'':16}" + "".join(f"{re.sub('_', ' ', head):>24}" for head in heads) + "   bar")
    for key in ("search_top5", "search_first", "cited", "first_cited", "declined"):
        cells = [str(figures[column][key]) for column in columns]
        if other:
            is_search = key.startswith("search")
            cells += [str(other[column][key]) if is_search else "-" for column in columns]
        bar = BARS["financebench"].get(key, "")
        print(f"  {key:16}" + "".join(f"{cell:>24}" for cell in cells) + f"   {bar}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.proofs", description=__doc__)
    parser.add_argument("--part", choices=["xquad", "financebench"])
    parser.add_argument("--language", default="en")
    parser.add_argument("--every", type=int, default=1, help="ask every Nth question of XQuAD")
    parser.add_argument("--alone", action="store_true", help="leave LangChain out")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    if not QA.is_dir():
        print(f"Nothing to measure: {QA} is missing.", file=sys.stderr)
        return
    result: dict[str, Any] = {}
    if given.part in (None, "xquad"):
        result["xquad"] = xquad(given.language, given.every)
        show_xquad(result["xquad"])
    if given.part in (None, "financebench"):
        result["financebench"] = financebench(alone=given.alone)
        show_financebench(result["financebench"])
    if given.json:
        given.json.write_text(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
