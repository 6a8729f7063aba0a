"""What is shown of a thing that answers: what is cited, said and marked as deciding."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipelines.chunking import ORDINALS_PER_UNIT
from pipelines.quoting.asked import Asked
from pipelines.quoting.chosen import Chosen, of
from pipelines.quoting.ranking import Ranked, Ranking, leans_back
from pipelines.quoting.things import FEW, Piece, Thing, counts_on, item, style_of, without_item
from pipelines.retrieval.index_words import index_words
from pipelines.types import Hit

SENTENCES = 3
"""Of a paragraph that are said."""
BESIDE = 0.8
"""Share of a sentence's score from which one beside it is said with it."""
REMEDY = 3
"""Sentences that tell of a problem and what to do."""
SECTION = 6
"""Sentences up to which the paragraphs of a section are one procedure."""
_ADDRESS = re.compile(r"\b(?:where|town|city|country|address|located|based|street)\b", re.I)


def shown(
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
    """What tells of the problem, with what follows in the same thing or leans on it in the next."""
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
    style = style_of(thing.pieces[first])
    last = first
    while last + 1 < len(thing.pieces) and (
        not thing.pieces[last + 1].is_item or style_of(thing.pieces[last + 1]) != style
    ):
        last += 1
    return first, last


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


def whole_list(chosen: Chosen, every: Sequence[Thing], hits: Sequence[Hit]) -> list[Chosen]:
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
