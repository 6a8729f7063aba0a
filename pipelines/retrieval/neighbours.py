"""Merges sentences that were split between Fragments, drops near-duplicates."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from pipelines.retrieval.index_words import index_words
from pipelines.types import Hit

MOST_FRAGMENTS = 200
"""Fragments from which on a table is followed no further."""
SAME = 0.9
"""Share of words that two Hits have in common (Jaccard) from which they say the same."""
_ASCII_WORD = re.compile(r"\w+", re.ASCII)
_ENDS = frozenset(".!?…:;。！？؟۔।\"'”’»)]}」』）")
_FLOWING = ("text", "speech", "list_item")

Neighbours = Callable[[Sequence[Hit]], tuple[dict[str, Hit], dict[str, Hit]]]
"""Hits -> the Fragments right before and right after each in its version, by fragment id."""


def complete_tables(hits: Sequence[Hit], neighbours: Neighbours) -> list[Hit]:
    """`hits`, and the Fragments before and after them that their tables go on in."""
    found = {hit.fragment_id: hit for hit in hits}
    edge = [hit for hit in hits if hit.tables]
    while edge and len(found) < MOST_FRAGMENTS:
        before, after = neighbours(edge)
        fresh: dict[str, Hit] = {}
        for hit in edge:
            last, following = before.get(hit.fragment_id), after.get(hit.fragment_id)
            for other, goes_on in ((last, hit), (following, following)):
                if other and other.tables and goes_on and goes_on.tables[0].is_continued:
                    fresh[other.fragment_id] = other.model_copy(update={"score": hit.score})
        edge = [hit for id_, hit in fresh.items() if id_ not in found]
        found |= {hit.fragment_id: hit for hit in edge}
    return list(found.values())


def drop_near_duplicates(hits: Iterable[Hit], count: int | None = None) -> list[Hit]:
    """`hits` without those that say the same as one before, in order: the first `count`."""
    kept: list[Hit] = []
    known: list[frozenset[str]] = []
    for hit in hits:
        words = _words(hit.text)
        if any(_alike(words, other) for other in known):
            continue
        kept.append(hit)
        known.append(words)
        if len(kept) == count:
            break
    return kept


def merge_split_sentences(hits: Sequence[Hit], neighbours: Neighbours) -> list[Hit]:
    """Each Hit with the neighbour that its first or last sentence goes on in.

    The merged Hit keeps its identity; its text and its Locators cover both.
    """
    cut = [hit for hit in hits if hit.kind in _FLOWING]
    if not cut:
        return list(hits)
    before, after = neighbours(cut)
    joined = []
    for hit in hits:
        last, following = before.get(hit.fragment_id), after.get(hit.fragment_id)
        text = hit
        if following is not None and _goes_on(hit, following):
            text = _together(hit, following, hit)
        if last is not None and _goes_on(last, hit):
            text = _together(last, text, hit)
        joined.append(text)
    return joined


def _goes_on(first: Hit, second: Hit) -> bool:
    """Whether a sentence begins in `first` and ends in `second`."""
    if first.kind not in _FLOWING or second.kind not in _FLOWING:
        return False
    if first.heading_path != second.heading_path:
        return False
    end = first.text.rstrip()[-1:]
    begin = second.text.lstrip()[:1]
    return bool(end and begin) and end not in _ENDS and not begin.isupper()


def _together(first: Hit, second: Hit, main: Hit) -> Hit:
    shift = len(first.text) + 1
    places = len(first.locators)
    moved = tuple(
        (start + shift, end + shift, locator + places, box)
        for start, end, locator, box in second.spans
    )
    return main.model_copy(
        update={
            "text": f"{first.text} {second.text}",
            "locators": (*first.locators, *second.locators),
            "spans": (*_spans(first, 0), *(moved or _spans(second, shift, places))),
            "recognised": (
                *first.recognised,
                *(
                    each.model_copy(update={"start": each.start + shift, "end": each.end + shift})
                    for each in second.recognised
                ),
            ),
            "tables": (*first.tables, *(table.moved(shift) for table in second.tables)),
        }
    )


def _spans(hit: Hit, shift: int, places: int = 0) -> tuple[tuple[int, int, int, int], ...]:
    """The Hit's own spans; where it has none, its whole text stands at its Locators."""
    if hit.spans:
        return hit.spans
    whole = (shift, shift + len(hit.text))
    return tuple((*whole, places + i, -1) for i in range(len(hit.locators)))


def _words(text: str) -> frozenset[str]:
    """What two Hits are compared by; not all scripts write spaces between words."""
    return frozenset(_ASCII_WORD.findall(text.lower()) if text.isascii() else index_words(text))


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    if min(len(one), len(other)) < SAME * max(len(one), len(other)):
        return False
    common = len(one & other)
    if not common or common < SAME * (len(one) + len(other) - common):
        return False
    # One figure may be all that two reports differ in.
    return not any(character.isdigit() for word in one ^ other for character in word)
