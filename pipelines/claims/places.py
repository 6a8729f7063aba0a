"""Places in a sentence: what a proof has where the claim has something else, told by what stands
before and after."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pipelines.claims.quantities import CODE, PLAIN
from pipelines.claims.reading import Item, Reading
from pipelines.claims.unspaced import UNSPACED
from pipelines.claims.wordlists.function_words import AGENTS


def replaced(claim: Reading, proof: Reading, *, in_order: bool) -> dict[int, Item]:
    """Items in whose place the proof has another of their kind between the same two neighbours,
    though they stand somewhere in it or in its heading. Of words, whose order is free, the other
    must be one that the claim hasn't; so it must where the order of names says nothing."""
    found: dict[int, Item] = {}
    for across in (True, False):
        there: dict[tuple[str, str], list[Item]] = {}
        for item, place in _between(proof, across=across):
            there.setdefault(place, []).append(item)
        for i, (item, place) in enumerate(_between(claim, across=across)):
            others = there.get(place, ())
            is_pair = UNSPACED.fullmatch(item.key) is not None
            if is_pair or not any(place) or any(other.key == item.key for other in others):
                continue
            for other in others:
                is_free = other.key not in claim.keys
                if in_order:
                    is_other = is_free or (item.kind != "word" and all(place))
                else:
                    is_other = is_free and all(place)
                if is_other and other.kind == item.kind:
                    found[i] = other
    return found


def _between(reading: Reading, *, across: bool) -> Iterator[tuple[Item, tuple[str, str]]]:
    """Each item with its neighbours; `across`: those in other parts of the sentence too."""
    items = reading.items
    for i, item in enumerate(items):
        left = items[i - 1] if i else None
        right = items[i + 1] if i + 1 < len(items) else None
        yield (
            item,
            (
                left.key if left and (across or left.part == item.part) else "",
                right.key if right and (across or right.part == item.part) else "",
            ),
        )


def instead_of(claim: Reading, proof: Reading, lacking: set[int]) -> dict[int, Item]:
    """For items that the proof lacks, what it has between the same neighbours and the claim
    doesn't."""
    if not lacking:
        return {}
    places = _places(claim, proof, lacking)
    taken = {place for i, place in enumerate(places) if i not in lacking}
    unclaimed = [j not in taken for j in range(len(proof.items))]
    found: dict[int, Item] = {}
    i = 0
    while i < len(claim.items):
        if i not in lacking:
            i += 1
            continue
        end = i
        while end < len(claim.items) and end in lacking:
            end += 1
        left = places[i - 1] if i else -1
        right = places[end] if end < len(claim.items) else len(proof.items)
        slot = range(left + 1, right)
        if not slot or len(slot) > 2 * (end - i) + 2:
            # The neighbours stand elsewhere in the proof: what is next to either of them.
            slot = range(left + 1, min(len(proof.items), left + 1 + end - i))
            if left < 0 or not any(unclaimed[j] for j in slot):
                slot = range(max(0, right - (end - i)), right)
        free = [proof.items[j] for j in slot if unclaimed[j]]
        found |= _paired(claim, range(i, end), free)
        i = end
    for i in lacking - found.keys():
        quantity = claim.items[i].quantity
        if quantity is not None and quantity.dimension not in (PLAIN, CODE):
            alike = (
                item
                for item, is_free in zip(proof.items, unclaimed, strict=True)
                if is_free and item.quantity and item.quantity.dimension == quantity.dimension
            )
            if other := next(alike, None):
                found[i] = other
    return found


def _paired(claim: Reading, run: Sequence[int], free: list[Item]) -> dict[int, Item]:
    """Numbers go with numbers, names with names, and then whatever is left in order."""
    found: dict[int, Item] = {}
    left = list(free)
    for same_kind in (True, False):
        for i in run:
            if i in found:
                continue
            for item in left:
                if not same_kind or item.kind == claim.items[i].kind:
                    found[i] = item
                    left.remove(item)
                    break
    return found


def _places(claim: Reading, proof: Reading, lacking: set[int]) -> list[int]:
    """Where each item of the claim stands in the proof: behind the one before it if possible."""
    at: dict[str, list[int]] = {}
    for j, item in enumerate(proof.items):
        at.setdefault(item.key, []).append(j)
    found: list[int] = []
    last = -1
    for i, item in enumerate(claim.items):
        known = [] if i in lacking else at.get(item.key, [])
        last = next((j for j in known if j > last), known[0] if known else last)
        found.append(last)
    return found


def moved(claim: Reading, proof: Reading) -> Iterator[tuple[Item, Item]]:
    """Names and numbers that stand, in the proof, elsewhere, and another of their kind in their
    place: "Beta sells to Alpha" for "Alpha sells to Beta". (that of the claim, that of the proof)

    A place is told by what stands before and after: of names the nearest words and numbers, of
    numbers the nearest words and names.
    """
    if (AGENTS & claim.words) != (AGENTS & proof.words):
        return
    names = {item.key for r in (claim, proof) for item in r.items if item.kind == "name"}
    for kind in ("name", "number"):
        mine, theirs = (_neighbours(reading, kind, names) for reading in (claim, proof))
        for item, place in mine:
            own = [spot for other, spot in theirs if other.key == item.key]
            if not own or any(a == b for spot in own for a, b in zip(place, spot, strict=True)):
                continue
            other = next((o for o, spot in theirs if spot == place), None)
            if other is not None:
                yield item, other


def _neighbours(reading: Reading, kind: str, names: set[str]) -> list[tuple[Item, tuple[str, str]]]:
    kinds = [
        item.kind if item.kind == "number" else ("name" if item.key in names else "word")
        for item in reading.items
    ]
    before, after, last = [], [], ""
    for item, each in zip(reading.items, kinds, strict=True):
        before.append(last)
        last = last if each == kind else item.key
    last = ""
    for item, each in zip(reversed(reading.items), reversed(kinds), strict=True):
        after.append(last)
        last = last if each == kind else item.key
    around = zip(reading.items, kinds, before, reversed(after), strict=True)
    return [(item, (left, right)) for item, each, left, right in around if each == kind]
