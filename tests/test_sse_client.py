"""Reading event streams: the parser on bytes, the reconnecting reader against a real server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from deploy import sse


@pytest.mark.parametrize(
    ("stream", "events"),
    [
        (b"event: token\ndata: {}\nid: j/1-0\n\n", [sse.Event("token", "{}", "j/1-0")]),
        (b"data: a\ndata:  b\n\n", [sse.Event("message", "a\n b")]),
        (b": keep-alive\n\n\ndata:x\n\n", [sse.Event("message", "x")]),
        (b"\xef\xbb\xbfdata: x\r\n\r\ndata: y\r\r", [sse.Event("message", c) for c in "xy"]),
        (b"data: half\n", []),
        (b"event: named\n\ndata: x\n\n", [sse.Event("message", "x")]),
        (b"id: 7\ndata: x\n\ndata: y\n\n", [sse.Event("message", c, "7") for c in "xy"]),
        (b"id: a\0b\ndata: x\n\n", [sse.Event("message", "x")]),
        ("data: \u2028\u0085é\n\n".encode(), [sse.Event("message", "\u2028\u0085é")]),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_events_come_out_however_the_bytes_are_cut(stream, events, size):
    pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
    assert list(sse.parse(pieces)) == events


class Server(ThreadingHTTPServer):
    """Sends `EVENTS` after the one named by Last-Event-ID, `per_connection` at a time."""

    EVENTS = ("one", "two", "three", "done")

    def __init__(self, per_connection: int, status: int = 200) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.per_connection, self.status = per_connection, status
        self.cursors: list[str | None] = []


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        cursor = self.headers.get("Last-Event-ID")
        self.server.cursors.append(cursor)
        self.send_response(self.server.status)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        start = int(cursor or 0)
        for number in range(start, min(start + self.server.per_connection, len(Server.EVENTS))):
            name = Server.EVENTS[number]
            self.wfile.write(f"id: {number + 1}\nevent: {name}\ndata: {number}\n\n".encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def serve() -> Iterator:
    running: list[Server] = []

    def start(per_connection: int, status: int = 200) -> Server:
        server = Server(per_connection, status)
        running.append(server)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        return server

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def follow(server: Server) -> list[str]:
    with httpx.Client() as client:
        url = f"http://127.0.0.1:{server.server_address[1]}/"
        return [event.name for event in sse.follow(client, url, until={"done"}, seconds=20)]


def test_a_broken_stream_goes_on_where_it_ended(serve):
    server = serve(per_connection=1)
    assert follow(server) == ["one", "two", "three", "done"]
    assert server.cursors == [None, "1", "2", "3"]


def test_a_stream_without_news_is_given_up(serve):
    server = serve(per_connection=0)
    with pytest.raises(sse.StreamError, match="broke 3 times without news"):
        follow(server)
    assert len(server.cursors) == 3


def test_a_refusal_is_told_at_once(serve):
    server = serve(per_connection=0, status=404)
    with pytest.raises(sse.StreamError, match="404"):
        follow(server)
    assert len(server.cursors) == 1
