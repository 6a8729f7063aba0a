"""Ingest from top to bottom: Parts are chunked, embedded and handed on in batches.

The first batch is small, so that the first pages can be asked about while the last ones are
still parsed; memory is bounded by a batch, whatever the size of the source.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipelines.chunking import ORDINALS_PER_UNIT, Chunker
from pipelines.embedding import Embedder
from pipelines.types import Fragment, ParseWarning, Part

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FIRST_BATCH = 8
BATCH = 64


@dataclass
class Batch:
    """Some Parts' worth of work, ready to be written.

    It covers the ordinals `first_ordinal` (inclusive) to `end_ordinal` (exclusive) completely:
    what the index holds there and is not among `fragments` is out of date.
    """

    fragments: list[Fragment]
    vectors: NDArray[np.float32]
    first_ordinal: int
    end_ordinal: int
    done: int
    total: int | None
    unit: str
    headings: list[list[Any]]
    warnings: list[ParseWarning] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    """Time spent by stage: parse (waiting for the parser), chunk, embed."""


def ingest(
    parts: Iterable[Part], chunker: Chunker, embedder: Embedder, *, start: int = 0
) -> Iterator[Batch]:
    """Batches of embedded Fragments, in order. `start` is the first unit that `parts` covers."""
    batch = _Collecting(start)
    limit = FIRST_BATCH
    clock = time.perf_counter()
    for part in parts:
        clock = batch.spent("parse", clock)
        batch.add(part, chunker.feed(part))
        clock = batch.spent("chunk", clock)
        if len(batch.fragments) >= limit:
            yield batch.embedded(embedder, chunker, clock)
            limit = BATCH
            batch = _Collecting(batch.stop)
            clock = time.perf_counter()
    batch.spent("parse", clock)
    if batch.parts:
        yield batch.embedded(embedder, chunker, time.perf_counter())


class _Collecting:
    """A Batch being filled."""

    def __init__(self, start: int) -> None:
        self.start = self.stop = start
        self.parts = 0
        self.total: int | None = None
        self.unit = ""
        self.fragments: list[Fragment] = []
        self.warnings: list[ParseWarning] = []
        self.facts: dict[str, Any] = {}
        self.counts: dict[str, int] = {}
        self.seconds: dict[str, float] = {}

    def add(self, part: Part, fragments: list[Fragment]) -> None:
        self.parts += 1
        self.stop = part.stop
        self.total = part.total
        self.unit = part.unit
        self.fragments.extend(fragments)
        self.warnings.extend(part.warnings)
        self.facts.update(part.facts)
        for name, count in part.counts.items():
            self.counts[name] = self.counts.get(name, 0) + count

    def spent(self, stage: str, since: float) -> float:
        now = time.perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - since
        return now

    def embedded(self, embedder: Embedder, chunker: Chunker, since: float) -> Batch:
        vectors = embedder.embed([fragment.embedding_text for fragment in self.fragments])
        self.spent("embed", since)
        return Batch(
            fragments=self.fragments,
            vectors=vectors,
            first_ordinal=self.start * ORDINALS_PER_UNIT,
            end_ordinal=self.stop * ORDINALS_PER_UNIT,
            done=self.stop,
            total=self.total,
            unit=self.unit,
            headings=chunker.headings,
            warnings=self.warnings,
            facts=self.facts,
            counts=self.counts,
            seconds=self.seconds,
        )
