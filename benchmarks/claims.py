"""Does the check of claims see through sentences that were altered, and leave true ones alone?

`python -m benchmarks.claims [--half a|b]` prints the confusion table and, with `--json FILE`,
writes the figures. Sentences and table cells are drawn from the corpus as our own parsers and the
chunker give them: PDFs, manuals, web pages; and from XQuAD paragraphs in four languages, SciFact
abstracts, articles of HotpotQA and MuSiQue, the evidence of FinanceBench. Each is altered by rule
(`benchmarks/claim_alterations.py`), then proved as an answer's sentence is: the quote that carries
most of it is found in its source and the check compares the two. Rules that find nothing to alter
in a sentence leave it out.

A hash of its text says which half a text belongs to. The check was built looking at half "a"; the
figures that count are those of half "b", of which no sentence was looked at.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.claim_alterations import (
    ALTERATIONS,
    CELLS,
    KINDS,
    NAME,
    Cell,
    Drawn,
    words_of_kind,
)
from pipelines.chunking import Chunker
from pipelines.claims.check import best_quote, examine
from pipelines.claims.quotes import quote_of
from pipelines.parsers import parser_for
from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.detect import detect_path
from pipelines.tables import Row
from pipelines.text.sentences import sentences
from pipelines.types import Hit

CORPUS = Path(__file__).parent.parent / ".." / "shared" / "data"
FILES = {
    "pdf": (
        "pdf/tracemonkey.pdf",
        "pdf/amt_handbook_sample.pdf",
        "pdf/redp5110_sampled.pdf",
        "pdf/layout-parser-paper-fast.pdf",
        "pdf/2305.03393v1-pg9.pdf",
        "pdf/normal_4pages.pdf",
        "pdf/interface-config-guide-p93.pdf",
        "pdf/pdfjs_wikipedia.pdf",
    ),
    "manuals": tuple(
        f"qa/manuals/docs/{name}"
        for name in (
            "coolled_pe300.pdf", "cxr100.pdf", "masterflex_ls.pdf", "nanodrop_clean.pdf",
            "o2_dipping.pdf", "sensaphone_1104.pdf", "sop_chloroform.pdf",
            "sop_formaldehyde.docx", "uh_respirometer.html", "xcell.pdf",
        )
    ),
    "filings": tuple(
        f"qa/financebench/pdfs/{name}"
        for name in (
            "AMCOR_2023Q4_EARNINGS.pdf", "FOOTLOCKER_2022_8K_dated_2022-08-19.pdf",
            "ULTABEAUTY_2023Q4_EARNINGS.pdf", "JOHNSON_JOHNSON_2023_8K_dated-2023-08-30.pdf",
        )
    ),
    "web": ("html/wiki_duck.html", "html/example-steelJIS-datasheet.html", "html/test_blog.html"),
}  # fmt: skip
LANGUAGES = ("en", "de", "es", "zh")
PER_COLLECTION = 400
"""Sentences, and cells, drawn from each collection."""
ARTICLES = 800
FRAGMENT = 254
"""Words of a Fragment."""
SHORTEST = 30
TRUE = ("verbatim", "reordered", "reworded", "inflected", "equivalent", "cell stated")
SUBSTITUTED = tuple(f"{kind} substituted" for kind in KINDS)
CONTRADICTING = ("number changed", "negation added", "negation dropped", "antonym")
BARS = {
    "substituted": 0.97,
    "altered": 0.98,
    "contradicting": 0.90,
    "verbatim": 0.99,
    "rewordings": 0.95,
}
_LETTERS = re.compile(r"[^\W\d_]{2}")


@dataclass
class Figures:
    """Verdicts by what was done to a sentence; by collection whether they are right."""

    verdicts: dict[str, Counter[str]] = field(default_factory=dict)
    by_collection: dict[str, Counter[bool]] = field(default_factory=dict)
    seconds: float = 0.0


def collections(corpus: Path) -> Iterator[tuple[str, str, list[Hit]]]:
    """(name, language, texts) of each collection."""
    for name, files in FILES.items():
        yield name, "en", [hit for file in files for hit in _fragments(corpus / file)]
    yield "manuals.zh", "zh", _fragments(corpus / "qa/manuals/docs/microplate_zh.md")
    for language in LANGUAGES:
        path = corpus / "qa" / "xquad" / f"xquad.{language}.json"
        data = json.loads(path.read_text(encoding="utf-8"))["data"]
        texts = [p["context"] for article in data for p in article["paragraphs"]]
        yield f"xquad.{language}", language, _plain(texts)
    rows = _lines(corpus / "qa" / "scifact" / "corpus.jsonl")
    yield "scifact", "en", _plain(row["text"] for row in rows[:1500])
    rows = _lines(corpus / "qa" / "financebench" / "questions.jsonl")
    yield "financebench", "en", _plain(p["evidence_text"] for row in rows for p in row["evidence"])
    for name in ("hotpotqa", "musique"):
        yield name, "en", _plain(_articles(corpus / "qa" / "multihop" / f"{name}_corpus.json"))


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def _articles(path: Path) -> list[str]:
    """The first articles, of a list or by title, as text or in sentences."""
    data = json.loads(path.read_text(encoding="utf-8"))
    texts = [row["text"] for row in data] if isinstance(data, list) else map("".join, data.values())
    return list(texts)[:ARTICLES]


def _fragments(path: Path) -> list[Hit]:
    chunker = Chunker(
        lambda texts: [[m.span() for m in re.finditer(r"\S+", text)] for text in texts],
        FRAGMENT,
        special_tokens=0,
    )
    parts = parser_for(detect_path(path)).parse(path, ParseOptions())
    fragments = [fragment for part in parts for fragment in chunker.feed(part)]
    return [
        _hit(each.text).model_copy(
            update={"tables": each.tables, "heading_path": each.heading_path}
        )
        for each in fragments
    ]


def _plain(texts: Iterable[str]) -> list[Hit]:
    return [_hit(text) for text in dict.fromkeys(texts)]


def _hit(text: str) -> Hit:
    return Hit(
        fragment_id="", version_id="", source_id="", title="", filename="", source_type="document",
        score=1.0, ordinal=0, text=text, kind="text", locators=(),
    )  # fmt: skip


def is_in(half: str, text: str) -> bool:
    return half == "ab"[hashlib.sha256(text.encode()).digest()[0] % 2]


def draw(corpus: Path, chance: random.Random, half: str) -> list[tuple[str, Drawn | Cell]]:
    """(collection, sentence or cell), at most PER_COLLECTION of either from each."""
    found: list[tuple[str, Drawn | Cell]] = []
    for name, language, everything in collections(corpus):
        hits = [hit for hit in everything if is_in(half, hit.text)]
        found += [(name, drawn) for drawn in _sentences(hits, language, chance)]
        cells = [cell for hit in hits for cell in _cells(hit)]
        found += [(name, cell) for cell in chance.sample(cells, min(PER_COLLECTION, len(cells)))]
    return found


def _sentences(hits: list[Hit], language: str, chance: random.Random) -> Iterator[Drawn]:
    shortest = SHORTEST // 3 if language == "zh" else SHORTEST
    places = [
        (i, hit.text[start:end])
        for i, hit in enumerate(hits)
        for start, end in sentences(hit.text)
        if end - start >= shortest and _LETTERS.search(hit.text, start, end)
    ]
    all_names = sorted({m[0] for hit in hits for m in NAME.finditer(hit.text)})
    words: dict[str, dict[str, frozenset[int]]] = {kind: {} for kind in KINDS}
    for i, hit in enumerate(hits):
        for kind, known in words.items():
            for match in words_of_kind(hit.text, kind, language):
                known[match["w"]] = known.get(match["w"], frozenset()) | {i}
    for i, sentence in chance.sample(places, min(PER_COLLECTION, len(places))):
        stranger = chance.choice([text for j, text in places if j != i] or [""])
        names = chance.sample(all_names, min(20, len(all_names)))
        names = [each for each in names if each not in hits[i].text]
        yield Drawn(sentence, hits[i], language, stranger, tuple(names), words, i)


def _cells(hit: Hit) -> Iterator[Cell]:
    """Cells with a header, in rows with a label of their own."""
    for table in hit.tables:
        rows = [row for row in table.rows_of(hit.text) if not row.is_header]
        labels = Counter(row.cells[0] for row in rows)
        for row in rows:
            if not _LETTERS.search(row.cells[0]) or labels[row.cells[0]] > 1:
                continue
            for column in range(1, len(row.cells)):
                texts = (row.cells[0], " ".join(row.headers[column]), row.cells[column])
                if all(map(_is_whole, texts)) and not row.reaches[column]:
                    yield Cell(hit, row, column, *_others(rows, row, column))


def _others(rows: list[Row], row: Row, column: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Values of the column in other rows, and of the row in other columns, that say other things
    than the cell."""
    value, header = row.cells[column], row.headers[column]
    in_rows = [other.cells[column] for other in rows if other is not row]
    in_columns = [
        cell
        for j, cell in enumerate(row.cells)
        if j not in (0, column) and any(row.headers[j]) and row.headers[j] != header
    ]
    differs = _differs(value)
    return (
        tuple(cell for cell in in_rows if differs(cell) and _is_whole(cell)),
        tuple(cell for cell in in_columns if differs(cell) and _is_whole(cell)),
    )


