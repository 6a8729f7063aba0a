"""What a document's pages have in common: size of its body text, running headers and
footers, side notes.

Learned from a fixed sample of pages, so that a page reads the same wherever parsing began.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pipelines.parsers.pdf.fonts import is_monospaced
from pipelines.parsers.pdf.line_pieces import PageText, Piece
from pipelines.parsers.pdf.margins import Signature, side_signatures, without_sides
from pipelines.parsers.pdf.outline import Outline
from pipelines.parsers.pdf.page_geometry import PageShape
from pipelines.parsers.pdf.running_headers import (
    PAGES_THAT_TELL,
    REPEATED,
    Frame,
    Margins,
    RunningHeaders,
    frame_of,
    without_edges,
)

_PAGE_NUMBER = re.compile(
    r"^(?:page|seite|p\.)?\s*[-–—|]?\s*(\d{1,4})\s*[-–—|]?(?:\s*(?:of|von|/)\s*\d{1,4})?$", re.I
)


@dataclass(frozen=True)
class DocumentStyle:
    """`body_size` in points, 0 when no sampled page has text; `heading_sizes` from large to small.

    `running_headers` holds what repeats at the top or bottom of pages, `sides` at their left or
    right. `numbering` is what printed page numbers are ahead of the page's index by, where many
    pages have one; pages left out in between, or counted anew, make it several. `outline` is the
    file's own, where the sizes of its fonts tell no headings.
    """

    body_size: float = 0.0
    body_bold: bool = False
    body_monospaced: bool = False
    heading_sizes: tuple[float, ...] = ()
    running_headers: RunningHeaders = field(default_factory=dict)
    sides: frozenset[Signature] = field(default_factory=frozenset)
    numbering: frozenset[int] = field(default_factory=frozenset)
    outline: Outline = field(default_factory=dict)


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
    margins = Margins()
    sides: Counter[Signature] = Counter()
    numberings: Counter[int] = Counter()
    pages_with_text = 0
    for index, shape, text in pages:
        if not text.pieces:
            continue
        pages_with_text += 1
        frame = frame_of(text.pieces)
        numberings.update({number - index for number, _ in _page_numbers(text.pieces, frame)})
        for piece in text.pieces:
            size = round(piece.size * 2) / 2
            sizes[size] += len(piece.text)
            bold[size] += len(piece.text) if piece.bold else 0
            monospaced[size] += len(piece.text) if is_monospaced(piece.font) else 0
        margins.add(index, text.pieces, shape)
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
        running_headers=margins.running_headers(),
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


def without_running_headers(
    text: PageText, index: int, shape: PageShape, style: DocumentStyle
) -> list[Piece]:
    """The pieces of page `index` except side notes, its number, running headers and footers."""
    pieces = without_sides(text.pieces, shape, style.sides)
    pieces = _without_number(pieces, index, style)
    return without_edges(pieces, index, shape, style.running_headers)


def _without_number(pieces: list[Piece], index: int, style: DocumentStyle) -> list[Piece]:
    if not style.numbering or not pieces:
        return pieces
    found = {
        id(piece)
        for number, piece in _page_numbers(pieces, frame_of(pieces))
        if number - index in style.numbering
    }
    return [piece for piece in pieces if id(piece) not in found]


def _page_numbers(pieces: list[Piece], frame: Frame) -> Iterator[tuple[int, Piece]]:
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
