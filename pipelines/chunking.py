"""Segments to Fragments: sized for the embedding model, following headings, cutting nothing away.

A Fragment lies within one Part (a page, a slide, a minute), so its id can derive from the Part's
place and page ranges can be worked on independently. Every token of every Segment ends up in
exactly one Fragment; only a table's header rows, and what introduces it, are repeated, so that each
row can be understood alone. A Fragment's tables say where they are so (`Table.is_continued`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines.tables import Table
from pipelines.text.sentences import sentences
from pipelines.types import (
    Fragment,
    PageLocator,
    Part,
    RecognisedSpan,
    RegionLocator,
    Segment,
    Span,
    TextLocator,
)

Offsets = Callable[[Sequence[str]], list[list[tuple[int, int]]]]
"""Texts -> for each its tokens' character ranges, without special tokens, never truncated."""

ORDINALS_PER_UNIT = 10_000
REMEMBERED_HEADINGS = 10_000
PREFIX_SHARE = 4
"""The heading path may take a quarter of the model's room."""


@dataclass
class _Place:
    """A Locator of the Fragment being filled, and the boxes that it will have."""

    locator: Any
    surface: tuple[Any, ...] | None
    """What Locators on the same page or picture have in common; None if it has no boxes."""
    boxes: dict[Any, int] = field(default_factory=dict)

    def finished(self) -> Any:
        if self.surface is None:
            return self.locator
        return self.locator.model_copy(update={"boxes": tuple(self.boxes)})


@dataclass
class _Open:
    """The Fragment being filled."""

    text: str = ""
    tokens: int = 0
    is_counted: bool = True
    """Whether `tokens` is what the model would count of `text`."""
    kinds: list[str] = field(default_factory=list)
    places: list[_Place] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    recognised: list[RecognisedSpan] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    heading_path: tuple[str, ...] = ()
    around: tuple[Any, ...] = ()
    """Locators of the last Segment, for a text that has no place of its own."""

    @property
    def only_titles(self) -> bool:
        return bool(self.kinds) and all(kind == "title" for kind in self.kinds)


class Chunker:
    """Turns Parts, in order, into Fragments. `headings` is its whole state between Parts."""

    def __init__(
        self,
        offsets: Offsets,
        max_tokens: int,
        *,
        special_tokens: int = 2,
        headings: Sequence[Sequence[Any]] = (),
        additive: bool = False,
    ) -> None:
        """`max_tokens` and `special_tokens` are the embedding model's; `headings` a saved state.

        `additive`: texts joined by white space have as many tokens as the texts together.
        """
        self._offsets = offsets
        self._additive = additive
        self._heading_tokens: dict[str, int] = {}
        self._room = max_tokens - special_tokens
        self._special = special_tokens
        self._headings: list[tuple[int, str]] = [(int(level), str(t)) for level, t in headings]

    @property
    def headings(self) -> list[list[Any]]:
        """The open headings as [level, text], outermost first; JSON for a checkpoint."""
        return [[level, text] for level, text in self._headings]

    def feed(self, part: Part) -> list[Fragment]:
        """The Fragments of `part`, ordinals in steps of one from `part.start` x 10,000."""
        writer = _Writer(self, part.start * ORDINALS_PER_UNIT)
        segments = [segment for segment in part.segments if segment.text.strip()]
        counted = self._offsets([segment.text for segment in segments])
        for segment, tokens in zip(segments, counted, strict=True):
            if segment.kind == "title":
                writer.close_unless_titles()
                self._open_heading(segment)
            if _is_description(segment):
                writer.close()
            writer.add(segment, tokens)
            if _is_description(segment):
                writer.close()
        return writer.finish()

    def _open_heading(self, segment: Segment) -> None:
        level = segment.level or 1
        while self._headings and self._headings[-1][0] >= level:
            self._headings.pop()
        self._headings.append((level, " ".join(segment.text.split())))

    def prefix(self) -> tuple[tuple[str, ...], int]:
        """The heading path that fits in its share of the room, innermost kept, and its tokens."""
        path = tuple(text for _, text in self._headings)
        limit = self._room // PREFIX_SHARE
        while (used := self.prefix_tokens(path)) > limit:
            path = path[1:]
        return path, used

    def prefix_tokens(self, path: tuple[str, ...]) -> int:
        """Tokens of a heading path; " > " between headings counts one each."""
        return sum(map(self._count_heading, path)) + max(0, len(path) - 1)

    def count(self, text: str) -> int:
        return len(self._offsets([text])[0])

    def count_fragment(self, fragment: Fragment, text_tokens: int | None) -> int:
        """Tokens of what the model reads of it; `text_tokens` are the text's own, if known."""
        if self._additive and text_tokens is not None:
            return text_tokens + self.prefix_tokens(fragment.heading_path) + self._special
        return self.count(fragment.embedding_text) + self._special

    def _count_heading(self, text: str) -> int:
        if text not in self._heading_tokens:
            if len(self._heading_tokens) > REMEMBERED_HEADINGS:
                self._heading_tokens.clear()
            self._heading_tokens[text] = self.count(text)
        return self._heading_tokens[text]

    @property
    def room(self) -> int:
        return self._room


