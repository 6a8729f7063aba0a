"""A model's reasoning kept apart from its answer.

Some servers send it in fields of their own, others as `<think>...</think>` at the beginning of the
text. It is no part of the answer: it proves nothing, is checked by nobody and told to no model.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.providers.errors import ProviderError

if TYPE_CHECKING:
    from pipelines.cancellation import Stop
    from pipelines.llms.contract import Usage

MOST_THOUGHT = 1_000_000
"""Characters after which a model that still has not begun to answer is given up."""
NAMES = ("think", "thinking")
_OPENING = re.compile(rf"\s*<(?:{'|'.join(NAMES)})>", re.IGNORECASE)
_CLOSING = re.compile(rf"</(?:{'|'.join(NAMES)})>", re.IGNORECASE)
_OPENING_TAGS = tuple(f"<{name}>" for name in NAMES)
_CLOSING_TAGS = tuple(f"</{name}>" for name in NAMES)
_LONGEST_TAG = max(map(len, _CLOSING_TAGS))


@dataclass(frozen=True)
class Reasoning:
    """A piece of reasoning that the server sent as such."""

    text: str

    def __bool__(self) -> bool:
        return bool(self.text)


class ThinkTags:
    """Takes `<think>...</think>` and `<thinking>...</thinking>` from the beginning of a text that
    comes in pieces; tags anywhere else are text. A block that nothing closes goes to the end."""

    def __init__(self) -> None:
        self._held = ""
        self._is_within = False
        self._has_thought = False
        self._has_begun = False
        """Whether the answer has begun: from here all is text."""

    def feed(self, piece: str) -> Iterator[str | Reasoning]:
        if self._has_begun:
            yield piece
            return
        self._held += piece
        while self._held and not self._has_begun:
            if self._is_within:
                closing = _CLOSING.search(self._held)
                end = closing.start() if closing else len(self._held) - self._maybe_closing()
                if end:
                    yield Reasoning(self._held[:end])
                self._held = self._held[closing.end() if closing else end :]
                if closing is None:
                    return
                self._is_within = False
            elif opening := _OPENING.match(self._held):
                self._held = self._held[opening.end() :]
                self._is_within = self._has_thought = True
            elif _may_open(self._held):
                return
            else:
                yield from self._begin()

    def end(self) -> Iterator[str | Reasoning]:
        """What was held back at the end of the text."""
        if self._is_within and self._held:
            yield Reasoning(self._held)
        elif not self._has_begun:
            yield from self._begin()
        self._held = ""

    def _begin(self) -> Iterator[str]:
        self._has_begun = True
        text = self._held.lstrip() if self._has_thought else self._held
        if text:
            yield text
        self._held = ""

    def _maybe_closing(self) -> int:
        """How many characters at the end may yet become the closing tag."""
        tail = self._held[1 - _LONGEST_TAG :].lower()
        return next((len(tail) - at for at in range(len(tail)) if _begins_closing(tail[at:])), 0)


def without_reasoning(pieces: Iterable[str | Reasoning], usage: Usage, stop: Stop) -> Iterator[str]:
    """The text of a model's stream; its reasoning goes to `usage.think`.

    Raises ProviderError for a stream of nothing else, unless `stop` ended it.
    """
    tags = ThinkTags()
    thought, said = 0, False
    source = iter(pieces)
    try:
        for item in _parted(source, tags):
            if isinstance(item, Reasoning):
                thought += len(item.text)
                usage.think(item.text)
                if thought > MOST_THOUGHT:
                    raise ProviderError("The model thought on and on without an answer; ask again.")
            elif item:
                said = True
                yield item
    finally:
        close = getattr(source, "close", None)
        if close is not None:
            close()
    if thought and not said and not stop.is_set():
        raise ProviderError(
            "The model thought and gave no answer; ask again, or raise LLM_OUTPUT_TOKENS."
        )


def answer_of(text: str) -> str:
    """A whole reply without the reasoning that it begins with."""
    tags = ThinkTags()
    said = (*tags.feed(text), *tags.end())
    return "".join(piece for piece in said if isinstance(piece, str))


def _parted(pieces: Iterable[str | Reasoning], tags: ThinkTags) -> Iterator[str | Reasoning]:
    for piece in pieces:
        if isinstance(piece, Reasoning):
            yield piece
        else:
            yield from tags.feed(piece)
    yield from tags.end()


def _may_open(text: str) -> bool:
    """Whether `text`, of which nothing was told yet, may go on as an opening tag."""
    start = text.lstrip().lower()
    return any(tag.startswith(start) for tag in _OPENING_TAGS)


def _begins_closing(text: str) -> bool:
    return any(tag.startswith(text) for tag in _CLOSING_TAGS)
