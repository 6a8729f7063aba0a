"""How truly text is read from pictures, how exactly it is located, and how fast.

`python -m benchmarks.ocr` prints the tables and, with `--json FILE`, writes the figures.

- Pages: pages with a text layer are drawn as a scanner would deliver them and read; the letters,
  in the order they are read in, are compared with the text layer's: 1 - edit distance / length.
- Receipts: photographed receipts with boxes drawn by people (ICDAR 2019 SROIE); a gold word counts
  when it is read inside its box.
- Speed: a scan of several pages through the PDF parser in a process of its own, with one worker
  and with two.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

from pipelines.ocr import Engine, read_picture
from pipelines.parsers.contract import ParseOptions
from pipelines.types import Box

if TYPE_CHECKING:
    from PIL.Image import Image

CORPUS = Path(__file__).parent.parent / ".." / "shared" / "data"
PAGES: dict[str, tuple[str, int]] = {
    "one column": ("pdf/test.pdf", 0),
    "two columns": ("pdf/tracemonkey.pdf", 3),
    "two columns, narrow gap": ("pdf/multicolumn.pdf", 0),
    "two columns, formulas": ("pdf/multi-column.pdf", 1),
    "configuration guide": ("pdf/interface-config-guide-p93.pdf", 0),
    "game manual": ("pdf/DA-619p.pdf", 100),
    "annual report": ("qa/financebench/pdfs/NETFLIX_2017_10K.pdf", 8),
    "annual report, tables": ("qa/financebench/pdfs/NETFLIX_2017_10K.pdf", 24),
}
"""Page (from 0) of a file whose text layer is in reading order."""
DPI = {"tesseract": 200, "rapidocr": 150}
SPEED_PAGES = 6
_HYPHEN = re.compile(r"(?<=\w)[-\u00ad\u2010\ufffe\x02]\s*\n\s*")
_RULE = re.compile(r"[-_.=]{4,}")
"""Dashes and dots that draw a line are no text."""
_SAME = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "−": "-"})


@dataclass(frozen=True)
class Page:
    """A page as a scanner delivers it, and its text."""

    image: Image
    text: str


def draw(path: Path, index: int, dpi: int) -> Page:
    """Page `index` (from 0) of a PDF as a picture, with the text of its text layer."""
    import pypdfium2 as pdfium

    document = pdfium.PdfDocument(path)
    try:
        page = document[index]
        image = page.render(scale=dpi / 72).to_pil().convert("RGB")
        return Page(image, page.get_textpage().get_text_range())
    finally:
        document.close()


def letters(text: str) -> str:
    """Characters without spaces, hyphens at the end of a line mended, quotes and dashes alike."""
    text = unicodedata.normalize("NFKC", text.replace("\r", "")).translate(_SAME)
    return "".join(_RULE.sub("", _HYPHEN.sub("", text)).split())


def accuracy(gold: str, found: str) -> float:
    """1 - edit distance / length of the gold text, in letters."""
    from rapidfuzz.distance import Levenshtein

    wanted = letters(gold)
    return 1 - Levenshtein.distance(wanted, letters(found)) / max(1, len(wanted))


def measure_pages(corpus: Path, engine: Engine) -> dict[str, dict[str, float]]:
    """Page -> accuracy and seconds, one page at a time with one thread; `mean` holds the means."""
    rows: dict[str, dict[str, float]] = {}
    for name, (file, index) in PAGES.items():
        page = draw(corpus / file, index, DPI[engine])
        began = time.perf_counter()
        found = "\n".join(line.text for line in read_picture(page.image, engine, threads=1))
        seconds = time.perf_counter() - began
        rows[name] = {"accuracy": accuracy(page.text, found), "seconds": seconds}
    rows["mean"] = {key: mean(row[key] for row in rows.values()) for key in ("accuracy", "seconds")}
    return rows


def receipt(picture: Path) -> tuple[int, int]:
    """How many gold words a receipt has, and how many of them are read inside their box."""
    from pipelines.parsers.pictures import ImageParser

    (part,) = ImageParser().parse(picture, ParseOptions())
    width, height = part.facts["width"], part.facts["height"]
    lines = [
        (segment.text[start:end], segment.locators[0].boxes[box])  # type: ignore[union-attr]
        for segment in part.segments
        for start, end, _, box in segment.spans
    ]
    table = picture.with_suffix(".box.csv").read_text(encoding="utf-8", errors="replace")
    total = found = 0
    for row in csv.reader(io.StringIO(table)):
        numbers = [int(number) for number in row[:8]]
        gold = (min(numbers[::2]), min(numbers[1::2]), max(numbers[::2]), max(numbers[1::2]))
        there: set[str] = set()
        for text, (x0, y0, x1, y1) in lines:
            box = (x0 * width, y0 * height, x1 * width, y1 * height)
            if _shared(gold, box) > 0.5 * min(_shared(gold, gold), _shared(box, box)):
                there |= set(_words(text))
        said = _words(",".join(row[8:]))
        total += len(said)
        found += sum(word in there for word in said)
    return total, found


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def _shared(one: Box, two: Box) -> float:
    width = min(one[2], two[2]) - max(one[0], two[0])
    height = min(one[3], two[3]) - max(one[1], two[1])
    return max(0.0, width) * max(0.0, height)


def measure_receipts(folder: Path) -> dict[str, Any]:
    """Gold words of all receipts, those found in their box, and their share."""
    counts = [receipt(picture) for picture in sorted(folder.glob("*.jpg"))]
    total, found = sum(count[0] for count in counts), sum(count[1] for count in counts)
    return {"receipts": len(counts), "words": total, "found": found, "share": found / total}


def make_scan(corpus: Path, path: Path, pages: int) -> None:
    """A PDF of `pages` pictures of pages, as a scanner writes it."""
    sources = list(PAGES.values())
    images = [
        draw(corpus / file, index, 200).image
        for file, index in (sources[n % len(sources)] for n in range(pages))
    ]
    images[0].save(path, "PDF", resolution=200, save_all=True, append_images=images[1:])


def measure_speed(corpus: Path, engine: Engine, workers: int) -> dict[str, Any]:
    """Pages per second of the PDF parser on a scan, and the most memory its process took, in MB."""
    with tempfile.TemporaryDirectory() as folder:
        scan = Path(folder) / "scan.pdf"
        make_scan(corpus, scan, SPEED_PAGES)
        command = [sys.executable, "-m", __spec__.name, "--parse", str(scan), str(workers)]
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, env=_environment(engine)
        )
    return json.loads(done.stdout)


def _environment(engine: Engine) -> dict[str, str]:
    """PATH decides which engine reads scans."""
    if engine == "tesseract":
        return dict(os.environ)
    folders = os.environ["PATH"].split(os.pathsep)
    kept = [folder for folder in folders if not (Path(folder) / "tesseract").exists()]
    return {**os.environ, "PATH": os.pathsep.join(kept)}


def parse_scan(path: Path, workers: int) -> dict[str, Any]:
    """Reads one scan in this process, whose memory is then the parser's."""
    from pipelines import ordered_pool
    from pipelines.parsers.pdf.parser import PdfParser

    ordered_pool.MOST_WORKERS = workers
    began = time.perf_counter()
    pages = sum(1 for _ in PdfParser().parse(path, ParseOptions()))
    seconds = time.perf_counter() - began
    # ru_maxrss would begin with what the process that started this one took.
    status = Path("/proc/self/status").read_text("ascii")
    most = int(status.split("VmHWM:")[1].split()[0]) / 1024
    return {
        "pages": pages,
        "workers": workers,
        "seconds_per_page": seconds / pages,
        "pages_per_second": pages / seconds,
        "megabytes": round(most),
    }


