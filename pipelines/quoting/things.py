"""What a reader would need to see: the things that a Hit's text is made of.

A thing is a paragraph, a block of short lines (an address, a label), a list with what introduces
it, or a row of a table with the rows that go on with it. Its pieces are what may decide a question:
sentences, lines, steps, rows. Headings are no things; they stand over them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from pipelines.quoting.tables import Line, lines
from pipelines.retrieval.index_words import index_words
from pipelines.text.sentences import sentences
from pipelines.types import Hit

Kind = Literal["paragraph", "lines", "list", "row"]

FEW = 12
"""Words up to which a line without a closing mark is a heading or a line of a block, and no
sentence."""
_LEADER = re.compile(r"\.{4,}|(?:\s\.){4,}|…{2,}|…\s*(?:\d[\d-]*)?\s*$")
"""What leads to a page number in a table of contents."""
_ITEM = re.compile(
    r"^(?:(?:[-*•‣▪◦●·–]|[☐☑□✓])\s*|(?:\(?\d{1,3}[.)](?!\d)|\(?[A-Za-z][.)]|\(?[ivx]{1,4}[.)]"
    r"|step \d+[:.]?)\s+|[①-⑳]\s*)(?=\S)",
    re.I,
)
_PAGED = re.compile(r"[^\W\d]\S*\s+\d{1,3}(?:-\d{1,3})?\s*$")
_NUMBER = re.compile(r"\d+|[A-Za-z]")
_LABEL = re.compile(r"\s*(?:\d{1,3}\.)+(?:\d{1,3})?\s*|\s*\d{1,4}\s*")
_INTRODUCES = (":", "：")
_ASKS = ("?", "？", "؟")
_ENDS = (*".!?。！？؟۔।…;；", *_INTRODUCES)
_CLOSING = "\"'”’»)]）」』"


@dataclass(frozen=True)
class Piece:
    """Characters start..end of the Hit's text: a sentence, a line, a step or a row."""

    start: int
    end: int
    text: str
    is_item: bool = False
    """Whether it begins an item of a list."""

    @cached_property
    def words(self) -> frozenset[str]:
        return frozenset(index_words(self.text))


@dataclass(frozen=True)
class Thing:
    """Characters start..end of the text of Hit number `hit`."""

    hit: int
    kind: Kind
    start: int
    end: int
    pieces: tuple[Piece, ...]
    intro: str = ""
    """What introduces it: a list's first line, the question that it answers."""
    under: str = ""
    """The innermost heading above it."""
    rows: tuple[Line, ...] = ()
    """Of kind `row`: each piece's row."""
    opens: bool = False
    closes: bool = False
    """Whether it begins, or ends, where its Fragment does, and so may be a piece of a list."""

    @cached_property
    def around(self) -> frozenset[str]:
        """Words of what it stands under."""
        return frozenset(index_words(f"{self.under} {self.intro}"))


def item(text: str) -> str:
    """The number or bullet that `text` begins with as an item of a list; empty if it is none."""
    match = _ITEM.match(text)
    return match[0].strip() if match else ""


def without_item(text: str) -> str:
    """`text` without the number or bullet that it begins with."""
    return text.removeprefix(item(text)).lstrip()


def style_of(piece: Piece) -> str:
    """What kind of mark an item has: "1.", "a)", "•"."""
    return re.sub(r"[A-Za-z]+", "a", re.sub(r"\d+", "1", item(piece.text)))


def things(number: int, hit: Hit) -> list[Thing]:
    """The things of a Hit, in reading order; `number` is its place among the Hits."""
    prose = _Prose(number, hit)
    found: list[Thing] = []
    at = 0
    for group in _row_groups(lines(hit)):
        found += prose.read(at, group[0].row.start)
        at = group[-1].row.end
        if not group[0].row.is_header:
            found.append(_of_rows(number, hit, group, prose.heading))
    return [*found, *prose.read(at, len(hit.text))]


def _is_contents(some: Sequence[str]) -> bool:
    """Whether most lines end in a number, as a table of contents' do."""
    paged = sum(
        _LEADER.search(line) is not None or _PAGED.search(line) is not None for line in some
    )
    return 2 * paged > len(some)


def counts_on(last: str, first: str) -> bool:
    """Whether an item marked `first` may follow one marked `last`."""
    one, other = _NUMBER.search(last), _NUMBER.search(first)
    if one is None or other is None:
        return one is other and last[-1:] == first[-1:]
    if one[0].isdigit() and other[0].isdigit():
        return int(other[0]) == int(one[0]) + 1
    return ord(other[0].lower()) == ord(one[0].lower()) + 1


