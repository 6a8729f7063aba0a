"""Which things answer a question, what decides in each, and whether the question is answered."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.chunking import ORDINALS_PER_UNIT
from pipelines.quoting import about
from pipelines.quoting.asked import Asked, parts_of
from pipelines.quoting.chosen import Answered, Choice, Chosen, of
from pipelines.quoting.meaning import Meaning
from pipelines.quoting.ranking import Ranked, Ranking, leans_back
from pipelines.quoting.things import FEW, Piece, Thing, counts_on, item, things, without_item
from pipelines.retrieval.index_words import index_words
from pipelines.retrieval.questions import core, understood
from pipelines.types import Hit

MOST = 3
"""Things in an answer."""
SENTENCES = 3
"""Of a paragraph that are said."""
BESIDE = 0.8
"""Share of a sentence's score from which one beside it is said with it."""
REMEDY = 3
"""Sentences that tell of a problem and what to do."""
SECTION = 6
"""Sentences up to which the paragraphs of a section are one procedure."""
ANSWERED = 0.5
PARTLY = 0.38
"""Least worth (see `_worth`) of the first thing for a question to count as answered, or partly."""
ALIKE = 0.64
"""Least likeness of two names of one attribute: "supplier" and "Vendor" have .74, "weight" and
"Size" .52. Tried on 36 pairs of headers, of which none that mean something else reached it."""
VALUE = 0.6
"""Least likeness of an attribute and a value of it: "colour" and "green" have .72, "shape" and
"round" .63, "colour" and "steel" .45. Tried on 200 pairs, of which none that don't belong together
was above .53."""
MOST_VALUES = 40
"""Words of one sentence that are compared with the name of an attribute."""
NEAR = 0.75
"""Share of the best score from which a piece of the kind that is asked for is preferred."""
SPOKEN_OF = 0.45
"""Least share of the words of a question for yes or no that an answer, or what stands over it, has."""
LEFT = 0.25
"""Share of the question's words, by rarity, from which what no thing holds yet is a second part."""
PART_OF_LEFT = 0.3
"""Share of what is left of a question that a further piece itself must hold."""
RELATED = 3


_WORD = re.compile(r"(?<![\w-])[^\W\d_]{3,}(?![\w-])")
_ADDRESS = re.compile(r"\b(?:where|town|city|country|address|located|based|street)\b", re.I)
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
    ranking = Ranking(hits, every, meaning)
    ranked = ranking.rank(whole)
    if not ranked:
        return Choice((), "no")
    ranked = _telling(ranked, whole, ranking, meaning)
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
    chosen = [_shown(best, whole, ranked, every, ranking)]
    covered = ranking.held(whole.words, _words(chosen[0], ranking))
    while len(chosen) < MOST:
        left = [word for word in whole.words if word not in covered]
        if ranking.share(left, whole.words) < LEFT or not _JOINS.search(whole.text):
            break
        following = _next(ranked, left, chosen, ranking, of_parts)
        if following is None:
            answered = "partly"
            break
        chosen.append(_shown(following, whole, ranked, every, ranking))
        covered |= ranking.held(whole.words, _words(chosen[-1], ranking))
    best_first, *rest = chosen
    rest.sort(key=lambda each: (hits[each.hit].version_id, hits[each.hit].ordinal, each.start))
    return Choice((*_whole(best_first, every, hits), *rest), answered)


def _telling(
    ranked: Sequence[Ranked], asked: Asked, ranking: Ranking, meaning: Meaning
) -> list[Ranked]:
    """Where one attribute of one thing is asked for, as in "What colour is PN-1079?": without what
    is of that thing and tells nothing of the attribute, or of that code's kind and not of it."""
    wanted = asked.question.attribute
    if wanted is None:
        return list(ranked)
    kept: list[Ranked] = []
    of_thing: list[Ranked] = []
    doubtful: list[tuple[Ranked, list[str]]] = []
    for each in ranked:
        words = each.piece.words
        row = each.thing.rows[each.at] if each.thing.rows else None
        over = ranking.over(each.thing)
        if wanted.comes_later(index_words(each.piece.text)) and not wanted.thing <= over:
            continue
        is_named = (
            row is not None and frozenset(index_words(row.label(wanted.thing))) == wanted.thing
        )
        if not is_named and not (row is None and wanted.is_about(words)):
            if not wanted.is_code or wanted.thing <= words | over:
                kept.append(each)
            continue
        of_thing.append(each)
        headers = row.filled if row else []
        if wanted.is_told_by(
            each.piece.text,
            (*words, *index_words(" ".join(headers))),
            frozenset() if headers else over,
        ):
            kept.append(each)
        else:
            names = headers or list(dict.fromkeys(_WORD.findall(each.piece.text.lower())))
            doubtful.append((each, names[:MOST_VALUES]))
    names = list(dict.fromkeys(name for _, some in doubtful for name in some))
    if names:
        alike = dict(zip(names, meaning.similar(wanted.name, names, foreign=False), strict=True))
        for each, some in doubtful:
            least = ALIKE if each.thing.rows and any(each.thing.rows[each.at].filled) else VALUE
            if any(alike[name] >= least for name in some):
                kept.append(each)
    if of_thing:
        # Another row is of another thing, however like it is.
        kept = [
            e for e in kept if not e.thing.rows or e in of_thing or wanted.thing <= e.piece.words
        ]
    return sorted(kept, key=lambda each: -each.score)


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


