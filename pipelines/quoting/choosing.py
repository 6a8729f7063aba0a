"""Which things answer a question, what decides in each, and whether the question is answered."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.quoting import about
from pipelines.quoting.asked import Asked, parts_of
from pipelines.quoting.attributes_told import telling
from pipelines.quoting.chosen import Answered, Choice, Chosen, bounded, of
from pipelines.quoting.meaning import Meaning
from pipelines.quoting.ranking import Ranked, Ranking
from pipelines.quoting.several import compared, listed
from pipelines.quoting.showing import shown, whole_list
from pipelines.quoting.things import Thing, things
from pipelines.retrieval.questions import core, understood
from pipelines.types import Hit

MOST = 3
"""Things in an answer."""
ANSWERED = 0.5
PARTLY = 0.38
"""Least worth (`Ranked.worth`) of the first thing of an answer, and of one in part."""
NEAR = 0.6
"""Share of the best score from which a piece of the kind that is asked for is preferred."""
SPOKEN_OF = 0.45
"""Least share of the words of a yes-or-no question that an answer, or what stands over it, has."""
LEFT = 0.25
"""Share of the question's words, by rarity, from which what no thing holds yet is a second part."""
PART_OF_LEFT = 0.3
"""Share of what is left of a question that a further piece itself must hold."""
RELATED = 3
"""Passages that are shown where nothing answers."""
COMPARED = 4
"""Things that are compared in one answer."""


_JOINS = re.compile(r"\b(?:and|or|und|oder|et|ou|y|o|e)\b|[和与及、]", re.I)
"""What makes one question of two."""


def choose(question: str, hits: Sequence[Hit], meaning: Meaning) -> Choice:
    """The best thing first, then what answers the parts of the question that it leaves open."""
    every = [thing for number, hit in enumerate(hits) for thing in things(number, hit)]
    if of_source := about.choose(question, every, hits, meaning):
        return of_source
    whole = Asked(understood(core(question)))
    every = [thing for thing in every if hits[thing.hit].kind != "metadata"]
    if not every or not whole.words:
        return Choice((), "no")
    ranking = Ranking(hits, every, meaning, whole.words)
    if together := _together(whole, every, ranking, hits):
        return together
    ranked = ranking.rank(whole)
    ranked = telling(ranked, whole, ranking, meaning)
    if not ranked:
        return Choice((), "no")
    best = next(
        (each for each in ranked if each.is_kind and each.score >= NEAR * ranked[0].score),
        ranked[0],
    )
    answered = _answered(best, whole, ranking)
    if answered == "no":
        return Choice((), "no", _related(ranked))
    of_parts = parts_of(question)
    chosen = [shown(best, whole, ranked, every, ranking)]
    covered = ranking.held(whole.words, _words(chosen[0], ranking))
    while len(chosen) < MOST:
        left = [word for word in whole.words if word not in covered]
        if ranking.share(left, whole.words) < LEFT or not _JOINS.search(whole.text):
            break
        following = _next(ranked, left, chosen, ranking, of_parts)
        if following is None:
            answered = "partly"
            break
        chosen.append(shown(following, whole, ranked, every, ranking))
        covered |= ranking.held(whole.words, _words(chosen[-1], ranking))
    best_first, *rest = chosen
    rest.sort(key=lambda each: (hits[each.hit].version_id, hits[each.hit].ordinal, each.start))
    return Choice((*whole_list(best_first, every, hits), *rest), answered)


def _together(
    asked: Asked, every: Sequence[Thing], ranking: Ranking, hits: Sequence[Hit]
) -> Choice | None:
    """What several things answer only together; None for any other question."""
    if asked.form in ("compare", "extreme"):
        some = compared(asked, ranking, hits)
        told = tuple(of(e.thing, [e.piece], e.piece) for e in some[:COMPARED])
        return Choice(told, "yes") if told else None
    if asked.form == "all" or (asked.counted and not _is_counted(asked, ranking)):
        rows, count = listed(asked, every, ranking)
        if rows:
            lead = f"{count}:" if asked.counted else ""
            return Choice(bounded(rows), "yes", lead=lead)
    return None


def _is_counted(asked: Asked, ranking: Ranking) -> bool:
    """Whether the sources themselves say how many there are."""
    return any(each.is_kind and each.covered >= SPOKEN_OF for each in ranking.by_words(asked))


def _answered(best: Ranked, asked: Asked, ranking: Ranking) -> Answered:
    if ranking.lacks_number(asked):
        return "no"
    if best.worth >= ANSWERED:
        # What may be so is only said where all that is asked about is spoken of.
        return "no" if asked.is_yes_or_no and best.covered < SPOKEN_OF else "yes"
    return "no" if best.worth < PARTLY or asked.is_yes_or_no else "partly"


def _next(
    ranked: Sequence[Ranked],
    left: Sequence[str],
    chosen: Sequence[Chosen],
    ranking: Ranking,
    of_parts: Sequence[Asked],
) -> Ranked | None:
    """The best piece that itself holds most of what is left of the question."""
    for each in ranked:
        known = any(each.piece in c.pieces for c in chosen)
        own = ranking.held(left, each.piece.words)
        is_kind = each.is_kind or any(
            part.is_answered_by(each.piece, each.thing) for part in of_parts
        )
        if not known and is_kind and ranking.share(own, left) >= PART_OF_LEFT:
            return each
    return None


def _words(chosen: Chosen, ranking: Ranking) -> frozenset[str]:
    own = (word for piece in chosen.pieces for word in piece.words)
    return ranking.over(chosen.thing).union(own)


def _related(ranked: Sequence[Ranked]) -> tuple[Chosen, ...]:
    found: list[Chosen] = []
    for each in ranked:
        if each.thing not in [other.thing for other in found] and each.similar > 0:
            found.append(of(each.thing, [each.piece], each.piece))
        if len(found) == RELATED:
            break
    return tuple(found)
