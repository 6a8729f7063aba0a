"""Where the words of a question stand in a text."""

from __future__ import annotations

import re
from functools import lru_cache

from pipelines.keywords import index_words

_WORD = re.compile(r"\w+(?:[-/._,]\w+)*", re.UNICODE)


def highlights(question: str, text: str) -> list[tuple[int, int]]:
    """Character ranges of `text` that hold words of the question, in order, neighbours joined."""
    asked, initials = _asked(question)
    found: list[tuple[int, int]] = []
    holds: dict[str, bool] = {}
    for match in _WORD.finditer(text):
        word = match[0]
        if word not in holds:
            # An ending may be taken off a plain word, its first letter never is.
            plain = word.isascii() and word.isalpha()
            holds[word] = (not plain or word[0].lower() in initials) and not asked.isdisjoint(
                index_words(word)
            )
        if not holds[word]:
            continue
        if found and text[found[-1][1] : match.start()].isspace():
            found[-1] = (found[-1][0], match.end())
        else:
            found.append((match.start(), match.end()))
    return found


@lru_cache(maxsize=64)
def _asked(question: str) -> tuple[frozenset[str], frozenset[str]]:
    """The words of a question as the index knows them, and what they begin with."""
    words = frozenset(index_words(question))
    return words, frozenset(word[0] for word in words)
