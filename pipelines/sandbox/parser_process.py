"""Parses in a process of its own, which may crash, hang or be bloated by a hostile file.

`ParserProcess.parse` yields what the parser yields. Behind it stands `python -m
pipelines.sandbox.parser_process`, without secrets in its environment, without a network where the
system lets it give that up, within limits on memory and files, which dies with its parent. Both
ends speak frames: the length of a JSON text as four bytes, big endian, then the text. A request is
`{path, media_type, options, outside}`; answers are `{type: part, part}`, then `{type: end}` or
`{type: error, code, message, retire}`. In between the parser may ask for what it has no network
for: `{type: ask, kind, ...}`, followed by a frame of bytes, is answered as the Desk of
`pipelines/external/contract.py` says.
`{type: alive}` says that a long Part is still worked on. Nothing is ever unpickled.

It is started with Popen because Celery's prefork children are daemonic, and those may not use
multiprocessing.
"""

from __future__ import annotations

import json
import logging
import os
import select
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any

from pydantic import ValidationError

import pipelines
from pipelines.errors import ERRORS, ParserCrashed, ParserStalled, SourceUnreadable
from pipelines.external.contract import MAX_ASK_BYTES, Desk
from pipelines.parsers.contract import ParseOptions
from pipelines.types import Part

log = logging.getLogger(__name__)

MAX_MESSAGE_BYTES = 256 * 2**20
MAX_HEARTBEATS = 100
"""Between two Parts; a parser that a file has taken over could send them for ever."""
LENGTH = struct.Struct(">I")

_PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "TESSDATA_PREFIX")
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_THREAD_LIMIT")
_UNITS = {"pages": "page", "slides": "slide", "sheets": "sheet", "sections": "section"}


