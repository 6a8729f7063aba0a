"""A claim against one proof: what of it the proof does not say, and what it says instead.

The claim is verified when nothing is missing, changed or left out. Whatever is makes it partial,
and a contradiction unsupported: a denial on one side alone, a word for its opposite, another
number or name in the same place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from pipelines.claims.languages import Language
from pipelines.claims.operators import contradict, exchanged, shown, unmatched
from pipelines.claims.places import instead_of, moved, replaced
from pipelines.claims.quantities import CODE, PLAIN, Quantity
from pipelines.claims.reading import HALF, Item, Reading
from pipelines.claims.unspaced import UNSPACED, opposite_pairs
from pipelines.claims.wordlists.opposites import PREFIXES

Verdict = Literal["verified", "partial", "unsupported"]
NAMED = 8
"""So many missing and changed things are named."""
_RANKS = {"unsupported": 0, "partial": 1, "verified": 2}


@dataclass(frozen=True)
class Finding:
    """`share`: of the claim's content, what the proof has (0..1). `missing`: what it doesn't have,
    as "number: 6 kg"; `changed`: what it has otherwise in the same place, as "5 kg -> 6 kg"."""

    verdict: Verdict
    share: float
    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def rank(self) -> tuple[bool, float, int, int]:
        """Which of several proofs speaks of the claim: the one that has most of it."""
        wrong = len(self.missing) + len(self.changed)
        return self.verdict == "verified", self.share, _RANKS[self.verdict], -wrong


def compare(claim: Reading, proof: Reading, context: Reading, *, in_order: bool = True) -> Finding:
    """What `proof` says of the claim; `context` lends it the words and units of its headings.

    `in_order`: whether the order of names and numbers says something.
    """
    if claim.literal == proof.literal:
        return Finding("verified", 1.0)
    lacking = _lacking(claim, proof, context)
    instead = replaced(claim, proof, in_order=in_order) | instead_of(claim, proof, lacking)
    swapped = list(moved(claim, proof)) if in_order else []
    pairs = [(claim.items[i], other) for i, other in sorted(instead.items())]
    turned = list(_turned(claim, proof))
    extra, dropped = unmatched(claim, proof)

    missing = [f"{claim.items[i].kind}: {claim.items[i].shown}" for i in sorted(lacking)]
    missing += [f"{each.kind}: {shown(each, claim)}" for each in extra]
    changed = [f"{theirs.shown} -> {mine.shown}" for mine, theirs in (*pairs, *swapped)]
    changed += [f"{theirs} -> {mine}" for mine, theirs in turned]
    changed += exchanged(proof, extra, dropped)
    if claim.is_cut:
        missing.append("word: the end of the sentence, which is too long to be checked")

    share = 1 - len(lacking) / len(claim.items) if claim.items else float(not extra)
    if not missing and not changed and (claim.items or claim.operators):
        return Finding("verified", share)
    contradicts = (
        bool(swapped or turned)
        or any(_excludes(mine, theirs, proof.language) for mine, theirs in pairs)
        or any(_is_opposite(claim.items[i], claim, proof) for i in lacking)
        or contradict(extra, dropped, proof)
    )
    verdict: Verdict = "unsupported" if contradicts or share < HALF else "partial"
    return Finding(verdict, share, _named(missing), _named(changed))


def _named(things: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(things))[:NAMED]


def is_said(quantity: Quantity, proof: Reading, context: Reading) -> bool:
    """Whether the proof has the quantity, with a unit that its column or heading says once."""
    for reading in (proof, context):
        if any(quantity.is_said_by(other) for other in reading.quantities):
            return True
        if quantity.dimension == CODE and quantity.code in reading.words:
            return True
    units = proof.units | context.units
    scale = max(proof.scale, context.scale)
    factors = {factor for dimension, factor in units if dimension == quantity.dimension}
    if scale != 1.0:
        factors.add(1.0)
    values = [
        value
        for other in proof.quantities
        if other.dimension in (PLAIN, quantity.dimension)
        for value in other.values
    ]
    return any(
        abs(value * factor * scale - mine) <= 1e-9 * abs(mine)
        for factor in factors
        for value in values
        for mine in quantity.values
    )


def _lacking(claim: Reading, proof: Reading, context: Reading) -> set[int]:
    """Which items of the claim stand neither in the proof nor in what it stands under."""
    codes = {q.code for r in (proof, context) for q in r.quantities if q.code}
    found = set()
    for i, item in enumerate(claim.items):
        if item.quantity is not None:
            if not is_said(item.quantity, proof, context):
                found.add(i)
        elif not _has(proof, item) and item.key not in context.keys and item.word not in codes:
            found.add(i)
    return found | _too_often(claim, proof, context, found)


def _has(proof: Reading, item: Item) -> bool:
    if item.key in proof.keys or item.key in proof.joints:
        return True
    # A character that stands alone between function characters, and in the proof in a word.
    return UNSPACED.fullmatch(item.key) is not None and (
        len(item.key) == 1 and any(item.key in key for key in proof.keys)
    )


def _too_often(claim: Reading, proof: Reading, context: Reading, lacking: set[int]) -> set[int]:
    """Numbers that the claim has oftener than the proof: another was changed into them."""
    there = Counter(item.key for reading in (proof, context) for item in reading.items)
    found = set()
    times: Counter[str] = Counter()
    for i, item in enumerate(claim.items):
        if item.quantity is not None and i not in lacking:
            times[item.key] += 1
            if 0 < there[item.key] < times[item.key]:
                found.add(i)
    return found


def _excludes(mine: Item, theirs: Item, speech: Language) -> bool:
    """Whether a number stands for another, a name for another, a word for its opposite. Of words
    that begin their sentences nobody can tell whether they are names."""
    if mine.kind == theirs.kind != "word":
        return True
    return theirs.key in speech.opposites.get(mine.key, ())


def _is_opposite(item: Item, claim: Reading, proof: Reading) -> bool:
    """Whether the proof has, in place of a word it lacks, the word's opposite, undenied."""
    if item.kind == "number":
        return False
    others = set(proof.language.opposites.get(item.key, ())) | set(opposite_pairs(item.key))
    denied = {
        key for r in (claim, proof) for o in r.operators if o.kind == "negation" for key in o.scope
    }
    if any(key in proof.keys and key not in claim.keys and key not in denied for key in others):
        return item.key not in denied
    return any(form in proof.words and form not in claim.words for form in _denied_forms(item.word))


def _denied_forms(word: str) -> Iterator[str]:
    """What a word would be with its denying prefix put on or taken off."""
    for prefix in PREFIXES:
        yield prefix + word
        rest = word.removeprefix(prefix).lstrip("-")
        if rest != word and len(rest) >= 4:
            yield rest


def _turned(claim: Reading, proof: Reading) -> Iterator[tuple[str, str]]:
    """Function words that have an opposite, where either side has the other of the two: "on"."""
    speech = proof.language
    for word in claim.words & speech.function_words:
        for other in speech.opposites.get(word, ()):
            if word not in proof.words and other in proof.words and other not in claim.words:
                yield word, other
    for word in proof.words & speech.function_words:
        for other in speech.opposites.get(word, ()):
            if word not in claim.words and other in claim.words and other not in proof.words:
                yield other, word
