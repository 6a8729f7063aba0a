"""Finds citation marks and code in text that arrives in pieces.

`[1]`, `[1,2]`, `[1-3]`, `[^1]`, `[1][2]` and `【1】` are marks; a piece may end anywhere within
one, so what may yet become a mark is held back. Inside code nothing is a mark. Code is only what
every Markdown reader takes for code: `...` closed on its line, and fences at the line's very
beginning. Backticks that open nothing become apostrophes, so that nothing can pair with them
later. What is held back is bounded, so the work is linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 32
LONGEST_CODE = 400
LONGEST_FENCE = 256
MOST = 20
"""Passages that a range such as [1-3] may name."""
_MARK = re.compile(
    r"\[\^?[ \d][\d ,;–—-]*\]|【[ \d][\d ,;–—-]*(?:†[^】\n]*)?】",
)
_MAYBE_MARK = re.compile(r"\[\^?[\d ,;–—-]*|【[\d ,;–—-]*(?:†[^】\n]*)?")
_SPECIAL = re.compile(r"[\[【`\\\n]")
_FENCE = re.compile(r"(`{3,})[^`\n]*\n|(~{3,})[^\n]*\n")
_MAYBE_FENCE = re.compile(r"`{1,2}$|~{1,2}$|`{3,}[^`\n]*$|~{3,}[^\n]*$")
_FENCE_END = re.compile(r" {0,3}(`+|~+)[ \t]*(?:\n|$)")
_MAYBE_END = re.compile(r" {0,3}(?:`*|~*)[ \t]*$")
_INDENTED_FENCE = re.compile(r"[ \t>]+[-*+]?\s*(?:`{3,}|~{3,})[^`\n]*$")
_ACTIVE = re.compile(r"<|\]\(|//|www\.")
_NUMBERS = re.compile(r"(\d+)(?:\s*[-–—]\s*(\d+))?")


@dataclass(frozen=True)
class Text:
    """`is_block`: code that is lines of its own, its fences included."""

    text: str
    is_code: bool = False
    is_block: bool = False


@dataclass(frozen=True)
class Mark:
    """The passage numbers of one mark, as written."""

    numbers: tuple[int, ...]
    text: str


class MarkReader:
    """Feed pieces, get Text and Marks in order; `end` gives what was still held back."""

    def __init__(self) -> None:
        self._held = ""
        self._fence = ""
        """The backticks or tildes that opened the block of code we are in."""
        self._line = ""
        """What the line began with; empty at its beginning."""
        self._is_marked = True
        """Whether marks are read; not between fences that are indented."""
        self._after_return = False

    def feed(self, piece: str) -> Iterator[Text | Mark]:
        yield from self._joined(self._scan(self._held + self._line_ends(piece), is_last=False))

    def end(self) -> Iterator[Text | Mark]:
        yield from self._joined(self._scan(self._held, is_last=True))

    def _line_ends(self, piece: str) -> str:
        """Every kind of line end as "\\n": a reader of Markdown takes a lone "\\r" for one too."""
        if self._after_return and piece[:1] == "\n":
            piece, self._after_return = piece[1:], False
        if piece:
            self._after_return = piece[-1] == "\r"
        return piece.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")

    @staticmethod
    def _joined(items: Iterator[Text | Mark]) -> Iterator[Text | Mark]:
        """Neighbouring Texts of one kind as one."""
        texts: list[str] = []
        kind = (False, False)
        for item in items:
            if texts and (isinstance(item, Mark) or (item.is_code, item.is_block) != kind):
                yield Text("".join(texts), *kind)
                texts = []
            if isinstance(item, Mark):
                yield item
            else:
                texts.append(item.text)
                kind = (item.is_code, item.is_block)
        if texts:
            yield Text("".join(texts), *kind)

    def _scan(self, text: str, *, is_last: bool) -> Iterator[Text | Mark]:
        at = 0
        self._held = ""
        while at < len(text):
            step = self._in_fence if self._fence else self._outside
            item, following = step(text, at, is_last)
            if following == at:
                self._held = text[at:]
                return
            if item is not None:
                yield item
            at = following

    def _in_fence(self, text: str, at: int, is_last: bool) -> tuple[Text | None, int]:
        """The next piece of a block of code; the same place again when more text is needed."""
        if not self._line:
            if not is_last and len(text) - at <= LONGEST_FENCE and _MAYBE_END.match(text, at):
                return None, at
            closing = _FENCE_END.match(text, at) or (
                _MAYBE_END.match(text, at) if len(text) - at > LONGEST_FENCE else None
            )
            run = closing[0].strip() if closing else ""
            if closing and run[:1] == self._fence[0] and len(run) >= len(self._fence):
                self._fence, self._line = "", "" if closing[0].endswith("\n") else "`"
                return Text(closing[0], True, True), closing.end()
        end = text.find("\n", at) + 1 or len(text)
        self._line = "" if text[end - 1] == "\n" else "x"
        return Text(text[at:end], True, True), end

    def _outside(self, text: str, at: int, is_last: bool) -> tuple[Text | Mark | None, int]:
        if not self._line and text[at] in "`~":
            opening = _FENCE.match(text, at, at + LONGEST_FENCE)
            if opening:
                self._fence = opening[1] or opening[2]
                return Text(opening[0], True, True), opening.end()
            if not is_last and len(text) - at < LONGEST_FENCE and _MAYBE_FENCE.match(text, at):
                return None, at
        special = _SPECIAL.search(text, at)
        if special is None or special.start() > at:
            end = special.start() if special else len(text)
            self._line = (self._line + text[at : min(end, at + LONGEST)])[:LONGEST]
            return Text(text[at:end]), end
        character = text[at]
        if character == "\n":
            self._line = ""
            return Text("\n"), at + 1
        if character == "`":
            return self._ticks(text, at, is_last)
        self._line += character if len(self._line) < LONGEST else ""
        if character == "\\":
            return self._backslash(text, at, is_last)
        return self._bracket(text, at, is_last)

    def _ticks(self, text: str, at: int, is_last: bool) -> tuple[Text | None, int]:
        """Code that ends on this line, or backticks that open nothing."""
        stop = at
        while stop < len(text) and text[stop] == "`":
            stop += 1
        run = stop - at
        if stop == len(text) and not is_last and run < LONGEST_CODE:
            return None, at
        line_end = text.find("\n", stop)
        limit = min(len(text) if line_end < 0 else line_end, stop + LONGEST_CODE)
        closing = _closing(text, stop, limit, run) if run < LONGEST_CODE else -1
        is_open = limit == len(text) and not is_last and limit < stop + LONGEST_CODE
        is_open = is_open and run < LONGEST_CODE
        if is_open and (closing < 0 or closing == limit):
            return None, at
        # A table is cut at "|" before code is looked for.
        if closing > 0:
            code = text[at:closing]
            if not ("|" in code and _ACTIVE.search(code)):
                self._line += "`"
                return Text(code, True), closing
        if _INDENTED_FENCE.fullmatch(self._line + text[at:limit]):
            self._is_marked = not self._is_marked
        self._line += "'"
        return Text("'" * run), stop

    def _backslash(self, text: str, at: int, is_last: bool) -> tuple[Text | None, int]:
        """An escaped backtick opens no code."""
        following = text[at + 1 : at + 2]
        if not following and not is_last:
            return None, at
        if following == "`":
            return Text("'"), at + 2
        return Text(text[at : at + 1 + (following == "\\")]), at + 1 + (following == "\\")

    def _bracket(self, text: str, at: int, is_last: bool) -> tuple[Text | Mark | None, int]:
        if not self._is_marked:
            return Text(text[at]), at + 1
        limit = min(len(text), at + LONGEST)
        mark = _MARK.match(text, at, limit)
        if mark:
            numbers = _numbers(mark[0])
            return (Mark(numbers, mark[0]) if numbers else Text(mark[0])), mark.end()
        if limit == len(text) and not is_last and limit < at + LONGEST:
            maybe = _MAYBE_MARK.match(text, at)
            if maybe and maybe.end() == len(text):
                return None, at
        return Text(text[at]), at + 1


def _closing(text: str, start: int, limit: int, run: int) -> int:
    """Where the next run of exactly `run` backticks ends; -1 when there is none."""
    at = text.find("`", start, limit)
    while at >= 0:
        end = at
        while end < limit and text[end] == "`":
            end += 1
        if end - at == run:
            return end
        at = text.find("`", end, limit)
    return -1


def _numbers(mark: str) -> tuple[int, ...]:
    found: list[int] = []
    inside = mark[1:-1].partition("†")[0].lstrip("^")
    for part in re.split(r"[,;]", inside):
        match = _NUMBERS.fullmatch(part.strip())
        if match is None or len(match[1]) > 4:
            return ()
        first = int(match[1])
        last = int(match[2] or first)
        if not first <= last < first + MOST:
            return ()
        found += range(first, last + 1)
    return tuple(dict.fromkeys(found))
