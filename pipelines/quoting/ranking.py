"""How well each piece of the Hits answers a question: by meaning, by words, by kind."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from pipelines.quoting.abbreviations import abbreviations
from pipelines.quoting.asked import Asked, is_number
from pipelines.quoting.meaning import Meaning, is_foreign
from pipelines.quoting.things import Piece, Thing, without_item
from pipelines.retrieval.attributes import is_another
from pipelines.retrieval.index_words import index_words
from pipelines.types import Hit

READ = 12
"""Pieces whose meaning is looked at: those whose words and Hit promise most."""
AROUND = 0.5
"""What a word of the question counts for that stands around a piece, not in it."""
OTHER_KIND = 0.3
"""Taken off where nothing of the kind that is asked for is there."""
PRIOR = 0.5
"""What the Hit's score, as a share of the best Hit's, adds."""
LABEL = 0.3
"""Added for the share of a label's words that the question says."""
_LABELLED = re.compile(r"[^.!?:]{1,80}(?=[:：]\s)")


def label_words(thing: Thing, at: int) -> frozenset[str]:
    """Words of what a row, or a line such as "Weight: 5 kg", is called; empty if it has no name."""
    if thing.kind == "row":
        return frozenset(index_words(thing.rows[at].row.label))
    match = _LABELLED.match(without_item(thing.pieces[at].text))
    return frozenset(index_words(match[0])) if match else frozenset()


_LEANING = frozenset(
    """this these those that they it its their them he she his her such however therefore otherwise
    then also diese dieser dieses sie es il elle ils""".split()
)
_BEFORE_LEANING = frozenset("if when in after for to with by on at from wenn nach si après".split())


def leans_back(text: str) -> bool:
    """Whether a sentence can't be understood without the one before it: "This is ...", "If this
    happens ..."."""
    first, second = (*re.findall(r"\w+", text.lower())[:2], "", "")[:2]
    return first in _LEANING or (first in _BEFORE_LEANING and second in _LEANING)


@dataclass(frozen=True)
class Ranked:
    thing: Thing
    at: int
    """Which of its pieces."""
    covered: float
    """0..1: the share of the question's words that stand in it or around it, by rarity."""
    similar: float
    score: float
    is_kind: bool

    @property
    def worth(self) -> float:
        """How well it answers, comparable between questions: meaning and words, its Hit's own
        score left out, and less where it is of another kind."""
        return (self.similar + self.covered) / 2 - (0.0 if self.is_kind else OTHER_KIND)

    @property
    def piece(self) -> Piece:
        return self.thing.pieces[self.at]


