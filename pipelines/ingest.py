"""Reading from top to bottom: Parts are chunked and handed on in batches, ready to be stored.

The first batch is small, so that the first pages can be asked about while the last ones are
still parsed; memory is bounded by a batch, whatever the size of the source. Embedding follows
from what is stored, in shards that several processes share.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pipelines.chunking import ORDINALS_PER_UNIT, Chunker
from pipelines.types import Fragment, ParseWarning, Part

FIRST_BATCH = 8
BATCH = 128
BATCH_SECONDS = 4.0
"""A batch of slow pages (OCR, speech) is handed on after this long, full or not."""


@dataclass
class Batch:
    """Some Parts' worth of Fragments, ready to be stored.

    It covers the ordinals `first_ordinal` (inclusive) to `end_ordinal` (exclusive) completely:
    what is stored there and is not among `fragments` is out of date.
    """

    start: int
    stop: int
    """Units (pages, seconds ...) from `start` (inclusive) to `stop` (exclusive)."""
    total: int | None = None
    unit: str = ""
    fragments: list[Fragment] = field(default_factory=list)
    headings: list[list[Any]] = field(default_factory=list)
    warnings: list[ParseWarning] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    """Time spent by stage: parse (waiting for the parser), chunk."""

    @property
    def first_ordinal(self) -> int:
        return self.start * ORDINALS_PER_UNIT

    @property
    def end_ordinal(self) -> int:
        return self.stop * ORDINALS_PER_UNIT

    def add(self, part: Part, fragments: list[Fragment]) -> None:
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


def read(parts: Iterable[Part], chunker: Chunker, *, start: int = 0) -> Iterator[Batch]:
    """Batches of Fragments, in order. `start` is the first unit that `parts` covers."""
    batch = Batch(start, start)
    limit = FIRST_BATCH
    began = clock = time.perf_counter()
    for part in parts:
        clock = batch.spent("parse", clock)
        batch.add(part, chunker.feed(part))
        clock = batch.spent("chunk", clock)
        if len(batch.fragments) >= limit or clock - began > BATCH_SECONDS:
            batch.headings = chunker.headings
            yield batch
            limit = BATCH
            batch = Batch(batch.stop, batch.stop)
            began = clock = time.perf_counter()
    batch.spent("parse", clock)
    if batch.stop > batch.start:
        batch.headings = chunker.headings
        yield batch
