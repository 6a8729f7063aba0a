"""A provider's errors, whichever SDK raises them, as one ModelFailed that says what to do next.

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

NONSENSE = (ValueError, TypeError, AttributeError, KeyError, IndexError)
"""What SDKs raise when an answer is no JSON, or JSON of another shape."""
BUSY = frozenset({408, 409, 425, 429})
PASSING = frozenset({"overloaded_error", "api_error", "rate_limit_error", "server_error"})
"""Kinds of errors, told within a stream, that may be gone at the next try."""
TOO_LONG = ("context_length", "context window", "maximum context", "too long", "too many tokens")


@dataclass(frozen=True)
class Vendor:
    """Who serves, and the settings that a person should check."""

    name: str
    key_setting: str
    url_setting: str


class ModelFailed(LLMError):
    """`again`: another try may help, after `wait` seconds if the server said so. `too_long`: the
    prompt was more than the model reads."""

    def __init__(
        self,
        message: str,
        *,
        again: bool = False,
        wait: float | None = None,
        too_long: bool = False,
    ) -> None:
        super().__init__(message)
        self.again = again
        self.wait = wait
        self.too_long = too_long


class TooSlow(ModelFailed):
    """It took longer than it may."""


def broke_off(vendor: Vendor) -> ModelFailed:
    return ModelFailed(
        f"{vendor.name} broke off in the middle of the answer; ask again.", again=True
    )


def too_slow(vendor: Vendor, seconds: float) -> TooSlow:
    return TooSlow(
        f"{vendor.name} said nothing for {seconds:g} seconds; ask again in a while, or choose "
        "another model."
    )


def nonsense(vendor: Vendor) -> ModelFailed:
    return ModelFailed(
        f"{vendor.name} answered with something that can't be understood; check "
        f"{vendor.url_setting}."
    )


def translated(error: Exception, vendor: Vendor) -> ModelFailed:
    """An SDK's error as ours. Nothing of the provider's own text is kept: it may quote the prompt,
    or a part of the key."""
    body = getattr(error, "body", None)
    told = _inner(body)
    status = getattr(error, "status_code", None)
    if status is None:
        if told:
            return _of_kind(told, vendor)
        return ModelFailed(
            f"{vendor.name} could not be reached or broke off; try again, or check "
            f"{vendor.url_setting}.",
            again=True,
        )
    if status < 300:
        return _of_kind(told, vendor)
    if status < 400:
        return ModelFailed(
            f"{vendor.name} is at another address; set {vendor.url_setting} to where it leads."
        )
    if status in (401, 403):
        return ModelFailed(f"{vendor.name} refused the key; check {vendor.key_setting}.")
    if status == 404:
        return ModelFailed(f"{vendor.name} does not know this model; check its name.")
    if told.get("code") == "insufficient_quota" or status == 402:
        return ModelFailed(f"{vendor.name} wants to be paid; check the account of its key.")
    if status in BUSY or status >= 500:
        wait = retry_after(getattr(getattr(error, "response", None), "headers", None) or {})
        what = "is over its limit" if status == 429 else f"is in trouble (HTTP {status})"
        return ModelFailed(
            f"{vendor.name} {what}; try again in a while.", again=_may_retry(error), wait=wait
        )
    if _is_too_long(told):
        return ModelFailed(
            f"The question with its passages is longer than {vendor.name}'s model reads; limit it "
            "to fewer sources, or choose a model with a larger context.",
            too_long=True,
        )
    return ModelFailed(
        f"{vendor.name} refused the request (HTTP {status}); check the model's name and "
        f"{vendor.url_setting}."
    )


def refused_option(error: Exception, options: Mapping[str, Any]) -> str | None:
    """Which of the `options` a 400 or 422 complains of, if any."""
    told = _inner(getattr(error, "body", None))
    text = f"{told.get('param', '')} {told.get('message', '')} {error}".lower()
    return next((name for name in options if name in text), None)


def retry_after(headers: Mapping[str, str]) -> float | None:
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


def _of_kind(told: Mapping[str, Any], vendor: Vendor) -> ModelFailed:
    """An error that was told within a stream, after a status of 200."""
    kinds = {str(told.get("type")), str(told.get("code"))}
    again = bool(kinds & PASSING) or any(kind.isdigit() and kind >= "500" for kind in kinds)
    return ModelFailed(f"{vendor.name} broke off with an error; try again.", again=again)


def _may_retry(error: Exception) -> bool:
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    return bool(headers.get("x-should-retry") != "false")


def _is_too_long(told: Mapping[str, Any]) -> bool:
    text = f"{told.get('code', '')} {told.get('message', '')}".lower()
    return any(sign in text for sign in TOO_LONG)


def _inner(body: Any) -> Mapping[str, Any]:
    """The object that describes an error: `{"error": {...}}`, a list of such, or itself."""
    if isinstance(body, list) and body:
        body = body[0]
    if isinstance(body, Mapping) and isinstance(body.get("error"), Mapping):
        body = body["error"]
    return body if isinstance(body, Mapping) else {}
