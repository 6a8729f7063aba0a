"""Requests to an OpenAI-compatible service on behalf of a parser: retried, bounded, cancellable."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import structlog

from pipelines.cancellation import Stop
from pipelines.errors import Cancelled
from pipelines.external.contract import Endpoint, OutsideUnavailable
from pipelines.providers.cancellable_http import cancellable_client
from pipelines.providers.errors import (
    MALFORMED,
    ProviderError,
    ProviderRefused,
    Vendor,
    from_sdk,
    malformed,
)
from pipelines.providers.retrying import cancel_after, retrying

if TYPE_CHECKING:
    import openai

log = structlog.get_logger()

Answer = TypeVar("Answer")

MOST_SECONDS = 180.0
"""Of one request with all its attempts: a server that sends a byte now and then is no exception."""
MOST_FAILURES = 2
"""Requests in a row without an answer after which the service is not asked for this file again:
an hour of speech must not wait an hour for a server that is off."""


class OpenAIService:
    """One endpoint while one file is read."""

    def __init__(self, vendor: Vendor, endpoint: Endpoint, stop: Stop) -> None:
        self.model = endpoint.model
        self._vendor = vendor
        self._endpoint = endpoint
        self._stop = stop
        self._current = Stop()
        self._failures = 0
        self._given_up: str | None = None
        stop.call(lambda: self._current.set())

    def ask(self, request: Callable[[openai.OpenAI], Answer]) -> Answer:
        """What `request` returns, called again while the service is busy or away.

        Raises OutsideUnavailable, at once for a service that is known to be of no use; Cancelled
        when the stop was set. An openai.BadRequestError is the caller's.
        """
        if self._given_up:
            raise OutsideUnavailable(self._given_up)
        self._current = current = Stop()
        try:
            with cancel_after(MOST_SECONDS, current):
                attempts = retrying(MOST_SECONDS, current, self._vendor)
                answer = attempts(self._attempt, request, current)
        except (ProviderError, OutsideUnavailable) as error:
            if self._stop.is_set():
                raise Cancelled("Cancelled.") from error
            self._failures += 1
            if isinstance(error, ProviderRefused) or self._failures >= MOST_FAILURES:
                self._given_up = str(error)
            log.warning("service outside gave no answer", reason=str(error))
            raise OutsideUnavailable(str(error)) from error
        self._failures = 0
        return answer

    def _attempt(self, request: Callable[[openai.OpenAI], Answer], current: Stop) -> Answer:
        import httpx2
        import openai

        if self._stop.is_set():
            raise Cancelled("Cancelled.")
        try:
            with cancellable_client(current) as connection:
                answer = request(
                    openai.OpenAI(
                        base_url=self._endpoint.base_url or None,
                        # Servers of one's own often want none; the SDK insists on some text.
                        api_key=self._endpoint.api_key.get_secret_value() or "not-needed",
                        max_retries=0,
                        http_client=connection,
                    )
                )
                # A connection that was aborted may look like the end of an answer.
                if current.is_set():
                    raise httpx2.ReadError("aborted")
                return answer
        except openai.BadRequestError:
            raise
        except (openai.OpenAIError, httpx2.HTTPError) as error:
            raise from_sdk(error, self._vendor) from error
        except MALFORMED as error:
            raise malformed(self._vendor) from error
