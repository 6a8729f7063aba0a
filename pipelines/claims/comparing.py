"""A claim against one proof: what of it the proof says, and what it doesn't."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from pipelines.claims.quantities import PLAIN, Quantity
from pipelines.claims.reading import NOT_ONLY, Reading, Term, is_code, opposite
from pipelines.text.words import SMALL_WORDS

VERIFIED = 0.8
"""Least share of a claim's words and quantities in a proof that verifies it."""
PARTIAL = 0.4
WRONG = 0.6
"""Least share where a quantity, name or denial is wrong; below, it is about other things."""
LEAST_ALIKE = 3
"""Words besides names from which on their order tells whether names changed places."""
NAMED = 8
"""So many missing things are named."""
_RANKS = {"unsupported": 0, "partial": 1, "verified": 2}


@dataclass(frozen=True)
class Finding:
    """`share`: of the claim's words and quantities, those that the proof has (0..1)."""

    verdict: Literal["verified", "partial", "unsupported"]
    share: float
    missing: tuple[str, ...]

    @property
    def rank(self) -> tuple[int, float, int]:
        return _RANKS[self.verdict], self.share, -len(self.missing)

    def without(self, thing: str) -> Finding:
        """The same, with `thing` wrong."""
        verdict = "partial" if self.verdict == "verified" else self.verdict
        return Finding(verdict, self.share, (thing, *self.missing)[:NAMED])


def compare(claim: Reading, proof: Reading, context: Reading) -> Finding:
    """What `proof` says of the claim; `context` lends it words, names and units of headers."""
    if claim.key == proof.key:
        return Finding("verified", 1.0, ())
    known = proof.stems | context.stems
    codes = {
        quantity.code for r in (proof, context) for quantity in r.quantities if is_code(quantity)
    }
    lacking = [t for t in claim.terms if t.stem not in known and t.word not in codes]
    numbers = [
        quantity
        for quantity in claim.quantities
        if quantity.is_needed and not _is_said(quantity, proof, context)
    ]
    numbers += _repeated(claim, proof, context)
    wrong = [f"{'name' if is_code(q) else 'number'}: {q.text}" for q in numbers]
    wrong += [f"name: {term.shown}" for term in lacking if term.is_name]
    wrong += [
        f"opposite: {t.shown}" for t in lacking if not t.is_name and opposite(t, proof, claim)
    ]
    wrong += [f"negation: {words}" for words in _denials(claim, proof)]
    wrong += [f"order: {shown}" for shown in _swapped(claim, proof)]
    counted = len(claim.terms) + sum(quantity.is_needed for quantity in claim.quantities)
    share = 1 - (len(lacking) + len(numbers)) / counted if counted else 0.0
    others = [f"word: {t.shown}" for t in lacking if not t.is_name]
    missing = tuple(dict.fromkeys((*wrong, *others)))[:NAMED]
    if share < (WRONG if wrong else PARTIAL):
        return Finding("unsupported", share, missing)
    if wrong or share < VERIFIED or claim.is_cut or (lacking and lacking[0] is claim.terms[0]):
        return Finding("partial", share, missing)
    return Finding("verified", share, ())


def _repeated(claim: Reading, proof: Reading, context: Reading) -> list[Quantity]:
    """Quantities that the claim has oftener than the proof: another was changed into them."""
    if len(claim.quantities) < 2:
        return []
    found = []
    for i, quantity in enumerate(claim.quantities):
        again = sum(other.is_said_by(quantity) for other in claim.quantities[:i])
        if not again or not quantity.is_needed:
            continue
        said = [q for r in (proof, context) for q in r.quantities if quantity.is_said_by(q)]
        if 0 < len(said) <= again:
            found.append(quantity)
    return found


def _is_said(quantity: Quantity, proof: Reading, context: Reading) -> bool:
    for reading in (proof, context):
        if any(quantity.is_said_by(other) for other in reading.quantities):
            return True
        if is_code(quantity) and quantity.code in reading.words:
            return True
    # A column says its unit once, in its header: "Volume (mL)", "in millions".
    plain = [v for other in proof.quantities if other.dimension == PLAIN for v in other.values]
    alike = [
        v
        for other in proof.quantities
        if other.dimension == quantity.dimension
        for v in other.values
    ]
    units = proof.units | context.units
    scale = max(proof.scale, context.scale)
    for dimension, factor in units | {(quantity.dimension, 1.0)}:
        if dimension != quantity.dimension or ((dimension, factor) not in units and scale == 1.0):
            continue
        for value in (*plain, *alike):
            if any(
                abs(value * factor * scale - mine) <= 1e-9 * abs(mine) for mine in quantity.values
            ):
                return True
    return False


