"""What a question asks for beyond its words: a measure, a code, all of a kind, their number, a
comparison.

Measures and comparatives are known in English; in other languages the kinds of
`pipelines.retrieval.questions` decide alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from pipelines.claims.number_words import WORD_NUMBER
from pipelines.claims.quantities import quantities
from pipelines.quoting.things import Piece, Thing, without_item
from pipelines.retrieval.index_words import index_words
from pipelines.retrieval.questions import Question, core, could_answer, parts

Form = Literal["fact", "steps", "remedy", "all", "compare", "extreme"]

_NOUNS = {
    "mass": "mass weight",
    "length": "length width height depth thickness diameter radius distance gap clearance",
    "time": "time duration interval lifetime",
    "months": "age warranty interval lifetime",
    "temperature": "temperature",
    "voltage": "voltage",
    "current": "amperage",
    "power": "power wattage",
    "pressure": "pressure",
    "volume": "volume capacity",
    "turns": "speed",
    "speed": "speed velocity",
    "level": "noise loudness",
    "share": "percentage share humidity concentration",
    "frequency": "frequency",
    "torque": "torque",
    "force": "force",
    "resistance": "resistance",
    "angle": "angle",
    "USD": "price cost",
    "EUR": "price cost",
    "molarity": "concentration molarity",
}
"""Dimension -> nouns whose value is of it."""
_ADJECTIVES = {
    "mass": "heavy heavier heaviest lighter lightest weigh weighs",
    "length": "long longer longest wide wider widest high tall taller tallest deep"
    " deeper thick thicker thin thinner far",
    "time": "long longer longest often soon fast quick quicker quickly",
    "months": "long longer longest often old older oldest",
    "temperature": "hot hotter hottest cold colder coldest warm warmer",
    "turns": "fast faster fastest slow slower slowest",
    "level": "loud louder loudest noisy noisier quiet quieter quietest",
    "USD": "cheap cheaper cheapest expensive",
    "EUR": "cheap cheaper cheapest expensive",
}
"""Dimension -> words that ask how much of it there is, or compare by it."""


def _by_word(table: dict[str, str]) -> dict[str, frozenset[str]]:
    words = {word for names in table.values() for word in names.split()}
    return {w: frozenset(d for d, names in table.items() if w in names.split()) for w in words}


_VALUES = frozenset(
    [
        "limit",
        "limits",
        "level",
        "levels",
        "range",
        "ranges",
        "rate",
        "rates",
        "number",
        "amount",
        "value",
        "values",
        "ratio",
        "threshold",
        "maximum",
        "minimum",
        "dose",
        "point",
        "quantity",
        "count",
        "tolerance",
        "accuracy",
        "resolution",
        "sensitivity",
        "size",
        "sizes",
    ]
)
"""Nouns whose value is a number of whatever dimension."""
_OF_VERB = {
    **dict.fromkeys(("weigh", "weighs"), frozenset({"mass"})),
    **dict.fromkeys(("cost", "costs"), frozenset({"USD", "EUR", "GBP", "JPY", "CHF"})),
}
"""What a thing does as a measure of it."""
_OF_NOUN, _OF_ADJECTIVE = _by_word(_NOUNS), _by_word(_ADJECTIVES)
MEASURING = frozenset(_OF_NOUN) | frozenset(_OF_ADJECTIVE) | {"size", "much", "many"}
"""Words that ask for a measure, and are not what is measured."""
_HOW = re.compile(r"\bhow\s+(?:\w+ly\s+)?(\w+)\b")
_WHAT = re.compile(
    r"^\W*(?:(?:and|at|to|with|for|in|from|under|up|by|below|above|after)\s+)*(?:what|which)\s+((?:[\w-]+\s+){0,5}?)(?:is|are|was|were|do|does|did|can|may|must|should|has|have|apply|applies|of|for)\b(?:\s+the\s+((?:[\w-]+\s+){0,9}?)(?:of|for|with|at|in|on|that|to)\b)?"
)
_SIZED = re.compile(
    r"\b(?:how|what is the|what are the|up to what)\s+(?:big|large|small|biggest|largest|smallest|size|sizes)\b"
)
_COMPARES = re.compile(
    r"\b(?:differen(?:ce|ces|t)|differ|differs|compare[ds]?|comparison|versus|vs)\b|比较|区别|不同"
    r"|\b(?:unterschied|vergleich|différence|diferencia)",
    re.I,
)
_EXTREME = re.compile(
    r"^\W*(?:which|what|who)\b(?:\s+\w+){0,2}?\s+(?:is|are|has|have|weighs|takes|uses|costs|runs)\s+(?:the\s+)?"
    r"(?:\w+ly\s+)?(?!other\b|under\b|over\b|after\b|power\b|water\b)(\w{2,}er|\w{2,}est|more|most|less|least|fewer)\b",
    re.I,
)
_ALL = re.compile(
    r"^\W*(?:please\s+)?(?:list|enumerate|name)\b|\b(?:all|every)\s+(?:the\s+)?\w+s\b"
    r"|\b(?:what|which) (?:\w+ ){0,3}?(?:are there|exist|are available|are listed|are included)\b"
    r"|\b(?:what|which) are the (?:\w+ ){0,2}\w+s\b(?! of the \w+ and)|列出|有哪",
    re.I,
)
_COUNTED = re.compile(
    r"\bhow many ((?:[\w-]+\s+){1,4}?)(?:is|are|was|were|do|does|did|can|could|may|must|should|has"
    r"|have|will|fit|fits|hold|holds|go|goes|there|in|on|per|of|belong|come|make)\b",
    re.I,
)
_CODED = re.compile(
    r"\b(?:part|catalog(?:ue)?|order(?:ing)?|model|serial|item|article|stock|document|publication"
    r"|reference|type|cas|lot|product|version|phone|telephone|fax)[ -]?(?:number|no\.?|code|#)s?\b"
    r"|\b(?:part|cat|art)\.? ?no\b|\bsku\b",
    re.I,
)
_REMEDY = re.compile(
    r"\bwhat (?:should|can|must|do|could|shall) (?:i|we|you|one) (?:do|use|check|try|look)\b|\bwhat to do\b"
    r"|\bwhat(?: is|'s) (?:wrong|the (?:cause|reason|problem|matter))|\bcauses?\b|\bwhat does .* mean\b"
    r"|\bhow (?:do|can|should) (?:i|we|you|one) (?:fix|solve|repair|remedy|resolve|correct)\b"
    r"|\bwas (?:soll|muss|kann) (?:ich|man|wir)\b.*\btun\b|\bque (?:dois-je|faut-il) faire\b|\bqué (?:debo|hay que) hacer\b|怎么办|怎么回事",
    re.I,
)
"""Asks what to do about a problem, or where it comes from."""
_WHERE = re.compile(r"\bwhere\b", re.I)
_PLACE = re.compile(
    r"\b(?:in|at|on|under|underneath|beneath|behind|beside|near|inside|outside|above|below|between|next to"
    r"|left of|right of|into|onto|from)\s+(?:(?:of|the|a|an|your|its)\s+)*(\w+)|\b(outdoors|indoors|upstairs|downstairs)\b",
    re.I,
)
_YES_OR_NO = re.compile(
    r"\W*(?:can|could|may|might|must|should|shall|will|would|is|are|was|were|do|does|did|has|have|had)\b"
    r"|\W*(?:kann|darf|muss|soll|ist|sind|hat|est-ce|peut-on|puis-je|puede|se puede|es posible)\b|.*(?:吗|么|是否|能否|可否)",
    re.I,
)
_WHENEVER = re.compile(
    r"\b(?:after|before|every|each|once|when|whenever|during|until|daily|weekly|monthly|annually|yearly|as soon as|if)\b",
    re.I,
)
_TOKEN = re.compile(r"\w+(?:[.,]\d+)*", re.UNICODE)
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
        asking = {
            key for match in _HOW.finditer(self.text.lower()) for key in index_words(match[1])
        }
        asking -= {key for key in asking if self.text.lower().count(key) > 1}
        left = tuple(word for word in self.question.words if word not in asking)
        return left or self.question.words

    @cached_property
    def dimensions(self) -> frozenset[str]:
        """What is measured, where a measure is asked for; empty where anything may answer."""
        text = self.text.lower()
        found: set[str] = set()
        for match in _HOW.finditer(text):
            found |= _OF_ADJECTIVE.get(match[1], frozenset())
        words = _TOKEN.findall(text)
        for word in words:
            found |= _OF_VERB.get(word, frozenset())
        if self.form in ("compare", "extreme"):
            for word in words:
                found |= _OF_ADJECTIVE.get(word, frozenset())
        if what := _WHAT.search(text):
            for word in f"{what[1] or ''} {what[2] or ''}".split():
                found |= _OF_NOUN.get(word, frozenset())
        return frozenset(found)

    @cached_property
    def counted(self) -> str:
        """The index word of what is counted by "how many", "" when nothing is."""
        match = _COUNTED.search(self.text)
        words = index_words(match[1]) if match else []
        return words[-1] if words else ""

    @cached_property
    def form(self) -> Form:
        if _COMPARES.search(self.text):
            return "compare"
        if _EXTREME.match(self.text):
            return "extreme"
        if _REMEDY.search(self.text):
            return "remedy"
        if self.question.wanted == "steps":
            return "steps"
        return "all" if _ALL.search(self.text) else "fact"

    @cached_property
    def is_yes_or_no(self) -> bool:
        return _YES_OR_NO.match(self.text) is not None

    def is_answered_by(self, piece: Piece, thing: Thing) -> bool:
        """Whether a piece holds a thing of the kind that is asked for."""
        text = without_item(piece.text)
        if self.form == "all":
            return thing.kind == "list" or text.count(",") + text.count(";") + text.count(")") > 1
        if _CODED.search(self.text):
            return any(_HAS_DIGIT.search(word) for word in self._new(text))
        if self.dimensions:
            return any(each.dimension in self.dimensions for each in quantities(text))
        if self.counted:
            return self._counts(text)
        if self._is_value:
            return self._has_value(text) or (thing.kind == "row" and bool(_HAS_DIGIT.search(text)))
        if self.question.wanted == "date" and _WHENEVER.search(text):
            return True
        if _WHERE.search(self.text):
            return self._has_place(text)
        return could_answer(self.question, text)

    def _has_place(self, text: str) -> bool:
        """Whether a name within a sentence, or what follows a word such as "under", is new."""
        names = re.findall(r"(?<=[\w,(] )[A-Z][\w-]*", text)
        places = [match[1] or match[2] for match in _PLACE.finditer(text)]
        return any(word.lower() not in self.question.spelled_words for word in (*names, *places))

    @cached_property
    def _is_value(self) -> bool:
        text = self.text.lower()
        match = _WHAT.search(text)
        if _SIZED.search(text):
            return True
        return match is not None and not _VALUES.isdisjoint(
            f"{match[1] or ''} {match[2] or ''}".split()
        )

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
