"""An answer told to somebody who can't unhear: a client that only appends."""

from __future__ import annotations


class Differs(Exception):
    """What is said anew is not what was told already."""


class Retelling:
    """Passes on what was not told yet, though the answer be begun anew when its worker died."""

    def __init__(self) -> None:
        self._told = ""
        self._place = 0

    def begin_anew(self) -> None:
        self._place = 0

    def add(self, text: str) -> str:
        """What of `text` is new. Raises Differs."""
        known = self._told[self._place : self._place + len(text)]
        if not text.startswith(known):
            raise Differs
        new = text[len(known) :]
        self._place += len(text)
        self._told += new
        return new

    def rest_of(self, whole: str) -> str:
        """What of the finished answer was not told: events may be lost, the row is not."""
        told = self._told.strip()
        return whole[len(told) :] if whole.startswith(told) else ""