def measure(corpus: Path = CORPUS) -> dict[str, Any]:
    """All three measures by engine, ready for JSON."""
    engines: list[Engine] = ["rapidocr"]
    if shutil.which("tesseract"):
        engines.append("tesseract")
    return {
        "pages": {engine: measure_pages(corpus, engine) for engine in engines},
        "speed": {
            engine: [measure_speed(corpus, engine, workers) for workers in (1, 2)]
            for engine in engines
        },
        "receipts": measure_receipts(corpus / "image" / "sroie"),
    }


def _print(result: dict[str, Any]) -> None:
    for engine, rows in result["pages"].items():
        print(f"{engine:<30}{'accuracy':>10}{'s/page':>10}")
        for name, row in rows.items():
            print(f"{name:<30}{row['accuracy']:>10.3f}{row['seconds']:>10.2f}")
    print(f"\n{'scan':<14}{'workers':>8}{'s/page':>10}{'pages/s':>10}{'MB':>8}")
    for engine, runs in result["speed"].items():
        for run in runs:
            print(
                f"{engine:<14}{run['workers']:>8}{run['seconds_per_page']:>10.2f}"
                f"{run['pages_per_second']:>10.2f}{run['megabytes']:>8}"
            )
    receipts = result["receipts"]
    print(
        f"\n{receipts['receipts']} receipts: {receipts['found']} of {receipts['words']} words in "
        f"their box ({receipts['share']:.3f})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--parse", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.parse:
        print(json.dumps(parse_scan(Path(options.parse[0]), int(options.parse[1]))))
        return
    result = measure(options.corpus)
    _print(result)
    if options.json:
        options.json.write_text(json.dumps(result, indent=1), "utf-8")


if __name__ == "__main__":
    main()
