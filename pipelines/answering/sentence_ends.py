"""Sees in text that arrives in pieces where a sentence ended without a mark."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.claims.answer_sentences import claim_ranges
from pipelines.text.sentences import sentences

LONGEST_LINE = 4000
"""A longer line isn't searched for sentences: each of its words would be looked at again."""
_PIECE = re.compile(r"\s+|[^\s。！？]+[。！？]*|[。！？]+")
_END = re.compile(r"[.!…。！][\"'”’»)\]*_」』）]*$")


@dataclass(frozen=True)
class Piece:
    """The next text to show; `ended` is the uncited claim that ended before it, or ""."""

    text: str
    ended: str = ""


class SentenceEnds:
    """Space is held back: a mark may yet come between a sentence and the next."""

    def __init__(self) -> None:
        self._line = ""
        """The line so far, marks included."""
        self._space = ""
        self._is_cited = False
        """Whether the text ends with a mark."""

    def feed(self, text: str, *, is_code: bool = False) -> Iterator[Piece]:
        if is_code and "\n" in text:
            yield Piece(self._space + text, self.end())
            self._space, self._line = "", ""
            return
        for match in _PIECE.finditer(text):
            piece = match[0]
            if piece.isspace():
                self._space += piece
                continue
            ended = self._ended(piece)
            shown = self._space + piece
            self._line = shown[shown.rfind("\n") + 1 :] if "\n" in shown else self._line + shown
            self._space, self._is_cited = "", False
            yield Piece(shown, ended)

    def cite(self) -> str:
        """A mark comes next: the space that was held back before it."""
        space, self._space, self._is_cited = self._space, "", True
        # Stands for the mark: the sentence it belongs to is cited, wherever its full stop is.
        self._line = (space.rpartition("\n")[2] if "\n" in space else self._line + space) + "[0]"
        return space

    def end(self) -> str:
        """The uncited claim that the text ended with, or ""."""
        return "" if self._is_cited else self._claim()

    def _ended(self, following: str) -> str:
        if self._is_cited or not self._line or len(self._line) > LONGEST_LINE:
            return ""
        if "\n" in self._space:
            return self._claim()
        if not _END.search(self._line) or not (self._space or self._line[-1] in "。！"):
            return ""
        ranges = sentences(self._line + self._space + following)
        if not any(end == len(self._line) for _, end in ranges):
            return ""
        return self._claim()

    def _claim(self) -> str:
        places = claim_ranges(self._line)
        if not places or places[-1].numbers or places[-1].end != len(self._line.rstrip()):
            return ""
        return places[-1].text
