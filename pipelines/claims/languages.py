"""What the check knows of a language: its words by kind, its endings, and which language a text is.

A language without lists here is compared word by word: every word must stand in the proof as it
is, and the denials and conditions of all listed languages count.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from pipelines.claims.wordlists.endings import ENDINGS
from pipelines.claims.wordlists.equivalents import EQUIVALENTS
from pipelines.claims.wordlists.function_words import FUNCTION_WORDS, HOMOGRAPHS
from pipelines.claims.wordlists.operators import CONDITIONS, MODALS, NEGATIONS, RESTRICTIONS
from pipelines.claims.wordlists.opposites import OPPOSITES

UNKNOWN = ""
TOLD_BY = 2000
"""Characters from which a language is told."""
_WORD = re.compile(r"[^\W\d_]+")
_HANGUL = re.compile(r"[\uac00-\ud7af]")
_KANA = re.compile(r"[\u3040-\u30ff]")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_FOLDED = str.maketrans({"ä": "a", "ö": "o", "ü": "u"})
_ELIDES = frozenset(["fr", "it"])
"""Languages whose apostrophe parts two words: "l'eau"."""
NOUNS_IN_CAPITALS = frozenset(["de"])

Phrase = tuple[tuple[str, ...], str]
"""Words that stand in a row, and the class of operator that they are."""


@dataclass(frozen=True)
class Language:
    """`phrases`: first word -> what begins with it, the longest first; `opposites`: by key."""

    code: str
    function_words: frozenset[str]
    phrases: dict[str, tuple[Phrase, ...]]
    opposites: dict[str, frozenset[str]]
    elides: bool
    has_names: bool
    """Whether a capital letter within a sentence tells a name."""


def language_of(*texts: str) -> str:
    """ISO 639-1 code of the language with most of its function words in the texts; UNKNOWN where
    there are none. Where several have as many, those words are function words of each."""
    found: Counter[str] = Counter()
    for text in texts:
        found.update(_evidence(text[:TOLD_BY]))
    return found.most_common(1)[0][0] if found else UNKNOWN


def common_language(claim: str, proof: str) -> tuple[str, str]:
    """The languages to read a claim and its proof in: one, unless the claim has function words of
    its own and none of the proof's."""
    both, mine = language_of(claim, proof), language_of(claim)
    if mine and both and not _evidence(claim[:TOLD_BY])[both]:
        return mine, both
    return both, both


@cache
def language(code: str) -> Language:
    return Language(
        code,
        frozenset(FUNCTION_WORDS.get(code, "").casefold().split()),
        _phrases(code),
        _opposites(code),
        code in _ELIDES,
        code not in NOUNS_IN_CAPITALS,
    )


@lru_cache(maxsize=65536)
def key(word: str, code: str) -> str:
    """What a word is compared by: without its inflection, the same for equivalent words.

    `word`: in lower case.
    """
    inflected = stem(word, code)
    return _equivalents(code).get(inflected, inflected)


def stem(word: str, code: str) -> str:
    """A lower-case word without its endings, as far as those of its language are known."""
    if code == "en":
        return _english(word)
    if code == "de":
        word = word.translate(_FOLDED)
    if len(word) > 3:
        for ending in _endings(code):
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                return word[: -len(ending)]
    return word


def _english(word: str) -> str:
    """ "stopped", "stopping" and "stops" are one; "faster" is not "fast"."""
    if len(word) <= 3 or not word[-1].isalpha():
        return word
    for ending, instead in (
        ("ies", "y"),
        ("ied", "y"),
        ("ing", ""),
        ("ed", ""),
        ("es", ""),
        ("s", ""),
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word[: -len(ending)] + instead
            break
    if word.endswith("ly") and len(word) > 5:
        word = word[:-2]
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "aeiou":
        word = word[:-1]
    return word[:-1] if len(word) > 3 and word[-1] == "e" else word


def phrases_in(text: str) -> Iterator[tuple[str, ...]]:
    for phrase in text.split(","):
        words = tuple(re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", phrase).casefold()))
        if words:
            yield words


@lru_cache(maxsize=16384)
def _evidence(text: str) -> Counter[str]:
    """By language how many words of `text` tell it. A script tells by its characters."""
    known = _languages_by_word()
    found: Counter[str] = Counter()
    unsure: Counter[str] = Counter()
    for word in _WORD.findall(text.casefold()):
        (unsure if word in HOMOGRAPHS else found).update(known.get(word, ()))
    # One "die" may be of either language; "die" and "hat" together are German.
    found.update({code: count for code, count in unsure.items() if count > 1 or found[code]})
    if text.isascii():
        return found
    found["ko"] += len(_HANGUL.findall(text))
    kana, han = len(_KANA.findall(text)), len(_HAN.findall(text))
    found["ja" if kana else "zh"] += kana + han
    return +found


@cache
def _languages_by_word() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for code in FUNCTION_WORDS:
        telling = set(FUNCTION_WORDS[code].casefold().split())
        telling.update(words[0] for words, _ in _operators(code) if len(words) == 1)
        for word in telling:
            if len(word) > 1:
                found[word] = (*found.get(word, ()), code)
    return found


def _operators(code: str) -> list[Phrase]:
    tables = {"negation": NEGATIONS, **MODALS, **CONDITIONS, **RESTRICTIONS}
    return [
        (words, name) for name, table in tables.items() for words in phrases_in(table.get(code, ""))
    ]


def _phrases(code: str) -> dict[str, tuple[Phrase, ...]]:
    found: dict[str, list[Phrase]] = {}
    for each in [code] if code in FUNCTION_WORDS else sorted(NEGATIONS):
        for phrase in _operators(each):
            found.setdefault(phrase[0][0], []).append(phrase)
    return {
        first: tuple(sorted(phrases, key=lambda phrase: -len(phrase[0])))
        for first, phrases in found.items()
    }


def _opposites(code: str) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    words = OPPOSITES.get(code, "").casefold().replace("|", " ").split()
    for one, two in zip(words[::2], words[1::2], strict=True):
        for mine, other in ((one, two), (two, one)):
            mine, other = key(mine, code), key(other, code)
            found[mine] = found.get(mine, frozenset()) | {other}
    return found


@cache
def _equivalents(code: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for group in EQUIVALENTS.get(code, "").split(";"):
        stems = [stem(word, code) for word in group.casefold().split()]
        if not stems:
            continue
        # Groups that share a word are one.
        first = next((found[each] for each in stems if each in found), stems[0])
        found.update(dict.fromkeys(stems, first))
    return found


@cache
def _endings(code: str) -> tuple[str, ...]:
    return tuple(sorted(set(ENDINGS.get(code, "").split()), key=len, reverse=True))
