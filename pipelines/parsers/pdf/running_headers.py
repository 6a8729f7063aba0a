"""Running headers and footers: what repeats at the top and bottom of pages and tells nothing of
the page that it stands on."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from pipelines.parsers.pdf.line_pieces import Piece
from pipelines.parsers.pdf.margins import Signature
from pipelines.parsers.pdf.page_counters import DIGITS, goes_with_pages, numbers_of
from pipelines.parsers.pdf.page_geometry import PageShape

MARGIN = 0.13
"""Share of the page's height, at the top and at the bottom, where repeated lines may stand."""
REPEATED = 0.4
"""Share of sampled pages; running headers often differ between left and right pages."""
PAGES_THAT_TELL = 3
"""Of fewer pages nothing is left out."""
ROMAN = re.compile(r"^[ivxlcdm]{1,7}$")
_NEAR = 2.2
"""Sizes of the font between the column headers of a table and its first row at most."""
_SENTENCE = 6
"""Words of a running header or footer that says something, a warning or a notice, rather than
names."""

RunningHeaders = dict[Signature, int | None]
"""What is left out, with the index of the one page on which it stays; None for no page."""


@dataclass(frozen=True)
class _Line:
    """One line at a page's edge."""

    signatures: frozenset[Signature]
    is_column_header: bool
    """Whether its pieces stand over those of the next line inwards, as headers over columns do."""
    near: bool
    """Whether the next line inwards follows as the next line of a paragraph does."""
    words: int


