"""A provider's errors, whichever SDK raises them, as one ProviderError that says what to do next.

The SDKs of OpenAI and Anthropic share their error classes' shape: an error of a status has
`status_code`, `response` and `body`; any other one is a connection's.
"""

from __future__ import annotations

import email.utils
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.errors import LLMError

MALFORMED = (ValueError, TypeError, AttributeError, KeyError, IndexError)
"""What SDKs raise when an answer is no JSON, or JSON of another shape."""
BUSY = frozenset({408, 409, 425, 429})
PASSING = frozenset({"overloaded_error", "api_error", "rate_limit_error", "server_error"})
"""Kinds of errors, details within a stream, that may be gone at the next try."""
TOO_LONG = ("context_length", "context window", "maximum context", "too long", "too many tokens")


@dataclass(frozen=True)
class Vendor:
    """Who serves, and the settings that a person should check."""

    name: str
    key_setting: str
    url_setting: str
    model_setting: str = "its name"


class ProviderError(LLMError):
    """`retryable`: another attempt may help, after `retry_after` seconds if the server said so.
    `too_long`: the prompt was more than the model reads."""

    def __init__(
        self,
        message: str,
        *,
        retryable: bool = False,
        retry_after: float | None = None,
        too_long: bool = False,
    ) -> None:
        super().__init__(message)
        self.retryable = retryable
        self.retry_after = retry_after
        self.too_long = too_long


class ProviderRefused(ProviderError):
    """No request is served until a setting or the account is changed."""


class ProviderTimeout(ProviderError):
    """No text came in time."""


def stream_ended_early(vendor: Vendor) -> ProviderError:
    return ProviderError(
        f"{vendor.name} broke off in the middle of the answer; ask again.", retryable=True
    )


def timed_out(vendor: Vendor, seconds: float) -> ProviderTimeout:
    return ProviderTimeout(
        f"{vendor.name} said nothing for {seconds:g} seconds; ask again in a while, or choose "
        "another model."
    )


def malformed(vendor: Vendor) -> ProviderError:
    return ProviderError(
        f"{vendor.name} answered with something that can't be understood; check "
        f"{vendor.url_setting}."
    )


def from_sdk(error: Exception, vendor: Vendor) -> ProviderError:
    """An SDK's error as ours. Nothing of the provider's own text is kept: it may quote the prompt,
    or a part of the key."""
    body = getattr(error, "body", None)
    details = _error_body(body)
    status = getattr(error, "status_code", None)
    if status is None:
        if details:
            return _in_stream(details, vendor)
        return ProviderError(
            f"{vendor.name} could not be reached or broke off; try again, or check "
            f"{vendor.url_setting}.",
            retryable=True,
        )
    if status < 300:
        return _in_stream(details, vendor)
    if status < 400:
        return ProviderRefused(
            f"{vendor.name} is at another address; set {vendor.url_setting} to where it leads."
        )
    if status in (401, 403):
        return ProviderRefused(f"{vendor.name} refused the key; check {vendor.key_setting}.")
    if status == 404:
        return ProviderRefused(
            f"{vendor.name} does not know this model; check {vendor.model_setting}."
        )
    if details.get("code") == "insufficient_quota" or status == 402:
        return ProviderRefused(f"{vendor.name} wants to be paid; check the account of its key.")
    if status in BUSY or status >= 500:
        wait = _retry_after(getattr(getattr(error, "response", None), "headers", None) or {})
        what = "is over its limit" if status == 429 else f"is in trouble (HTTP {status})"
        return ProviderError(
            f"{vendor.name} {what}; try again in a while.",
            retryable=_may_retry(error),
            retry_after=wait,
        )
    if _is_too_long(details):
        return ProviderError(
            f"The question with its passages is longer than {vendor.name}'s model reads; limit it "
            "to fewer sources, or choose a model with a larger context.",
            too_long=True,
        )
    return ProviderError(
        f"{vendor.name} refused the request (HTTP {status}); check the model's name and "
        f"{vendor.url_setting}."
    )


def refused_option(error: Exception, options: Mapping[str, Any]) -> str | None:
    """Which of the `options` a 400 or 422 complains of, if any."""
    details = _error_body(getattr(error, "body", None))
    text = f"{details.get('param', '')} {details.get('message', '')} {error}".lower()
    return next((name for name in options if name in text), None)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that a server asks to wait (RFC 9110, 10.2.3); None when it doesn't say."""
    for header, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        text = headers.get(header, "").strip()
        if text.replace(".", "", 1).isdigit():
            return float(text) / unit
    try:
        date = email.utils.parsedate_to_datetime(headers.get("retry-after", ""))
        return max(0.0, date.timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def _in_stream(details: Mapping[str, Any], vendor: Vendor) -> ProviderError:
    """An error that was details within a stream, after a status of 200."""
    kinds = {str(details.get("type")), str(details.get("code"))}
    again = bool(kinds & PASSING) or any(kind.isdigit() and kind >= "500" for kind in kinds)
    return ProviderError(f"{vendor.name} broke off with an error; try again.", retryable=again)


def _may_retry(error: Exception) -> bool:
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    return bool(headers.get("x-should-retry") != "false")


def _is_too_long(details: Mapping[str, Any]) -> bool:
    text = f"{details.get('code', '')} {details.get('message', '')}".lower()
    return any(sign in text for sign in TOO_LONG)


def _error_body(body: Any) -> Mapping[str, Any]:
    """The object that describes an error: `{"error": {...}}`, a list of such, or itself."""
    if isinstance(body, list) and body:
        body = body[0]
    if isinstance(body, Mapping) and isinstance(body.get("error"), Mapping):
        body = body["error"]
    return body if isinstance(body, Mapping) else {}
