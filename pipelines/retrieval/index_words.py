"""What a text's words are to the keyword index, and in which forms a question's words are looked
for.

A Fragment's words are stemmed by its language, told by its small words; English where they tell
none. Where a language joins words or hangs many endings on them, a long word's beginnings (and
ends) are there too, marked as parts. A question's words are looked for in the forms of every
language that the index holds: that of a question of two words can't be told.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from pipelines.text.function_words import written_in
from pipelines.text.language_tables import ENGLISH, LANGUAGES, LanguageTable
from pipelines.text.words import SMALL_WORDS

FORM = 1
"""Changes when the same text gives other words: what was indexed before is then indexed anew."""
LONGEST_WORD = 64
LONGEST_TOKEN = 64
"""Characters between white space of what is worth remembering."""
PART = "~"
"""Begins a part of a longer word; no word has it."""
LEAST_PART = 4
LEAST_REST = 3
"""Letters of a part, and of what it leaves of its word: with less, German text would fill the index
six times instead of four."""
LONGEST_JOINED = 40
"""Letters of a word that is parted."""

_WORD = re.compile(r"\d+(?:[.,]\d+)+|[^\W_]+", re.UNICODE)
_LETTERS_OR_DIGITS = re.compile(r"\d+|[^\W\d_]+", re.UNICODE)
_CLITIC = re.compile(r"['\u2019](?:s|t|re|ve|ll|d|m)\b")
_CODE = re.compile(r"(?<![^\W_])[^\W_]++(?:[-/._][^\W_]++)+", re.UNICODE)
"""Possessive, and only from where a word begins: one long word is read once."""
_UNSEGMENTED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+"
)
"""Runs of scripts that write no spaces between words, and of Korean's, whose words end in
particles."""
_PARTICLES = "은는이가을를의에도만로와과"
_AROUND = '.,;:!?()[]"'
_THOUSANDS = re.compile(r",(?=\d{3}(?:\D|$))")
_ACCENTS = re.compile(r"[\u0300-\u036f]")
_stemming = threading.Lock()
"""A stemmer serves one thread at a time."""


@dataclass(frozen=True)
class FragmentWords:
    """A Fragment as the index holds it."""

    words: list[str]
    parts: list[str]
    """Of its long words, in languages that join them."""
    language: str | None
    """What it is written in, as `written_in` names it; None where nothing tells."""


def fragment_words(text: str, fallback: str | None = None) -> FragmentWords:
    """The words of a Fragment's text. `fallback`: the language of what it stands among."""
    language = written_in(text) or fallback
    table = LANGUAGES.get(language or "en", ENGLISH)
    if table is ENGLISH:
        return FragmentWords(index_words(text), [], language)
    words: list[str] = []
    parts: list[str] = []
    for token in text.lower().split():
        read = _words_in if len(token) <= LONGEST_TOKEN else _read_in
        some, pieces = read(token, table.code)
        words.extend(some)
        parts.extend(pieces)
    return FragmentWords(words, parts, table.code)


def is_foreign(question: str, language: str | None) -> bool:
    """Whether a question is in another language than `language`, as `written_in` names both."""
    asked = written_in(question)
    return asked is not None and language is not None and asked != language


def question_words(question: str, languages: Iterable[str] = ()) -> dict[str, tuple[str, ...]]:
    """Each word of a question, as `index_words` has it, with the forms that an index may hold it
    in, itself first. `languages`: what the index's Fragments are written in."""
    asked = LANGUAGES.get(written_in(question) or "en", ENGLISH)
    tables = [LANGUAGES[code] for code in languages if code in LANGUAGES and code != "en"]
    found: dict[str, tuple[str, ...]] = {}
    for token in question.lower().split():
        for word in _raw(token):
            if word in asked.small:
                continue
            if _in_pairs(word):
                found.update((pair, (pair,)) for pair in _pairs(word) if pair not in asked.small)
                continue
            if not word.isalpha():
                found.update((form, (form,)) for form in _stems(_plain(word)))
                continue
            first = _stem(_plain(word)[:LONGEST_WORD])
            forms = dict.fromkeys([first])
            for table in tables:
                forms |= dict.fromkeys(_forms(word, table))
            found[first] = tuple(dict.fromkeys((*found.get(first, ()), *forms)))
        found.update((code, (code,)) for code in _codes(_plain(token)))
    return found


def index_words(text: str) -> list[str]:
    """The words of `text` as the index knows them, in order, small words left out.

    Lower case without accents, English endings taken off, numbers without thousands separators.
    A code such as "X-200" is there as one ("x200") and in its parts ("x", "200"), so that it
    is found however it is written. Scripts without spaces between words give pairs of characters,
    and so does Korean, whose words end in particles.
    """
    found: list[str] = []
    for token in text.lower().split():
        found += _words_of(token) if len(token) <= LONGEST_TOKEN else _read(token)
    return found


