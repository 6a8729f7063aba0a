"""An answer sent to a client that can only append: what was sent can't be taken back."""

from __future__ import annotations


class Differs(Exception):
    """What comes anew is not what was sent already."""


class AppendOnly:
    """Passes on what was not sent yet, though the answer be begun anew when its worker died."""

    def __init__(self) -> None:
        self._sent = ""
        self._position = 0

    def begin_anew(self) -> None:
        self._position = 0

    def add(self, text: str) -> str:
        """What of `text` is new. Raises Differs."""
        known = self._sent[self._position : self._position + len(text)]
        if not text.startswith(known):
            raise Differs
        new = text[len(known) :]
        self._position += len(text)
        self._sent += new
        return new

    def rest_of(self, whole: str) -> str:
        """What of the finished answer was not sent: events may be lost, the row is not."""
        sent = self._sent.strip()
        return whole[len(sent) :] if whole.startswith(sent) else ""
