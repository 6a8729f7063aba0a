"""Questions that several things answer together: all of a kind, how many there are, how two differ,
which has most."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from pipelines.claims.quantities import quantities
from pipelines.quoting.asked import Asked
from pipelines.quoting.chosen import Chosen, of
from pipelines.quoting.ranking import Ranked, Ranking
from pipelines.quoting.things import Thing, style_of
from pipelines.retrieval.index_words import index_words
from pipelines.types import Hit

FEWEST = 2
"""Rows or items that make a list."""
SPOKEN_OF = 0.5
"""Least share of a question's words, by rarity, that what stands over a list, or over what is
compared, has."""
_NAME = re.compile(r"(?<=[\w,] )(?:[A-Z][\w-]*|[\w-]*\d[\w-]*)(?: (?:[A-Z][\w-]*|[\w-]*\d[\w-]*))*")
_LEAST = re.compile(
    r"\b(?:lighter|lightest|less|least|fewer|fewest|lower|lowest|smaller|smallest|shorter|shortest|slower"
    r"|slowest|cheaper|cheapest|quieter|quietest|thinner|thinnest|colder|coldest|cooler|coolest|younger"
    r"|youngest|narrower|narrowest)\b",
    re.I,
)
_GENERIC = frozenset(
    index_words(
        "model models version versions device devices product products variant variants unit units"
        " two both difference differ different compare comparison between versus one ones list all"
        " every each name enumerate exist available types kinds"
    )
)
"""Words of such a question that say how to answer it, not what it is about."""


def listed(asked: Asked, every: Sequence[Thing], ranking: Ranking) -> tuple[list[Chosen], int]:
    """All rows of the table, or items of the list, that is called as what is asked for, and how
    many they are; a table is one over all its Fragments."""
    words = [word for word in asked.words if word not in _GENERIC]
    best: list[Thing] = []
    most = SPOKEN_OF
    for some in _groups(every, ranking).values() if words else ():
        # What a row is called does not stand over all of them.
        called = replace(some[0], intro="") if some[0].kind == "row" else some[0]
        above = ranking.over(called)
        over = ranking.share(ranking.held(words, above), words)
        # What is counted may be named by some of the rows and not by what stands over them.
        is_named = not asked.counted or asked.counted in above
        if is_named and _size(some) >= FEWEST and over > most:
            best, most = some, over
    return [of(thing, thing.pieces, thing.pieces[0]) for thing in best], _size(best)


def _groups(every: Sequence[Thing], ranking: Ranking) -> dict[object, list[Thing]]:
    """The rows of each table in reading order, and each list."""
    found: dict[object, list[Thing]] = {}
    for thing in every:
        if thing.kind == "row":
            key = (ranking.version_of(thing), thing.rows[0].row.header, thing.rows[0].section)
            found.setdefault(key, []).append(thing)
        elif thing.kind == "list":
            found[thing.hit, thing.start] = [thing]
    for some in found.values():
        some.sort(key=ranking.place_of)
    return found


def _size(some: Sequence[Thing]) -> int:
    """Rows of a table, those that go on with one counted with it; or a list's outermost items."""
    if not some or some[0].kind == "row":
        return len(some)
    styles = [style_of(piece) for thing in some for piece in thing.pieces if piece.is_item]
    return styles.count(styles[0]) if styles else 0


def compared(asked: Asked, ranking: Ranking, hits: Sequence[Hit]) -> list[Ranked]:
    """For each thing that is compared the piece that tells the same of it, the one that a
    superlative asks for first; empty where fewer than two things are told of."""
    named = _named(asked.text, hits)
    words = [
        word for word in asked.words if word not in _GENERIC and not any(word in n for n in named)
    ]
    telling = [each for each in ranking.by_words(asked) if _tells(each, asked, words, ranking)]
    found: dict[object, Ranked] = {}
    for each in telling:
        for name in _names_of(each, named, ranking, hits):
            found.setdefault(name, each)
    best = list(dict.fromkeys(found.values()))
    if len(best) < FEWEST:
        return []
    return _by_measure(best, asked) if asked.form == "extreme" else best


def _tells(each: Ranked, asked: Asked, words: Sequence[str], ranking: Ranking) -> bool:
    if asked.dimensions:
        return _measure(each, asked) is not None
    if not words:
        return False
    there = each.piece.words | ranking.over(each.thing)
    return ranking.share(ranking.held(words, there), words) > SPOKEN_OF


def _named(text: str, hits: Sequence[Hit]) -> list[frozenset[str]]:
    """The names in a question that the sources have, as words of the index."""
    there = {word for hit in hits for word in index_words(f"{hit.title} {hit.text}")}
    names = (frozenset(index_words(match[0])) for match in _NAME.finditer(text))
    return [name for name in dict.fromkeys(names) if name and name <= there]


def _names_of(
    each: Ranked, named: Sequence[frozenset[str]], ranking: Ranking, hits: Sequence[Hit]
) -> Iterable[object]:
    """Which of the things compared a piece is of: those named; else its row or its source."""
    if len(named) >= FEWEST:
        there = each.piece.words | ranking.over(each.thing)
        return [name for name in named if name <= there]
    if each.thing.rows:
        return [each.thing.rows[each.at].row.label]
    return [hits[each.thing.hit].version_id]


def _measure(each: Ranked, asked: Asked) -> float | None:
    # Of a row only the columns that are asked for count.
    row = each.thing.rows[each.at] if each.thing.rows else None
    text = row.read(frozenset(asked.words)) if row else each.piece.text
    values = [q for q in quantities(text) if q.dimension in asked.dimensions and q.values]
    return values[0].values[0] if values else None


def _by_measure(some: Sequence[Ranked], asked: Asked) -> list[Ranked]:
    """The one that has most, or least, first; as they are where nothing is measured."""
    known = [(value, each) for each in some if (value := _measure(each, asked)) is not None]
    if len(known) < FEWEST:
        return list(some)
    least = _LEAST.search(asked.text) is not None
    known.sort(key=lambda pair: pair[0] if least else -pair[0])
    return [each for _, each in known]