def _is_whole(text: str) -> bool:
    """Whether it can stand in a claim: one sentence, and no half cell that the next row ends."""
    balanced = text.count("(") == text.count(")")
    return len(sentences(text)) == 1 and balanced and text[-1] not in "-:,;"


def _differs(value: str) -> Callable[[str], bool]:
    mine = set(re.findall(r"\w+", value.lower()))

    def differs(other: str) -> bool:
        theirs = set(re.findall(r"\w+", other.lower()))
        return bool(theirs) and not mine <= theirs and not theirs <= mine

    return differs


def is_right(kind: str, verdict: str) -> bool:
    if kind == "verbatim":
        return verdict == "verified"
    return verdict != ("unsupported" if kind in TRUE else "verified")


def measure(
    drawn: list[tuple[str, Drawn | Cell]], chance: random.Random, *, wrong_shown: int = 0
) -> dict[str, Any]:
    """Every alteration of every sentence against the check; the figures."""
    found = Figures({kind: Counter() for kind in (*ALTERATIONS, *CELLS)})
    wrong: Counter[str] = Counter()
    for collection, one in drawn:
        for kind, claim in _claims(one, chance):
            began = time.perf_counter()
            start, end = best_quote(claim, one.hit)
            quote = quote_of(one.hit, start, end)
            finding = examine(claim, [quote])
            found.seconds += time.perf_counter() - began
            found.verdicts[kind][finding.verdict] += 1
            right = is_right(kind, finding.verdict)
            found.by_collection.setdefault(collection, Counter())[right] += 1
            if kind in CONTRADICTING:
                right = finding.verdict == "unsupported"
            if not right and wrong[kind] < wrong_shown:
                wrong[kind] += 1
                print(f"[{kind}, {collection}] {claim}\n    {quote.text}\n    {finding}\n")
    return figures(found) | {"sentences": len(drawn)}


