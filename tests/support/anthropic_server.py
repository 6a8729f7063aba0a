"""A scripted server that speaks Anthropic's Messages API, for tests of whatever talks to Claude.

Scripted like an OpenAIServer. Shapes follow Anthropic's API reference: the events of a streamed
message, pings, error bodies, errors told within a stream.
"""

from __future__ import annotations

import json
from typing import Any

from tests.support.openai_handler import ClientLeft, Handler, ServerClosing
from tests.support.openai_replies import Failure, Raw, Reply, Thought
from tests.support.openai_requests import Recorded
from tests.support.openai_server import OpenAIServer

KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "not_found_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}


class _Messages(Handler):
    def do_POST(self) -> None:
        request = self._arrived()
        if request is None:
            return
        if self.path != "/v1/messages":
            return self._fail(Failure(404, f"Not found: {self.path}"))
        if told := _refused(request):
            return self._fail(Failure(400, told))
        reply = self.owner.next_reply(request)
        if isinstance(reply, Failure):
            return self._fail(reply)
        if isinstance(reply, Raw):
            return self._send(200, reply.body, {"Content-Type": reply.content_type})
        if not isinstance(reply, Reply):
            return self._fail(Failure(400, "The script's next reply is no message."))
        try:
            self._message(request, reply)
        except (BrokenPipeError, ConnectionResetError, ClientLeft):
            self.owner.record_disconnect(request)
            self.close_connection = True
        except ServerClosing:
            self.close_connection = True

    def _message(self, request: Recorded, reply: Reply) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

        def send(name: str, last: bool = False, **data: Any) -> None:
            self._event(json.dumps({"type": name, **data}), name=name, last=last)

        read = sum(len(str(m["content"]).split()) for m in request.body["messages"])
        message = {
            "id": f"msg_{len(self.owner.requests)}",
            "type": "message",
            "role": "assistant",
            "model": request.body["model"],
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": read, "output_tokens": 1},
        }
        send("message_start", message=message)
        send("content_block_start", index=0, content_block={"type": "text", "text": ""})
        send("ping")
        for step in reply.steps:
            if isinstance(step, str):
                send("content_block_delta", index=0, delta={"type": "text_delta", "text": step})
            elif isinstance(step, Thought):
                delta = {"type": "thinking_delta", "thinking": step.text}
                send("content_block_delta", index=0, delta=delta)
            else:
                self._wait_through((step,))
        if reply.cut:
            self.close_connection = True
            return
        if reply.error:
            error = {"type": reply.error, "message": "Overloaded"}
            return send("error", last=True, error=error)
        if not reply.ended:
            return send("content_block_stop", last=True, index=0)
        send("content_block_stop", index=0)
        reason = {"stop": "end_turn", "length": "max_tokens"}[reply.finish_reason]
        said = {"output_tokens": len(reply.text.split())}
        send("message_delta", delta={"stop_reason": reason, "stop_sequence": None}, usage=said)
        send("message_stop", last=True)

    def _is_known(self) -> bool:
        """By either header: SDKs before version 2 send the first, later ones the second."""
        sent = (self.headers.get("x-api-key"), self.headers.get("Authorization"))
        return sent[0] == self.owner.api_key or sent[1] == f"Bearer {self.owner.api_key}"

    def _fail(self, failure: Failure) -> None:
        kind = failure.type or KINDS.get(failure.status, "api_error")
        error = {"type": kind, "message": failure.message}
        self._json(failure.status, {"type": "error", "error": error}, failure.headers)


class AnthropicServer(OpenAIServer):
    handler = _Messages

    @property
    def base_url(self) -> str:
        return super().base_url.removesuffix("/v1")


def _refused(request: Recorded) -> str | None:
    """What Anthropic's API checks of a request, as far as a client could get it wrong."""
    headers = {name.lower() for name in request.headers}
    if "anthropic-version" not in headers:
        return "anthropic-version: header is required"
    if not isinstance(request.body.get("max_tokens"), int) or request.body["max_tokens"] < 1:
        return "max_tokens: Field required"
    roles = [message["role"] for message in request.body["messages"]]
    if not roles or set(roles) - {"user", "assistant"}:
        return "messages: roles must be user or assistant"
    return None
