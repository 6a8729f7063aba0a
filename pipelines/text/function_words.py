"""Which language a text is in, told by its script and its small words: quick enough for every
Fragment, and right for questions, which are too short for anything else."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from functools import cache

from pipelines.text.language_tables import LANGUAGES
from pipelines.text.languages import languages_of

MOST_TOKENS = 80
"""Of a text that are looked at."""
_LEAST = 0.5
"""Of the weight of its small words: one word that two languages have."""
_SHARE = 0.05
"""Of the words that are looked at: a name's "de" or "la" makes no language."""
_AHEAD = 1.2
"""Times the weight of the next language's."""
_STRIPPED = ".,;:!?()[]\"'„“”«»¿¡…"
_KANA = re.compile(r"[\u3040-\u30ff]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_HANGUL = re.compile(r"[\uac00-\ud7af]")
_APOSTROPHE = re.compile(r"(?<=\w)['’]")
_SCRIPT_SHARE = 0.2
"""Of the characters that are in a script: names in another one are common."""


def language_of(text: str) -> str | None:
    """The code of the language that `text` is in, one that there is a table of; None when its
    words don't tell."""
    if not text.isascii() and (code := _by_script(text)):
        return code
    weights = _weights()
    scores: defaultdict[str, float] = defaultdict(float)
    tokens = _APOSTROPHE.sub(" ", text[: 10 * MOST_TOKENS].lower()).split()[:MOST_TOKENS]
    for token in tokens:
        for code in (found := weights.get(token.strip(_STRIPPED), ())):
            scores[code] += 1 / len(found)
    ranked = sorted(scores.items(), key=lambda scored: -scored[1])
    if not ranked or ranked[0][1] < max(_LEAST, _SHARE * len(tokens)):
        return None
    if len(ranked) > 1 and ranked[0][1] < _AHEAD * ranked[1][1]:
        return None
    return ranked[0][0]


def written_in(text: str) -> str | None:
    """As `language_of`; where that can't tell, the script, such as `arabic`, if it is not Latin."""
    if (code := language_of(text)) is not None or text.isascii():
        return code
    letters = [letter for letter in text[: 10 * MOST_TOKENS] if letter.isalpha()]
    scripts = Counter(unicodedata.name(letter, "").partition(" ")[0] for letter in letters)
    most, count = (scripts.most_common(1) or [("LATIN", 0)])[0]
    return most.lower() if most != "LATIN" and 2 * count > len(letters) else None


def unknown_language(text: str) -> str | None:
    """The code of the language that `text` is surely in and that there is no table of; None for
    all others, and for what is too short to tell."""
    if language_of(text) is not None:
        return None
    found = languages_of([text])
    return found[0] if found and found[0] not in LANGUAGES else None


def _by_script(text: str) -> str | None:
    some = text[: 10 * MOST_TOKENS]
    least = _SCRIPT_SHARE * sum(map(str.isalpha, some))
    if len(_HANGUL.findall(some)) > least:
        return "ko"
    kana, han = len(_KANA.findall(some)), len(_HAN.findall(some))
    if kana + han <= least:
        return None
    # Japanese writes its endings in kana; a name or two are in a Chinese text, too.
    return "ja" if kana > 0.1 * han else "zh"


@cache
def _weights() -> dict[str, tuple[str, ...]]:
    """Small word -> the languages that have it."""
    found: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    for code, table in LANGUAGES.items():
        if table.spaced:
            for word in table.small:
                found[word] += (code,)
    return dict(found)
