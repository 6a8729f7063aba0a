"""Small programs that stand in for Vouch's own where the stack itself is tested."""

import http.server
import json
import os
import signal
import sys
import time
from pathlib import Path


class Answer(http.server.BaseHTTPRequestHandler):
    """200 to every GET."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


def api(host: str, port: str, environment: str) -> None:
    """Also writes down the environment that it got."""
    half = Path(environment + ".half")
    half.write_text(json.dumps(dict(os.environ)))
    half.rename(environment)
    http.server.ThreadingHTTPServer((host, int(port)), Answer).serve_forever()


def pool() -> None:
    """Two processes that don't heed SIGTERM."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.fork()
    while True:
        time.sleep(1)


{"api": api, "pool": pool}[sys.argv[1]](*sys.argv[2:])
