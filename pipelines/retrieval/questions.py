"""What a question asks for: its words, its parts, and the kind of thing that would answer it.

Question words are known of the languages in `pipelines.text.language_tables`. In any other
language nothing is asked for in particular, and meaning and words decide alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from pipelines.retrieval.attributes import Attribute, attribute
from pipelines.retrieval.index_words import index_words
from pipelines.text.function_words import language_of
from pipelines.text.language_tables import LANGUAGES, Wanted
from pipelines.text.sentences import sentences

_FISCAL = re.compile(r"\bFY\s?(?=(?:19|20)\d\d\b)", re.IGNORECASE)
_HOW_TO_ANSWER = re.compile(
    r"(?:please )?(?:answer|reply|respond|be (?:brief|short|exact)|keep it"
    r"|use (?:only )?\w+ (?:words|sentences)"
    r"|give (?:only|just)|cite|quote|(?:bitte )?antworte|réponds|répondez|responde)\b(?!.*[?？؟]$)",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+(?:[.,]\d+)*", re.UNICODE)
_DIGIT = re.compile(r"\d|[一二三四五六七八九十百千万亿两半]")
_DATE = re.compile(r"\b1\d{3}s?\b|\b20\d\ds?\b|\b\d{1,2}[./]\d{1,2}[./]\d{2}|\b\d{1,2}:\d\d")
_END = r"[?;？；]\s*"


@dataclass(frozen=True)
class Question:
    """A question, or one of its parts."""

    text: str
    words: tuple[str, ...]
    """As the keyword index knows them, each once, what says nothing of the subject left out."""
    wanted: Wanted
    spelled_words: frozenset[str]
    """Its words in lower case: to name one of them again answers nothing."""
    attribute: Attribute | None = None


def understood(text: str) -> Question:
    """What a question, or a part of one, asks for."""
    text = _FISCAL.sub("", text)
    spelled_words = frozenset(word.lower() for word in _WORD.findall(text))
    words = list(dict.fromkeys(index_words(text)))
    language = language_of(text)
    if language not in (None, "en"):
        # "man" and "die" say nothing in German, and much in English.
        said = spelled_words & LANGUAGES[language].small
        small = {key for word in said for key in index_words(word)}
        words = [word for word in words if word not in small] or words
    return Question(text, tuple(words), _wanted(text, language), spelled_words, attribute(text))


def _wanted(text: str, language: str | None) -> Wanted:
    """By the language's own question words; by those of any where nothing tells which it is."""
    tables = [LANGUAGES[language]] if language else LANGUAGES.values()
    found = (table.wanted(text) for table in tables)
    return next((wanted for wanted in found if wanted != "anything"), "anything")


def core(text: str) -> str:
    """`text` without the sentences that say how to answer; all of it when it has no others."""
    pieces = [text[start:end] for start, end in sentences(text)]
    return " ".join(piece for piece in pieces if not _HOW_TO_ANSWER.match(piece)) or text


def parts(text: str) -> list[Question]:
    """The parts of a question that asks several things, in order; empty when it asks one."""
    pieces = [piece.strip() for piece in _between().split(text) if piece and piece.strip()]
    found = [part for part in map(understood, pieces) if part.words]
    return found if len(found) > 1 else []


def could_answer(question: Question, text: str) -> bool:
    """Whether `text` holds a thing of the kind that is asked for, other than the question's own."""
    language = language_of(text)
    tables = [LANGUAGES[language]] if language else list(LANGUAGES.values())
    if question.wanted == "date":
        told = (_DATE, *(table.tells_date for table in tables))
        found = (match[0].lower() for pattern in told for match in pattern.finditer(text))
        return any(phrase not in question.spelled_words for phrase in found)
    if question.wanted == "reason":
        return any(table.tells_reason.search(text) for table in tables)
    new = [word for word in _WORD.findall(text) if word.lower() not in question.spelled_words]
    if question.wanted == "number":
        return any(
            _DIGIT.search(word) or any(word.lower() in table.numbers for table in tables)
            for word in new
        )
    if question.wanted == "name":
        # Scripts without capital letters can't show a name.
        return not _has_case(text) or any(word[0].isupper() for word in new)
    return True


@cache
def _between() -> re.Pattern[str]:
    """What stands between two parts of a question, in any language: a sign, or a word that joins
    them before a question word."""
    tables = LANGUAGES.values()
    spaced = [table for table in tables if table.spaced]
    joining = "|".join(_words(table.joining for table in spaced))
    asking = "|".join(_words(table.asking for table in spaced))
    unspaced = "|".join(_words(table.joining for table in tables if not table.spaced))
    return re.compile(
        rf"{_END}|,?\s+(?:{joining})\s+(?=(?:\w+\s+)?(?:{asking})\b)|[，、]?(?:{unspaced})",
        re.IGNORECASE,
    )


def _words(lists: Iterable[str]) -> list[str]:
    return sorted({re.escape(word) for words in lists for word in words.split()}, reverse=True)


def _has_case(text: str) -> bool:
    return text.lower() != text.upper()