class _Writer:
    """Fills Fragments of one Part."""

    def __init__(self, chunker: Chunker, first_ordinal: int) -> None:
        self._chunker = chunker
        self._ordinal = first_ordinal
        self._done: list[Fragment] = []
        self._open = _Open()
        self._budget = 0

    def finish(self) -> list[Fragment]:
        self.close()
        return self._done

    def close_unless_titles(self) -> None:
        """Titles in a row stay together with what follows the last of them."""
        if not self._open.only_titles:
            self.close()

    def close(self) -> None:
        opened = self._open
        self._open = _Open()
        if not opened.text.strip():
            return
        if len(self._done) >= ORDINALS_PER_UNIT:
            raise ValueError("one part of a source holds more fragments than it may")
        kinds = [kind for kind in opened.kinds if kind != "title"] or ["title"]
        # Headings that the text itself carries are not said twice.
        path = opened.heading_path
        while path and any(path[-1] == line.strip() for line in opened.text.splitlines()[:4]):
            path = path[:-1]
        fragment = Fragment(
            ordinal=self._ordinal,
            text=opened.text,
            kind=max(set(kinds), key=kinds.count),  # type: ignore[arg-type]
            heading_path=path,
            locators=tuple(place.finished() for place in opened.places) or opened.around,
            spans=tuple(opened.spans),
            recognised=tuple(opened.recognised),
            tables=tuple(opened.tables),
            tokens=0,
        )
        tokens = self._chunker.count_fragment(
            fragment, opened.tokens if opened.is_counted else None
        )
        self._done.append(fragment.model_copy(update={"tokens": tokens}))
        self._ordinal += 1

    def add(self, segment: Segment, tokens: list[tuple[int, int]]) -> None:
        self._begin()
        if self._open.tokens + len(tokens) <= self._budget:
            self._append(segment, 0, len(segment.text), len(tokens))
            return
        if not self._open.only_titles:
            self.close()
            self._begin()
        if self._open.tokens + len(tokens) <= self._budget:
            self._append(segment, 0, len(segment.text), len(tokens))
            return
        self._split(segment, tokens)

    def _begin(self) -> None:
        """Take the heading path of the moment when a Fragment starts, and what room it leaves."""
        if not self._open.text:
            path, used = self._chunker.prefix()
            self._open.heading_path = path
            self._budget = self._chunker.room - used

    def _split(self, segment: Segment, tokens: list[tuple[int, int]]) -> None:
        """Lay a Segment that is too long over several Fragments, at the best ends there are."""
        starts = [start for start, _ in tokens]
        ends = _ends(segment)
        header_start, header_end = segment.table.header_range if segment.table else (0, 0)
        header_tokens = bisect_left(starts, header_end) - bisect_left(starts, header_start)
        is_repeated = 0 < header_tokens * 3 <= self._chunker.room
        position = 0
        while position < len(segment.text):
            self._begin()
            repeats = is_repeated and position >= header_end
            if repeats:
                self._append(segment, header_start, header_end, header_tokens)
            first = bisect_left(starts, position)
            room = self._budget - self._open.tokens
            last = first + room
            if last >= len(starts):
                stop = len(segment.text)
            else:
                limit = starts[last]
                index = bisect_right(ends, limit) - 1
                stop = ends[index] if index >= 0 and ends[index] > position else 0
                if stop <= position or (stop - position) * 3 < limit - position:
                    stop = _word_end(segment.text, position, limit)
                stop = self._shrunk(segment.text, position, stop, room)
            count = bisect_left(starts, stop) - first
            self._append(segment, position, stop, count, goes_on=repeats)
            position = stop
            if position < len(segment.text):
                self.close()

    def _shrunk(self, text: str, start: int, stop: int, room: int) -> int:
        """A cut inside a word makes other tokens of its halves: cut earlier until they fit."""
        while text[stop - 1 : stop + 1].strip() == text[stop - 1 : stop + 1]:
            excess = self._chunker.count(text[start:stop]) - room
            # The rest of the word may gain a token as well, which the next round counts anew.
            if excess <= 0 or stop - start <= 1:
                break
            stop -= min(excess, stop - start - 1)
        return stop

    def _append(
        self, segment: Segment, start: int, end: int, tokens: int, *, goes_on: bool = False
    ) -> None:
        """Add characters start..end of a Segment, of so many tokens; `goes_on` when the header rows
        of the same table were added right before."""
        piece = segment.text[start:end]
        left = start + len(piece) - len(piece.lstrip())
        right = start + len(piece.rstrip())
        if right <= left:
            return
        opened = self._open
        if opened.text:
            opened.text += "\n"
        shift = len(opened.text) - left
        opened.text += segment.text[left:right]
        opened.tokens += tokens
        opened.is_counted &= _is_whole(segment.text, start, end)
        opened.kinds.append(segment.kind)
        opened.around = segment.locators
        if segment.engine is not None:
            opened.recognised.append(
                RecognisedSpan(
                    start=left + shift,
                    end=right + shift,
                    engine=segment.engine,
                    confidence=segment.confidence,
                )
            )
        for span in _spans(segment, left, right):
            locator, box = span[2], span[3]
            index, box = _merge(opened.places, locator, box)
            opened.spans.append((span[0] + shift, span[1] + shift, index, box))
        opened.places += [_Place(locator, None) for locator in _beside(segment)]
        if segment.table and (rows := segment.table.within(left, right)):
            rows = rows.moved(shift)
            if goes_on:
                header = opened.tables.pop()
                rows = header.model_copy(
                    update={"rows": (*header.rows, *rows.rows), "is_continued": True}
                )
            opened.tables.append(rows)


