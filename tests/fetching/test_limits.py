"""Fetching: what servers may not do, and when it ends."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pipelines.errors import UrlTimeout, UrlTooLarge, UrlUnreachable
from pipelines.fetching.snapshot import Limits, fetch
from tests.support.fetch_servers import NOBODY, SMALL, Script, get, packed, page, server


def test_cookies_are_not_kept_and_proxies_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    first = b"HTTP/1.1 302 Found\r\nSet-Cookie: a=b\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n"
    with server(first, page("Hello")) as (port, requests):
        get(port, tmp_path)
    assert b"ookie" not in requests[1]


def endless() -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
    while True:
        yield b"more and more " * 1000


def drip(first: bytes) -> Iterator[bytes]:
    yield first
    while True:
        time.sleep(0.1)
        yield b"x"


def bomb() -> bytes:
    return packed(gzip.compress(b"\0" * 50_000_000), "Content-Encoding: gzip")


@pytest.mark.parametrize(
    ("script", "error", "said"),
    [
        (endless, UrlTooLarge, "larger"),
        (bomb, UrlTooLarge, "larger"),
        (lambda: b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\nx", UrlTooLarge, "larger"),
        (lambda: drip(b"HTTP/1.1 200 OK\r\n\r\n"), UrlTimeout, "slow"),
        (lambda: drip(b"HTTP/1.1 200 OK\r\nX-Slow: "), UrlTimeout, "slow"),
        (lambda: b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nshort", UrlUnreachable, "broke"),
        (lambda: b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", UrlUnreachable, "empty"),
        (lambda: b"SSH-2.0-OpenSSH_9\r\n\r\n", UrlUnreachable, "HTTP"),
        (lambda: b"", UrlUnreachable, "broke"),
        (lambda: packed(b"gone", status="404 Not Found"), UrlUnreachable, "does not exist"),
        (lambda: packed(b"who?", status="401 Unauthorized"), UrlUnreachable, "Sign in"),
        (lambda: packed(b"later", status="503 Busy"), UrlUnreachable, "503"),
        (lambda: packed(b"x", "Content-Encoding: br"), UrlUnreachable, "packed"),
        (lambda: packed(b"no gzip", "Content-Encoding: gzip"), UrlUnreachable, "broke"),
        (
            lambda: packed(gzip.compress(b"abc" * 99)[:-12], "Content-Encoding: gzip"),
            UrlUnreachable,
            "broke",
        ),
    ],
)
def test_what_servers_may_not_do(
    script: Callable[[], Script], error: type[Exception], said: str, tmp_path: Path
) -> None:
    with server(script()) as (port, _), pytest.raises(error, match=said):
        get(port, tmp_path, limits=Limits(max_bytes=100_000, seconds=2))


def test_a_wrong_content_length_ends_the_text_where_it_says(tmp_path: Path) -> None:
    with server(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfour and more") as (port, _):
        assert get(port, tmp_path).size == 4


def test_redirects_end(tmp_path: Path) -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"
    with server(*[moved] * 9) as (port, requests), pytest.raises(UrlUnreachable, match="5 times"):
        get(port, tmp_path)
    assert len(requests) == 6


def test_nobody_there(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(UrlUnreachable, match="does not answer"):
        get(port, tmp_path)

    def unknown(host: str, port: int) -> list[str]:
        raise socket.gaierror("no such name")

    with pytest.raises(UrlUnreachable, match="not known"):
        fetch(
            "http://nowhere.example/",
            tmp_path / "x",
            allowed=NOBODY,
            limits=SMALL,
            resolver=unknown,
        )


def test_packed_text_is_unpacked(tmp_path: Path) -> None:
    body = b"The anvil weighs 99 kg. " * 500
    with server(packed(gzip.compress(body), "Content-Encoding: gzip")) as (port, _):
        get(port, tmp_path)
    assert (tmp_path / "got").read_bytes() == body


def test_work_that_should_end_ends_while_the_server_is_silent(tmp_path: Path) -> None:
    class Enough(Exception):
        pass

    asked = 0

    def check() -> None:
        nonlocal asked
        asked += 1
        if asked > 5:
            raise Enough

    def silent() -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\n"
        time.sleep(30)

    with server(silent()) as (port, _), pytest.raises(Enough):
        get(port, tmp_path, check=check, limits=Limits(max_bytes=100, seconds=300))


def test_what_nobody_wants_is_not_fetched_to_its_end(tmp_path: Path) -> None:
    class Unwanted(Exception):
        pass

    def promising(head: bytes, filename: str) -> None:
        assert len(head) == 65536
        assert filename == "setup.exe"
        raise Unwanted

    with server(endless()) as (port, _), pytest.raises(Unwanted):
        get(port, tmp_path, "/files/setup.exe?v=2", promising=promising)