class Ranking:
    """Of the pieces of some things, for one question: `words` are the question's."""

    def __init__(
        self,
        hits: Sequence[Hit],
        things: Sequence[Thing],
        meaning: Meaning,
        words: Iterable[str],
    ) -> None:
        self._hits = hits
        self._model = meaning
        asked = frozenset(words)
        self._abbreviated = [
            each for each in abbreviations(hit.text for hit in hits) if each.words <= asked
        ]
        self._titles = [frozenset(index_words(hit.title)) for hit in hits]
        self._paths = [frozenset(index_words(" ".join(hit.heading_path))) for hit in hits]
        self._pieces = [(thing, at) for thing in things for at in range(len(thing.pieces))]
        spread = Counter(word for thing, at in self._pieces for word in thing.pieces[at].words)
        self._spread, self._count = spread, len(self._pieces)
        best = max((hit.score for hit in hits), default=0.0) or 1.0
        self._shares = [hit.score / best for hit in hits]

    def version_of(self, thing: Thing) -> str:
        return self._hits[thing.hit].version_id

    def place_of(self, thing: Thing) -> tuple[str, int, int]:
        """Reading order within a version."""
        hit = self._hits[thing.hit]
        return hit.version_id, hit.ordinal, thing.start

    def rarity(self, word: str) -> float:
        held = self._spread[word]
        return math.log(1 + (self._count - held + 0.5) / (held + 0.5))

    def around(self, thing: Thing, at: int) -> frozenset[str]:
        before = thing.pieces[at - 1].words if at and thing.kind == "paragraph" else frozenset()
        return thing.around | self._paths[thing.hit] | self._titles[thing.hit] | before

    def rank(self, asked: Asked) -> list[Ranked]:
        """The pieces that answer best, at most READ, best first."""
        return self._by_meaning(asked, self.by_words(asked)[:READ])

    def by_words(self, asked: Asked) -> list[Ranked]:
        """All pieces by words and kind alone, best first."""
        weight = {word: self.rarity(word) for word in asked.words}
        total = sum(weight.values()) or 1.0
        found = []
        exact = [word for word in asked.words if is_number(word)]
        most = max((len(self._exact(exact, *each)) for each in self._pieces), default=0)
        for thing, at in self._pieces:
            piece = thing.pieces[at]
            around = self.around(thing, at)
            said = self._said(thing, at)
            held = self._worth(weight, said)
            both = self._worth(weight, said | around)
            is_kind = (
                asked.is_answered_by(piece, thing)
                and not is_another(asked.words, piece.words, around)
                and len(self._exact(exact, thing, at)) == most
            )
            score = (held + AROUND * (both - held)) / total + PRIOR * self._shares[thing.hit]
            if thing.rows and thing.rows[at].refers(frozenset(asked.words)):
                score += 2 * LABEL
            label = label_words(thing, at)
            if label:
                shared = sum(word in weight for word in label)
                score += LABEL * shared / min(len(label), len(weight))
            if not is_kind:
                score -= OTHER_KIND
            found.append(Ranked(thing, at, both / total, 0.0, score, is_kind))
        return sorted(found, key=lambda each: -each.score)

    def _by_meaning(self, asked: Asked, some: Sequence[Ranked]) -> list[Ranked]:
        """By words and meaning, half and half; by meaning alone where the languages differ."""
        if not some:
            return []
        foreign = is_foreign(asked.text, " ".join(each.piece.text for each in some))
        similar = self._model.similar(
            asked.text, [self._meaning(each) for each in some], foreign=foreign
        )
        scored = [
            replace(
                each,
                similar=alike,
                covered=alike if foreign else each.covered,
                score=(each.score + alike) / 2,
            )
            for each, alike in zip(some, similar, strict=True)
        ]
        return sorted(scored, key=lambda each: -each.score)

    def lacks_number(self, asked: Asked) -> bool:
        """Whether a number of the question, such as a year or a code's, stands nowhere; the letters
        of a code may be written apart from it."""
        above = (thing.around for thing, _ in self._pieces)
        there = set(self._spread).union(*self._titles, *self._paths, *above)
        return any(word[0].isdigit() and word not in there for word in asked.words)

    def over(self, thing: Thing) -> frozenset[str]:
        """Words of the headings, the title and the introduction that a thing stands under."""
        return thing.around | self._paths[thing.hit] | self._titles[thing.hit]

    def share(self, some: Iterable[str], words: Iterable[str]) -> float:
        """What `some` of the `words` of a question are worth of all, by rarity, 0..1."""
        total = sum(map(self.rarity, words)) or 1.0
        return sum(map(self.rarity, some)) / total

    def held(self, words: Iterable[str], there: AbstractSet[str]) -> frozenset[str]:
        """Those of `words` that stand among `there`, by themselves or abbreviated."""
        return frozenset(
            word
            for word in words
            if word in there
            or any(each.key in there for each in self._abbreviated if word in each.words)
        )

    def _exact(self, numbers: Sequence[str], thing: Thing, at: int) -> frozenset[str]:
        """The numbers of a question that stand in a piece or over it: "three bands" are not two."""
        if not numbers:
            return frozenset()
        return self.held(numbers, self._said(thing, at) | self.around(thing, at))

    def _worth(self, weight: Mapping[str, float], there: AbstractSet[str]) -> float:
        return sum(weight[word] for word in self.held(weight, there))

    @staticmethod
    def _said(thing: Thing, at: int) -> frozenset[str]:
        """The words of a piece, and of the sentence that it leans on."""
        words = thing.pieces[at].words
        if at and thing.kind != "row" and leans_back(thing.pieces[at].text):
            return words | thing.pieces[at - 1].words
        return words

    def _meaning(self, each: Ranked) -> str:
        """What is embedded of a piece: what it stands under, its text, abbreviations explained."""
        lead = " ".join(filter(None, (each.thing.under, each.thing.intro)))
        text = f"{lead}: {each.piece.text}" if lead else each.piece.text
        for known in self._abbreviated:
            if known.long.lower() not in text.lower():
                explained = f"{known.long} ({known.short})"
                text = re.sub(rf"\b{re.escape(known.short)}\b", explained, text, count=1)
        return text