class ParserProcess:
    """One disposable process that parses one file at a time, kept for the next file.

    It is replaced after `max_files` files, when it has grown past `max_rss` bytes, and after any
    crash or stall. Several may be used side by side from several threads. Close it, or use it as a
    context manager.
    """

    def __init__(
        self,
        *,
        stall_seconds: float = 60.0,
        max_files: int = 500,
        max_rss: int = 1024 * 2**20,
        memory_limit: int = 4 * 2**30,
        niceness: int = 0,
    ) -> None:
        """`memory_limit` bounds the data of the process in bytes, so that a bomb ends in an error;
        `niceness` is added to the parent's."""
        self.stall_seconds = self._limit = stall_seconds
        self.max_files = max_files
        self.max_rss = max_rss
        self._settings = {"memory_limit": memory_limit, "niceness": niceness}
        self._child: _Child | None = None
        self._busy = threading.Lock()

    @property
    def pid(self) -> int | None:
        """Of the process that parses, None while there is none."""
        return self._child.process.pid if self._child else None

    def parse(
        self, path: Path, media_type: str, options: ParseOptions, *, times: float = 1.0
    ) -> Generator[Part, None, None]:
        """Parts of the file as its parser yields them; the pipeline's errors as it raises them.

        Raises ParserStalled when no answer comes for `stall_seconds`, taken `times` times,
        ParserCrashed when the process dies; both name the place. A consumer that stops early ends
        the process. What the parser asks of `options.outside` is asked here, on the consumer's
        thread, and is no stall.
        """
        if not self._busy.acquire(blocking=False):
            raise RuntimeError("this parser process is busy; one parses one file at a time")
        finished = False
        try:
            self._limit = self.stall_seconds * times
            place = _Place(options)
            desk = Desk(options.outside)
            request = {
                "path": str(path.resolve()),
                "media_type": media_type,
                "options": options.model_dump(mode="json"),
                "outside": desk.names,
            }
            child, message = self._begin(request, place, desk)
            while message["type"] != "end":
                if message["type"] == "error":
                    finished = not message.get("retire")
                    error = ERRORS.get(str(message.get("code")), SourceUnreadable)
                    raise error(str(message.get("message")))
                part = _part_of(message)
                place.follows(part)
                yield part
                message = self._next(child, place, desk)
            finished = True
        finally:
            if not finished:
                self.close()
            self._busy.release()

    def close(self) -> None:
        """Ends the process, at once; `parse` starts another."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()

    def __enter__(self) -> ParserProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _ready_child(self) -> _Child:
        child = self._child
        if child is not None and (
            child.pid_of_parent != os.getpid()
            or child.process.poll() is not None
            or child.files >= self.max_files
            or child.rss() > self.max_rss
        ):
            self.close()
        if self._child is None:
            self._child = _Child(self._settings)
        return self._child

    def _begin(
        self, request: dict[str, Any], place: _Place, desk: Desk
    ) -> tuple[_Child, dict[str, Any]]:
        """Sends the request; the process that took it, and its first answer.

        A process kept from an earlier file may die just now, of what that one did to it. A fresh
        one tells whether this file is to blame.
        """
        child = self._ready_child()
        kept = child.files > 0
        try:
            return child, self._first(child, request, place, desk)
        except ParserCrashed:
            if not kept:
                raise
        self.close()
        child = self._ready_child()
        return child, self._first(child, request, place, desk)

    def _first(
        self, child: _Child, request: dict[str, Any], place: _Place, desk: Desk
    ) -> dict[str, Any]:
        child.files += 1
        self._send(child, request, place)
        return self._next(child, place, desk)

    def _next(self, child: _Child, place: _Place, desk: Desk) -> dict[str, Any]:
        """The next answer; what the parser asks on the way is asked for it."""
        heartbeats = 0
        while True:
            message = self._receive(child, place)
            if message["type"] == "alive" and heartbeats < MAX_HEARTBEATS:
                heartbeats += 1
                continue
            if message["type"] != "ask":
                return message
            self._send(child, desk.answer(message, self._frame(child, place, MAX_ASK_BYTES)), place)

    def _send(self, child: _Child, message: dict[str, Any], place: _Place) -> None:
        data = json.dumps(message).encode("utf-8")
        try:
            child.write(LENGTH.pack(len(data)) + data)
        except BrokenPipeError as exc:
            raise self._crashed(child, place) from exc

    def _receive(self, child: _Child, place: _Place) -> dict[str, Any]:
        try:
            message = json.loads(self._frame(child, place, MAX_MESSAGE_BYTES))
        except ValueError as exc:
            raise SourceUnreadable(f"The parser answered nonsense at {place}.") from exc
        if not isinstance(message, dict) or "type" not in message:
            raise SourceUnreadable(f"The parser answered nonsense at {place}.")
        return message

    def _frame(self, child: _Child, place: _Place, most: int) -> bytes:
        deadline = time.monotonic() + self._limit
        try:
            (length,) = LENGTH.unpack(child.read(LENGTH.size, deadline))
            if length > most:
                raise SourceUnreadable(f"The parser answered nonsense at {place}.")
            return child.read(length, deadline)
        except TimeoutError as exc:
            raise ParserStalled(
                f"{str(place).capitalize()} took longer than {self._limit:g} s to read."
            ) from exc
        except EOFError as exc:
            raise self._crashed(child, place) from exc

    def _crashed(self, child: _Child, place: _Place) -> ParserCrashed:
        try:
            code = child.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            code = 0
        try:
            reason = f" ({signal.Signals(-code).name})" if code < 0 else ""
        except ValueError:
            reason = ""
        log.warning("parser process died at %s with exit code %d", place, code)
        return ParserCrashed(
            f"The parser died{reason} while it read {place}. The file may be damaged, or need more "
            "memory than a file may have; save it again with the program that made it."
        )


def unit_name(units: str) -> str:
    """One of a Part's units: "page" of "pages"."""
    return _UNITS[units]


class _Place:
    """Where the parser is, in words: what comes after the last Part."""

    def __init__(self, options: ParseOptions) -> None:
        self._next = options.start
        self._unit: str | None = None

    def follows(self, part: Part) -> None:
        self._next, self._unit = part.stop, part.unit

    def __str__(self) -> str:
        if self._unit is None:
            return f"part {self._next + 1}" if self._next else "the beginning of the file"
        if self._unit == "seconds":
            minutes, seconds = divmod(self._next, 60)
            return f"minute {minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
        return f"{unit_name(self._unit)} {self._next + 1}"


