"""Whether a line says something that can be true, or only names it: a heading, a label, a caption.

Told without a model, from what only sentences have (auxiliaries, pronouns, denials, conditions,
numbers, the relation in "Label: value") and what only names have (endings of nouns, nothing but
capital letters in a German line, no verb's ending in a Korean one). Where neither is seen nobody
can tell, and it counts as a claim.
"""

from __future__ import annotations

import re
from functools import cache

from pipelines.claims.languages import UNKNOWN, language, language_of
from pipelines.claims.quantities import CODE, quantities
from pipelines.claims.reading import read
from pipelines.claims.wordlists import clause_words as words

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_NUMBERING = re.compile(r"\s*(?:\d+(?:\.\d+)+\.?|\d+[.)]|[A-Z]\.\d+)\s+")
_REFERENCE = re.compile(
    rf"\s*(?:{'|'.join(words.REFERENCES.split())})s?\.?\s?(?:[A-Z]?\d+(?:[.-]\d+)*|[IVX]+)"
    r"(?:[a-z](?!\w))?",
    re.IGNORECASE,
)
_CAPTION = re.compile(r"\s*[.:–—-]\s+(?=[^\W\d_a-zß-ÿ])")
_RELATION = re.compile(r"\w[)\]\"”]*\s*(?:[:：=|→]|->|\s[-–—]\s)\s*[(\[\"“]*[\w<>±~-]")
_JAPANESE_NAME = re.compile(r"[\u30a0-\u30ff\u4e00-\u9fff\u3005のと\s]+")
"""Without the endings in Hiragana that verbs and adjectives have."""
_KATAKANA = re.compile(r"[\u30a0-\u30ff]")
_JOINS = frozenset("and or of for und oder et ou de du des y e o en van von".split())


def asserts(text: str) -> bool:
    """Whether `text`, a sentence or a line of an answer, is a claim."""
    numbering = _NUMBERING.match(text)
    text = text[numbering.end() if numbering else 0 :].strip(" .。*_")
    reference = _REFERENCE.match(text)
    is_caption = False
    if reference:
        rest = text[reference.end() :]
        caption = _CAPTION.match(rest)
        if rest.strip() and not caption:
            # "Figure 3 shows the pump."
            return True
        text, is_caption = rest[caption.end() :] if caption else "", True
    if not any(character.isalnum() for character in text):
        return False
    if _RELATION.search(text) or _counts(text):
        return True
    code = language_of(text)
    if code == "ko":
        return text.rstrip(" .!)").endswith(words.KOREAN_PREDICATES)
    if code in ("ja", "zh"):
        # A line of Chinese characters alone may be a sentence.
        return not (_JAPANESE_NAME.fullmatch(text) and _KATAKANA.search(text))
    found = [match[0] for match in _WORD.finditer(text)]
    lower = [word.casefold() for word in found]
    if _in_clause(text, lower, code) or _requests(found, lower, code):
        return True
    return not (is_caption or _names(found, lower, code))


def _counts(text: str) -> bool:
    return any(each.is_needed and each.dimension != CODE for each in quantities(text))


def _in_clause(text: str, lower: list[str], code: str) -> bool:
    known = _lists(code, "CLAUSE_WORDS")
    return bool(read(text, code).operators) or any(word in known for word in lower)


def _requests(found: list[str], lower: list[str], code: str) -> bool:
    """Whether it begins as a request does: "remove the cover", "Deckel öffnen", "vérifier"."""
    if not lower:
        return False
    if lower[0] in _lists("en", "REQUESTS"):
        return True
    if len(lower) > 1 and lower[1] in _lists(code, "DETERMINERS"):
        return lower[0] not in language(code).function_words
    endings = tuple(words.REQUEST_ENDINGS.get(code, "").split())
    if code in ("de", "nl"):
        return len(found) > 1 and found[-1].islower() and found[-1].endswith(endings)
    return bool(endings) and lower[0].endswith(endings)


def _names(found: list[str], lower: list[str], code: str) -> bool:
    """Whether it surely only names something: one or two words with a noun's ending, and what is
    joined to them; in German nothing but nouns and what stands with them."""
    small = language(code).function_words
    content = [word for word, raw in zip(found, lower, strict=True) if raw not in small]
    if code == "de" and content and all(word[0].isupper() for word in content):
        return True
    chunks: list[list[str]] = [[]]
    for word in lower:
        if word in _JOINS:
            chunks.append([])
        elif word not in small:
            chunks[-1].append(word)
    head = chunks[0]
    endings = tuple(_lists(code, "NOUN_ENDINGS"))
    return (
        0 < len(head) <= 2
        and all(len(chunk) <= 2 for chunk in chunks)
        and head[-1].endswith(endings)
        and head[-1] not in words.NO_NOUNS
    )


@cache
def _lists(code: str, name: str) -> frozenset[str]:
    """A list of words in a language; in an unknown one those of all."""
    table: dict[str, str] = getattr(words, name)
    codes = table if code == UNKNOWN else [code]
    return frozenset(word for each in codes for word in table.get(each, "").split())