def _is_description(segment: Segment) -> bool:
    """Whether a model said it of a picture: never in one Fragment with what was read there."""
    return segment.kind == "caption" and isinstance(segment.locators[0], RegionLocator)


def _beside(segment: Segment) -> list[Any]:
    """Where a Segment also is, though none of its words stand there: a caption's figure."""
    if not segment.spans:
        return []
    pointed_to = {span[2] for span in segment.spans}
    return [each for at, each in enumerate(segment.locators) if at not in pointed_to]


def _spans(segment: Segment, left: int, right: int) -> list[tuple[int, int, Any, int]]:
    """(start, end, Locator, box) of the characters left..right of a Segment."""
    found = []
    if segment.spans:
        for start, end, index, box in segment.spans:
            start, end = max(start, left), min(end, right)
            if start < end:
                found.append((start, end, segment.locators[index], box))
    if segment.spans:
        # What stands nowhere here: the header of a table that began on an earlier page.
        return found
    return [(left, right, _narrow(locator, left, right), -1) for locator in segment.locators]


def _narrow(locator: Any, left: int, right: int) -> Any:
    """A TextLocator of the Segment's characters left..right; other Locators as they are."""
    if isinstance(locator, TextLocator) and locator.end - locator.start >= right:
        return locator.model_copy(
            update={"start": locator.start + left, "end": locator.start + right}
        )
    return locator


def _merge(places: list[_Place], locator: Any, box: int) -> tuple[int, int]:
    """Put a Locator into the Fragment's list; boxes on the same page or picture share one.

    Returns the index of the Locator and of the box in it.
    """
    boxes = getattr(locator, "boxes", None)
    last = places[-1] if places else None
    if boxes is None or box < 0:
        if last is None or last.finished() != locator:
            places.append(_Place(locator, None))
        return len(places) - 1, -1
    surface = _surface(locator)
    if last is None or last.surface != surface:
        last = _Place(locator, surface)
        places.append(last)
    line = boxes[box]
    return len(places) - 1, last.boxes.setdefault(line, len(last.boxes))


def _surface(locator: Any) -> tuple[Any, ...]:
    """What Locators on the same page or picture have in common."""
    if isinstance(locator, PageLocator):
        size = (locator.page_width, locator.page_height, locator.rotation)
        return (locator.type, locator.page, *size)
    return (locator.type, locator.width, locator.height)


def _is_whole(text: str, start: int, end: int) -> bool:
    """Whether text[start:end] begins and ends between words."""
    edges = (text[max(0, start - 1) : start + 1], text[end - 1 : end + 1])
    return all(len(edge) < 2 or edge.strip() != edge for edge in edges)


def _ends(segment: Segment) -> list[int]:
    """Positions at which the Segment may be cut: before rows of a table, else after sentences."""
    if segment.table:
        starts = [segment.table.row_range(row)[0] for row in range(1, len(segment.table.rows))]
        return [*starts, len(segment.text)]
    return [end for _, end in sentences(segment.text)]


def _word_end(text: str, start: int, limit: int) -> int:
    """The last space before `limit`, or `limit` when one word fills it all."""
    space = max(text.rfind(" ", start + 1, limit), text.rfind("\n", start + 1, limit))
    return space if space > start else limit
