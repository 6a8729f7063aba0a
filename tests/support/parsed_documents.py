"""Documents parsed, and what holds for the places of every one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.parsers import parser_for
from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.detect import detect_path
from pipelines.types import Part, Segment

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "data"
needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the third-party corpus is not beside the checkout"
)


def parse(path: Path, **options: Any) -> list[Part]:
    return list(parser_for(detect_path(path)).parse(path, ParseOptions(**options)))


def segments_of(parts: list[Part]) -> list[Segment]:
    return [segment for part in parts for segment in part.segments]


def told(parts: list[Part]) -> list[tuple[str, int | None, str]]:
    return [(s.kind, s.level, s.text) for s in segments_of(parts)]


def check_places(parts: list[Part]) -> None:
    """Locators and spans point at exactly their text in the plain text."""
    segments = segments_of(parts)
    plain = "\n\n".join(s.text for s in segments)
    for segment in segments:
        first, last = segment.locators[0], segment.locators[-1]
        assert plain[first.start : last.end] == segment.text
        for start, end, index, _ in segment.spans:
            where = segment.locators[index]
            assert plain[where.start : where.end] == segment.text[start:end]
    assert parts[-1].facts["characters"] == len(plain)
    assert [part.start for part in parts] == list(range(len(parts)))
    assert sum(part.counts["words"] for part in parts) == len(plain.split())


def check_resumes(path: Path, parts: list[Part]) -> None:
    assert parse(path) == parts
    for part in parts:
        assert parse(path, start=part.stop) == parts[part.stop :]
    assert parse(path, start=0, stop=1) == parts[:1]