@lru_cache(maxsize=100_000)
def _words_of(token: str) -> tuple[str, ...]:
    """The words of what stands between white space; the same tokens come again and again."""
    return tuple(_read(token))


def _read(token: str) -> list[str]:
    if token.isascii() and (word := token.strip(_AROUND)).isalpha():
        # Most of what is read; what follows would find the same and take more than twice as long.
        return [] if word in SMALL_WORDS else [_stem(word[:LONGEST_WORD])]
    token = _CLITIC.sub("", _plain(token))
    found = _codes(token)
    for word in _WORD.findall(token):
        if word in SMALL_WORDS:
            continue
        found.extend(_pairs(word) if _in_pairs(word) else _stems(word))
    return found


def _stems(word: str) -> list[str]:
    """A plain word stemmed; where letters and digits are joined, what each of them gives, too."""
    found = [_stem(word[:LONGEST_WORD])]
    if not word.isalpha() and "." not in word and "," not in word:
        parts = _LETTERS_OR_DIGITS.findall(word[:LONGEST_WORD])
        found.extend(map(_stem, parts if len(parts) > 1 else ()))
    return found


@lru_cache(maxsize=100_000)
def _words_in(token: str, code: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """As `_words_of`, in a language."""
    words, parts = _read_in(token, code)
    return tuple(words), tuple(parts)


def _read_in(token: str, code: str) -> tuple[list[str], list[str]]:
    """The words of a token in a language, and the parts of its long ones."""
    table = LANGUAGES[code]
    words, parts = _codes(_plain(token)), []
    for word in _raw(token):
        if word in table.small:
            continue
        if _in_pairs(word):
            words += [pair for pair in _pairs(word) if pair not in table.small]
        elif word.isalpha():
            words.append(_stemmed(word, table))
            parts += [PART + part for part in _parts(word, table)]
        else:
            words += _stems(_plain(word))
    return words, parts


def _forms(word: str, table: LanguageTable) -> list[str]:
    """A question's word as Fragments in a language may hold it: as a word, as a part of a longer
    one, and, where it is joined itself, by the words that it is joined of."""
    stem = _stemmed(word, table)
    if not table.joins:
        return [stem]
    joined = _parts(word, table) if table.joins == "compounds" else ()
    return [stem, PART + stem, *joined]


def _parts(word: str, table: LanguageTable) -> list[str]:
    """The stems of what a long word begins with and, where words are joined, of what it ends
    with: every length, since no list says where a word was joined."""
    length = len(word)
    if not table.joins or length > LONGEST_JOINED:
        return []
    sizes = range(LEAST_PART, length - LEAST_REST + 1)
    pieces = [word[:size] for size in sizes]
    if table.joins == "compounds":
        pieces += [word[-size:] for size in sizes]
    stems = dict.fromkeys(_stemmed(piece, table) for piece in pieces)
    return [stem for stem in stems if len(stem) > LEAST_PART - 2]


def _raw(token: str) -> list[str]:
    """The words of a token as they are written, accents included: stemmers want them."""
    if not token.isascii():
        token = _ACCENTS.sub("", unicodedata.normalize("NFC", token))
    return _WORD.findall(_CLITIC.sub("", token))


def _codes(token: str) -> list[str]:
    """What a plain token holds of letters and digits joined by signs, as one word each."""
    found = []
    for match in _CODE.finditer(token):
        code = re.sub(r"[\W_]", "", match[0])
        if any(c.isdigit() for c in code) and any(c.isalpha() for c in code):
            found.append(code[:LONGEST_WORD])
    return found


def _in_pairs(word: str) -> bool:
    return not word.isascii() and _UNSEGMENTED.search(word) is not None


def _stemmed(word: str, table: LanguageTable) -> str:
    if table.stemmer is None:
        return _plain(word)[:LONGEST_WORD]
    with _stemming:
        return _plain(str(_stemmer(table.stemmer).stemWord(word[:LONGEST_WORD])))


def _plain(text: str) -> str:
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", _ACCENTS.sub("", decomposed))


def _stem(word: str) -> str:
    if word[0].isdigit():
        return _THOUSANDS.sub("", word)
    with _stemming:
        return str(_stemmer("english").stemWord(word))


@cache
def _stemmer(language: str) -> Any:
    import Stemmer

    # Its own cache costs five times what a word does.
    return Stemmer.Stemmer(language, 0)


def _pairs(word: str) -> list[str]:
    found = [word[at : at + 2] for at in range(max(1, len(word) - 1))]
    # A Korean word of one syllable stands before its particle.
    return [*found, word[0]] if len(word) == 2 and word[1] in _PARTICLES else found
