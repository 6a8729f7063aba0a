"""An ordered parallel map with bounded read-ahead.

Pages of a scan are independent, and an OCR engine uses one core well and several badly. So one
thread reads (pdfium and Pillow's files allow one at a time), a few do what is slow, and the
consumer gets results as if everything had happened in its turn.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

MOST_WORKERS = 4
"""Each takes some 500 MB while RapidOCR looks for lines on a page; the parser process may have
4 GB."""
_HELD = 16
"""Results that may wait for one before them."""


@dataclass(frozen=True)
class Later(Generic[T]):
    """A result that takes long to make; `make` may run in any thread."""

    make: Callable[[], T]


def cores() -> int:
    """Processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def worker_count(results: int) -> int:
    """How many threads are worth it for so many slow results."""
    return max(1, min(cores(), MOST_WORKERS, results))


def threads_each(workers: int) -> int:
    """Threads that each of so many workers may use."""
    return max(1, min(cores(), MOST_WORKERS) // workers)


def in_order(
    results: Generator[T | Later[T], None, None], workers: int
) -> Generator[T, None, None]:
    """What `results` gives, each `Later` made; with two workers or more, several at a time.

    `results` is run by the caller's thread: at most 16 results ahead of what was taken, and
    `workers` + 1 ahead of what is made. What it or a `Later` raises is raised when its turn comes.
    Closing the generator waits for what is being made, then closes `results`.
    """
    if workers < 2:
        yield from _one_by_one(results)
        return
    pool = ThreadPoolExecutor(workers, thread_name_prefix="ordered-pool")
    pending: deque[Future[T]] = deque()
    try:
        for future in _submitted(results, pool):
            pending.append(future)
            while pending:
                unmade = [each for each in pending if not each.done()]
                if pending[0].done() or len(pending) > _HELD:
                    yield pending.popleft().result()
                elif len(unmade) > workers + 1:
                    wait(unmade, return_when=FIRST_COMPLETED)
                else:
                    break
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        results.close()


def _one_by_one(results: Generator[T | Later[T], None, None]) -> Generator[T, None, None]:
    try:
        for result in results:
            yield result.make() if isinstance(result, Later) else result
    finally:
        results.close()


def _submitted(
    results: Generator[T | Later[T], None, None], pool: ThreadPoolExecutor
) -> Iterator[Future[T]]:
    """A Future of each result; what `results` raises is the last one's."""
    while True:
        future: Future[T] = Future()
        try:
            result = next(results)
            if isinstance(result, Later):
                future = pool.submit(result.make)
            else:
                future.set_result(result)
        except StopIteration:
            return
        # Whatever it is, the consumer gets it at its turn.
        except Exception as error:  # noqa: BLE001
            future.set_exception(error)
            yield future
            return
        yield future
