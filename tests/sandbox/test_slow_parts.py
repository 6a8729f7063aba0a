"""A part of a file that takes too long is tried once more, then left out with a warning."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipelines.errors import ParserStalled
from pipelines.parsers.contract import ParseOptions
from pipelines.sandbox.parser_process import ParserProcess
from pipelines.sandbox.slow_parts import parse_with_retry
from pipelines.types import Part
from tests.parsers.pdf.test_parts import scan

LIMIT = 3.0


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Many Parts of some 100 kB each: far more than a pipe holds."""
    path = tmp_path_factory.mktemp("rows") / "rows.csv"
    path.write_text("name,value\n" + "".join(f"row {n},{'x' * 200}\n" for n in range(5_000)))
    return path


@pytest.fixture(scope="module")
def whole(rows: Path) -> list[Part]:
    with ParserProcess() as process:
        return list(process.parse(rows, "text/csv", ParseOptions()))


@contextmanager
def _hanging(process: ParserProcess, children: int) -> Iterator[None]:
    """Stops the process that parses now, and the next ones, up to this number."""
    ended = threading.Event()

    def watch() -> None:
        stopped: set[int] = set()
        while not ended.is_set() and len(stopped) < children:
            pid = process.pid
            if pid is not None and pid not in stopped:
                os.kill(pid, signal.SIGSTOP)
                stopped.add(pid)
            time.sleep(0.005)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _from_the_third(rows: Path, hanging: int) -> list[Part]:
    """All Parts, where `hanging` processes hang one after the other once two Parts are there."""
    with ParserProcess(stall_seconds=LIMIT) as process:
        parts = parse_with_retry(process, rows, "text/csv", ParseOptions())
        found = [next(parts), next(parts)]
        with _hanging(process, hanging):
            return found + list(parts)


def test_a_slow_part_is_read_once_more(rows: Path, whole: list[Part]) -> None:
    found = _from_the_third(rows, 1)
    assert [part.segments for part in found] == [part.segments for part in whole]
    (warning,) = (warning for part in found for warning in part.warnings)
    assert warning.code == "read_smaller"
    assert warning.place is not None
    assert warning.place.startswith("section ")
    assert "3 s" in warning.message
    assert "damaged" not in warning.message


def test_a_part_that_is_slow_again_is_left_out_by_name(rows: Path, whole: list[Part]) -> None:
    found = _from_the_third(rows, 2)
    assert [(part.start, part.stop) for part in found] == [(p.start, p.stop) for p in whole]
    (left_out,) = (part for part in found if not part.segments)
    (warning,) = left_out.warnings
    assert (warning.code, warning.place) == ("too_slow", f"section {left_out.start + 1}")
    assert "3 s" in warning.message
    assert "6 s" in warning.message
    assert left_out.total == whole[0].total
    rest = [part for part in found if part is not left_out]
    assert [part.segments for part in rest] == [
        part.segments for part in whole if part.start != left_out.start
    ]


def test_a_file_that_is_slow_throughout_is_given_up(rows: Path) -> None:
    with pytest.raises(ParserStalled, match=r"took longer than 3 s.*in 6 s.*retry the job later"):
        _from_the_third(rows, 100)


def test_a_file_that_does_not_even_open_is_given_up_sooner(rows: Path) -> None:
    began = time.monotonic()
    with (
        ParserProcess(stall_seconds=LIMIT) as process,
        _hanging(process, 100),
        pytest.raises(ParserStalled, match="The beginning of the file took longer than 3 s"),
    ):
        list(parse_with_retry(process, rows, "text/csv", ParseOptions()))
    assert time.monotonic() - began < 5 * LIMIT


def test_the_smaller_way_still_reads_a_scan(tmp_path: Path) -> None:
    path = scan(tmp_path / "scan.pdf", ["The anvil weighs 61 kilograms."])
    with ParserProcess() as process:
        (part,) = process.parse(path, "application/pdf", ParseOptions(reduced=True))
    assert part.counts["pages_ocr"] == 1
    assert "61" in " ".join(segment.text for segment in part.segments)
