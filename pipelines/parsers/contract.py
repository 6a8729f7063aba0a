"""What a parser is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from pipelines.types import ParseOptions, Part, SourceType


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
