"""Reading Server-Sent Events: lines into events, and going on after a broken connection.

Follows the WHATWG HTML standard, section 9.2 "Server-sent events".
"""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

SILENCE_SECONDS = 45.0
"""The server sends a comment every 15 s; three missed ones mean that the connection is dead."""


class StreamError(Exception):
    """The stream can't be followed: refused, broken too often, or over time."""


@dataclass(frozen=True)
class Event:
    """One event. `id` is the last id seen, which a reconnecting client sends back."""

    name: str
    data: str
    id: str = ""


def parse(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Events of a stream that comes in pieces of any size; an unfinished last one is dropped."""
    name, last_id = "", ""
    data: list[str] = []
    for line in _lines(chunks):
        if not line:
            if data:
                yield Event(name or "message", "\n".join(data), last_id)
            name, data = "", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data":
            data.append(value)
        elif field == "id" and "\0" not in value:
            last_id = value


def follow(
    client: httpx.Client,
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    until: Collection[str],
    seconds: float,
    reconnects: int = 2,
) -> Iterator[Event]:
    """Events of `url` up to and with the first whose name is in `until`.

    A connection that ends before that is made anew with Last-Event-ID, at most `reconnects` times
    in a row without news. Raises StreamError when the server refuses, when that is used up, or
    after `seconds` in all.
    """
    import httpx

    deadline = time.monotonic() + seconds
    last_id, tries = "", 0
    while True:
        sent = {**(headers or {}), "Accept": "text/event-stream"}
        if last_id:
            sent["Last-Event-ID"] = last_id
        broken = "the connection ended early"
        try:
            timeout = httpx.Timeout(10, read=SILENCE_SECONDS)
            with client.stream("GET", url, params=params, headers=sent, timeout=timeout) as answer:
                _accept(answer)
                for event in parse(_until(deadline, answer.iter_bytes())):
                    last_id, tries = event.id or last_id, 0
                    yield event
                    if event.name in until:
                        return
        except (httpx.TransportError, ConnectionError) as exc:
            broken = str(exc) or type(exc).__name__
        tries += 1
        if tries > reconnects:
            raise StreamError(f"The stream broke {tries} times without news; last: {broken}.")
        time.sleep(0.5)


def _accept(answer: httpx.Response) -> None:
    """Raises StreamError for anything but a stream, ConnectionError where trying again may help."""
    if answer.status_code in (502, 503, 504):
        raise ConnectionError(f"the server answered {answer.status_code}")
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    if answer.status_code != 200:
        answer.read()
        raise StreamError(f"the server answered {answer.status_code}: {reason(answer)}")
    if kind != "text/event-stream":
        raise StreamError(f"The server answered {kind or 'something untyped'}, not a stream.")


def reason(answer: httpx.Response) -> str:
    """The message of an error body, with the fields it names."""
    try:
        body = answer.json()
        told = str(body["message"])
    except (ValueError, KeyError, TypeError):
        return answer.text[:300]
    return f"{told} {json.dumps(body['errors'])}" if body.get("errors") else told


def _until(deadline: float, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """`chunks` while there is time; comments keep them coming, so the clock is looked at often."""
    for chunk in chunks:
        if time.monotonic() > deadline:
            raise StreamError("It takes too long; the server still works on it.")
        yield chunk


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    """Lines ended by LF, CR or CRLF alone: JSON may hold the other line ends of Unicode."""
    pending, after_cr, first = b"", False, True
    for chunk in chunks:
        if after_cr and chunk.startswith(b"\n"):
            chunk = chunk[1:]
        if not chunk:
            continue
        after_cr = chunk.endswith(b"\r")
        *whole, pending = (
            (pending + chunk).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        )
        for line in whole:
            text = line.decode("utf-8", "replace")
            yield text.removeprefix("\ufeff") if first else text
            first = False
