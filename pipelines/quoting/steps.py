"""Lists as a reader follows them: complete, in order, also where a Fragment ends in the middle."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.chunking import ORDINALS_PER_UNIT
from pipelines.quoting.candidates import Candidate, item, quoted
from pipelines.retrieval.keywords import index_words
from pipelines.text.sentences import sentences
from pipelines.types import Hit

_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True)
class Run:
    """List items one after another in one Hit."""

    hit: int
    start: int
    end: int
    intro: int
    """Where the line right above it begins; `start` when there is none."""
    first: str
    last: str
    """The numbers or bullets of its first and last item."""
    opens: bool
    closes: bool
    """Whether it begins, or ends, where its Fragment does, and so may be a piece of a list."""


def runs(hits: Sequence[Hit]) -> list[Run]:
    """The runs of list items in `hits`, in order; a single item is one as well."""
    found: list[Run] = []
    for index, hit in enumerate(hits):
        lines = [match.span() for match in re.finditer(r"[^\n]+", hit.text)]
        marks = [item(hit.text[start:end].strip()) for start, end in lines]
        at = 0
        while at < len(lines):
            if not marks[at]:
                at += 1
                continue
            stop = at
            while stop + 1 < len(lines) and marks[stop + 1]:
                stop += 1
            intro = lines[at - 1][0] if at else lines[at][0]
            is_first = at == 0 or hit.text[: lines[at][0]].strip() in hit.heading_path
            found.append(
                Run(
                    index, lines[at][0], lines[stop][1], intro, marks[at], marks[stop],
                    opens=is_first, closes=stop == len(lines) - 1,
                )
            )  # fmt: skip
            at = stop + 1
    return found


def whole_list(hits: Sequence[Hit], candidate: Candidate) -> list[Run]:
    """The list that `candidate` stands in or introduces, over as many Hits as it goes on in.

    Empty when it is no part of a list of two items or more.
    """
    known = runs(hits)
    here = next((run for run in known if _holds(run, candidate)), None)
    if here is None:
        return []
    pieces = [here]
    while (before := _joined(known, hits, pieces[0], forward=False)) is not None:
        pieces.insert(0, before)
    while (after := _joined(known, hits, pieces[-1], forward=True)) is not None:
        pieces.append(after)
    items = sum(1 for run in pieces for line in _lines(hits, run) if item(line))
    return pieces if items > 1 else []


def items_of(hits: Sequence[Hit], pieces: Sequence[Run]) -> list[Candidate]:
    """The sentences of a list, in order; those that begin an item are marked so."""
    found = []
    for run in pieces:
        text = hits[run.hit].text
        for start, end in sentences(text[run.start : run.end]):
            start, end = start + run.start, end + run.start
            sentence = text[start:end]
            words = tuple(index_words(sentence))
            found.append(
                Candidate(
                    run.hit, start, end, quoted(sentence), words, frozenset(), "",
                    is_whole=True, is_item=bool(item(sentence)),
                )
            )  # fmt: skip
    return [each for each in found if each.words]


def _holds(run: Run, candidate: Candidate) -> bool:
    return run.hit == candidate.hit and run.intro <= candidate.start < run.end


def _lines(hits: Sequence[Hit], run: Run) -> list[str]:
    return [line.strip() for line in hits[run.hit].text[run.start : run.end].split("\n")]


def _joined(known: Sequence[Run], hits: Sequence[Hit], run: Run, *, forward: bool) -> Run | None:
    for other in known:
        first, second = (run, other) if forward else (other, run)
        if (
            first.closes
            and second.opens
            and _follows(hits[first.hit], hits[second.hit])
            and _counts_on(first.last, second.first)
        ):
            return other
    return None


def _follows(one: Hit, other: Hit) -> bool:
    """Whether `other` is what comes right after `one` in the same version."""
    if one.version_id != other.version_id:
        return False
    if other.ordinal == one.ordinal + 1:
        return True
    units = other.ordinal // ORDINALS_PER_UNIT - one.ordinal // ORDINALS_PER_UNIT
    return units == 1 and other.ordinal % ORDINALS_PER_UNIT == 0


def _counts_on(last: str, first: str) -> bool:
    """Whether an item marked `first` may follow one marked `last`."""
    one, other = _NUMBER.search(last), _NUMBER.search(first)
    if one and other:
        return int(other[0]) == int(one[0]) + 1
    return not one and not other and last[-1] == first[-1]