def _whole(chosen: Chosen, every: Sequence[Thing], hits: Sequence[Hit]) -> list[Chosen]:
    """A list that is told whole, with the Fragments before and after that it goes on in."""
    thing = chosen.thing
    if thing.kind != "list" or len(chosen.pieces) < len(thing.pieces):
        return [chosen]
    found = [thing]
    while (before := _joined(found[0], every, hits, forward=False)) is not None:
        found.insert(0, before)
    while (after := _joined(found[-1], every, hits, forward=True)) is not None:
        found.append(after)
    return [chosen if each is thing else of(each, each.pieces, each.pieces[0]) for each in found]


def _joined(
    thing: Thing, every: Sequence[Thing], hits: Sequence[Hit], *, forward: bool
) -> Thing | None:
    """The list that ends, or begins, where `thing` begins, or ends, a Fragment away."""
    for other in every:
        one, two = (thing, other) if forward else (other, thing)
        if (
            other.kind == "list"
            and one.closes
            and two.opens
            and _follows(hits[one.hit], hits[two.hit])
            and counts_on(_marks(one)[-1], _marks(two)[0])
        ):
            return other
    return None


def _marks(thing: Thing) -> list[str]:
    """The numbers or bullets of a list's items."""
    return [item(piece.text) for piece in thing.pieces if piece.is_item] or [""]


def _follows(one: Hit, other: Hit) -> bool:
    """Whether `other` is what comes right after `one` in the same version."""
    if one.version_id != other.version_id:
        return False
    if other.ordinal == one.ordinal + 1:
        return True
    units = other.ordinal // ORDINALS_PER_UNIT - one.ordinal // ORDINALS_PER_UNIT
    return units == 1 and other.ordinal % ORDINALS_PER_UNIT == 0


def _related(ranked: Sequence[Ranked]) -> tuple[Chosen, ...]:
    found: list[Chosen] = []
    for each in ranked:
        if each.thing not in [other.thing for other in found] and each.similar > 0:
            found.append(of(each.thing, [each.piece], each.piece))
        if len(found) == RELATED:
            break
    return tuple(found)


def _shown(
    each: Ranked, asked: Asked, ranked: Sequence[Ranked], every: Sequence[Thing], ranking: Ranking
) -> Chosen:
    """The thing as a reader needs it: what is said of it, what decides in it."""
    thing, piece = each.thing, each.piece
    if (headed := _headed(piece, every)) is not None:
        return of(headed, headed.pieces, headed.pieces[0])
    if asked.form == "remedy" and thing.kind != "row":
        return _with_remedy(each, every)
    if thing.kind == "paragraph":
        if piece.text.rstrip().endswith((":", "：")) and piece is thing.pieces[-1]:
            introduced = _after(thing, every)
            if introduced is not None:
                return of(introduced, introduced.pieces, introduced.pieces[0], thing.start)
        return _paragraph(each, asked, ranked, every)
    if thing.kind == "list":
        return _of_list(each, asked, ranking)
    if thing.kind == "row":
        return _of_row(each, asked)
    return _of_lines(each, asked)


def _after(thing: Thing, every: Sequence[Thing]) -> Thing | None:
    at = every.index(thing) + 1
    if (
        at < len(every)
        and every[at].hit == thing.hit
        and every[at].kind in ("list", "row", "lines")
    ):
        return every[at]
    return None


def _headed(piece: Piece, every: Sequence[Thing]) -> Thing | None:
    """What stands under a piece that is but a heading, as a line of a contents list is."""
    words = index_words(without_item(piece.text))
    if len(words) > FEW:
        return None
    return next(
        (
            thing
            for thing in every
            if piece not in thing.pieces
            and thing.kind in ("list", "paragraph")
            and index_words(without_item(thing.under)) == words
        ),
        None,
    )


