"""Words as retrieval and proofs compare them."""

from __future__ import annotations

import re

from pipelines.text.language_tables import ENGLISH

WORD = re.compile(r"\w+(?:[.,]\d+)*", re.UNICODE)
"""A word, or a number with its separators: "1,200", "0.05"."""

SMALL_WORDS = ENGLISH.small
"""English words that say nothing about the subject."""

_ENDINGS = ("ing", "ed", "es", "s")


def words(text: str) -> list[str]:
    """Lower-case words of `text`, small words left out, in order."""
    return [word for word in WORD.findall(text.lower()) if word not in SMALL_WORDS]


def stems(text: str) -> list[str]:
    """Words without the commonest English endings, so that "speeds" meets "speed"."""
    return [_stem(word) for word in words(text)]


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)]
    return word
