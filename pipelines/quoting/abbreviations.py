"""Abbreviations that the sources themselves explain: "permissible exposure limit (PEL)"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.retrieval.index_words import index_words

_EXPLAINED = re.compile(r"((?:[^\W\d_][\w'’-]*[ \t-]+){1,7})\(\s?([^\W\d_][\w/-]{1,7})\s?\)")


@dataclass(frozen=True)
class Abbreviation:
    """`words` and `key`: what is abbreviated and how, as the keyword index knows them."""

    short: str
    long: str
    words: frozenset[str]
    key: str


def abbreviations(texts: Iterable[str]) -> list[Abbreviation]:
    """Those that are explained in `texts`, each once."""
    found: dict[str, Abbreviation] = {}
    for text in texts:
        for match in _EXPLAINED.finditer(text):
            short = match[2]
            if sum(c.isupper() for c in short) < 2:
                continue
            meant = _meant(re.findall(r"[^\W\d_][\w'’]*", match[1]), short)
            words, key = frozenset(index_words(" ".join(meant))), index_words(short)
            if words and len(key) == 1:
                each = Abbreviation(short, " ".join(meant), words, key[0])
                found.setdefault(short, each)
    return list(found.values())


def _meant(words: list[str], short: str) -> list[str]:
    """The fewest last words whose initials hold the letters of `short`, the first one first;
    empty when there are none."""
    letters = [c.lower() for c in short if c.isalpha()]
    if short[-1] == "s":
        letters.pop()
    for size in range(len(letters) // 2 + 1, min(len(words), len(letters) + 2) + 1):
        some = words[-size:]
        at = 0
        for word in some:
            at += at < len(letters) and word[0].lower() == letters[at]
        if at == len(letters) and some[0][0].lower() == letters[0]:
            return some
    return []
