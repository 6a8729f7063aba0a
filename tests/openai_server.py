"""A scripted server that speaks the OpenAI API, for tests of whatever talks to a language model.

    with OpenAIServer() as server:
        server.script(["Hello there.", Failure(429, headers={"Retry-After": "0"}), ["Hel", "lo"]])
        client = OpenAI(base_url=server.base_url, api_key=server.api_key)

It answers over real HTTP on a free loopback port, so timeouts, retries, dropped connections and
half-sent streams are the real thing. Shapes follow the OpenAI API reference: chat completions
(streamed and whole, with pictures), the list of models, audio transcriptions, error bodies.
"""

from __future__ import annotations

import base64
import email.policy
import json
import select
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from tests.openai_replies import (
    Failure,
    Pause,
    Raw,
    Reply,
    Scripted,
    Stall,
    Step,
    Transcript,
    reply_from,
)

CREATED = 1_760_000_000


@dataclass(frozen=True)
class Recorded:
    """A request as it came. `body` is the JSON or the form's fields; `files` has name and bytes."""

    method: str
    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    files: dict[str, tuple[str, bytes]] = field(default_factory=dict)

    @property
    def pictures(self) -> list[bytes]:
        """Pictures in the messages, as files; ValueError for what is no data URL of a picture."""
        found = []
        for message in self.body.get("messages", []):
            content = message.get("content")
            for part in content if isinstance(content, list) else []:
                if part["type"] == "image_url":
                    head, _, data = part["image_url"]["url"].partition(";base64,")
                    if not head.startswith("data:image/"):
                        raise ValueError("this server takes pictures as data URLs")
                    found.append(base64.b64decode(data, validate=True))
        return found


class OpenAIServer:
    """Serves scripted replies in order on `base_url`; a context manager.

    `requests` holds what clients sent, `disconnects` those whose client left before the end. A
    chat request beyond the script is answered 400, which no client retries. `refuses` names
    parameters that the server, as some do, takes from nobody.
    """

    handler: type[Handler]

    def __init__(
        self,
        *,
        api_key: str = "test-key",
        models: Sequence[str] = ("test-model",),
        refuses: Sequence[str] = (),
    ):
        self.api_key = api_key
        self.models = tuple(models)
        self.refuses = tuple(refuses)
        self.requests: list[Recorded] = []
        self.aside_requests: list[Recorded] = []
        self.disconnects: list[Recorded] = []
        self.closing = threading.Event()
        self._left = threading.Condition()
        self._replies: deque[Reply | Failure | Raw | Transcript] = deque()
        self._asides: dict[str, Reply | Failure | Raw | Transcript] = {}
        self._http = _Http(("127.0.0.1", 0), self.handler)
        self._http.owner = self
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}/v1"

    def script(self, replies: Iterable[Scripted]) -> None:
        """Append `replies`: a text is sent word by word, a list delta by delta."""
        self._replies.extend(reply_from(item) for item in replies)

    def aside(self, text: str, reply: Scripted) -> None:
        """Reply so, beside the script and again and again, to chats in whose messages `text` is.

        They are found in `aside_requests` instead of `requests`.
        """
        self._asides[text] = reply_from(reply)

    def next_reply(self, request: Recorded) -> Reply | Failure | Raw | Transcript:
        said = [str(message.get("content")) for message in request.body.get("messages", [])]
        for text, reply in self._asides.items():
            if any(text in content for content in said):
                self.requests.remove(request)
                self.aside_requests.append(request)
                return reply
        try:
            return self._replies.popleft()
        except IndexError:
            return Failure(400, "The script holds no more replies.", code="script_exhausted")

    def put_back(self, reply: Transcript) -> None:
        """The next reply again: this request was refused for what it asked."""
        self._replies.appendleft(reply)

    def record_disconnect(self, request: Recorded) -> None:
        with self._left:
            self.disconnects.append(request)
            self._left.notify_all()

    def wait_for_disconnect(self, count: int = 1, timeout: float = 10.0) -> bool:
        """Whether `count` clients have left early, waiting up to `timeout` seconds for it."""
        with self._left:
            return self._left.wait_for(lambda: len(self.disconnects) >= count, timeout)

    def start(self) -> OpenAIServer:
        self._thread.start()
        return self

    def close(self) -> None:
        self.closing.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def __enter__(self) -> OpenAIServer:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class ClientLeft(Exception):
    pass


