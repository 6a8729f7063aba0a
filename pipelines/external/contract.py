"""Services outside that a parser may ask: one that describes pictures, one that hears speech.

A parser has neither network nor keys. It sees an `Outside`; in the parser process that is an
`AskingParent`, which hands each question to the parent, where a `Desk` asks the real one. A
service that can't be asked never fails a source: OutsideUnavailable becomes a ParseWarning
`degraded` that says what is missing.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from pydantic import SecretStr

from pipelines.media.subtitles import Cue

MAX_ASK_BYTES = 16 * 2**20
"""Of one picture or one stretch of sound."""
MAX_ASKS: Mapping[str, int] = {"describe": 100, "transcribe": 10_000}
"""Questions that one file may ask, each of which may cost money."""

_TAG = re.compile(r"</?[A-Za-z!?][^<>]*>")
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_LINE_MARK = re.compile(r"^[ \t]*(?:#{1,6}[ \t]|>+|[-*+•][ \t]|```.*$|~~~.*$)", re.MULTILINE)
_EMPHASIS = re.compile(r"\*\*|__|`")
_JOINERS = "\u200c\u200d"
"""Of category Cf, but letters of Persian and of Indian scripts need them."""


class OutsideUnavailable(Exception):
    """A service outside gave no answer; `str(error)` says why, and what to do, to people."""


class Outside(Protocol):
    """`vision` and `transcriber` name what serves, None what nobody set.

    `describe` takes a JPEG and returns one plain paragraph. `transcribe` takes FLAC and returns
    Cues in seconds from its beginning, in order. Both raise OutsideUnavailable, and Cancelled when
    the work should end.
    """

    vision: str | None
    transcriber: str | None

    def describe(self, jpeg: bytes) -> str: ...

    def transcribe(self, flac: bytes, seconds: float) -> list[Cue]: ...


@dataclass(frozen=True)
class Endpoint:
    """Where an OpenAI-compatible service is: `model` empty means there is none."""

    model: str = ""
    base_url: str = field(default="", repr=False)
    """It may hold a password."""
    api_key: SecretStr = field(default=SecretStr(""))


class Desk:
    """The parent's end: takes the questions of one file to `outside`, within bounds."""

    def __init__(self, outside: Outside | None) -> None:
        self._outside = outside
        self._asked = dict.fromkeys(MAX_ASKS, 0)

    @property
    def names(self) -> dict[str, str | None]:
        """What serves, for the parser's end."""
        there = self._outside
        return {
            "vision": there.vision if there else None,
            "transcriber": there.transcriber if there else None,
        }

    def answer(self, question: Mapping[str, Any], payload: bytes) -> dict[str, Any]:
        """`{text}`, `{cues}` or, when there is no answer, `{refused}` with the reason."""
        kind = str(question.get("kind"))
        try:
            if self._outside is None or kind not in MAX_ASKS:
                raise OutsideUnavailable("No service outside is set.")
            self._asked[kind] += 1
            if self._asked[kind] > MAX_ASKS[kind]:
                raise OutsideUnavailable(f"One file is given {MAX_ASKS[kind]} answers, no more.")
            if kind == "describe":
                return {"text": self._outside.describe(payload)}
            cues = self._outside.transcribe(payload, float(question.get("seconds", 0.0)))
        except OutsideUnavailable as error:
            return {"refused": str(error)}
        return {"cues": [asdict(cue) for cue in cues]}


class AskingParent:
    """The parser's end: an Outside by way of the parent. `ask` sends a question and its payload
    and returns the answer."""

    def __init__(
        self,
        ask: Callable[[dict[str, Any], bytes], dict[str, Any]],
        vision: str | None,
        transcriber: str | None,
    ) -> None:
        self.vision = vision
        self.transcriber = transcriber
        self._ask = ask

    def describe(self, jpeg: bytes) -> str:
        return str(self._answer({"kind": "describe"}, jpeg)["text"])

    def transcribe(self, flac: bytes, seconds: float) -> list[Cue]:
        answer = self._answer({"kind": "transcribe", "seconds": seconds}, flac)
        return [Cue(**cue) for cue in answer["cues"]]

    def _answer(self, question: dict[str, Any], payload: bytes) -> dict[str, Any]:
        if len(payload) > MAX_ASK_BYTES:
            raise OutsideUnavailable("It is too large to be sent to a service outside.")
        answer = self._ask(question, payload)
        if "refused" in answer:
            raise OutsideUnavailable(str(answer["refused"]))
        return answer


def plain(text: str, longest: int) -> str:
    """What a model wrote as one line of at most `longest` characters, cut after a sentence.

    No HTML and no Markdown is left that a page could take for its own, and no character that
    controls how others are shown.
    """
    text = html.unescape(text[: 8 * longest])
    # Taking one tag out may join the halves of another.
    while (less := _LINK.sub(r"\1", _TAG.sub(" ", text))) != text:
        text = less
    text = _EMPHASIS.sub("", _LINE_MARK.sub("", text))
    shown = "".join(
        c if c in _JOINERS or not unicodedata.category(c).startswith("C") else _gap(c) for c in text
    )
    line = " ".join(shown.split())
    if len(line) <= longest:
        return line
    cut = line[: longest - 2]
    stop = max(cut.rfind(end) for end in (". ", "! ", "? ", "。"))
    if stop > longest // 2:
        return cut[: stop + 1]
    return (cut[: cut.rfind(" ")] if " " in cut else cut) + " …"


def _gap(character: str) -> str:
    return " " if character in "\t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85" else ""
