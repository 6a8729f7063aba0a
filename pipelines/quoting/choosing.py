"""Which candidates answer a question: scored by meaning and words, then chosen to cover it.

The constants were tuned on the English questions of XQuAD, with an eye on FinanceBench
(benchmarks/proofs.py).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipelines.quoting.candidates import Candidate, candidates
from pipelines.quoting.steps import items_of, whole_list
from pipelines.retrieval.attributes import Attribute
from pipelines.retrieval.questions import Question, core, could_answer, parts, understood
from pipelines.types import Hit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Embed = Callable[[Sequence[str]], "NDArray[np.float32]"]

MOST = 4
"""Quotes in an answer; only the steps of a procedure may be more."""
MOST_STEPS = 30
READ = 40
"""Candidates whose meaning is looked at: those whose words and Hit promise most."""
FLOOR = 0.34
"""Least score, its Hit's own left out, of a candidate that is worth quoting: below it the honest
answer is "not found"."""
NEAR = 0.82
"""Further candidates must score at least this share of the best."""
AROUND = 0.3
"""What a word of the question counts for that stands around a candidate, not in it."""
OTHER_KIND = 0.13
"""Taken off when a number, a date, a name or a reason is asked for and none is there."""
PRIOR = 0.7
"""What the Hit's score, as a share of the best Hit's, adds."""
LABEL = 0.2
"""Added to a table's row for the share of its label's words that the question says."""
FRAGMENTARY = 0.7
"""What a line that is no sentence keeps of its score."""
QUESTION = 0.6
"""What a question among the sources keeps: it asks and does not answer."""
COVERS = 0.2
"""Added to a candidate for the share of the question's words that nothing chosen holds yet."""
SAME = 0.8
ALIKE = 0.64
"""Least cosine of two names of one thing: "supplier" and "Vendor" have .74, "weight" and "Size"
.52. Tried on 36 pairs of headers, of which none that mean something else reached it."""
VALUE = 0.6
"""Least cosine of an attribute's name and a value of it: "colour" and "green" have .72, "shape" and
"round" .63, "material" and "steel" .64, "colour" and "steel" .45. Tried on 200 pairs, of which none
that don't belong together was above .53."""


@dataclass(frozen=True)
class Choice:
    """What to quote, in order; `is_list` when each is a step on a line of its own."""

    quotes: tuple[Candidate, ...] = ()
    is_list: bool = False


@dataclass(frozen=True)
class _Scored:
    """Scores of the candidates for one question, or one part of it."""

    own: Sequence[float]
    """How well the candidate itself answers, comparable between questions."""
    ranked: Sequence[float]
    """The same with what its Hit is worth, to order candidates of one question."""

    @property
    def best(self) -> int:
        return max(range(len(self.ranked)), key=lambda at: self.ranked[at])


def choose(question: str, hits: Sequence[Hit], embed: Embed) -> Choice:
    """The best candidate first, then, in reading order, what else belongs to the answer.

    Empty when nothing in `hits` answers. `embed` is called once, or twice where a row or sentence
    may have what is asked for under another name.
    """
    asking = core(question)
    whole = understood(asking)
    pieces = parts(asking)
    found = candidates(hits, replace(whole, attribute=None) if pieces else whole)
    found = _having(found, whole.attribute, embed)
    if not found or not whole.words:
        return Choice()
    rarity = _rarity([whole, *pieces], found)
    found = _promising(whole, found, hits, rarity)
    asked = [whole, *pieces]
    vectors = embed([*(each.text for each in asked), *map(_meaning, found)])
    similar = vectors[len(asked) :] @ vectors[: len(asked)].T
    prior = [PRIOR * share for share in _shares(hits)]

    def scored(at: int) -> _Scored:
        each = asked[at]
        # A part such as "how often is it changed" leans on the whole for what "it" is.
        near = similar[:, at] if at == 0 else (similar[:, at] + similar[:, 0]) / 2
        words = each.words if at == 0 else (*each.words, *each.words, *whole.words)
        own = [
            _score(each, words, candidate, float(near[i]), rarity)
            for i, candidate in enumerate(found)
        ]
        return _Scored(own, [s + prior[found[i].hit] for i, s in enumerate(own)])

    overall, *of_parts = map(scored, range(len(asked)))
    if max(max(each.own) for each in (overall, *of_parts)) < FLOOR:
        return Choice()
    if listed := _listed(whole, found, overall, hits):
        return Choice(tuple(listed[:MOST_STEPS]), is_list=True)
    chosen = [overall.best]
    for of_part in of_parts:
        if of_part.own[of_part.best] >= FLOOR:
            _add(chosen, of_part.best, found)
    _fill(chosen, overall, whole, found, rarity)
    best, *rest = (found[at] for at in chosen)
    return Choice((best, *_as_read(rest, hits)))


def _having(
    found: Sequence[Candidate], attribute: Attribute | None, embed: Embed
) -> list[Candidate]:
    """Without what is of the thing asked about and has no column and no value that means the
    attribute."""
    doubtful = [each for each in found if each.lacks]
    texts = list(dict.fromkeys(t for each in doubtful for t in (*each.columns, *each.values)))
    if attribute is None or not texts:
        return [each for each in found if not each.lacks]
    vectors = embed([attribute.name, *texts])
    cosines = dict(zip(texts, (vectors[1:] @ vectors[0]).tolist(), strict=True))

    def means_it(each: Candidate) -> bool:
        return any(cosines[header] >= ALIKE for header in each.columns) or any(
            cosines[word] >= VALUE for word in each.values
        )

    return [each for each in found if not each.lacks or means_it(each)]