class ServerClosing(Exception):
    pass


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    owner: OpenAIServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that resets its connection between two requests is no error."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Http

    @property
    def owner(self) -> OpenAIServer:
        return self.server.owner

    def do_GET(self) -> None:
        if self._arrived() is None:
            return
        if self.path != "/v1/models":
            return self._fail(Failure(404, f"Unknown request URL: GET {self.path}."))
        rows = [
            {"id": name, "object": "model", "created": CREATED, "owned_by": "test"}
            for name in self.owner.models
        ]
        return self._json(200, {"object": "list", "data": rows})

    def do_POST(self) -> None:
        request = self._arrived()
        if request is None:
            return
        if self.path == "/v1/chat/completions":
            self._answer(request, Reply)
        elif self.path == "/v1/audio/transcriptions":
            self._answer(request, Transcript)
        else:
            self._fail(Failure(404, f"Unknown request URL: POST {self.path}."))

    def _answer(self, request: Recorded, expected: type[Reply] | type[Transcript]) -> None:
        for name in self.owner.refuses:
            if name in request.body:
                message = f"Unsupported parameter: '{name}' is not supported with this model."
                return self._fail(Failure(400, message, code="unsupported_parameter"))
        reply = self.owner.next_reply(request)
        if isinstance(reply, Failure):
            return self._fail(reply)
        if isinstance(reply, Raw):
            return self._send(200, reply.body, {"Content-Type": reply.content_type})
        if not isinstance(reply, expected):
            return self._fail(
                Failure(400, f"The script's next reply is no {expected.__name__}.", code="script")
            )
        try:
            _ = request.pictures
        except ValueError as error:
            return self._fail(Failure(400, f"Invalid image: {error}.", code="invalid_image"))
        try:
            if isinstance(reply, Transcript):
                return self._transcript(request, reply)
            if request.body.get("stream"):
                return self._stream(request, reply)
            return self._whole(request, reply)
        except (BrokenPipeError, ConnectionResetError, ClientLeft):
            self.owner.record_disconnect(request)
            self.close_connection = True
        except ServerClosing:
            self.close_connection = True

    def _arrived(self) -> Recorded | None:
        """The recorded request; None when it was refused for its key."""
        length = int(self.headers.get("Content-Length") or 0)
        content, kind = self.rfile.read(length), self.headers.get("Content-Type", "")
        body: dict[str, Any] = {}
        files: dict[str, tuple[str, bytes]] = {}
        if kind.startswith("multipart/form-data"):
            body, files = _form(kind, content)
        elif content:
            body = json.loads(content)
        request = Recorded(self.command, self.path, dict(self.headers.items()), body, files)
        self.owner.requests.append(request)
        if not self._is_known():
            self._fail(Failure(401, "Incorrect API key provided.", code="invalid_api_key"))
            return None
        return request

    def _is_known(self) -> bool:
        return bool(self.headers.get("Authorization") == f"Bearer {self.owner.api_key}")

    def _whole(self, request: Recorded, reply: Reply) -> None:
        self._wait_through(reply.steps)
        message = {"role": "assistant", "content": reply.text, "refusal": None}
        choice = {
            "index": 0,
            "message": message,
            "logprobs": None,
            "finish_reason": reply.finish_reason,
        }
        body = self._head(request, "chat.completion")
        self._json(200, {**body, "choices": [choice], "usage": _usage(request, reply)})

    def _stream(self, request: Recorded, reply: Reply) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Cache-Control", "no-cache")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        head = self._head(request, "chat.completion.chunk")
        wants_usage = (request.body.get("stream_options") or {}).get("include_usage", False)

        def send(delta: dict[str, Any], finish_reason: str | None = None) -> None:
            choice = {
                "index": 0,
                "delta": delta,
                "logprobs": None,
                "finish_reason": finish_reason,
            }
            chunk = {**head, "choices": [choice]}
            if wants_usage:
                chunk["usage"] = None
            self._event(json.dumps(chunk))

        send({"role": "assistant", "content": ""})
        for step in reply.steps:
            if isinstance(step, str):
                send({"content": step})
            else:
                self._wait_through((step,))
        if reply.cut:
            self.close_connection = True
            return
        if reply.error:
            body = Failure(500, "The server had an error.", reply.error).body
            return self._event(json.dumps(body), last=True)
        if not reply.ended:
            return self._event(json.dumps({**head, "choices": []}), last=True)
        send({}, reply.finish_reason)
        if wants_usage:
            usage = _usage(request, reply)
            self._event(json.dumps({**head, "choices": [], "usage": usage}))
        self._event("[DONE]", last=True)

    def _transcript(self, request: Recorded, reply: Transcript) -> None:
        wanted = request.body.get("response_format", "json")
        if reply.wordy and wanted == "verbose_json":
            self.owner.put_back(reply)
            message = "response_format 'verbose_json' is not compatible with this model."
            self._fail(Failure(400, message, code="unsupported_value"))
        elif wanted == "verbose_json":
            self._json(200, reply.body)
        elif wanted == "json":
            self._json(200, {"text": reply.body["text"]})
        else:
            self._fail(Failure(400, f"This server has no response_format {wanted!r}."))

    def _head(self, request: Recorded, kind: str) -> dict[str, Any]:
        number = len(self.owner.requests)
        model = request.body.get("model", "")
        return {"id": f"chatcmpl-{number}", "object": kind, "created": CREATED, "model": model}

    def _wait_through(self, steps: Iterable[Step]) -> None:
        for step in steps:
            if isinstance(step, Pause):
                self._watch(time.monotonic() + step.seconds)
            elif isinstance(step, Stall):
                self._watch(float("inf"))

    def _watch(self, until: float) -> None:
        """Stay silent until the moment `until`, unless the client leaves or the server closes."""
        while not self.owner.closing.is_set():
            left = until - time.monotonic()
            if left <= 0:
                return
            readable, _, _ = select.select([self.connection], [], [], min(left, 0.05))
            if readable and not self.connection.recv(1, socket.MSG_PEEK):
                raise ClientLeft
        raise ServerClosing

    def _event(self, data: str, *, name: str = "", last: bool = False) -> None:
        """One chunk; the last goes out with the end of the body, since clients leave at it."""
        line = (f"event: {name}\n" * bool(name) + f"data: {data}\n\n").encode()
        end = b"0\r\n\r\n" if last else b""
        self.wfile.write(f"{len(line):x}\r\n".encode() + line + b"\r\n" + end)
        self.wfile.flush()

    def _json(
        self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None
    ) -> None:
        content = json.dumps(body).encode()
        self._send(status, content, {"Content-Type": "application/json", **(headers or {})})

    def _send(self, status: int, content: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def _fail(self, failure: Failure) -> None:
        self._json(failure.status, failure.body, failure.headers)

    def log_message(self, format: str, *args: Any) -> None:
        """Stay quiet: tests read `requests` instead."""


OpenAIServer.handler = Handler


def _usage(request: Recorded, reply: Reply) -> dict[str, int]:
    """Counts words, which is close enough for tests to see them travel."""
    prompt = sum(
        len(str(message.get("content") or "").split())
        for message in request.body.get("messages", [])
    )
    said = len(reply.text.split())
    return {
        "prompt_tokens": prompt,
        "completion_tokens": said,
        "total_tokens": prompt + said,
    }


def _form(kind: str, content: bytes) -> tuple[dict[str, Any], dict[str, tuple[str, bytes]]]:
    """The fields and the files of a multipart form; a field sent twice becomes a list."""
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    message = BytesParser(policy=email.policy.HTTP).parsebytes(head + content)
    fields: dict[str, Any] = {}
    files: dict[str, tuple[str, bytes]] = {}
    for part in message.iter_parts():
        name = str(part.get_param("name", header="Content-Disposition"))
        payload = part.get_payload(decode=True)
        assert isinstance(payload, bytes)
        if part.get_filename() is not None:
            files[name] = (str(part.get_filename()), payload)
        elif name in fields:
            earlier = fields[name]
            fields[name] = [
                *(earlier if isinstance(earlier, list) else [earlier]),
                payload.decode(),
            ]
        else:
            fields[name] = payload.decode()
    return fields, files
