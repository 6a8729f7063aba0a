"""What a document's pages have in common: size of its body text, heads, feet and side notes.

Learned from a fixed sample of pages, so that a page reads the same wherever parsing began.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from statistics import median

from pipelines.parsers.pdf_counting import DIGITS, is_counted, numbers_of
from pipelines.parsers.pdf_fonts import is_monospaced
from pipelines.parsers.pdf_outline import Outline
from pipelines.parsers.pdf_shape import PageShape
from pipelines.parsers.pdf_sides import Signature, side_signatures, without_sides
from pipelines.parsers.pdf_text import PageText, Piece

MARGIN = 0.13
"""Share of the page's height, at the top and at the bottom, where repeated lines may stand."""
REPEATED = 0.4
"""Share of sampled pages; heads often differ between left and right pages."""
PAGES_THAT_TELL = 3
"""Of fewer pages nothing is left out."""
ROMAN = re.compile(r"^[ivxlcdm]{1,7}$")
_PAGE_NUMBER = re.compile(
    r"^(?:page|seite|p\.)?\s*[-–—|]?\s*(\d{1,4})\s*[-–—|]?(?:\s*(?:of|von|/)\s*\d{1,4})?$", re.I
)


@dataclass(frozen=True)
class DocumentStyle:
    """`body_size` in points, 0 when no sampled page has text; `heading_sizes` from large to small.

    `furniture` holds what repeats at the head or foot of pages, `sides` at their left or right.
    `numbering` is what printed page numbers are ahead of the page's index by, where many pages
    have one; pages left out in between, or counted anew, make it several. `outline` is the file's
    own, where the sizes of its fonts tell no headings.
    """

    body_size: float = 0.0
    body_bold: bool = False
    body_monospaced: bool = False
    heading_sizes: tuple[float, ...] = ()
    furniture: frozenset[Signature] = field(default_factory=frozenset)
    sides: frozenset[Signature] = field(default_factory=frozenset)
    numbering: frozenset[int] = field(default_factory=frozenset)
    outline: Outline = field(default_factory=dict)


@dataclass
class _Margins:
    """What stands at the heads and feet of pages."""

    pages: list[frozenset[Signature] | None] = field(default_factory=list)
    """Of each page with text; None where it has text elsewhere too."""
    seen: Counter[Signature] = field(default_factory=Counter)
    numbers: dict[str, list[tuple[int, ...]]] = field(default_factory=lambda: defaultdict(list))
    """By the text of a signature, one of each page that has it."""

    def add(self, pieces: list[Piece], shape: PageShape, frame: _Frame) -> None:
        here: dict[Signature, Piece] = {}
        elsewhere = False
        for piece in pieces:
            if _in_margin(piece, shape) and not _is_tall(piece):
                here.setdefault(_signature(piece, shape, frame), piece)
            else:
                elsewhere = True
        self.pages.append(None if elsewhere else frozenset(here))
        self.seen.update(here.keys())
        for masked, piece in {masked: piece for (masked, _), piece in here.items()}.items():
            self.numbers[masked].append(numbers_of(piece.text))

    def furniture(self) -> frozenset[Signature]:
        """What repeats, and tells nothing of the page it stands on.

        Where it would be all that most pages say, it is no head or foot: labels, certificates.
        """
        found = frozenset(
            signature
            for signature in _repeated(self.seen, len(self.pages))
            if is_counted(self.numbers[signature[0]])
        )
        emptied = sum(page is not None and bool(page) and page <= found for page in self.pages)
        return frozenset() if emptied * 2 > len(self.pages) else found


@dataclass(frozen=True)
class _Frame:
    """Of one page: the bottom of its first line, the top of its last, its median font size."""

    first_bottom: float
    last_top: float
    size: float


def sample_pages(total: int, groups: int = 8) -> list[int]:
    """At most 3 x `groups` page indices: neighbouring triples, spread over the document."""
    if total <= 3 * groups:
        return list(range(total))
    last = total - 3
    starts = [round(last * i / (groups - 1)) for i in range(groups)]
    return sorted({start + offset for start in starts for offset in range(3)})


def learn_style(pages: Iterable[tuple[int, PageShape, PageText]]) -> DocumentStyle:
    """The style of a document from a sample of its pages, each with its index from 0."""
    sizes: Counter[float] = Counter()
    bold: Counter[float] = Counter()
    monospaced: Counter[float] = Counter()
    pages_of: Counter[float] = Counter()
    margins = _Margins()
    sides: Counter[Signature] = Counter()
    numberings: Counter[int] = Counter()
    pages_with_text = 0
    for index, shape, text in pages:
        if not text.pieces:
            continue
        pages_with_text += 1
        frame = _frame_of(text.pieces)
        numberings.update({number - index for number, _ in _page_numbers(text.pieces, frame)})
        for piece in text.pieces:
            size = round(piece.size * 2) / 2
            sizes[size] += len(piece.text)
            bold[size] += len(piece.text) if piece.bold else 0
            monospaced[size] += len(piece.text) if is_monospaced(piece.font) else 0
        margins.add(text.pieces, shape, frame)
        sides.update(set(side_signatures(text.pieces, shape)))
        pages_of.update({round(piece.size * 2) / 2 for piece in text.pieces})
    if not sizes:
        return DocumentStyle()
    body = max(sizes, key=lambda size: (sizes[size], -size))
    common = {ahead: pages for ahead, pages in numberings.items() if pages >= 3}
    if sum(common.values()) < REPEATED * pages_with_text:
        common = {}
    return DocumentStyle(
        body_size=body,
        body_bold=bold[body] * 2 > sizes[body],
        body_monospaced=monospaced[body] * 2 > sizes[body],
        heading_sizes=_heading_sizes(pages_of, body, pages_with_text),
        furniture=margins.furniture(),
        sides=_repeated(sides, pages_with_text),
        numbering=frozenset(common),
    )


