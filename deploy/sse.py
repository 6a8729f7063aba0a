"""Following a stream of Server-Sent Events, and going on where it broke."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Iterable, Iterator, Mapping

import httpx
from httpx_sse import EventSource, ServerSentEvent, SSEError

SILENCE_SECONDS = 45.0
"""The server sends a comment every 15 s; three missed ones mean that the connection is dead."""


class StreamError(Exception):
    """The stream can't be followed: refused, broken too often, or over time."""


def follow(
    client: httpx.Client,
    url: str,
    *,
    params: Mapping[str, str] | None = None,
    until: Collection[str],
    seconds: float,
    reconnects: int = 2,
) -> Iterator[ServerSentEvent]:
    """Events of `url` up to and with the first whose name is in `until`.

    A connection that ends before that is made anew with Last-Event-ID, at most `reconnects` times
    in a row without news. Raises StreamError when the server refuses, when that is used up, or
    after `seconds` in all.
    """
    deadline = time.monotonic() + seconds
    last_id, tries = "", 0
    while True:
        sent = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_id} if last_id else {})
        broken = "the connection ended early"
        try:
            timeout = httpx.Timeout(10, read=SILENCE_SECONDS)
            with client.stream("GET", url, params=params, headers=sent, timeout=timeout) as answer:
                for event in _events(answer, deadline):
                    last_id, tries = event.id or last_id, 0
                    yield event
                    if event.event in until:
                        return
        except (httpx.TransportError, ConnectionError) as exc:
            broken = str(exc) or type(exc).__name__
        tries += 1
        if tries > reconnects:
            raise StreamError(f"The stream broke {tries} times without news; last: {broken}.")
        time.sleep(0.5)


def _events(answer: httpx.Response, deadline: float) -> Iterator[ServerSentEvent]:
    """Raises StreamError for anything but a stream, ConnectionError where trying again may help."""
    if answer.status_code in (502, 503, 504):
        raise ConnectionError(f"the server answered {answer.status_code}")
    if answer.status_code != 200:
        answer.read()
        raise StreamError(f"the server answered {answer.status_code}: {reason(answer)}")
    within_time = httpx.Response(
        200,
        headers={"Content-Type": answer.headers.get("Content-Type", "")},
        content=_until(deadline, answer.iter_bytes()),
    )
    try:
        for event in EventSource(within_time).iter_sse():
            # After an id, httpx-sse takes a comment for an event without data.
            if event.data:
                yield event
    except SSEError as exc:
        raise StreamError(str(exc)) from exc


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