class _Prose:
    """Reads what is no table, line by line; `heading` is the innermost one so far."""

    def __init__(self, number: int, hit: Hit) -> None:
        self._number = number
        self._hit = hit
        self._headings = {" ".join(text.split()) for text in (hit.title, *hit.heading_path)}
        self.heading = hit.heading_path[-1] if hit.heading_path else ""

    def read(self, start: int, end: int) -> Iterator[Thing]:
        text = self._hit.text
        spans = [
            (start + match.start(), start + match.end())
            for match in re.finditer(r"[^\n]*[^\W_][^\n]*", text[start:end])
            # The number of a section says nothing without its line.
            if _LABEL.fullmatch(match[0]) is None
        ]
        at = 0
        intro = ""
        while at < len(spans):
            line = text[slice(*spans[at])].strip()
            if item(line):
                stop = self._list_end(spans, at)
                if stop - at == 1 and self._is_short(without_item(line)):
                    self.heading = line
                else:
                    yield self._thing("list", spans[at:stop], intro)
                at, intro = stop, ""
                continue
            if self._is_short(line):
                stop = at + 1
                while stop < len(spans) and self._is_block(text[slice(*spans[stop])].strip()):
                    stop += 1
                # A short line alone is a heading, but for one that nothing stands under.
                is_block = stop - at > 1 or (stop == len(spans) and not self._is_known(line))
                if is_block and not _is_contents([text[slice(*s)] for s in spans[at:stop]]):
                    yield self._thing("lines", spans[at:stop], "")
                self.heading = text[slice(*spans[stop - 1])].strip()
                at, intro = stop, ""
                continue
            stop = at + 1
            while stop < len(spans) and self._goes_on(spans[stop - 1], spans[stop]):
                stop += 1
            yield self._thing("paragraph", spans[at:stop], intro)
            last = text[spans[at][0] : spans[stop - 1][1]].rstrip()
            intro = last if last.endswith((*_INTRODUCES, *_ASKS)) else ""
            at = stop

    def _thing(self, kind: Kind, spans: Sequence[tuple[int, int]], intro: str) -> Thing:
        text = self._hit.text
        pieces: list[Piece] = []
        joined = [(spans[0][0], spans[-1][1])] if kind == "paragraph" else spans
        for start, end in joined:
            flat = text[start:end].replace("\n", " ")
            for left, right in sentences(flat):
                is_item = kind == "list" and bool(item(flat[left:right]))
                pieces.append(Piece(start + left, start + right, flat[left:right], is_item))
        before, behind = text[: spans[0][0]].strip(), text[spans[-1][1] :].strip()
        return Thing(
            self._number,
            kind,
            spans[0][0],
            spans[-1][1],
            tuple(pieces),
            intro,
            self.heading,
            opens=not before or before in self._headings,
            closes=not behind,
        )

    def _is_known(self, line: str) -> bool:
        return " ".join(line.split()) in self._headings

    def _is_short(self, line: str) -> bool:
        """Whether a line is a heading, or one of a block of short lines."""
        if self._is_known(line) or _LEADER.search(line):
            return True
        if line.rstrip(_CLOSING).endswith(_ENDS) or ": " in line or "：" in line:
            return False
        return len(line.split()) <= FEW and len(line) <= 8 * FEW

    def _is_block(self, line: str) -> bool:
        """Whether a short line goes on with a block of them."""
        return self._is_short(line) and not item(line)

    def _goes_on(self, one: tuple[int, int], other: tuple[int, int]) -> bool:
        """Whether a sentence goes on from one line to the next."""
        text = self._hit.text
        first, second = text[slice(*one)].rstrip(), text[slice(*other)].lstrip()
        return (
            not first.rstrip(_CLOSING).endswith(_ENDS) and second[:1].islower() and not item(second)
        )

    def _list_end(self, spans: Sequence[tuple[int, int]], at: int) -> int:
        """Behind the last line of the list that begins with line `at`: a line between two items
        that count on belongs to the first of them."""
        text = self._hit.text
        marks = [item(text[slice(*span)].strip()) for span in spans]
        last, stop = marks[at], at + 1
        while stop < len(spans):
            if marks[stop]:
                last = marks[stop]
                stop += 1
            elif (
                stop + 1 < len(spans) and marks[stop + 1] and counts_on(last, marks[stop + 1])
            ) or self._goes_on(spans[stop - 1], spans[stop]):
                stop += 1
            else:
                break
        return stop


def _row_groups(rows: Sequence[Line]) -> list[list[Line]]:
    """Rows with those that go on with them."""
    found: list[list[Line]] = []
    for line in rows:
        if found and line.row.goes_on:
            found[-1].append(line)
        else:
            found.append([line])
    return found


def _of_rows(number: int, hit: Hit, group: Sequence[Line], heading: str) -> Thing:
    pieces = tuple(
        Piece(line.row.start, line.row.end, hit.text[line.row.start : line.row.end])
        for line in group
    )
    under = " ".join(filter(None, (heading, group[0].row.header, group[0].section)))
    return Thing(
        number, "row", pieces[0].start, pieces[-1].end, pieces, group[-1].row.label, under,
        tuple(group),
    )  # fmt: skip