def _heading_sizes(pages_of: Counter[float], body: float, pages: int) -> tuple[float, ...]:
    """Sizes above the body's, those within 8 % taken as one; a cover's own sizes left out."""
    needed = 2 if pages >= 4 else 1
    found: list[float] = []
    for size in sorted(pages_of, reverse=True):
        common = size >= 1.15 * body and pages_of[size] >= needed
        if common and (not found or size < 0.92 * found[-1]):
            found.append(size)
    return tuple(found)


def without_furniture(
    text: PageText, index: int, shape: PageShape, style: DocumentStyle
) -> list[Piece]:
    """The pieces of page `index` except side notes, heads and feet with all on their lines."""
    pieces = without_sides(text.pieces, shape, style.sides)
    pieces = _without_number(pieces, index, style)
    if not style.furniture or not pieces:
        return pieces
    heights = []
    frame = _frame_of(pieces)
    for piece in pieces:
        if _in_margin(piece, shape) and not _is_tall(piece):
            masked, place = _signature(piece, shape, frame)
            if any((masked, place + shift) in style.furniture for shift in (-1, 0, 1)):
                heights.append((piece.box[1], piece.box[3]))
    if not heights:
        return pieces
    return [
        piece
        for piece in pieces
        if not (
            _in_margin(piece, shape)
            and any(top < (piece.box[1] + piece.box[3]) / 2 < bottom for top, bottom in heights)
        )
    ]


def _without_number(pieces: list[Piece], index: int, style: DocumentStyle) -> list[Piece]:
    if not style.numbering or not pieces:
        return pieces
    found = {
        id(piece)
        for number, piece in _page_numbers(pieces, _frame_of(pieces))
        if number - index in style.numbering
    }
    return [piece for piece in pieces if id(piece) not in found]


def _page_numbers(pieces: list[Piece], frame: _Frame) -> Iterator[tuple[int, Piece]]:
    """What may be the page's number: alone on its first or its last line, wherever that stands."""
    for first in (True, False):
        line = [
            piece
            for piece in pieces
            if (
                (piece.box[1] + piece.box[3]) / 2 < frame.first_bottom
                if first
                else (piece.box[1] + piece.box[3]) / 2 > frame.last_top
            )
        ]
        if len(line) == 1 and (found := _PAGE_NUMBER.match(line[0].text)):
            yield int(found[1]), line[0]


def _repeated(seen: Counter[Signature], pages: int) -> frozenset[Signature]:
    """What stands on enough of so many pages."""
    if pages < PAGES_THAT_TELL:
        return frozenset()
    needed = max(2, REPEATED * pages)
    return frozenset(one for one in seen if one[0] and _repeats(seen, one) >= needed)


def _repeats(seen: Counter[Signature], signature: Signature) -> int:
    masked, place = signature
    return max(seen[signature] + seen.get((masked, place + shift), 0) for shift in (-1, 1))


def _in_margin(piece: Piece, shape: PageShape) -> bool:
    center = (piece.box[1] + piece.box[3]) / 2 / shape.seen[1]
    return center < MARGIN or center > 1 - MARGIN


def _is_tall(piece: Piece) -> bool:
    """Whether the piece runs up or down the page, past lines that it has nothing to do with."""
    return piece.turn in (90, 270) and piece.box[3] - piece.box[1] > 2 * piece.size


def _frame_of(pieces: list[Piece]) -> _Frame:
    first = min(pieces, key=lambda piece: piece.box[1] + piece.box[3])
    last = max(pieces, key=lambda piece: piece.box[1] + piece.box[3])
    return _Frame(first.box[3], last.box[1], median(piece.size for piece in pieces))


def _signature(piece: Piece, shape: PageShape, frame: _Frame) -> Signature:
    """Text with digits masked, and place; no text where it can't be part of a head or foot.

    A number alone is taken for a page number only in the outermost lines: numbered headings and
    cells of tables stand at like heights on several pages too. In large type digits count: pages
    may each begin with a numbered heading.
    """
    center = (piece.box[1] + piece.box[3]) / 2
    masked = "#" if ROMAN.match(piece.text) else DIGITS.sub("#", piece.text)[:80]
    if masked == "#" and frame.first_bottom < center < frame.last_top:
        masked = ""
    elif piece.size > 1.2 * frame.size:
        masked = piece.text[:80]
    return masked, round(center / shape.seen[1] * 200)
