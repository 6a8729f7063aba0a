"""Which languages a source is written in, told from excerpts of its text."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")

EXCERPTS = 16
EXCERPT_CHARACTERS = 400
"""Of each text; what is judged of a source stays below some 6,000."""
_LONG = 200
"""Characters of an excerpt that is judged by itself; shorter ones are joined."""
_SHORT = 40
"""Characters below which no language can be told."""
_LETTERS = 0.7
"""Share of an excerpt that must be letters and spaces: codes and numbers look like any language."""
_SURE = 0.8
_SHARE = 0.1
"""Of what could be judged; a language of less is a name, a quotation or a mistake."""


def spread(items: Sequence[T], count: int = EXCERPTS) -> list[T]:
    """At most `count` of the items, evenly from the first to the last."""
    if len(items) <= count:
        return list(items)
    return [items[index * (len(items) - 1) // (count - 1)] for index in range(count)]


def languages_of(texts: Iterable[str]) -> list[str]:
    """ISO 639-1 codes, most text first; none when the texts are too short or mostly signs."""
    found: Counter[str] = Counter()
    for excerpt in _excerpts(texts):
        if code := _language(excerpt):
            found[code] += len(excerpt)
    enough = _SHARE * found.total()
    return [code for code, characters in found.most_common() if characters >= enough]


def _excerpts(texts: Iterable[str]) -> list[str]:
    excerpts, joined = [], ""
    for text in texts:
        joined = f"{joined} {text[:EXCERPT_CHARACTERS]}".strip()
        if len(joined) >= _LONG:
            excerpts.append(joined)
            joined = ""
    return [*excerpts, joined]


def _language(text: str) -> str | None:
    from langdetect import LangDetectException

    if len(text) < _SHORT or sum(map(_is_written, text)) < _LETTERS * len(text):
        return None
    detector = _detectors().create()
    # Of its own seven tries each takes as long; of this much text they tell the same.
    detector.n_trial = 1
    detector.append(text)
    try:
        best = detector.get_probabilities()[0]
    except LangDetectException:
        return None
    code: str = best.lang
    return code[:2] if best.prob >= _SURE else None


def _is_written(character: str) -> bool:
    """Whether it is of a word, vowel signs of scripts such as Devanagari included, or between."""
    return character.isalpha() or character.isspace() or unicodedata.category(character)[0] == "M"


@cache
def _detectors() -> Any:
    from langdetect.detector_factory import PROFILES_DIRECTORY, DetectorFactory

    factory = DetectorFactory()
    factory.load_profile(PROFILES_DIRECTORY)
    # It draws random numbers; a source read twice must say the same.
    DetectorFactory.seed = 0
    return factory
