"""The processes of a running stack, as the operating system shows them."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import psutil

from deploy.stack import Stack


@dataclass(frozen=True)
class Identity:
    """A process; the time it began tells it from a later one with the same pid."""

    pid: int
    began: float


def workers(stack: Stack, name: str) -> list[psutil.Process]:
    """Processes of one of the stack's workers, its pool included, the parent first."""
    data = str(stack.datadir.path)
    found = []
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
            if "worker" not in words or not any(w.startswith(f"{name}@") for w in words):
                continue
            if process.environ().get("VOUCH_DATA") == data:
                found.append((process.create_time(), process.pid, process))
        except psutil.Error:
            continue
    return [process for *_, process in sorted(found)]


def parsers(stack: Stack) -> list[psutil.Process]:
    """The processes that parse for the ingest worker. They carry nothing of its environment."""
    found = {}
    for worker in workers(stack, "worker-ingest"):
        with contextlib.suppress(psutil.Error):
            for child in worker.children(recursive=True):
                if "pipelines.sandbox.parser_process" in child.cmdline():
                    found[child.pid] = child
    return list(found.values())


def identities(stack: Stack) -> dict[str, set[Identity]]:
    """Who works for the stack now, by worker; parsers, which may be replaced, left out."""
    return {
        name: {Identity(process.pid, process.create_time()) for process in workers(stack, name)}
        for name in ("worker-ingest", "worker-answers")
    }


def kill(processes: Iterable[psutil.Process]) -> None:
    """kill -9 each; one that is gone already is no error."""
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


class Peaks:
    """A context manager that samples the memory of the ingest worker's processes meanwhile.

    `bytes` holds the largest resident size seen of each: {("worker" | "parser", pid): bytes}.
    """

    def __init__(self, stack: Stack, seconds: float = 0.2) -> None:
        self.bytes: dict[tuple[str, int], int] = {}
        self.samples = 0
        self._stack = stack
        self._seconds = seconds
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="peaks", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(self._seconds):
            self.samples += 1
            for role, processes in (
                ("worker", workers(self._stack, "worker-ingest")),
                ("parser", parsers(self._stack)),
            ):
                for process in processes:
                    with contextlib.suppress(psutil.Error):
                        size = process.memory_info().rss
                        key = (role, process.pid)
                        self.bytes[key] = max(size, self.bytes.get(key, 0))
