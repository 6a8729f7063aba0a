"""What is known of a language: one table, one file each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Wanted = Literal["number", "date", "name", "steps", "reason", "anything"]
Joins = Literal["compounds", "endings", ""]


def listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


def pairs(text: str) -> dict[str, str]:
    """From lines such as "mass: weight mass": each word -> what stands before the colon."""
    found: dict[str, str] = {}
    for line in text.strip().splitlines():
        name, _, words = line.partition(":")
        found.update(dict.fromkeys(words.split(), name.strip()))
    return found


def counted(text: str) -> dict[str, float]:
    """From "one 1 two 2": number words with their values."""
    words = text.split()
    return dict(zip(words[::2], map(float, words[1::2]), strict=True))


@dataclass(frozen=True, eq=False)
class LanguageTable:
    """Words in lower case, as they are written; phrases are regular expressions."""

    code: str
    """ISO 639-1."""
    name: str
    small: frozenset[str]
    """Words that say nothing about the subject, question words among them."""
    negations: frozenset[str]
    numbers: Mapping[str, float]
    units: Mapping[str, str]
    """Words of units -> the symbol of the unit."""
    attributes: Mapping[str, str]
    """What can be asked of a thing -> the dimension of its values, as
    `pipelines.claims.units` names them, or `colour`, `material`, `count`, `price`, `date`,
    `place`, `person`."""
    questions: Mapping[Wanted, str]
    """What asks for each kind of thing, one phrase a line."""
    asking: str
    """Question words that may begin a further part of a question."""
    joining: str
    """Words that join the parts of a question."""
    dates: str = ""
    """Phrases that tell a time."""
    reasons: str = ""
    """Phrases that tell a reason."""
    stemmer: str | None = None
    """Snowball's name of the language."""
    joins: Joins = ""
    """`compounds`: words are joined into one and each of them is looked for; `endings`: a word
    takes so many endings that its beginning is looked for."""
    spaced: bool = True
    """Whether words are written apart."""

    @cached_property
    def _patterns(self) -> dict[Wanted, re.Pattern[str]]:
        return {kind: self._compiled(text) for kind, text in self.questions.items()}

    def wanted(self, question: str) -> Wanted:
        """The kind of thing that a question in this language asks for."""
        found = (kind for kind, pattern in self._patterns.items() if pattern.search(question))
        return next(found, "anything")

    @cached_property
    def tells_date(self) -> re.Pattern[str]:
        return self._compiled(self.dates)

    @cached_property
    def tells_reason(self) -> re.Pattern[str]:
        return self._compiled(self.reasons)

    @cached_property
    def tells_number(self) -> re.Pattern[str]:
        return self._compiled("\n".join(map(re.escape, self.numbers)))

    def _compiled(self, phrases: str) -> re.Pattern[str]:
        lines = [line.strip() for line in phrases.strip().splitlines() if line.strip()]
        if not lines:
            return re.compile(r"(?!)")
        any_of = "|".join(lines)
        return re.compile(rf"\b(?:{any_of})\b" if self.spaced else any_of, re.IGNORECASE)
