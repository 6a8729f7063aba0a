"""HTTP connections that another thread can abort."""

from __future__ import annotations

import contextlib
import functools
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl

    import httpx2

    from pipelines.cancellation import Stop

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 120.0


def cancellable_client(
    stop: Stop,
    *,
    connect: float = CONNECT_SECONDS,
    silence: float = SILENCE_SECONDS,
    follow_redirects: bool = True,
) -> httpx2.Client:
    """A client whose connection is shut down when `stop` is set; times in seconds.

    Closing a response does not wake a thread that waits for its next byte; shutting down the
    socket does. So the client is told of each connection it opens, and keeps none for later.
    """
    import httpx2

    def traced(name: str, info: dict[str, Any]) -> None:
        if name in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            connection = info["return_value"].get_extra_info("socket")
            stop.call(lambda: _shut_down(connection))

    def trace(request: httpx2.Request) -> None:
        request.extensions = {**request.extensions, "trace": traced}

    return httpx2.Client(
        verify=_trusted(),
        timeout=httpx2.Timeout(silence, connect=connect),
        limits=httpx2.Limits(max_keepalive_connections=0),
        event_hooks={"request": [trace]},
        follow_redirects=follow_redirects,
    )


@functools.cache
def _trusted() -> ssl.SSLContext:
    """The certificates that are trusted, read once: reading them takes longer than connecting."""
    import httpx2

    return httpx2.create_ssl_context()


def _shut_down(connection: socket.socket | None) -> None:
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
