"""Connections to checked addresses only, with one deadline for all that happens on them.

Names are resolved here and nowhere else, at the moment of connecting: the address that is checked
is the address that is connected to, so a name that resolves differently the next time (DNS
rebinding) gains nothing. What the HTTP library asks for is checked again, whatever URL it thinks
it has.
"""

from __future__ import annotations

import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import httpcore

from pipelines.errors import UrlRefused, UrlTimeout, UrlUnreachable
from pipelines.fetching.addresses import AllowedHosts, check_target, may_connect

CONNECT_SECONDS = 10.0
IDLE_SECONDS = 20.0
"""Longest silence of a server."""
SLICE_SECONDS = 0.5
"""Longest time without asking whether the work should end."""

Resolve = Callable[[str, int], list[str]]
"""Addresses of a host, as text. Raises OSError."""
Check = Callable[[], None]
"""Called often while waiting; raises when the work should end."""


def resolve(host: str, port: int) -> list[str]:
    """By the system's resolver, each address once, in its order."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Clock:
    """How much time is left, and whether the work should go on."""

    def __init__(self, seconds: float, check: Check) -> None:
        self.seconds = seconds
        self._until = time.monotonic() + seconds
        self._check = check

    def left(self) -> float:
        """Seconds; raises UrlTimeout when there are none, or whatever `check` raises."""
        self._check()
        left = self._until - time.monotonic()
        if left <= 0:
            raise UrlTimeout(
                f"The server was too slow: it had not sent everything after {self.seconds:g} s."
            )
        return left


class CheckedBackend(httpcore.NetworkBackend):
    """Opens TCP connections to allowed addresses."""

    def __init__(
        self,
        allowed: AllowedHosts,
        clock: Clock,
        *,
        resolver: Resolve = resolve,
        inner: httpcore.NetworkBackend | None = None,
    ) -> None:
        self._allowed = allowed
        self._clock = clock
        self._resolve = resolver
        self._inner = inner or httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the clock's time is what counts
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Raises UrlRefused unless every address of `host` may be connected to."""
        check_target(host, port, self._allowed)
        addresses = self._addresses(host, port)
        if not addresses:
            raise UrlUnreachable(f"{host} has no address. Check the URL.")
        if not all(may_connect(host, port, address, self._allowed) for address in addresses):
            raise UrlRefused(
                f"{host} leads to an address that is not public, so it is not fetched. The "
                "operator may list it in FETCH_ALLOWED_HOSTS."
            )
        failed: Exception | None = None
        for address in addresses:
            wait = min(CONNECT_SECONDS, self._clock.left())
            try:
                stream = self._inner.connect_tcp(address, port, wait, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as exc:
                failed = exc
                continue
            return _TimedStream(stream, self._clock)
        raise UrlUnreachable(f"{host} does not answer on port {port}.") from failed

    def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.NetworkStream:
        raise UrlRefused("Sockets of this machine are not fetched from.")

    def sleep(self, seconds: float) -> None:
        raise NotImplementedError

    def _addresses(self, host: str, port: int) -> list[str]:
        """In a thread: the system's resolver knows no deadline."""
        answers: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

        def ask() -> None:
            try:
                answers.put(self._resolve(host, port))
            except (OSError, UnicodeError) as exc:
                answers.put(exc)

        threading.Thread(target=ask, name="resolve", daemon=True).start()
        until = time.monotonic() + IDLE_SECONDS
        while time.monotonic() < until:
            try:
                answer = answers.get(timeout=min(SLICE_SECONDS, self._clock.left()))
            except queue.Empty:
                continue
            if isinstance(answer, Exception):
                raise UrlUnreachable(f"{host} is not known. Check the URL.") from answer
            return answer
        raise UrlTimeout(f"Nobody could say in {IDLE_SECONDS:g} s where {host} is. Try again.")


class _TimedStream(httpcore.NetworkStream):
    """A connection whose reads end with the clock, are short of silence, and can be broken off."""

    def __init__(self, inner: httpcore.NetworkStream, clock: Clock) -> None:
        self._inner = inner
        self._clock = clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        silent_until = time.monotonic() + IDLE_SECONDS
        while True:
            wait = min(SLICE_SECONDS, self._clock.left())
            try:
                return self._inner.read(max_bytes, wait)
            except httpcore.ReadTimeout as exc:
                if time.monotonic() >= silent_until:
                    raise UrlTimeout(
                        f"The server said nothing for {IDLE_SECONDS:g} s. Try again later."
                    ) from exc

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self._inner.write(buffer, min(IDLE_SECONDS, self._clock.left()))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        wait = min(CONNECT_SECONDS, self._clock.left())
        return _TimedStream(self._inner.start_tls(ssl_context, server_hostname, wait), self._clock)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
