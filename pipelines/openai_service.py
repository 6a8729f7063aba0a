"""Questions to an OpenAI-compatible service on behalf of a parser: patient, bounded, breakable."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import structlog

from pipelines.breakable import breakable
from pipelines.errors import Cancelled
from pipelines.llms.contract import Stop
from pipelines.outside import Endpoint, OutsideUnavailable

if TYPE_CHECKING:
    import openai

log = structlog.get_logger()

Answer = TypeVar("Answer")

MOST_SECONDS = 180.0
"""Of one question with all its tries: a server that sends a byte now and then is no exception."""
PAUSES = (0.5, 2.0, 8.0)
"""Seconds before a question is asked again when the server does not say how long to wait."""
AWAY_AFTER = 2
"""Questions in a row without an answer after which the service is not asked for this file again:
an hour of speech must not wait an hour for a server that is off."""

_BUSY = frozenset({408, 409, 425, 429})


class OpenAIService:
    """One endpoint while one file is read. `who` and `settings` say in messages what it is and
    what sets it, for example "vision model" and "VISION_MODEL"."""

    def __init__(self, who: str, settings: tuple[str, str], endpoint: Endpoint, stop: Stop) -> None:
        self.model = endpoint.model
        self._who = who
        self._model_setting, self._key_setting = settings
        self._endpoint = endpoint
        self._stop = stop
        self._current = Stop()
        self._unanswered = 0
        self._given_up: str | None = None
        stop.call(lambda: self._current.set())

    def ask(self, question: Callable[[openai.OpenAI], Answer]) -> Answer:
        """What `question` returns, asked again while the service is busy or away.

        Raises OutsideUnavailable, at once for a service that is known to be of no use; Cancelled
        when the stop was set. An openai.BadRequestError is the caller's.
        """
        if self._given_up:
            raise OutsideUnavailable(self._given_up)
        self._current = Stop()
        watchdog = threading.Timer(MOST_SECONDS, self._current.set)
        watchdog.daemon = True
        watchdog.start()
        try:
            answer = self._patiently(question, time.monotonic() + MOST_SECONDS)
        except OutsideUnavailable as error:
            self._unanswered += 1
            if self._unanswered >= AWAY_AFTER:
                self._given_up = str(error)
            log.warning("service outside gave no answer", service=self._who, reason=str(error))
            raise
        finally:
            watchdog.cancel()
        self._unanswered = 0
        return answer

    def _patiently(self, question: Callable[[openai.OpenAI], Answer], deadline: float) -> Answer:
        import httpx2
        import openai

        woken = threading.Event()
        self._current.call(woken.set)
        for pause in (*PAUSES, None):
            if self._stop.is_set():
                raise Cancelled("Cancelled.")
            try:
                with breakable(self._current) as connection:
                    answer = question(
                        openai.OpenAI(
                            base_url=self._endpoint.base_url or None,
                            # Servers of one's own often want none; the SDK insists on some text.
                            api_key=self._endpoint.api_key or "not-needed",
                            max_retries=0,
                            http_client=connection,
                        )
                    )
                # A connection that was shut down may look like the end of an answer.
                if not self._current.is_set():
                    return answer
                raise httpx2.ReadError("broken off")
            except openai.BadRequestError:
                raise
            except (openai.OpenAIError, httpx2.HTTPError) as error:
                if self._stop.is_set():
                    raise Cancelled("Cancelled.") from error
                seconds = _wait(error, pause)
                late = seconds is not None and time.monotonic() + seconds >= deadline
                if seconds is None or late or self._current.is_set():
                    raise OutsideUnavailable(self._told(error)) from error
            except (ValueError, TypeError, AttributeError, KeyError) as error:
                raise OutsideUnavailable(
                    f"The {self._who} {self.model!r} answered with something that can't be "
                    "understood; check its address."
                ) from error
            woken.wait(seconds)
        raise AssertionError("the last pause is None")

    def _told(self, error: Exception) -> str:
        """Why, in a sentence; what no retry changes is remembered for the rest of the file."""
        import openai

        lasting, told = False, ""
        if not isinstance(error, openai.APIStatusError):
            told = "could not be reached or broke off; try again later, or check its address"
        elif error.status_code in (401, 403):
            lasting, told = True, f"refused the key; check {self._key_setting}"
        elif error.status_code == 404:
            lasting, told = True, f"is not known to its server; check {self._model_setting}"
        elif error.status_code == 429:
            lasting = error.code == "insufficient_quota"
            told = "is over its limit; try again later"
        elif error.status_code < 500 and error.status_code not in _BUSY:
            told = f"refused the request (HTTP {error.status_code}); check {self._model_setting}"
        else:
            told = f"answered with an error (HTTP {error.status_code}); try again later"
        sentence = f"The {self._who} {self.model!r} {told}."
        if lasting:
            self._given_up = sentence
        return sentence


def _wait(error: Exception, pause: float | None) -> float | None:
    """Seconds before the next try, as the server asks or else `pause`; None for no next try."""
    import openai

    if pause is None:
        return None
    if not isinstance(error, openai.APIStatusError):
        return pause
    if error.code == "insufficient_quota":
        return None
    if error.status_code not in _BUSY and error.status_code < 500:
        return None
    for header, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        text = error.response.headers.get(header, "")
        if text.replace(".", "", 1).isdigit():
            return float(text) / unit
    return pause