def _paragraph(
    each: Ranked, asked: Asked, ranked: Sequence[Ranked], every: Sequence[Thing]
) -> Chosen:
    """The sentence, those beside it that answer nearly as well, and those that it leans on."""
    thing, at = each.thing, each.at
    if asked.form == "steps":
        pieces, start, end = _section(thing, every)
        return Chosen(
            thing.hit, start, end, (each.piece.start, each.piece.end), tuple(pieces), thing
        )
    near = {
        other.at
        for other in ranked
        if other.thing is thing and other.is_kind and other.score >= BESIDE * each.score
    }
    first = last = at
    while last + 1 in near and last + 1 - first < SENTENCES:
        last += 1
    while first - 1 in near and last - first + 1 < SENTENCES:
        first -= 1
    while first and leans_back(thing.pieces[first].text) and at - first < 2:
        first -= 1
    return of(thing, thing.pieces[first : last + 1], each.piece)


def _with_remedy(each: Ranked, every: Sequence[Thing]) -> Chosen:
    """What tells of the problem, with what follows in the same thing, or leans on it in the next."""
    thing = each.thing
    if thing.kind == "list":
        first, last = _item_range(thing, each.at)
        return of(thing, thing.pieces[first : last + 1], each.piece)
    following = list(thing.pieces[each.at + 1 :])
    at = every.index(thing) + 1
    end = thing.end
    if not following and at < len(every) and every[at].hit == thing.hit:
        following, end = list(every[at].pieces), every[at].end
    pieces = [each.piece, *following][:REMEDY]
    focus = pieces[1] if len(pieces) > 1 else each.piece
    return Chosen(thing.hit, thing.start, end, (focus.start, focus.end), tuple(pieces), thing)


def _item_range(thing: Thing, at: int) -> tuple[int, int]:
    """The first and last piece of the item that piece `at` is of, items under it included."""
    first = at
    while first and not thing.pieces[first].is_item:
        first -= 1
    style = _style(thing.pieces[first])
    last = first
    while last + 1 < len(thing.pieces) and (
        not thing.pieces[last + 1].is_item or _style(thing.pieces[last + 1]) != style
    ):
        last += 1
    return first, last


def _style(piece: Piece) -> str:
    """What kind of mark an item has: "1.", "a)", "•"."""
    mark = item(piece.text)
    return re.sub(r"[A-Za-z]+", "a", re.sub(r"\d+", "1", mark))


def _section(thing: Thing, every: Sequence[Thing]) -> tuple[list[Piece], int, int]:
    """The paragraphs around `thing` that are one short procedure with it."""
    here = every.index(thing)
    first = last = here
    count = len(thing.pieces)

    def fits(at: int) -> bool:
        return (
            0 <= at < len(every)
            and every[at].hit == thing.hit
            and every[at].kind == "paragraph"
            and count + len(every[at].pieces) <= SECTION
        )

    while True:
        if fits(last + 1) and every[last + 1].under == thing.under:
            last += 1
            count += len(every[last].pieces)
        elif fits(first - 1):
            first -= 1
            count += len(every[first].pieces)
        elif fits(last + 1):
            last += 1
            count += len(every[last].pieces)
        else:
            break
    pieces = [piece for each in every[first : last + 1] for piece in each.pieces]
    return pieces, every[first].start, every[last].end


def _of_list(each: Ranked, asked: Asked, ranking: Ranking) -> Chosen:
    thing = each.thing
    over = ranking.share(ranking.held(asked.words, ranking.over(thing)), asked.words)
    own = ranking.share(ranking.held(asked.words, each.piece.words), asked.words)
    if asked.form == "all" or (asked.form == "steps" and 2 * over >= own):
        return of(thing, thing.pieces, each.piece)
    first, last = _item_range(thing, each.at)
    if thing.pieces[first] is not each.piece and last - first > 1:
        first = last = each.at
    return of(thing, thing.pieces[first : last + 1], each.piece)


def _of_row(each: Ranked, asked: Asked) -> Chosen:
    """The row; with it those of the same name in which nothing else is asked for."""
    thing = each.thing
    pieces = [
        piece
        for at, piece in enumerate(thing.pieces)
        if at == each.at or asked.is_answered_by(piece, thing)
    ]
    return of(thing, pieces, each.piece)


def _of_lines(each: Ranked, asked: Asked) -> Chosen:
    thing = each.thing
    further = 2 if _ADDRESS.search(asked.text) else 1
    return of(thing, thing.pieces[each.at : each.at + further], each.piece)
