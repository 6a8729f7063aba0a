"""Retry, timeout and cancellation for provider streams.

The SDKs' own retries are not used: they sleep through a stop, and one of them waits as long as a
server asks. Nor are the transport's timeouts: a server that sends signs of life is not silent to
them, however long it says nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TypeVar

import structlog
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    sleep_using_event,
    stop_after_attempt,
    stop_before_delay,
)

from pipelines.cancellation import Stop
from pipelines.providers.errors import ProviderError, ProviderTimeout, Vendor, timed_out

log = structlog.get_logger()

PAUSES = (0.5, 2.0, 8.0)
"""Seconds before each next attempt when the server does not say how long to wait."""


@dataclass(frozen=True)
class Timeouts:
    """Seconds that a provider may take."""

    connect: float = 10.0
    first_token: float = 120.0
    """From asking to the first text or reasoning, every further try included."""
    silence: float = 60.0
    """Between two pieces of either."""


@dataclass(frozen=True)
class Waiting:
    """A vendor is asked again, for the `attempt`-th time (from 2), in so many `seconds`."""

    attempt: int
    reason: str
    seconds: float


def _nobody_listens(_waiting: Waiting) -> None:
    """Nobody is told of a pause."""


def retrying(
    seconds: float,
    stop: Stop,
    vendor: Vendor,
    on_waiting: Callable[[Waiting], None] = _nobody_listens,
) -> Retrying:
    """Calls a function again while it raises a ProviderError that another attempt may help, and
    `seconds` from the first one are not over; then raises the last one.

    `stop` ends a pause, and the function is called once more: it has to look. `on_waiting` is
    told of each pause before it begins.
    """
    woken = threading.Event()
    stop.call(woken.set)

    def pause(state: RetryCallState) -> float:
        error = _error_of(state)
        if error.retry_after is not None:
            return error.retry_after
        return PAUSES[min(state.attempt_number, len(PAUSES)) - 1]

    def tell(state: RetryCallState) -> None:
        reason = str(_error_of(state))
        log.warning("provider is asked again", vendor=vendor.name, reason=reason)
        pause = state.next_action.sleep if state.next_action else 0.0
        on_waiting(Waiting(state.attempt_number + 1, reason, round(pause, 1)))

    return Retrying(
        retry=retry_if_exception(lambda e: isinstance(e, ProviderError) and e.retryable),
        wait=pause,
        stop=stop_after_attempt(len(PAUSES) + 1) | stop_before_delay(seconds),
        sleep=sleep_using_event(woken),
        before_sleep=tell,
        reraise=True,
    )


def _error_of(state: RetryCallState) -> ProviderError:
    error = state.outcome.exception() if state.outcome else None
    assert isinstance(error, ProviderError)
    return error


@contextmanager
def cancel_after(seconds: float, stop: Stop) -> Iterator[None]:
    """Set `stop` when the block takes longer than that."""
    timer = threading.Timer(seconds, stop.set)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


Piece = TypeVar("Piece")
"""What a stream is made of: text, or text that says what it is. An empty one is false."""


def stream_text(
    request: Callable[[Stop], Generator[Piece, None, None]],
    vendor: Vendor,
    timeouts: Timeouts,
    stop: Stop,
    on_waiting: Callable[[Waiting], None] = _nobody_listens,
) -> Iterator[Piece]:
    """The pieces that `request` yields, requested again as long as none came and that may help.

    `request` is given a Stop of its own for each attempt, which aborts its connection; it raises
    ProviderError, and yields an empty piece as a sign of life. Ends early, without an error, when
    `stop` is set. `on_waiting` is told before each further attempt. Raises ProviderError.
    """
    deadline = time.monotonic() + timeouts.first_token
    errors: list[ProviderError] = []

    def begin() -> tuple[Piece | None, Generator[Piece, None, None]]:
        """The first piece of one attempt, and the rest of it."""
        texts = _attempt(request, vendor, timeouts, deadline, stop)
        try:
            return next(texts, None), texts
        except ProviderError as error:
            errors.append(error)
            raise

    try:
        first, rest = retrying(timeouts.first_token, stop, vendor, on_waiting)(begin)
    except ProviderTimeout:
        if stop.is_set():
            return
        # What went wrong first tells more than that there was no time for another attempt.
        raise errors[0] from None
    except ProviderError:
        if stop.is_set():
            return
        raise
    with closing(rest):
        if first is not None:
            yield first
        yield from rest


def _attempt(
    request: Callable[[Stop], Generator[Piece, None, None]],
    vendor: Vendor,
    timeouts: Timeouts,
    deadline: float,
    stop: Stop,
) -> Generator[Piece, None, None]:
    """One request's pieces; aborted when none comes by the `deadline` (of time.monotonic), or for
    too long after that. Only waiting counts, not what is done with the text."""
    current = Stop()
    stop.call(current.set)
    has_begun = False
    with closing(request(current)) as texts:
        while not stop.is_set():
            left = timeouts.silence if has_begun else deadline - time.monotonic()
            try:
                with cancel_after(left, current):
                    text = next(texts, None)
            except ProviderError:
                if not current.is_set():
                    raise
                text = None
            if stop.is_set():
                return
            if current.is_set():
                raise timed_out(vendor, timeouts.silence if has_begun else timeouts.first_token)
            if text is None:
                return
            if text:
                has_begun = True
                yield text
