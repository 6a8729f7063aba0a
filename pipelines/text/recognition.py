"""Which engine recognised a piece of text, and how sure it was."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TypedDict

from pipelines.types import RecognisedSpan


class Recognition(TypedDict):
    """What an API shows of it; `confidence` is 0..1, None where the engine tells none."""

    engine: str
    confidence: float | None


def recognition(recognised: Iterable[RecognisedSpan], start: int, end: int) -> Recognition | None:
    """Of characters start..end: the engine of most of them and its mean confidence, weighted by
    characters. None when all of them were read from text."""
    shares: dict[str, list[tuple[int, float | None]]] = defaultdict(list)
    for each in recognised:
        length = min(end, each.end) - max(start, each.start)
        if length > 0:
            shares[each.engine].append((length, each.confidence))
    if not shares:
        return None
    engine = max(shares, key=lambda name: sum(length for length, _ in shares[name]))
    told = [(length, sure) for length, sure in shares[engine] if sure is not None]
    weight = sum(length for length, _ in told)
    mean = sum(length * sure for length, sure in told) / weight if weight else None
    return {"engine": engine, "confidence": None if mean is None else round(mean, 3)}