@dataclass
class Margins:
    """What stands at the top and bottom of pages."""

    pages: list[tuple[int, list[list[_Line]], bool]] = field(default_factory=list)
    """Of each page with text its index, the lines at top and bottom from the edge inwards, and
    whether it has text elsewhere too."""
    seen: Counter[Signature] = field(default_factory=Counter)
    numbers: dict[Signature, list[tuple[int, tuple[int, ...]]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def add(self, index: int, pieces: list[Piece], shape: PageShape) -> None:
        """Takes in the page `index`, which has to come after those taken in before."""
        frame = frame_of(pieces)
        rows = _rows([piece for piece in pieces if not _is_tall(piece)])
        inside = [_in_margin(row[0], shape) for row in rows]
        here: dict[Signature, Piece] = {}
        sides: list[list[_Line]] = []
        middle = shape.seen[1] / 2
        for top in (True, False):
            side = []
            ordered = [*(rows if top else rows[::-1]), []]
            for row, following in pairwise(ordered):
                if not _in_margin(row[0], shape) or (_middle(row[0]) < middle) is not top:
                    break
                marked = {_signature(piece, shape, frame): piece for piece in row}
                here = {**marked, **here}
                side.append(_line(row, following, frozenset(marked)))
            sides.append(side)
        elsewhere = not all(inside) or len(pieces) > sum(map(len, rows))
        self.pages.append((index, sides, elsewhere))
        self.seen.update(here.keys())
        for signature, piece in here.items():
            self.numbers[signature].append((index, numbers_of(piece.text)))

    def running_headers(self) -> RunningHeaders:
        """What repeats, and tells nothing of the page it stands on.

        A row of a table may repeat too, and so may what stands on it: a running header is
        reached from the edge of the page past nothing but what repeats. Where these would be all
        that most pages say, they are none: labels, certificates.
        """
        if len(self.pages) < PAGES_THAT_TELL:
            return {}
        repeated = {one for one in self.seen if self._repeats(one, 2)}
        reached: Counter[Signature] = Counter()
        for _, sides, _ in self.pages:
            for side in sides:
                reached.update(_outermost(side, repeated))
        needed = max(2, REPEATED * len(self.pages))
        found = {
            one
            for one in repeated
            if self._repeats(one, needed) and reached[one] * 2 > self.seen[one]
        }
        emptied = 0
        for _, sides, elsewhere in self.pages:
            here = [line.signatures for side in sides for line in side]
            emptied += bool(here) and not elsewhere and frozenset().union(*here) <= found
        return {} if emptied * 2 > len(self.pages) else self._without_first_notices(found)

    def _repeats(self, signature: Signature, needed: float) -> bool:
        """Whether it stands on so many pages, a little higher or lower too, with like numbers."""
        text, place = signature
        if not text:
            return False
        same = [(text, place + shift) for shift in (-1, 0, 1) if (text, place + shift) in self.seen]
        own = self.seen[signature]
        most = own + max((self.seen[one] for one in same if one != signature), default=0)
        numbers = sorted(number for one in same for number in self.numbers[one])
        return most >= needed and goes_with_pages(text, numbers)

    def _without_first_notices(self, found: set[Signature]) -> RunningHeaders:
        """The first page of those that a notice stands on, with all of the lines that it has."""
        left_out: RunningHeaders = dict.fromkeys(found)
        texts: set[str] = set()
        for index, sides, _ in self.pages:
            for side in sides:
                for block in _blocks(side):
                    marks = {one for line in block for one in line.signatures if one in found}
                    new = {text for text, _ in marks if text != "#"} - texts
                    if new and sum(line.words for line in block) >= _SENTENCE:
                        left_out.update((one, index) for one in marks if one[0] in new)
                        texts |= new
        return left_out


def without_edges(
    pieces: list[Piece], index: int, shape: PageShape, running: RunningHeaders
) -> list[Piece]:
    """The pieces of page `index` except running headers and footers with all on their lines."""
    if not running or not pieces:
        return pieces
    heights = []
    frame = frame_of(pieces)
    for piece in pieces:
        if _in_margin(piece, shape) and not _is_tall(piece):
            masked, place = _signature(piece, shape, frame)
            same = [(masked, place + shift) for shift in (-1, 0, 1)]
            stays = [running[one] for one in same if one in running]
            if stays and index not in stays:
                heights.append((piece.box[1], piece.box[3]))
    return [
        piece
        for piece in pieces
        if not (
            _in_margin(piece, shape)
            and any(top < _middle(piece) < bottom for top, bottom in heights)
        )
    ]


@dataclass(frozen=True)
class Frame:
    """Of one page: the bottom of its first line, the top of its last, its median font size."""

    first_bottom: float
    last_top: float
    size: float


def frame_of(pieces: list[Piece]) -> Frame:
    first, last = min(pieces, key=_middle), max(pieces, key=_middle)
    return Frame(first.box[3], last.box[1], median(piece.size for piece in pieces))


def _outermost(side: list[_Line], repeated: set[Signature]) -> Iterable[Signature]:
    """What may be a running header or footer among the lines from the edge inwards."""
    count = 0
    for line in side:
        # A number alone may count the pages, wherever it stands among the lines of a foot.
        if not line.signatures <= repeated and {text for text, _ in line.signatures} != {""}:
            break
        count += 1
    # Column headers of a table repeat too, on each page that it takes; they may have several lines.
    # What the page's text goes on with, or begins with, is part of it.
    while count and (side[count - 1].is_column_header or side[count - 1].near):
        count -= 1
    return (one for line in side[:count] for one in line.signatures)


def _blocks(side: list[_Line]) -> list[list[_Line]]:
    blocks = [[line] for line in side[:1]]
    for before, line in pairwise(side):
        if before.near:
            blocks[-1].append(line)
        else:
            blocks.append([line])
    return blocks


def _rows(pieces: list[Piece]) -> list[list[Piece]]:
    """Pieces that share a height, from the top of the page to its bottom."""
    rows: list[list[Piece]] = []
    for piece in sorted(pieces, key=_middle):
        if rows and _middle(piece) < rows[-1][0].box[3]:
            rows[-1].append(piece)
        else:
            rows.append([piece])
    return rows


def _line(row: list[Piece], following: Sequence[Piece], signatures: frozenset[Signature]) -> _Line:
    words = sum(len(piece.text.split()) for piece in row)
    if not following:
        return _Line(signatures, False, False, words)
    first, second = sorted((row, following), key=lambda one: _middle(one[0]))
    size = row[0].size
    gap = min(piece.box[1] for piece in second) - max(piece.box[3] for piece in first)
    aligned = sum(any(_are_aligned(piece, other) for other in following) for piece in row)
    is_column_header = first is row and gap < _NEAR * size and aligned >= max(2, len(row) / 2)
    near = gap < 0.5 * size and abs(following[0].size - size) < 0.1 * size
    return _Line(signatures, is_column_header, near, words)


def _are_aligned(piece: Piece, other: Piece) -> bool:
    (a0, _, a1, _), (b0, _, b1, _) = piece.box, other.box
    return min(abs(a0 - b0), abs(a1 - b1), abs(a0 + a1 - b0 - b1) / 2) < 0.4 * piece.size


def _middle(piece: Piece) -> float:
    return (piece.box[1] + piece.box[3]) / 2


def _in_margin(piece: Piece, shape: PageShape) -> bool:
    center = _middle(piece) / shape.seen[1]
    return center < MARGIN or center > 1 - MARGIN


def _is_tall(piece: Piece) -> bool:
    """Whether the piece runs up or down the page, past lines that it has nothing to do with."""
    return piece.turn in (90, 270) and piece.box[3] - piece.box[1] > 2 * piece.size


def _signature(piece: Piece, shape: PageShape, frame: Frame) -> Signature:
    """Text with digits masked, and place; no text where it can be no running header or footer.

    A number alone is taken for a page number only in the outermost lines: numbered headings and
    cells of tables stand at like heights on several pages too. In large type digits count: pages
    may each begin with a numbered heading.
    """
    center = _middle(piece)
    masked = "#" if ROMAN.match(piece.text) else DIGITS.sub("#", piece.text)[:80]
    if masked == "#" and frame.first_bottom < center < frame.last_top:
        masked = ""
    elif piece.size > 1.2 * frame.size:
        masked = piece.text[:80]
    return masked, round(center / shape.seen[1] * 200)
