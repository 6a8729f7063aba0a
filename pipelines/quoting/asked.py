"""What a question asks for beyond its words: a measure, a code, all of a kind, their number, a
comparison.

How it is asked is read by `question_forms`; in languages without forms there the kinds of
`pipelines.retrieval.questions` decide alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from pipelines.claims.number_words import WORD_NUMBER
from pipelines.claims.quantities import quantities
from pipelines.quoting.question_forms import (
    ALL,
    CODED,
    COMPARES,
    COUNTED,
    EXTREME,
    HOW,
    MEASURED_ADJECTIVES,
    MEASURED_NOUNS,
    MEASURED_VERBS,
    PLACE,
    REMEDY,
    SIZED,
    VALUES,
    WHAT,
    WHENEVER,
    WHERE,
    YES_OR_NO,
)  # fmt: skip
from pipelines.quoting.things import Piece, Thing, without_item
from pipelines.retrieval.index_words import index_words
from pipelines.retrieval.questions import Question, core, could_answer, parts, understood

Form = Literal["fact", "steps", "remedy", "all", "compare", "extreme"]

_TOKEN = re.compile(r"\w+(?:[.,]\d+)*", re.UNICODE)
_AND = re.compile(r"\b(?:and|or)\b|[,;]")
_HAS_DIGIT = re.compile(r"\d")
NEAR_NUMBER = 4
"""Words from a number to what it counts: "four separate telephone numbers"."""
NEAR_VALUE = 8
"""Words between a number and what it is the value of."""


def is_number(word: str) -> bool:
    """Whether a word says how many; "one" seldom does."""
    return word[0].isdigit() or (word.lower() != "one" and WORD_NUMBER.fullmatch(word) is not None)


@dataclass(frozen=True)
class Asked:
    """A question, or one part of it, as an answerer without a model understands it."""

    question: Question

    @property
    def text(self) -> str:
        return self.question.text

    @cached_property
    def words(self) -> tuple[str, ...]:
        """What it is about: its words without those that ask how much, which the kind of what
        answers stands for."""
        asking = {key for match in HOW.finditer(self.text.lower()) for key in index_words(match[1])}
        asking -= {key for key in asking if self.text.lower().count(key) > 1}
        left = tuple(word for word in self.question.words if word not in asking)
        return left or self.question.words

    @cached_property
    def dimensions(self) -> frozenset[str]:
        """What is measured, where a measure is asked for; empty where anything may answer."""
        text = self.text.lower()
        found: set[str] = set()
        for match in HOW.finditer(text):
            found |= MEASURED_ADJECTIVES.get(match[1], frozenset())
        words = _TOKEN.findall(text)
        for word in words:
            found |= MEASURED_VERBS.get(word, frozenset())
        if self.form in ("compare", "extreme"):
            for word in words:
                found |= MEASURED_ADJECTIVES.get(word, frozenset())
        for noun in self._nouns:
            found |= MEASURED_NOUNS.get(noun, frozenset())
        return frozenset(found)

    @cached_property
    def _nouns(self) -> list[str]:
        """What is asked for by "what" or "which": the heads of its phrases, as "time" of "voltage
        and run time", with what a value such as "range" is of."""
        match = WHAT.search(self.text.lower())
        phrases = _AND.split(f"{match[1] or ''};{match[2] or ''}") if match else []
        heads: list[str] = []
        for words in map(_TOKEN.findall, phrases):
            heads += words[-2:] if words and words[-1] in VALUES else words[-1:]
        return heads

    @cached_property
    def counted(self) -> str:
        """The index word of what is counted by "how many", "" when nothing is."""
        match = COUNTED.search(self.text)
        words = index_words(match[1]) if match else []
        return words[-1] if words else ""

    @cached_property
    def form(self) -> Form:
        if COMPARES.search(self.text):
            return "compare"
        if EXTREME.match(self.text):
            return "extreme"
        if REMEDY.search(self.text):
            return "remedy"
        if self.question.wanted == "steps":
            return "steps"
        return "all" if ALL.search(self.text) else "fact"

    @cached_property
    def is_yes_or_no(self) -> bool:
        return YES_OR_NO.match(self.text) is not None

    def is_answered_by(self, piece: Piece, thing: Thing) -> bool:
        """Whether a piece holds a thing of the kind that is asked for."""
        text = without_item(piece.text)
        if self.form == "all":
            return thing.kind == "list" or text.count(",") + text.count(";") + text.count(")") > 1
        if CODED.search(self.text):
            return any(_HAS_DIGIT.search(word) for word in self._new(text))
        if self.dimensions:
            return any(each.dimension in self.dimensions for each in quantities(text))
        if self.counted:
            return self._counts(text)
        if self._is_value:
            return self._has_value(text) or (thing.kind == "row" and bool(_HAS_DIGIT.search(text)))
        if self.question.wanted == "date" and WHENEVER.search(text):
            return True
        if WHERE.search(self.text):
            return self._has_place(text)
        return could_answer(self.question, text)

    def _has_place(self, text: str) -> bool:
        """Whether a name within a sentence, or what follows a word such as "under", is new."""
        names = re.findall(r"(?<=[\w,(] )[A-Z][\w-]*", text)
        places = [match[1] or match[2] for match in PLACE.finditer(text)]
        return any(word.lower() not in self.question.spelled_words for word in (*names, *places))

    @cached_property
    def _is_value(self) -> bool:
        return SIZED.search(self.text) is not None or not VALUES.isdisjoint(self._nouns)

    def _new(self, text: str) -> list[str]:
        """The words of `text` that the question does not say."""
        return [w for w in _TOKEN.findall(text) if w.lower() not in self.question.spelled_words]

    def _has_value(self, text: str) -> bool:
        """Whether a number stands near a word of the question, as where a value is given rather
        than a term explained; a short line is all near."""
        tokens = _TOKEN.findall(text)
        asked = set(self.words)
        said = [at for at, token in enumerate(tokens) if not asked.isdisjoint(index_words(token))]
        numbers = [
            at
            for at, token in enumerate(tokens)
            if _HAS_DIGIT.search(token) and token.lower() not in self.question.spelled_words
        ]
        return any(
            len(tokens) <= 2 * NEAR_VALUE or any(abs(at - other) <= NEAR_VALUE for other in said)
            for at in numbers
        )

    def _counts(self, text: str) -> bool:
        tokens = _TOKEN.findall(text)
        numbers = [at for at, token in enumerate(tokens) if is_number(token)]
        return any(
            self.counted in index_words(word)
            for at in numbers
            for word in tokens[at + 1 : at + 1 + NEAR_NUMBER]
        )


def parts_of(text: str) -> list[Asked]:
    """The parts of a question that asks several things; empty when it asks one."""
    return [Asked(part) for part in parts(core(text))]


def asks_of_several(text: str) -> bool:
    """Whether a question is answered by all of a list or table together: all of a kind, how many,
    which has most."""
    asked = Asked(understood(core(text)))
    return asked.form in ("all", "compare", "extreme") or bool(asked.counted)
