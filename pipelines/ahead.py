"""Slow work done ahead of its turn in threads, its results given in order.

Pages of a scan are independent, and an OCR engine uses one core well and several badly. So one
thread reads (pdfium and Pillow's files allow one at a time), a few do what is slow, and the
consumer gets results as if everything had happened in its turn.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
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

    `results` is then run by one thread of its own, which is at most 16 results ahead of the
    consumer, and `workers` + 1 ahead of what is made. What it or a `Later` raises is raised when
    its turn comes. Closing the generator waits for what is being made, then closes `results`.
    """
    if workers < 2:
        yield from _one_by_one(results)
        return
    reader = _Reader(results, workers)
    try:
        while (future := reader.ready.get()) is not None:
            yield future.result()
            reader.held.release()
    finally:
        reader.stop()


def _one_by_one(results: Generator[T | Later[T], None, None]) -> Generator[T, None, None]:
    try:
        for result in results:
            yield result.make() if isinstance(result, Later) else result
    finally:
        results.close()


class _Reader(Generic[T]):
    """The thread that runs a generator ahead, and the pool that makes what takes long."""

    def __init__(self, results: Generator[T | Later[T], None, None], workers: int) -> None:
        self.ready: queue.SimpleQueue[Future[T] | None] = queue.SimpleQueue()
        self.held = threading.Semaphore(_HELD)
        self._results = results
        self._making = threading.Semaphore(workers + 1)
        self._stopped = threading.Event()
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="ahead")
        self._thread = threading.Thread(target=self._run, name="ahead-reader", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            while self._wait(self.held) and self._wait(self._making):
                self.ready.put(self._begin(next(self._results)))
        except StopIteration:
            self.ready.put(None)
        # Whatever it is, the consumer gets it at its turn.
        except BaseException as error:  # noqa: BLE001
            failed: Future[T] = Future()
            failed.set_exception(error)
            self.ready.put(failed)

    def _begin(self, result: T | Later[T]) -> Future[T]:
        if isinstance(result, Later):
            future = self._pool.submit(result.make)
            future.add_done_callback(lambda _: self._making.release())
            return future
        self._making.release()
        future = Future()
        future.set_result(result)
        return future

    def _wait(self, semaphore: threading.Semaphore) -> bool:
        semaphore.acquire()
        return not self._stopped.is_set()

    def stop(self) -> None:
        self._stopped.set()
        self.held.release()
        self._making.release()
        self._thread.join()
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._results.close()
