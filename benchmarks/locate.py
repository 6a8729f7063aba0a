"""How truly the PDF parser reads text, and how exactly it knows where the text stands.

`python -m benchmarks.locate` prints the tables and, with `--json FILE`, writes the figures;
`--install` first makes the environment of the extractors that we are measured beside.

- Text: words of the gold Markdown, TeX, HTML or CSV found (recall), words found that are gold
  (precision), both as multisets, and the order of words (difflib's ratio), beside every extractor
  of `benchmarks/extractors.py` that is installed, in the same run.
- Boxes: each gold item of the docling files is looked up by its text, as a quote is, and the
  lines that carry it are compared with the item's box: intersection over union.
- Answers: XQuAD paragraphs are drawn to PDF at known places, and the box of each answer's text
  must cover the line that it was drawn on.
"""

from __future__ import annotations

import argparse
import html
import json
import re
import tempfile
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks import extractors
from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.pdf.parser import PdfParser
from pipelines.types import Box, Part

CORPUS = Path(__file__).parent.parent / ".." / "shared" / "data"
SCANS = ("ocr_test", "ocr_test_rotated_90", "table-multi-row-column-cells")
"""Pictures of pages, of which no other extractor reads a word; the mean is told without them."""
METRICS = ("recall", "precision", "order")
_MARKUP = re.compile(
    r"<!--.*?-->|</?[a-zA-Z][^>]*>|!\[[^\]]*\]\([^)]*\)|^\s*\|?[\s:|-]+\|?\s*$", re.M
)
_TEX = re.compile(r"%.*|\\(?:begin|end|usepackage|documentclass|lipsum)\*?(?:\[[^\]]*\])?\{[^}]*\}")
_TEX_COMMAND = re.compile(r"\\[a-zA-Z]+\*?|[{}$&\\]")
_HYPHEN = re.compile(r"(?<=\w)-[ \t]*\r?\n\s*(?=[a-z])")
"""At the end of a line: some golds mend it and some do not, so all texts are compared mended."""
_WORD = re.compile(r"[^\W_]+")


def gold_files(folder: Path) -> dict[str, Path]:
    """Name of each PDF with a gold text -> that gold text; those of pictures of pages last."""
    found = {}
    for gold in sorted(folder.glob("*.gold.*")):
        if gold.suffix in (".md", ".tex", ".html", ".csv"):
            found[gold.name.split(".gold.")[0]] = gold
    return dict(sorted(found.items(), key=lambda item: item[0] in SCANS))


def words(text: str) -> list[str]:
    """Words in order, compatibility forms and case folded, vowel signs of Arabic kept."""
    return _WORD.findall(unicodedata.normalize("NFKC", _HYPHEN.sub("", text)).casefold())


def gold_words(gold: Path) -> list[str]:
    """The words of a gold text without its markup."""
    text = gold.read_text("utf-8")
    if gold.suffix == ".tex":
        text = text.split(r"\begin{document}")[-1]
        text = _TEX_COMMAND.sub(" ", _TEX.sub(" ", text))
    elif gold.suffix == ".html":
        text = text.split("<body>")[-1]
    text = html.unescape(_MARKUP.sub(" ", text))
    return words(text)


def read_ours(path: Path) -> str:
    return "\n".join(s.text for part in _parse(path) for s in part.segments)


def score(gold: list[str], found: list[str]) -> dict[str, float]:
    """Word recall and precision of multisets and similarity of order, each 0..1."""
    shared = sum((Counter(gold) & Counter(found)).values())
    return {
        "recall": shared / max(1, len(gold)),
        "precision": shared / max(1, len(found)),
        "order": SequenceMatcher(None, gold, found, autojunk=False).ratio(),
    }


def measure_text(folder: Path) -> dict[str, dict[str, dict[str, float]]]:
    """File -> extractor -> recall, precision, order.

    `mean` holds the means over the files with a text layer, `mean with scans` those over all.
    """
    golds = gold_files(folder)
    beside = extractors.read_beside(folder / f"{stem}.pdf" for stem in golds)
    rows: dict[str, dict[str, dict[str, float]]] = {}
    for stem, gold in golds.items():
        expected = gold_words(gold)
        pdf = folder / f"{stem}.pdf"
        rows[stem] = {"vouch": score(expected, words(read_ours(pdf)))}
        for name, texts in beside.items():
            rows[stem][name] = score(expected, words(texts[pdf.resolve()]))
    layered = [row for stem, row in rows.items() if stem not in SCANS]
    return rows | {"mean": _means(layered), "mean with scans": _means(list(rows.values()))}


