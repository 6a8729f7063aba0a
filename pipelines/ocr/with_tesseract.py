"""The tesseract program, where it is installed."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from pipelines.errors import ModelUnavailable, ParserStalled, SourceUnreadable
from pipelines.ocr.layout import Recognised

if TYPE_CHECKING:
    from PIL.Image import Image

_SECONDS = 40
"""For one picture: less than a page may take before its parser passes for stalled."""
_WORD_CONFIDENCE = 30.0
"""Words below this (of 100) are specks and textures."""
_WIDEST_SPACE = 2.0
"""Heights of a line that a gap between two of its words may have."""


def recognise(image: Image) -> list[Recognised]:
    """Lines in the RGB picture `image`, read by one process with one thread.

    Raises ModelUnavailable when tesseract is not installed, ParserStalled when it does not finish,
    SourceUnreadable when it fails.
    """
    program = shutil.which("tesseract")
    if program is None:
        raise ModelUnavailable("tesseract is not installed; leave the engine at `auto`.")
    encoded = io.BytesIO()
    image.save(encoded, "PPM")
    try:
        done = subprocess.run(
            [program, "stdin", "stdout", "--psm", "3", "tsv"],
            input=encoded.getvalue(),
            capture_output=True,
            timeout=_SECONDS,
            check=True,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )
    except subprocess.TimeoutExpired as exc:
        raise ParserStalled(
            f"Reading the text of a picture took longer than {_SECONDS} s."
        ) from exc
    except subprocess.CalledProcessError as exc:
        reason = exc.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise SourceUnreadable(f"tesseract failed: {' '.join(reason) or exc.returncode}") from exc
    return _lines(done.stdout.decode("utf-8", "replace"))


def _lines(table: str) -> list[Recognised]:
    words: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        if row["level"] == "5" and row["text"].strip() and float(row["conf"]) >= _WORD_CONFIDENCE:
            words.setdefault((row["block_num"], row["par_num"], row["line_num"]), []).append(row)
    return [_joined(piece) for line in words.values() for piece in _pieces(line)]


def _pieces(line: list[dict[str, str]]) -> list[list[dict[str, str]]]:
    """A line parted where a gap is too wide for a space: tesseract runs short columns together."""
    widest = _WIDEST_SPACE * median(int(word["height"]) for word in line)
    pieces = [line[:1]]
    for before, word in pairwise(line):
        if int(word["left"]) - int(before["left"]) - int(before["width"]) > widest:
            pieces.append([])
        pieces[-1].append(word)
    return pieces


def _joined(words: list[dict[str, str]]) -> Recognised:
    import numpy as np

    text = " ".join(word["text"] for word in words)
    confidence = sum(float(word["conf"]) for word in words) / len(words) / 100
    left = min(int(word["left"]) for word in words)
    top = min(int(word["top"]) for word in words)
    right = max(int(word["left"]) + int(word["width"]) for word in words)
    bottom = max(int(word["top"]) + int(word["height"]) for word in words)
    quad = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=float)
    places = tuple(
        (word["text"], float(word["left"]), float(word["left"]) + float(word["width"]))
        for word in words
    )
    return Recognised(text, quad, confidence, places)