def _as_read(some: Sequence[Candidate], hits: Sequence[Hit]) -> list[Candidate]:
    """Source by source, the one that was found first in front, each from its beginning on."""
    first: dict[str, int] = {}
    for candidate in some:
        version = hits[candidate.hit].version_id
        first[version] = min(candidate.hit, first.get(version, candidate.hit))

    def place(candidate: Candidate) -> tuple[int, int, int]:
        hit = hits[candidate.hit]
        return first[hit.version_id], hit.ordinal, candidate.start

    return sorted(some, key=place)


def _listed(
    question: Question, found: Sequence[Candidate], scores: _Scored, hits: Sequence[Hit]
) -> list[Candidate]:
    """The list that answers: one that the best candidate introduces, or, where steps are asked
    for, one that a candidate nearly as good is part of."""
    best = scores.best
    if question.wanted != "steps":
        pieces = whole_list(hits, found[best]) if found[best].text.endswith((":", "：")) else []
        return items_of(hits, pieces)
    least = NEAR * scores.ranked[best]
    for at in sorted(range(len(found)), key=lambda at: -scores.ranked[at]):
        if scores.ranked[at] < least:
            break
        if pieces := whole_list(hits, found[at]):
            return items_of(hits, pieces)
    return []


def _fill(
    chosen: list[int],
    scores: _Scored,
    question: Question,
    found: Sequence[Candidate],
    rarity: dict[str, float],
) -> None:
    """Add what scores nearly as well as the best, above all what covers more of the question."""
    least = NEAR * scores.ranked[chosen[0]]
    total = sum(rarity[word] for word in question.words) or 1.0
    while len(chosen) < MOST:
        covered = {word for at in chosen for word in found[at].words}
        left = {word for word in question.words if word not in covered}
        gains = [
            score
            + COVERS * sum(rarity[word] for word in left.intersection(found[at].words)) / total
            for at, score in enumerate(scores.ranked)
        ]
        order = sorted(range(len(found)), key=lambda at: -gains[at])
        fresh = next(
            (
                at
                for at in order
                if gains[at] >= least
                and scores.own[at] >= FLOOR * FRAGMENTARY
                and not _known(at, chosen, found)
            ),
            None,
        )
        if fresh is None:
            return
        chosen.append(fresh)


def _add(chosen: list[int], at: int, found: Sequence[Candidate]) -> None:
    if len(chosen) < MOST and not _known(at, chosen, found):
        chosen.append(at)


def _known(at: int, chosen: Sequence[int], found: Sequence[Candidate]) -> bool:
    return at in chosen or any(_same(found[at], found[other]) for other in chosen)


def _same(one: Candidate, other: Candidate) -> bool:
    a, b = set(one.words), set(other.words)
    return bool(a | b) and len(a & b) > SAME * len(a | b)


def _score(
    question: Question,
    words: Sequence[str],
    candidate: Candidate,
    similar: float,
    rarity: dict[str, float],
) -> float:
    """Meaning (cosine) and words (share of the question's, by rarity), half and half."""
    own = set(candidate.words)
    total = sum(rarity[word] for word in words) or 1.0
    held = sum(rarity[word] for word in words if word in own)
    about = sum(rarity[word] for word in words if word in candidate.around and word not in own)
    score = 0.5 * similar + 0.5 * (held + AROUND * about) / total
    if candidate.label:
        score += LABEL * len(candidate.label.intersection(words)) / len(candidate.label)
    if not could_answer(question, candidate.text):
        score -= OTHER_KIND
    if not candidate.is_whole:
        score *= FRAGMENTARY
    if candidate.text[-1:] in "?？؟":
        score *= QUESTION
    return score


def _rarity(asked: Sequence[Question], found: Sequence[Candidate]) -> dict[str, float]:
    """What each word of a question tells: the fewer candidates hold it, the more."""
    spread = Counter(word for candidate in found for word in set(candidate.words))
    return {
        word: math.log(1 + (len(found) - spread[word] + 0.5) / (spread[word] + 0.5))
        for each in asked
        for word in each.words
    }


def _promising(
    question: Question,
    found: Sequence[Candidate],
    hits: Sequence[Hit],
    rarity: dict[str, float],
) -> list[Candidate]:
    """At most READ of the candidates, in order: a table may hold hundreds of rows."""
    if len(found) <= READ:
        return list(found)
    shares = _shares(hits)
    total = sum(rarity.values()) or 1.0

    def promise(candidate: Candidate) -> float:
        own = set(candidate.words)
        held = sum(rarity[word] for word in question.words if word in own)
        about = sum(rarity[word] for word in question.words if word in candidate.around - own)
        return (held + AROUND * about) / total + 0.5 * shares[candidate.hit]

    order = sorted(range(len(found)), key=lambda at: -promise(found[at]))
    return [found[at] for at in sorted(order[:READ])]


def _shares(hits: Sequence[Hit]) -> list[float]:
    best = max((hit.score for hit in hits), default=0.0) or 1.0
    return [hit.score / best for hit in hits]


def _meaning(candidate: Candidate) -> str:
    return f"{candidate.under}: {candidate.text}" if candidate.under else candidate.text
