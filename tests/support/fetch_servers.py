"""Where fetching leads in tests: an edge of the network, servers that answer word for word."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpcore

from pipelines.fetching.addresses import AllowedHosts
from pipelines.fetching.snapshot import Limits, Snapshot, fetch

NOBODY = AllowedHosts()
SMALL = Limits(max_bytes=100_000, seconds=10)


class Edge(httpcore.NetworkBackend):
    """Where the network begins: counts connections; what is public leads to a local server."""

    def __init__(self, port: int | None = None) -> None:
        self.connected: list[tuple[str, int]] = []
        self.port = port

    def connect_tcp(self, host: str, port: int, *_: Any, **__: Any) -> httpcore.NetworkStream:
        self.connected.append((host, port))
        if self.port is None:
            raise httpcore.ConnectError("no way out of this test")
        return httpcore.SyncBackend().connect_tcp("127.0.0.1", self.port)


def answers(*scripted: list[str]) -> Callable[[str, int], list[str]]:
    """A resolver: each answer in turn, the last one again and again."""
    left = list(scripted)
    return lambda host, port: left.pop(0) if len(left) > 1 else left[0]


def page(text: str, *headers: str) -> bytes:
    body = f"<!doctype html><title>x</title><p>{text}</p>".encode()
    return packed(body, "Content-Type: text/html", *headers)


def packed(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


Script = bytes | Iterator[bytes]


@contextmanager
def server(*scripts: Script) -> Iterator[tuple[int, list[bytes]]]:
    """A server that answers one connection after another, word for word; (port, requests)."""
    requests: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for script in scripts:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    requests.append(connection.recv(65536))
                    try:
                        for piece in [script] if isinstance(script, bytes) else script:
                            connection.sendall(piece)
                    except OSError:
                        continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1], requests


def get(port: int, tmp_path: Path, url: str = "/", **more: Any) -> Snapshot:
    return fetch(
        f"http://127.0.0.1:{port}{url}",
        tmp_path / "got",
        allowed=AllowedHosts.parse(f"127.0.0.1:{port}"),
        **{"limits": SMALL, **more},
    )
