"""How a scripted server answers in OpenAI's protocol: whole, streamed, slowly, or cut short."""

from __future__ import annotations

import json
import select
import socket
import sys
import time
from collections.abc import Iterable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from tests.support.openai_replies import (
    Failure,
    Pause,
    Raw,
    Reply,
    Stall,
    Step,
    Thought,
    Transcript,
)
from tests.support.openai_requests import Recorded, no_picture, record, unsupported

if TYPE_CHECKING:
    from tests.support.openai_server import OpenAIServer

CREATED = 1_760_000_000


class ClientLeft(Exception):
    pass


class ServerClosing(Exception):
    pass


class Http(ThreadingHTTPServer):
    daemon_threads = True
    owner: OpenAIServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that resets its connection between two requests is no error."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Http

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
        elif self.path == "/v1/embeddings":
            self._embed(request)
        else:
            self._fail(Failure(404, f"Unknown request URL: POST {self.path}."))

    def _answer(self, request: Recorded, expected: type[Reply] | type[Transcript]) -> None:
        if wrong := unsupported(request, self.owner.refuses):
            return self._fail(wrong)
        reply = self.owner.next_reply(request)
        if isinstance(reply, Failure):
            return self._fail(reply)
        if isinstance(reply, Raw):
            return self._send(200, reply.body, {"Content-Type": reply.content_type})
        if not isinstance(reply, expected):
            return self._fail(
                Failure(400, f"The script's next reply is no {expected.__name__}.", code="script")
            )
        if wrong := no_picture(request):
            return self._fail(wrong)
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

    def _embed(self, request: Recorded) -> None:
        self.owner.requests.remove(request)
        self.owner.embedding_requests.append(request)
        reply = self.owner.embeddings
        if isinstance(reply, Failure):
            return self._fail(reply)
        if isinstance(reply, Stall):
            try:
                return self._watch(float("inf"))
            except ClientLeft:
                self.owner.record_disconnect(request)
                self.close_connection = True
                return None
            except ServerClosing:
                self.close_connection = True
                return None
        texts = request.body["input"]
        texts = [texts] if isinstance(texts, str) else texts
        rows = [
            {"object": "embedding", "index": at, "embedding": reply.of(text)}
            for at, text in enumerate(texts)
        ]
        if reply.shuffled:
            rows.reverse()
        usage = {"prompt_tokens": len(texts), "total_tokens": len(texts)}
        body = {"object": "list", "model": request.body["model"], "data": rows, "usage": usage}
        return self._json(200, body)

    def _arrived(self) -> Recorded | None:
        """The recorded request; None when it was refused for its key."""
        length = int(self.headers.get("Content-Length") or 0)
        request = record(self.command, self.path, self.headers, self.rfile.read(length))
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
            elif isinstance(step, Thought):
                send({step.name: step.text})
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
