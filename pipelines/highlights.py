"""Where the words of a question stand in a text."""

from __future__ import annotations

import re

from pipelines.keywords import index_words

_WORD = re.compile(r"\w+(?:[-/._,]\w+)*", re.UNICODE)


class Highlights:
    """Of one question, in whatever Fragments are read for it."""

    def __init__(self, question: str) -> None:
        self._asked = frozenset(index_words(question))
        self._initials = frozenset(word[0] for word in self._asked)
        self._holds: dict[str, bool] = {}
        """Words that were looked at, and whether they are the question's: texts share most."""

    def of(self, text: str) -> list[tuple[int, int]]:
        """Character ranges of `text` that hold words of the question, in order, neighbours
        joined."""
        found: list[tuple[int, int]] = []
        for match in _WORD.finditer(text):
            word = match[0]
            holds = self._holds.get(word)
            if holds is None:
                holds = self._holds[word] = self._is_asked(word)
            if not holds:
                continue
            if found and text[found[-1][1] : match.start()].isspace():
                found[-1] = (found[-1][0], match.end())
            else:
                found.append((match.start(), match.end()))
        return found

    def _is_asked(self, word: str) -> bool:
        # An ending may be taken off a plain word, its first letter never is.
        plain = word.isascii() and word.isalpha()
        if plain and word[0].lower() not in self._initials:
            return False
        return not self._asked.isdisjoint(index_words(word))