def _claims(one: Drawn | Cell, chance: random.Random) -> Iterator[tuple[str, str]]:
    if isinstance(one, Cell):
        for kind, state in CELLS.items():
            if claim := state(one, chance):
                yield kind, claim
        return
    for kind, alter in ALTERATIONS.items():
        claim = alter(one, chance)
        if claim is not None and (claim != one.text or kind == "verbatim"):
            yield kind, claim


def figures(found: Figures) -> dict[str, Any]:
    kinds = {}
    for kind, counts in found.verdicts.items():
        right = sum(n for verdict, n in counts.items() if is_right(kind, verdict))
        whole = counts.total()
        kinds[kind] = {**counts, "sentences": whole, "right": right / max(1, whole)}
    checks = sum(row["sentences"] for row in kinds.values())

    def share(names: Iterable[str], verdict: str, *, is_wanted: bool) -> float:
        rows = [found.verdicts[name] for name in names]
        part = sum(row[verdict] for row in rows) / max(1, sum(row.total() for row in rows))
        return part if is_wanted else 1 - part

    others = [kind for kind in kinds if kind not in (*TRUE, *SUBSTITUTED)]
    reached = {
        "substituted": share(SUBSTITUTED, "verified", is_wanted=False),
        "altered": share(others, "verified", is_wanted=False),
        "contradicting": share(CONTRADICTING, "unsupported", is_wanted=True),
        "verbatim": share(["verbatim"], "verified", is_wanted=True),
        "rewordings": share(TRUE[1:], "unsupported", is_wanted=False),
    }
    return {
        "kinds": kinds,
        "reached": reached,
        "bars": BARS,
        "collections": {n: c[True] / c.total() for n, c in found.by_collection.items()},
        "checks": checks,
        "ms_per_check": 1000 * found.seconds / max(1, checks),
    }


def show(found: dict[str, Any]) -> None:
    print(f"{'':22}{'sentences':>10}{'verified':>10}{'partial':>10}{'unsupported':>13}{'right':>9}")
    for kind, row in found["kinds"].items():
        counts = "".join(
            f"{row.get(v, 0):{w}}"
            for v, w in (("verified", 10), ("partial", 10), ("unsupported", 13))
        )
        print(f"{kind:22}{row['sentences']:10}{counts}{row['right']:9.2%}")
    for name, bar in found["bars"].items():
        print(f"{name:22}{found['reached'][name]:10.2%}   (at least {bar:.0%})")
    for name, share in found["collections"].items():
        print(f"  {name:20}{share:10.2%} right")
    print(
        f"{found['sentences']} sentences and cells, {found['checks']} checks, "
        f"{found['ms_per_check']:.2f} ms each with finding the quote"
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", type=Path, help="write the figures here")
    arguments.add_argument("--corpus", type=Path, default=CORPUS)
    arguments.add_argument("--half", choices=("a", "b"), default="b", help="of the texts")
    arguments.add_argument("--seed", type=int, default=4)
    arguments.add_argument("--wrong", type=int, default=0, help="show so many of each kind")
    given = arguments.parse_args()
    chance = random.Random(given.seed)
    found = measure(draw(given.corpus, chance, given.half), chance, wrong_shown=given.wrong)
    show(found)
    if given.json:
        given.json.write_text(json.dumps(found, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
