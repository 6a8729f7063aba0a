"""Where the words of a question stand in a text."""

from __future__ import annotations

import re

from pipelines.keywords import index_words

_WORD = re.compile(r"\w+(?:[-/._,]\w+)*", re.UNICODE)


def highlights(question: str, text: str) -> list[tuple[int, int]]:
    """Character ranges of `text` that hold words of the question, in order, neighbours joined."""
    asked = set(index_words(question))
    found: list[tuple[int, int]] = []
    is_asked: dict[str, bool] = {}
    for match in _WORD.finditer(text):
        word = match[0]
        if word not in is_asked:
            is_asked[word] = not asked.isdisjoint(index_words(word))
        if not is_asked[word]:
            continue
        if found and text[found[-1][1] : match.start()].isspace():
            found[-1] = (found[-1][0], match.end())
        else:
            found.append((match.start(), match.end()))
    return found