def _denials(claim: Reading, proof: Reading) -> Iterator[str]:
    """Denials that only one of the two has, of things that both speak of."""
    open_ = list(proof.denied)
    unmatched = []
    for scope in claim.denied:
        same = next((other for other in open_ if _overlap(scope, other)), None)
        if same is None:
            unmatched.append(scope)
        else:
            open_.remove(same)
    for scope in unmatched:
        yield " ".join(("not", *(_shown(stem, claim) for stem in scope[:2])))
    plain = {stem for scope in proof.denied for stem in scope}
    if any(pair in claim.stems and pair not in proof.stems for pair in proof.bridges):
        yield "denied in the source"
    for scope in open_:
        if scope == (NOT_ONLY,):
            continue
        said = [stem for stem in scope if stem in claim.stems]
        head_elsewhere = bool(scope) and _times(scope[0], proof) > 1 and scope[0] in plain
        needed = len(scope) if head_elsewhere else max(1, len(scope) / 2)
        if scope and scope[0] in claim.stems and len(said) >= needed:
            yield f"not {_shown(scope[0], claim)} in the source"


def _shown(stem: str, claim: Reading) -> str:
    return next((term.shown for term in claim.terms if term.stem == stem), stem)


def _times(stem: str, reading: Reading) -> int:
    return sum(term.stem == stem for term in reading.terms)


def _overlap(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    if not one or not other:
        return one == other
    shared = len(set(one) & set(other))
    return one[0] == other[0] or shared >= 2 or (shared == 1 and min(len(one), len(other)) == 1)


def _swapped(claim: Reading, proof: Reading) -> Iterator[str]:
    """Names and quantities that stand where the proof has another of their kind."""
    known = {name for run in proof.runs for name in run}
    for run in claim.runs:
        for one, two in pairwise(run):
            if one in known and two in known and not any(_holds(r, one, two) for r in proof.runs):
                yield f"{_shown(one, claim)} {_shown(two, claim)}"
    names = [term for term in proof.terms if term.is_name or term is proof.terms[0]]
    in_proof = {term.stem for term in names}
    for term in claim.terms:
        if not term.is_name and not (term is claim.terms[0] and term.stem in in_proof):
            continue
        mine = [other for other in proof.terms if other.stem == term.stem]
        if not mine or any(_same_place(term, other) for other in mine):
            continue
        if any(
            _same_place(term, o)
            for o in names
            if o.stem != term.stem and not _beside(o, term, claim)
        ):
            yield term.shown
    yield from _moved_names(claim, proof)
    for quantity, place in zip(claim.quantities, claim.places, strict=True):
        if not quantity.is_needed:
            continue
        there = list(zip(proof.quantities, proof.places, strict=True))
        said = [spot for other, spot in there if quantity.is_said_by(other)]
        if not said or any(_same(place, spot) for spot in said):
            continue
        if any(
            _same(place, spot) and other.dimension == quantity.dimension
            for other, spot in there
            if not quantity.is_said_by(other)
        ):
            yield quantity.text


def _moved_names(claim: Reading, proof: Reading) -> Iterator[str]:
    """Names that stand between other words than in the proof, where all other words stand in the
    proof's order: "in Latin, apart from ... in German" for "in German, apart from ... in Latin"."""
    names = {term.stem for reading in (claim, proof) for term in reading.terms if term.is_name}
    mine = [term.stem for term in claim.terms if term.stem in proof.stems]
    theirs = [term.stem for term in proof.terms]
    rest = [word for word in mine if word not in names]
    if len(rest) < LEAST_ALIKE or 2 * len(rest) < len(mine):
        return
    forwards = _outside(mine, theirs, names)
    backwards = _outside(mine[::-1], theirs[::-1], names)
    # Words that come twice may be taken for each other in one direction.
    for name in sorted(forwards & backwards):
        yield _shown(name, claim)


def _outside(mine: Sequence[str], theirs: Sequence[str], names: AbstractSet[str]) -> set[str]:
    """Names of `mine` that `theirs` has not between the same two other words; none where the
    other words have another order."""
    found: set[str] = set()
    held: set[str] = set()
    at = 0
    ends: tuple[str | None, ...] = (*mine, None)
    for word in ends:
        if word is not None and word in names:
            held.add(word)
            continue
        end = at
        while end < len(theirs) and theirs[end] != word:
            end += 1
        if word is not None and end == len(theirs):
            return set()
        found |= held.difference(theirs[at:end])
        held, at = set(), end + 1
    return found


def _holds(run: tuple[str, ...], one: str, two: str) -> bool:
    """Whether a run of names has `one` and somewhere behind it `two`."""
    return one in run and two in run[run.index(one) + 1 :]


def _same_place(one: Term, other: Term) -> bool:
    return _same((one.before, one.after), (other.before, other.after))


def _beside(other: Term, term: Term, claim: Reading) -> bool:
    """Whether both belong to one name in the claim: "John Smith" for "Smith"."""
    return other.stem in claim.stems and any(
        t.stem == other.stem and (t.before, t.after) == (term.before, term.after)
        for t in claim.terms
    )


def _same(one: tuple[str, str], other: tuple[str, str]) -> bool:
    """Whether two places are one: the same on both sides, or the same telling word on one."""
    if one == other:
        return any(one)
    return any(a == b and a and a not in SMALL_WORDS for a, b in zip(one, other, strict=True))
