"""Following an event stream of a real server: what breaks goes on, what is refused is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from deploy import sse


class Server(ThreadingHTTPServer):
    """Sends `EVENTS` after the one named by Last-Event-ID, `per_connection` at a time."""

    EVENTS = ("one", "two", "three", "done")

    def __init__(self, per_connection: int, status: int = 200) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.per_connection, self.status = per_connection, status
        self.kind = "text/event-stream"
        self.comments = 0
        self.cursors: list[str | None] = []


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        cursor = self.headers.get("Last-Event-ID")
        self.server.cursors.append(cursor)
        self.send_response(self.server.status)
        self.send_header("Content-Type", self.server.kind)
        self.end_headers()
        for _ in range(self.server.comments):
            self.wfile.write(b": alive\n\n")
            time.sleep(0.05)
        start = int(cursor or 0)
        for number in range(start, min(start + self.server.per_connection, len(Server.EVENTS))):
            name = Server.EVENTS[number]
            # With a comment, and the line ends of Unicode that end no line here.
            text = f": alive\n\nid: {number + 1}\nevent: {name}\ndata: {number} \u2028\u0085é\n\n"
            self.wfile.write(text.encode())

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


def follow(server: Server, seconds: float = 20) -> list[str]:
    with httpx.Client() as client:
        url = f"http://127.0.0.1:{server.server_address[1]}/"
        events = list(sse.follow(client, url, until={"done"}, seconds=seconds))
    assert [event.data for event in events] == [f"{at} \u2028\u0085é" for at in range(len(events))]
    return [event.event for event in events]


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


def test_what_is_no_stream_is_told(serve):
    server = serve(per_connection=1)
    server.kind = "text/html"
    with pytest.raises(sse.StreamError, match="text/html"):
        follow(server)


def test_a_stream_that_only_says_it_is_alive_is_left_in_time(serve):
    server = serve(per_connection=0)
    server.comments = 200
    with pytest.raises(sse.StreamError, match="takes too long"):
        follow(server, seconds=0.5)
