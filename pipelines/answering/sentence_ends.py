"""Sees in text that arrives in pieces where a sentence that claims something has ended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.claims.answer_sentences import Place, claim_ranges

LONGEST_LINE = 4000
"""Of a longer line only what is not yet told is kept: each of its words looks at the line again."""
_PIECE = re.compile(r"\s+|[^\s。！？]+[。！？]*|[。！？]+")
_END = re.compile(r"[.!?…。！？][\"'”’»)\]*_」』）]*(?:\s*\[\d{1,4}\])*$")
_RULE = re.compile(r"[|:-]+")
_OPEN_BOLD = re.compile(r"\s*\*\*[^*]*$")
"""May yet become a line that is bold as a whole: a heading."""


@dataclass(frozen=True)
class Piece:
    """The next text to show, or the claims that have ended where the text ends so far: one, but
    for lines that could have been a heading."""

    text: str = ""
    ended: tuple[Place, ...] = ()
    is_behind: bool = False
    """Whether the last of them ends right here: a mark put here is its own."""


class SentenceEnds:
    """Space is held back: a mark may yet come between a sentence and the next. So are the bars
    that part the cells of a table: what belongs to a row stands within it."""

    def __init__(self) -> None:
        self._line = ""
        """The line so far, citation marks included."""
        self._told = 0
        """Where in it the claims begin that were not told yet."""
        self._space = ""

    def feed(self, text: str, *, is_block: bool = False) -> Iterator[Piece]:
        """`is_block`: lines of code, which claim nothing."""
        if is_block:
            yield from self._told_claims("\n")
            shown = self._space + text
            self._line, self._told, self._space = "", 0, ""
            yield Piece(shown)
            return
        for match in _PIECE.finditer(text):
            piece = match[0]
            if piece.isspace() or self._may_be_rule(piece):
                self._space += piece
                continue
            yield from self._told_claims(piece)
            yield Piece(self._let_go(piece))

    def cite(self) -> Iterator[Piece]:
        """A mark comes next: what was held back before it."""
        if "\n" in self._space:
            yield from self._told_claims("")
        yield Piece(self._let_go(""))

    def put(self, mark: str) -> None:
        """A citation's mark was put where the text ends."""
        self._line += mark

    def end(self) -> Iterator[Piece]:
        """The text has ended: the claims that it ends with, and what was held back."""
        yield from self._told_claims("\n")
        yield Piece(self._let_go(""))

    def _told_claims(self, following: str) -> Iterator[Piece]:
        line = self._line
        if ended := self._ended(following):
            yield Piece(ended=ended, is_behind=not line[ended[-1].end :].strip(" \t|:-"))

    def _let_go(self, piece: str) -> str:
        shown, self._space = self._space + piece, ""
        if "\n" in shown:
            self._line, self._told = shown[shown.rfind("\n") + 1 :], 0
        else:
            self._line += shown
        return shown

    def _may_be_rule(self, piece: str) -> bool:
        """Bars between cells, or a part of the rule that makes a header of the row above it."""
        is_below_row = "\n" in self._space and "|" in self._line
        return ("|" in piece or is_below_row) and _RULE.fullmatch(piece) is not None

    def _ended(self, following: str) -> tuple[Place, ...]:
        """The claims of the line that are not told yet and that `following`, which comes behind
        the held space, does not go on with."""
        if not self._line:
            return ()
        is_line_end = "\n" in self._space or following == "\n"
        if not is_line_end and not self._may_end():
            return ()
        end, text = len(self._line), self._line + self._space + following
        places = [place for place in claim_ranges(text) if self._told <= place.start < end]
        if places and text[end : places[-1].end].strip(" \t|:-"):
            return ()
        self._told = end
        if end > LONGEST_LINE:
            self._line, self._told = self._line[end:], 0
        return tuple(places)

    def _may_end(self) -> bool:
        line = self._line
        is_within_code = line.count("`") % 2 == 1
        if is_within_code or _END.search(line[-80:]) is None or _OPEN_BOLD.match(line):
            return False
        return bool(self._space) or line[-1] in "。！？]"