def _means(rows: list[dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    return {
        name: {metric: mean(row[name][metric] for row in rows) for metric in METRICS}
        for name in rows[0]
    }


@dataclass
class Located:
    """Letters and digits of a page in reading order, each with the number of its line's box."""

    letters: str
    lines: list[int]
    boxes: list[Box]


def _parse(path: Path) -> list[Part]:
    return list(PdfParser().parse(path, ParseOptions()))


def _letters(text: str) -> str:
    return "".join(words(text))


def located(part: Part) -> Located:
    """The page of a Part as letters that know their line."""
    letters: list[str] = []
    lines: list[int] = []
    boxes: list[Box] = []
    for segment in part.segments:
        for start, end, locator, box in segment.spans:
            own = _letters(segment.text[start:end])
            letters.append(own)
            lines += [len(boxes)] * len(own)
            boxes.append(segment.locators[locator].boxes[box])  # type: ignore[union-attr]
    return Located("".join(letters), lines, boxes)


def find(page: Located, text: str) -> list[int]:
    """Numbers of the boxes of the lines that carry `text`; none when the page lacks it.

    Where the page has it with small differences, the stretches that agree are taken.
    """
    wanted = _letters(text)
    if not wanted:
        return []
    start = page.letters.find(wanted)
    if start >= 0:
        return sorted(set(page.lines[start : start + len(wanted)]))
    if same := _lines_of_the_same_letters(page, wanted):
        return same
    blocks = SequenceMatcher(None, page.letters, wanted, autojunk=False).get_matching_blocks()
    long = [block for block in blocks if block.size >= min(8, len(wanted))]
    if sum(block.size for block in long) < 0.7 * len(wanted):
        return []
    return sorted({n for b in long for n in page.lines[b.a : b.a + b.size]})


def _lines_of_the_same_letters(page: Located, wanted: str) -> list[int]:
    """At most three lines in a row that have exactly the wanted letters in another order.

    A heading's number stands before its words in one reading and after them in another.
    """
    lines: dict[int, str] = {}
    for letter, number in zip(page.letters, page.lines, strict=True):
        lines[number] = lines.get(number, "") + letter
    numbers, letters = list(lines), Counter(wanted)
    for size in (1, 2, 3):
        for start in range(len(numbers) - size + 1):
            window = numbers[start : start + size]
            if Counter("".join(lines[number] for number in window)) == letters:
                return window
    return []


def around(boxes: list[Box]) -> Box:
    return (
        min(b[0] for b in boxes),
        min(b[1] for b in boxes),
        max(b[2] for b in boxes),
        max(b[3] for b in boxes),
    )


def overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    shared = max(0.0, width) * max(0.0, height)
    area = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared
    return shared / area if area > 0 else 0.0


def gold_items(path: Path) -> Iterator[tuple[int, str, str, Box]]:
    """Page, kind, text and box (fractions, from the top left) of a docling file's body items."""
    data = json.loads(path.read_text("utf-8"))
    for item in data["texts"] + data["tables"]:
        text = item.get("text") or " ".join(
            cell["text"] for cell in item.get("data", {}).get("table_cells", [])
        )
        if item.get("content_layer") != "body" or not words(text):
            continue
        for place in item["prov"]:
            # An item that goes on in the next column has a place for each part of its text.
            part = text if len(item["prov"]) == 1 else text[slice(*place["charspan"])]
            size = data["pages"][str(place["page_no"])]["size"]
            box, width, height = place["bbox"], size["width"], size["height"]
            top, bottom = box["t"], box["b"]
            if box["coord_origin"] == "BOTTOMLEFT":
                top, bottom = height - top, height - bottom
            sides = (box["l"] / width, top / height, box["r"] / width, bottom / height)
            yield place["page_no"], item["label"], part, sides


def measure_boxes(folder: Path) -> dict[str, dict[str, Any]]:
    """File -> items, how many are covered with IoU >= 0.5, and what is missed; `all` sums up."""
    rows: dict[str, dict[str, Any]] = {}
    for gold in sorted(folder.glob("*.gold.docling.json")):
        stem = gold.name.split(".gold.")[0]
        parts = {part.stop: part for part in _parse(folder / f"{stem}.pdf")}
        covered, missed = 0, []
        items = list(gold_items(gold))
        for page, label, text, box in items:
            best = _best_overlap(parts[page], label, text, box)
            covered += best >= 0.5
            if best < 0.5:
                missed.append(f"page {page} {label} {best:.2f} {text[:40]!r}")
        rows[stem] = {"items": len(items), "covered": covered, "missed": missed}
    total = sum(row["items"] for row in rows.values())
    hit = sum(row["covered"] for row in rows.values())
    rows["all"] = {"items": total, "covered": hit, "share": hit / max(1, total)}
    return rows


def _best_overlap(part: Part, label: str, text: str, box: Box) -> float:
    if label in ("table", "document_index"):
        known = Counter(words(text))
        carrying = []
        for segment in part.segments:
            own = Counter(words(segment.text))
            if sum((own & known).values()) >= 0.8 * max(1, own.total()):
                carrying.append(around(list(segment.locators[0].boxes)))  # type: ignore[union-attr]
        return max(
            [overlap(one, box) for one in carrying]
            + [overlap(around(carrying), box) if carrying else 0.0]
        )
    page = located(part)
    best = 0.0
    # The same words may stand on a page several times; the gold item is one of the places.
    for _ in range(8):
        lines = find(page, text)
        if not lines:
            break
        best = max(best, overlap(around([page.boxes[n] for n in lines]), box))
        keep = [i for i, n in enumerate(page.lines) if n not in lines]
        page = Located(
            "".join(page.letters[i] for i in keep), [page.lines[i] for i in keep], page.boxes
        )
    return best


def measure_answers(
    folder: Path, languages: tuple[str, ...] = ("en", "de", "es")
) -> dict[str, Any]:
    """Language -> answers drawn, found by text, and located on the very lines they stand on."""
    return {lang: _answers(folder / f"xquad.{lang}.json") for lang in languages}


def _answers(path: Path) -> dict[str, Any]:
    from reportlab.pdfgen.canvas import Canvas

    paragraphs = [
        paragraph
        for article in json.loads(path.read_text("utf-8"))["data"]
        for paragraph in article["paragraphs"]
    ]
    drawn = found = exact = 0
    with tempfile.TemporaryDirectory() as folder:
        pdf = Path(folder) / "answers.pdf"
        canvas = Canvas(str(pdf), pagesize=(612, 792))
        lines_of = [_draw(canvas, paragraph["context"]) for paragraph in paragraphs]
        canvas.save()
        for paragraph, lines, part in zip(paragraphs, lines_of, _parse(pdf), strict=True):
            text = part.segments[0].text if part.segments else ""
            for question in paragraph["qas"]:
                answer = question["answers"][0]
                start, stop = answer["answer_start"], answer["answer_start"] + len(answer["text"])
                expected = {n for n, (a, b, _) in enumerate(lines) if a < stop and b > start}
                drawn += 1
                # Text is as drawn, so offsets into the paragraph are offsets into the segment.
                if text[start:stop] != answer["text"]:
                    continue
                found += 1
                located_at = [
                    part.segments[0].locators[0].boxes[box]  # type: ignore[union-attr]
                    for a, b, _, box in part.segments[0].spans
                    if a < stop and b > start
                ]
                tops = {n: lines[n][2] for n in expected}
                exact += len(located_at) == len(expected) and all(
                    any(b[1] * 792 < top < b[3] * 792 for b in located_at) for top in tops.values()
                )
    return {"answers": drawn, "found": found, "exact": exact}


def _draw(canvas: Any, text: str) -> list[tuple[int, int, float]]:
    """Draws a paragraph on a page; of each line its start and stop, and its middle from the top."""
    canvas.setFont("Times-Roman", 11)
    lines: list[tuple[int, int, float]] = []
    start = 0
    y = 700.0
    while start < len(text):
        stop = len(text)
        while canvas.stringWidth(text[start:stop], "Times-Roman", 11) > 460:
            stop = text.rfind(" ", start, stop)
        canvas.drawString(72, y, text[start:stop])
        lines.append((start, stop, 792 - y - 3))
        start = stop + 1
        y -= 14
    canvas.showPage()
    return lines


def measure(corpus: Path = CORPUS) -> dict[str, Any]:
    """All three measures, ready for JSON."""
    return {
        "text": measure_text(corpus / "pdf"),
        "boxes": measure_boxes(corpus / "pdf"),
        "answers": measure_answers(corpus / "qa" / "xquad"),
    }


def _print(result: dict[str, Any]) -> None:
    names = list(result["text"]["mean"])
    print(f"{'text':<30}" + "".join(f"{name:>18}" for name in names))
    for stem, row in result["text"].items():
        cells = (" ".join(f"{row[name][metric]:.3f}" for metric in METRICS) for name in names)
        print(f"{stem[:29]:<30}" + "".join(f"{cell:>18}" for cell in cells))
    print(f"\n{'boxes':<44}{'items':>8}{'covered':>9}")
    for stem, row in result["boxes"].items():
        print(f"{stem[:43]:<44}{row['items']:>8}{row['covered']:>9}")
        for line in row.get("missed", []):
            print(f"    {line}")
    print(f"\n{'answers':<44}{'drawn':>8}{'found':>9}{'exact':>9}")
    for lang, row in result["answers"].items():
        print(f"{lang:<44}{row['answers']:>8}{row['found']:>9}{row['exact']:>9}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--install", action="store_true", help="install the other extractors")
    options = parser.parse_args()
    if options.install:
        extractors.install()
    result = measure(options.corpus)
    _print(result)
    if options.json:
        options.json.write_text(json.dumps(result, indent=1), "utf-8")


if __name__ == "__main__":
    main()
