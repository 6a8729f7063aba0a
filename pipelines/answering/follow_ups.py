"""Questions that lean on earlier ones ("And for the X-200?"), made to stand alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.claims.wordlists.opposites import OPPOSITES
from pipelines.quoting.question_forms import MEASURING
from pipelines.retrieval.attributes import codes
from pipelines.retrieval.index_words import index_words
from pipelines.text.words import SMALL_WORDS, words

FEW = 2
"""Words of its own that a question needs to stand alone."""
CARRIED = 8
"""Words taken over from an earlier question, at most."""
_BEGINS = re.compile(
    r"^\s*(?:and|but|or|also|what about|how about|und|aber|et|mais|y|pero|e|那么?)\b[\s,]*",
    re.IGNORECASE,
)
_REFERS = re.compile(
    r"\b(?:it|its|they|them|their|theirs|this|that one|those|these|he|she|his|her|him|the same"
    r"|the former|the latter|one|ones|there|es|ihn|ihm|dessen|deren|davon|dafür|il|elle|ils|elles"
    r"|cela|ça|ello|eso|esto)\b|[它他她]|这个|那个",
    re.IGNORECASE,
)
_PRONOUN = re.compile(
    r"\b(?:it|its|they|them|theirs?|he|she|his|her|him|es|ihn|ihm|il|elle|ils|elles|ello)\b|[它他她]",
    re.IGNORECASE,
)
_SELF_CONTAINED = re.compile(
    r"\bthis (?:document|manual|file|handbook|guide|instrument|device|source)\b", re.I
)
_WORD = re.compile(r"\w+(?:[-/._]\w+)*")
_ASKS = re.compile(
    r"^(?:and|but|or|also|und|et|y)?[\s,]*(?:what|which|who|whom|whose|when|where|why|how|is|are|was|were|do|does|did|can|could|may"
    r"|must|should|will|has|have|list|wer|was|wie|wo|wann|warum|welche[rsmn]?|ist|sind|kann|combien|comment|où|quand|qui|quel(?:le)?s?)\b",
    re.IGNORECASE,
)


def _pairs() -> dict[str, frozenset[str]]:
    """Words of every language with those that mean the opposite."""
    found: dict[str, frozenset[str]] = {}
    for pairs in OPPOSITES.values():
        for pair in re.split(r"[|\n]", pairs.casefold()):
            one, _, other = pair.strip().partition(" ")
            for word, opposite in ((one, other), (other, one)):
                found[word] = found.get(word, frozenset()) | {opposite}
    return found


_OPPOSITES = _pairs()


def leans(question: str) -> bool:
    """Whether a question seems to need an earlier one to be understood."""
    if _SELF_CONTAINED.search(question):
        return False
    return bool(_BEGINS.match(question) or _REFERS.search(question)) or len(words(question)) < FEW


def carried_over(question: str, earlier: Sequence[str]) -> str:
    """The question made whole from `earlier` questions (oldest first); unchanged when it stands
    alone.

    One without a question word of its own asks the earlier question of something else: "And the
    X-200?", "And into the lower one?". Any other keeps its words and takes over what the earlier
    one is about.
    """
    if not earlier or not leans(question):
        return question
    subject = _subject(earlier)
    rest = _BEGINS.sub("", question).strip().rstrip("?？ ")
    if rest and not _ASKS.match(rest) and not _PRONOUN.search(rest):
        return _asked_of(rest, subject)
    own = set(words(question))
    undone = {word for each in own for word in _OPPOSITES.get(each, ())}
    left_out = own | undone | MEASURING | SMALL_WORDS
    named = dict.fromkeys(_WORD.findall(subject))
    taken = [word for word in named if word.lower() not in left_out][:CARRIED]
    if not taken:
        return question
    asked = question.rstrip().rstrip("?？").rstrip()
    return f"{asked}, {' '.join(taken)}{question.rstrip()[len(asked) :] or '?'}"


def _subject(earlier: Sequence[str]) -> str:
    """The last of the earlier questions as it is understood with those before it."""
    subject = earlier[0]
    for question in earlier[1:]:
        subject = carried_over(question, [subject])
    return subject


def _asked_of(rest: str, subject: str) -> str:
    """`subject` asked of what `rest` names: in place of a code of the same letters, or of a word
    that means the opposite, or added."""
    new = _WORD.findall(rest)
    old = _WORD.findall(subject)
    replaced = subject
    left: list[str] = []
    for word in new:
        if word.lower() in SMALL_WORDS or _REFERS.fullmatch(word):
            continue
        if counterpart := _counterpart(word, old):
            replaced = re.sub(rf"(?<!\w){re.escape(counterpart)}(?!\w)", word, replaced)
        elif word.lower() not in subject.lower():
            left.append(word)
    if not left:
        return replaced
    bare = replaced.rstrip().rstrip("?？").rstrip()
    return f"{bare}, {' '.join(left)}?"


def _counterpart(word: str, old: Sequence[str]) -> str | None:
    opposites = _OPPOSITES.get(word.lower(), frozenset())
    letters = set(codes(index_words(word)).values())
    for other in old:
        if word.isdigit() and other.isdigit() and len(word) == len(other) and word != other:
            return other
        if other.lower() in opposites:
            return other
        if (
            letters
            and other.lower() != word.lower()
            and letters & set(codes(index_words(other)).values())
        ):
            return other
    return None
