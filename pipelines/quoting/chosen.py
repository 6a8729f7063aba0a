"""What is quoted of a thing: what is cited, what is said, what decides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pipelines.quoting.things import Piece, Thing

Answered = Literal["yes", "partly", "no"]
"""Whether an answer gives what was asked for, apart from whether it is true."""
MOST_PIECES = 30
"""Items, rows or sentences of one thing that are said."""


@dataclass(frozen=True)
class Chosen:
    """Characters start..end of a Hit's text are cited; `focus`, within them, decides."""

    hit: int
    start: int
    end: int
    focus: tuple[int, int]
    pieces: tuple[Piece, ...]
    """What is said of it, in order."""
    thing: Thing
    left_out: int = 0
    """Pieces that were too many to be said."""

    @property
    def is_list(self) -> bool:
        """Whether each piece stands on a line of its own."""
        return len(self.pieces) > 1 and self.thing.kind != "paragraph"


@dataclass(frozen=True)
class Choice:
    chosen: tuple[Chosen, ...]
    answered: Answered
    related: tuple[Chosen, ...] = ()
    """Where nothing answers: what is near."""
    lead: str = ""
    """What is said before it, such as how many they are; it claims nothing by itself."""


def bounded(some: Sequence[Chosen]) -> tuple[Chosen, ...]:
    """The first of them, with MOST_PIECES pieces together; the last one knows how many were left
    out."""
    shown: list[Chosen] = []
    said = 0
    for at, each in enumerate(some):
        if shown and said + len(each.pieces) > MOST_PIECES:
            left = sum(len(other.pieces) + other.left_out for other in some[at:])
            shown[-1] = replace(shown[-1], left_out=shown[-1].left_out + left)
            break
        shown.append(each)
        said += len(each.pieces)
    return tuple(shown)


def of(
    thing: Thing,
    pieces: Sequence[Piece],
    focus: Piece,
    start: int | None = None,
    end: int | None = None,
) -> Chosen:
    """`pieces` of a thing, which is cited as a whole, or from `start` to `end`."""
    return Chosen(
        thing.hit,
        thing.start if start is None else start,
        thing.end if end is None else end,
        (focus.start, focus.end),
        tuple(pieces[:MOST_PIECES]),
        thing,
        max(0, len(pieces) - MOST_PIECES),
    )
