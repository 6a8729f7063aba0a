"""What a parser is, and how it is told to parse."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field, SkipValidation

from pipelines.external.contract import Outside
from pipelines.types import Part, SourceType


class ParseOptions(BaseModel):
    """How to parse; `start` is the unit to go on from after an interruption (a Part's `stop`)."""

    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)

    start: int = 0
    stop: int | None = None
    """The unit to end before; None for the whole source."""
    password: str | None = Field(default=None, repr=False)
    reduced: bool = False
    """Read in a smaller way, since the usual one took too long: pictures of pages are drawn at
    half the resolution."""
    subtitles: str | None = None
    """Path of a side-car .srt or .vtt that belongs to a recording."""
    transcriber: str = "auto"
    """`auto`, `whisper:<model directory>`, `openai:<model>`, `pocketsphinx` or `none`."""
    outside: SkipValidation[Outside | None] = Field(default=None, exclude=True, repr=False)
    """Services that a parser may ask; None when there are none. Stays out of JSON."""
    heartbeat: SkipValidation[Callable[[], None]] = Field(
        default=lambda: None, exclude=True, repr=False
    )
    """To be called now and then by a parser that works long on one Part, so that its slowness is
    not taken for a stall. Stays out of JSON."""
    max_pages: int = 20_000
    max_seconds: int = 6 * 3600
    max_pixels: int = 120_000_000


class Parser(Protocol):
    """Turns one file into Parts.

    `parse` is a generator with memory bounded by a Part, deterministic for a file, resumable from
    `options.start`. It raises SourceUnreadable (or a subclass) when nothing of the file can be
    read; a page that fails becomes a warning of its Part and the rest goes on. Heavy libraries
    are imported inside `parse`.
    """

    source_type: SourceType
    media_types: frozenset[str]

    def parse(self, path: Path, options: ParseOptions) -> Iterator[Part]: ...
