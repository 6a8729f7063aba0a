"""How the API refuses: an error in the contract's shape, in a sentence for people."""

from __future__ import annotations

import re
from typing import Any

import httpx


def json_of(answer: httpx.Response, code: int) -> Any:
    assert answer.status_code == code, answer.text
    assert answer.headers["content-type"].startswith("application/json")
    return answer.json()


def check_error(answer: httpx.Response) -> None:
    """An error of the client's in the contract's shape."""
    assert 400 <= answer.status_code < 500, answer.text
    error = json_of(answer, answer.status_code)
    assert {"code", "status"} <= set(error) <= {"code", "status", "message", "errors"}
    assert error["code"] == answer.status_code
    # The address of no page at all has nothing to add to "Not Found".
    if "message" in error or "errors" in error:
        check_words(str(error.get("message") or error["errors"]))


def check_words(message: str) -> None:
    """A sentence for people, that gives away nothing of the machine."""
    assert len(message.split()) >= 3, message
    assert not re.search(r"Traceback|Exception|/tmp/|/usr/|/home/|\.py\b", message), message
