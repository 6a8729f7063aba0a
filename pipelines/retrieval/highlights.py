"""Where the words of a question stand in a text."""

from __future__ import annotations

import re

from pipelines.retrieval.index_words import index_words

_WORD = re.compile(r"\w+(?:[-/._,]\w+)*", re.UNICODE)


def highlights(question: str, text: str) -> list[tuple[int, int]]:
    """Character ranges of `text` that hold words of the question, in order, neighbours joined."""
    asked = frozenset(index_words(question))
    found: list[tuple[int, int]] = []
    for match in _WORD.finditer(text):
        if asked.isdisjoint(index_words(match[0])):
            continue
        if found and text[found[-1][1] : match.start()].isspace():
            found[-1] = (found[-1][0], match.end())
        else:
            found.append((match.start(), match.end()))
    return found
