"""A page that takes too long is tried once more in a smaller way, then left out; the rest is read.

Such a page is no sign of damage: it holds very much, or the machine is busy.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

from pipelines.errors import ParserStalled
from pipelines.parsers.contract import ParseOptions
from pipelines.sandbox.parser_process import ParserProcess, unit_name
from pipelines.types import ParseWarning, Part

LONGER = 2.0
"""Times the usual limit, for the try in a smaller way."""
MOST_IN_A_ROW = 3
"""Parts that are left out before the file is given up: each has cost three times the limit."""
OPENED_BY_PAGE = frozenset({"application/pdf"})
"""Files of which the second page may be quick where the first was slow; others are opened whole
before their first Part comes."""


def parse_with_retry(
    process: ParserProcess, path: Path, media_type: str, options: ParseOptions
) -> Generator[Part, None, None]:
    """As `process.parse`, and over Parts that take longer than they may.

    A Part that was left out is there with nothing but a warning, which names its place and the
    time. Raises ParserStalled when nothing comes at all, or MOST_IN_A_ROW Parts were left out in
    a row.
    """
    start, last = options.start, None
    left_out: list[int] = []
    while True:
        try:
            rest = options.model_copy(update={"start": start})
            with closing(process.parse(path, media_type, rest)) as parts:
                for part in parts:
                    yield from _told(left_out, part, part.start, process.stall_seconds)
                    left_out = []
                    start, last = part.stop, part
                    yield part
        except ParserStalled as stalled:
            alone = _alone(process, path, media_type, options, start)
            if alone is not None:
                yield from _told(left_out, alone, alone.start, process.stall_seconds)
                left_out = []
                start, last = alone.stop, alone
                yield alone
                continue
            left_out.append(start)
            opened = last is not None or media_type in OPENED_BY_PAGE
            if len(left_out) == MOST_IN_A_ROW or not opened:
                raise ParserStalled(_given_up(stalled, process.stall_seconds)) from stalled
            # A Part of a recording is a stretch of it, of any other file one unit.
            start += last.stop - last.start if last is not None and last.unit == "seconds" else 1
            if last is None or last.total is None or start < last.total:
                continue
        if last is not None:
            yield from _told(left_out, last, None, process.stall_seconds)
        return


def _alone(
    process: ParserProcess, path: Path, media_type: str, options: ParseOptions, start: int
) -> Part | None:
    """The one Part that begins at `start`, in a smaller way; None when that takes too long too."""
    one = options.model_copy(update={"start": start, "stop": start + 1, "reduced": True})
    try:
        with closing(process.parse(path, media_type, one, times=LONGER)) as parts:
            part = next(parts, None)
            # To its end, so that the process is kept.
            for _ in parts:
                pass
    except ParserStalled:
        return None
    if part is None:
        return None
    message = (
        f"This took longer than {process.stall_seconds:g} s to read and was read once more in a "
        "smaller way, at a lower resolution; some of it may be missing."
    )
    warning = ParseWarning(code="read_smaller", message=message, place=_place(part, part.start))
    return part.model_copy(update={"warnings": (*part.warnings, warning)})


def _told(left_out: list[int], like: Part, before: int | None, seconds: float) -> Iterator[Part]:
    """Empty Parts in place of those that were left out, which end where the next one begins."""
    for at, start in enumerate(left_out):
        following = left_out[at + 1] if at + 1 < len(left_out) else before
        message = (
            f"This took longer than {seconds:g} s to read, and longer than "
            f"{seconds * LONGER:g} s when it was tried once more in a smaller way. It was left "
            "out."
        )
        warning = ParseWarning(code="too_slow", message=message, place=_place(like, start))
        stop = max(start + 1, start + 1 if following is None else following)
        yield Part(start=start, stop=stop, total=like.total, unit=like.unit, warnings=(warning,))


def _place(like: Part, start: int) -> str:
    if like.unit == "seconds":
        return f"{start // 3600:02}:{start // 60 % 60:02}:{start % 60:02}"
    return f"{unit_name(like.unit)} {start + 1}"


def _given_up(stalled: ParserStalled, seconds: float) -> str:
    return (
        f"{stalled} Nor could it be read in {seconds * LONGER:g} s, in a smaller way. It holds "
        "very much, or the machine is busy: retry the job later, or split the file."
    )
