"""A scripted server that speaks the OpenAI API, for tests of whatever talks to a language model.

    with OpenAIServer() as server:
        server.script(["Hello there.", Failure(429, headers={"Retry-After": "0"}), ["Hel", "lo"]])
        client = OpenAI(base_url=server.base_url, api_key=server.api_key)

It answers over real HTTP on a free loopback port, so timeouts, retries, dropped connections and
half-sent streams are the real thing. Shapes follow the OpenAI API reference: chat completions
(streamed and whole, with pictures), the list of models, audio transcriptions, embeddings, error
bodies.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Sequence
from types import TracebackType

from tests.support.openai_handler import Handler, Http
from tests.support.openai_replies import (
    Failure,
    Raw,
    Reply,
    Scripted,
    Stall,
    Transcript,
    Vectors,
    reply_from,
)
from tests.support.openai_requests import Recorded


class OpenAIServer:
    """Serves scripted replies in order on `base_url`; a context manager.

    `requests` holds what clients sent, `disconnects` those whose client left before the end. A
    chat request beyond the script is answered 400, which no client retries. `refuses` names
    parameters that the server, as some do, takes from nobody.
    """

    handler: type[Handler] = Handler

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
        self.embeddings: Vectors | Failure | Stall = Vectors()
        """What every request for embeddings is answered with, beside the script."""
        self.embedding_requests: list[Recorded] = []
        self.closing = threading.Event()
        self._left = threading.Condition()
        self._replies: deque[Reply | Failure | Raw | Transcript] = deque()
        self._asides: dict[str, Reply | Failure | Raw | Transcript] = {}
        self._http = Http(("127.0.0.1", 0), self.handler)
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
