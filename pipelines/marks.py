"""Finds citation marks in text that arrives in pieces.

`[1]`, `[1,2]`, `[1, 2]`, `[1][2]` and `【1】` are marks; a piece may end anywhere within one, so
what may yet become a mark is held back. Inside code (`...` or fences) nothing is a mark. One
pass, each character looked at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 32
_OPEN = {"[": "]", "【": "】"}


@dataclass(frozen=True)
class Text:
    text: str


@dataclass(frozen=True)
class Mark:
    """The passage numbers of one mark, as written."""

    numbers: tuple[int, ...]
    text: str


class MarkReader:
    """Feed pieces, get Text and Marks in order; `end` gives what was still held back."""

    def __init__(self) -> None:
        self._held = ""
        self._close = ""
        self._ticks = 0
        self._code = 0
        """Backticks that opened the code we are in; 0 outside code."""

    def feed(self, piece: str) -> Iterator[Text | Mark]:
        plain: list[str] = []
        for character in piece:
            self._count_ticks(character)
            if self._held:
                done = self._continue(character)
                if isinstance(done, Mark):
                    if plain:
                        yield Text("".join(plain))
                        plain = []
                    yield done
                elif done:
                    plain.append(done)
            elif character in _OPEN and not self._code:
                self._held, self._close = character, _OPEN[character]
            else:
                plain.append(character)
        if plain:
            yield Text("".join(plain))

    def end(self) -> Iterator[Text]:
        if self._held:
            held, self._held = self._held, ""
            yield Text(held)

    def _continue(self, character: str) -> Mark | str:
        """One more character of what may be a mark: the mark, text that is none, or ""."""
        self._held += character
        if character == self._close:
            held, self._held = self._held, ""
            numbers = _numbers(held[1:-1])
            return Mark(numbers, held) if numbers else held
        if not (character.isdecimal() or character in ", ") or len(self._held) > LONGEST:
            held, self._held = self._held, ""
            if character in _OPEN and not self._code:
                self._held, self._close = character, _OPEN[character]
                return held[:-1]
            return held
        return ""

    def _count_ticks(self, character: str) -> None:
        if character == "`":
            self._ticks += 1
            return
        if self._ticks:
            if not self._code:
                self._code = self._ticks
            elif self._ticks == self._code:
                self._code = 0
            self._ticks = 0


def _numbers(inside: str) -> tuple[int, ...]:
    parts = [part.strip() for part in inside.split(",")]
    if not all(part.isdecimal() and len(part) <= 4 for part in parts):
        return ()
    return tuple(int(part) for part in parts)
