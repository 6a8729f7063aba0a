"""Running headers, footers and page numbers of scans, which OCR reads a little
differently on each page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from statistics import median
from typing import TYPE_CHECKING

from pipelines.parsers.pdf.page_counters import DIGITS, is_counted, numbers_of
from pipelines.parsers.pdf.running_headers import MARGIN, PAGES_THAT_TELL, REPEATED, ROMAN

if TYPE_CHECKING:
    from PIL.Image import Image

    from pipelines.ocr import OcrLine

_ALIKE = 0.8
"""difflib's ratio of two readings of one line."""
_SHIFT = 0.025
"""Share of the page's height that sheets lie differently under a scanner."""
_LARGE = 1.3
"""Times the usual line's height, from which digits count: chapters are numbered."""
_RUN = 3
_NUMBER = "#"
_IGNORED = re.compile(r"[\W_]+")
_WORDY = re.compile(r"[^\W\d_]{3}")


@dataclass(frozen=True)
class EdgeLine:
    """What a running header or footer says, digits masked, and the height of its middle, 0 to 1."""

    text: str
    place: float
    numbers: tuple[int, ...] = ()
    """The digits that are masked in `text`."""


def sample_scans(total: int) -> list[int]:
    """Six page indices at most: two runs, one of which begins with a left and one with a right."""
    if total <= 2 * _RUN:
        return list(range(total))
    first = total // 4
    second = max(first + _RUN, 2 * total // 3)
    if (second - first) % 2 == 0:
        second -= 1
    return [start + offset for start in (first, second) for offset in range(_RUN)]


def edges_only(image: Image) -> Image:
    """The picture with nothing between its top and its bottom, so that OCR has little to read."""
    from PIL import ImageDraw

    edges = image.copy()
    top, bottom = MARGIN * image.height, (1 - MARGIN) * image.height
    ImageDraw.Draw(edges).rectangle((0, top, image.width, bottom), fill="white")
    return edges


def learn_edges(pages: Sequence[list[OcrLine]]) -> tuple[EdgeLine, ...]:
    """What repeats at the edges of a document's pages, each given by its lines."""
    seen = [[edge for _, edge in _edge_lines(lines)] for lines in pages if lines]
    if len(seen) < PAGES_THAT_TELL:
        return ()
    needed = max(2, REPEATED * len(seen))
    found: list[EdgeLine] = []
    for page in seen:
        for edge in page:
            if _is_among(edge, found):
                continue
            same = [other for p in seen for other in p if _are_alike(edge, other)]
            if sum(_is_among(edge, p) for p in seen) >= needed and is_counted(
                [other.numbers for other in same]
            ):
                found.append(edge)
    return tuple(found)


def without_edges(lines: list[OcrLine], edges: Sequence[EdgeLine]) -> list[OcrLine]:
    """The lines of a page except running headers and footers, with all that stands beside them.

    A page that would be left without a line keeps them.
    """
    heights = [
        (line.box[1], line.box[3]) for line, edge in _edge_lines(lines) if _is_among(edge, edges)
    ]
    left = [
        line for line in lines if not any(top < _middle(line) < bottom for top, bottom in heights)
    ]
    return left or lines


def _edge_lines(lines: list[OcrLine]) -> list[tuple[OcrLine, EdgeLine]]:
    """The lines that may be running headers or footers; a number alone only as the outermost."""
    if not lines:
        return []
    usual = median(line.height for line in lines)
    first = min(lines, key=_middle).box[3]
    last = max(lines, key=_middle).box[1]
    found = []
    for line in lines:
        middle = _middle(line)
        if MARGIN <= middle <= 1 - MARGIN:
            continue
        text = _IGNORED.sub("", DIGITS.sub("0", line.text.casefold()))
        masked = _NUMBER if ROMAN.match(text) else text.replace("0", _NUMBER)
        if masked == _NUMBER:
            told = not first < middle < last
        else:
            told = bool(_WORDY.search(masked))
            told = told and (_NUMBER not in masked or line.height <= _LARGE * usual)
        if told:
            found.append((line, EdgeLine(masked, middle, numbers_of(line.text))))
    return found


def _is_among(edge: EdgeLine, others: Sequence[EdgeLine]) -> bool:
    return any(_are_alike(edge, other) for other in others)


def _are_alike(one: EdgeLine, other: EdgeLine) -> bool:
    if abs(one.place - other.place) > _SHIFT:
        return False
    if one.text == other.text or _NUMBER in (one.text, other.text):
        return one.text == other.text
    return SequenceMatcher(None, one.text, other.text, autojunk=False).ratio() >= _ALIKE


def _middle(line: OcrLine) -> float:
    return (line.box[1] + line.box[3]) / 2
