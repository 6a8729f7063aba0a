"""What a scripted model server may reply: a completion, an error, a transcript, nonsense."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


class Stall:
    """A point in a stream where the server falls silent until the client leaves or it closes."""


@dataclass(frozen=True)
class Pause:
    """Silence of so many seconds between two deltas."""

    seconds: float


@dataclass(frozen=True)
class Thought:
    """A piece of what the model thinks; `name` is what the server calls it."""

    text: str
    name: str = "reasoning_content"


Step = str | Pause | Stall | Thought


@dataclass(frozen=True)
class Reply:
    """A chat completion: its deltas in order, with silences between them."""

    steps: tuple[Step, ...]
    finish_reason: str = "stop"
    cut: bool = False
    """Close the connection after the last delta, without `finish_reason` and `[DONE]`."""
    ended: bool = True
    """False: end the body properly after the last delta, but without `finish_reason`."""
    error: str = ""
    """A type of error that is told after the last delta, within the stream."""

    @property
    def text(self) -> str:
        return "".join(step for step in self.steps if isinstance(step, str))


@dataclass(frozen=True)
class Vectors:
    """Embeddings, one a text: of the words it holds, so that texts with the same words are near.

    Words share `dimension` places. Every vector has a part in common, as many models' have.
    """

    dimension: int = 64
    shuffled: bool = False
    """The rows come in another order than the texts, which `index` tells."""
    base: float = 1.0

    def of(self, text: str) -> list[float]:
        vector = [self.base] + [0.0] * (self.dimension - 1)
        for word in re.findall(r"\w+", text.lower()):
            vector[1 + zlib.crc32(word.encode()) % (self.dimension - 1)] += 1.0
        return vector


@dataclass(frozen=True)
class Failure:
    """An error body in OpenAI's shape. `headers` may carry `Retry-After` in seconds."""

    status: int
    message: str = "The scripted error."
    type: str = ""
    code: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Any]:
        kind = self.type or {
            401: "authentication_error",
            429: "rate_limit_error",
        }.get(self.status, "server_error" if self.status >= 500 else "invalid_request_error")
        return {
            "error": {"message": self.message, "type": kind, "param": None, "code": self.code},
        }


@dataclass(frozen=True)
class Raw:
    """Any bytes with status 200: what a captive portal or a broken proxy sends."""

    body: bytes
    content_type: str = "text/event-stream"


@dataclass(frozen=True)
class Transcript:
    """What was heard: sentences with their seconds, `(start, end, text)`.

    `judged` replaces fields of a sentence by its number, for example its `no_speech_prob`. A model
    that is `wordy` writes the words without seconds and refuses `verbose_json`, as newer ones do.
    """

    segments: tuple[tuple[float, float, str], ...]
    language: str = "english"
    judged: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    wordy: bool = False

    @property
    def body(self) -> dict[str, Any]:
        return {
            "task": "transcribe",
            "language": self.language,
            "duration": self.segments[-1][1] if self.segments else 0.0,
            "text": " ".join(text for _, _, text in self.segments),
            "segments": [
                {
                    "id": number,
                    "seek": 0,
                    "start": start,
                    "end": end,
                    "text": f" {text}",
                    "tokens": [],
                    "temperature": 0.0,
                    "avg_logprob": -0.2,
                    "compression_ratio": 1.2,
                    "no_speech_prob": 0.01,
                    **self.judged.get(number, {}),
                }
                for number, (start, end, text) in enumerate(self.segments)
            ],
        }


Scripted = str | Sequence[Step] | Reply | Failure | Raw | Transcript


def reply_from(item: Scripted) -> Reply | Failure | Raw | Transcript:
    """A text as words, a list as deltas, anything else as it is."""
    if isinstance(item, Reply | Failure | Raw | Transcript):
        return item
    if isinstance(item, str):
        return Reply(tuple(_words(item)))
    return Reply(tuple(item))


def _words(text: str) -> Iterator[str]:
    start = 0
    for index, character in enumerate(text):
        if character == " " and index > start:
            yield text[start:index]
            start = index
    if text[start:]:
        yield text[start:]
