"""Waiting for a provider: so long and no longer, again after what may pass, and never on a stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import structlog

from pipelines.llms.contract import Stop, Timeouts
from pipelines.llms.failures import ModelFailed, TooSlow, Vendor, too_slow

log = structlog.get_logger()

PAUSES = (0.5, 2.0, 8.0)
"""Seconds before a next try when the server does not say how long to wait."""


def patiently(
    ask: Callable[[Stop], Iterator[str]], vendor: Vendor, timeouts: Timeouts, stop: Stop
) -> Iterator[str]:
    """The text that `ask` yields, asked again while nothing has been said and that may help.

    `ask` is given a Stop of its own for each try, which breaks off its connection; it raises
    ModelFailed, and yields "" as a sign of life. Ends early, without an error, when `stop` is
    set. Raises ModelFailed.

    The SDKs' own retries are not used: they sleep through a stop, and one of them waits as long as
    a server asks.
    """
    woken = threading.Event()
    stop.call(woken.set)
    deadline = time.monotonic() + timeouts.first_token
    earlier: ModelFailed | None = None
    for pause in (*PAUSES, None):
        said = False
        try:
            for text in _watched(ask, vendor, timeouts, deadline, stop):
                if text:
                    said = True
                    yield text
            return
        except ModelFailed as failed:
            if stop.is_set():
                return
            if earlier is not None and isinstance(failed, TooSlow) and not said:
                # What went wrong before tells more than that there was no time for another try.
                raise earlier from None
            if said or not failed.again or pause is None:
                raise
            seconds = pause if failed.wait is None else failed.wait
            if time.monotonic() + seconds >= deadline:
                raise
            earlier = failed
            log.warning("language model is asked again", vendor=vendor.name, reason=str(failed))
        woken.wait(seconds)
        if stop.is_set():
            return


def _watched(
    ask: Callable[[Stop], Iterator[str]],
    vendor: Vendor,
    timeouts: Timeouts,
    deadline: float,
    stop: Stop,
) -> Iterator[str]:
    """One try; broken off when it takes too long. Only waiting counts, not what is done with the
    text."""
    current = Stop()
    stop.call(current.set)
    watch = _Watch(current)
    words = ask(current)
    said, seconds, left = False, timeouts.first_token, deadline - time.monotonic()
    try:
        while True:
            with watch.within(left):
                text = next(words, None)
            if stop.is_set():
                return
            if watch.is_late:
                raise too_slow(vendor, seconds)
            if text is None:
                return
            yield text
            said = said or bool(text)
            if said:
                seconds = left = timeouts.silence
            else:
                left = deadline - time.monotonic()
    except ModelFailed:
        if watch.is_late and not stop.is_set():
            raise too_slow(vendor, seconds) from None
        raise
    finally:
        watch.end()
        close = getattr(words, "close", None)
        if close is not None:
            close()


class _Watch:
    """Sets a Stop when a `with watch.within(seconds)` takes longer than that."""

    def __init__(self, stop: Stop) -> None:
        self.is_late = False
        self._stop = stop
        self._changed = threading.Condition()
        self._until: float | None = None
        self._ended = False
        threading.Thread(target=self._run, name="llm-watch", daemon=True).start()

    def within(self, seconds: float) -> _Watch:
        with self._changed:
            self._until = time.monotonic() + seconds
            self._changed.notify()
        return self

    def __enter__(self) -> None:
        """The time runs since `within`."""

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._until = None

    def end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify()

    def _run(self) -> None:
        with self._changed:
            while not self._ended:
                left = None if self._until is None else self._until - time.monotonic()
                if left is not None and left <= 0:
                    self.is_late = True
                    break
                self._changed.wait(left)
        if self.is_late:
            self._stop.set()
