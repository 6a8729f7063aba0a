"""Stands before a Chroma server and, when told to, is away for what is asked of some paths."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import urllib3


class ChromaProxy:
    def __init__(self, url: str) -> None:
        self.refused: str | None = None
        """Requests whose path ends so are answered with 503."""
        self.refusals = 0
        proxy, chroma = self, urllib3.PoolManager(maxsize=16)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if proxy.refused and self.path.endswith(proxy.refused):
                    proxy.refusals += 1
                    self._answer(503, b"")
                    return
                told = {"Content-Type": self.headers.get("Content-Type", "application/json")}
                there = chroma.request(self.command, url + self.path, body=body, headers=told)
                self._answer(there.status, there.data)

            do_POST = do_DELETE = do_PUT = do_GET

            def _answer(self, status: int, data: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> ChromaProxy:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