class _Child:
    """A running process, its pipes and the folder it may write in."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.files = 0
        self.pid_of_parent = os.getpid()
        self._folder = tempfile.mkdtemp(prefix="vouch-parser-")
        self._remove_folder = weakref.finalize(self, _remove, self._folder, self.pid_of_parent)
        settings = {**settings, "parent": self.pid_of_parent}
        self.process = _spawner().submit(self._start, settings).result()

    def _start(self, settings: dict[str, Any]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "pipelines.sandbox.parser_process", json.dumps(settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            cwd=self._folder,
            env=_environment(self._folder),
            # Its own session: Ctrl-C is the parent's to handle, and helpers that a parser starts
            # can be ended with it.
            start_new_session=True,
        )

    def write(self, data: bytes) -> None:
        assert self.process.stdin is not None
        view = memoryview(data)
        while view:
            view = view[self.process.stdin.write(view) or 0 :]

    def read(self, length: int, deadline: float) -> bytes:
        """Exactly `length` bytes; TimeoutError after the deadline, EOFError when it is gone."""
        assert self.process.stdout is not None
        fd = self.process.stdout.fileno()
        chunks, missing = [], length
        poll = select.poll()
        poll.register(fd, select.POLLIN | select.POLLHUP)
        while missing:
            left = deadline - time.monotonic()
            if left <= 0 or not poll.poll(left * 1000):
                raise TimeoutError
            chunk = os.read(fd, min(missing, 1 << 20))
            if not chunk:
                raise EOFError
            chunks.append(chunk)
            missing -= len(chunk)
        return b"".join(chunks)

    def rss(self) -> int:
        import psutil

        try:
            return int(psutil.Process(self.process.pid).memory_info().rss)
        except psutil.Error:
            return 0

    def kill(self) -> None:
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()
        if self.pid_of_parent != os.getpid():
            # Inherited by a fork: it is another process's child.
            return
        if self.process.returncode is None:
            try:
                os.killpg(self.process.pid, signal.SIGKILL)
            except ProcessLookupError:
                log.debug("parser process was gone already")
        self.process.wait()
        self._remove_folder()


def _remove(folder: str, owner: int) -> None:
    """A fork that inherits a child must not take its folder away."""
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


_SPAWNERS: dict[int, ThreadPoolExecutor] = {}


def _spawner() -> ThreadPoolExecutor:
    """The one thread that starts processes, for as long as this process lives.

    Linux sends the signal of PR_SET_PDEATHSIG when the *thread* that started a child ends, which
    for a thread of a pool may be long before the process does (prctl(2)).
    """
    pid = os.getpid()
    if pid not in _SPAWNERS:
        _SPAWNERS[pid] = ThreadPoolExecutor(1, thread_name_prefix="parser-spawner")
    return _SPAWNERS[pid]


def _environment(folder: str) -> dict[str, str]:
    """What a parser needs, and no key or password of ours."""
    kept = {name: os.environ[name] for name in (*_PASSED_ON, *_THREADS) if name in os.environ}
    root = str(Path(pipelines.__file__).resolve().parents[1])
    python_path = os.environ.get("PYTHONPATH")
    return {
        **kept,
        "HOME": folder,
        "TMPDIR": folder,
        "PYTHONPATH": os.pathsep.join(filter(None, (root, python_path))),
        # The folder that a parser writes in must not be a place to import from.
        "PYTHONSAFEPATH": "1",
        "PYTHONIOENCODING": "utf-8",
        "DO_NOT_TRACK": "1",
        "SCARF_NO_ANALYTICS": "1",
        "UNSTRUCTURED_DISABLE_NOTICE": "1",
        "HF_HUB_OFFLINE": "1",
    }


def _part_of(message: dict[str, Any]) -> Part:
    try:
        return Part.model_validate(message["part"])
    except (KeyError, ValidationError) as exc:
        raise SourceUnreadable("The parser answered nonsense.") from exc


if __name__ == "__main__":
    from pipelines.sandbox.parser_child import main

    main(json.loads(sys.argv[1]))
