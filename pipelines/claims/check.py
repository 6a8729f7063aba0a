"""Proofs: the quote that carries a sentence, and whether it really does. No language model.

A sentence is verified when one sentence of what it cites, with the sentence before it where it
refers back to it, has all its quantities, names and denials and nearly all its other words.
Parts of a sentence may stand in several sentences, each part wholly in one of them: words picked
together from everywhere prove nothing. A row of a table is one sentence, and its columns' headers
say what its cells are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pipelines.claims.answer_sentences import claim_ranges
from pipelines.claims.comparing import Finding, compare
from pipelines.claims.quotes import Quote, passages
from pipelines.claims.reading import Reading, read
from pipelines.claims.table_columns import wrong_column
from pipelines.tables import Row, rows_between
from pipelines.types import Hit

Verdict = Literal["verified", "partial", "unsupported"]

TOGETHER = 0.6
"""Least share of words that several quotes must have together for a sentence to be `partial`."""
NEIGHBOURS = 2
ROWS = 6
_PART = re.compile(r"[,;]\s+|\s+(?:and|while|whereas|but|und|während|et|y|pero|mais)\s+")


@dataclass(frozen=True)
class Claim:
    """One sentence of an answer; `start` and `end` are offsets into it, marks included.

    `missing` names what its proofs don't say, as "number: 15 kg" or "name: Gamma"; `repeats`
    the sources, by id, whose words it has, cited or not.
    """

    text: str
    start: int
    end: int
    verdict: Verdict
    citations: tuple[int, ...]
    missing: tuple[str, ...] = ()
    repeats: tuple[str, ...] = ()


def check(sentence: str, quotes: Sequence[Quote]) -> Verdict:
    """Whether what was cited says what the sentence says."""
    return examine(sentence, quotes).verdict


def examine(sentence: str, quotes: Sequence[Quote]) -> Finding:
    """The verdict on a sentence and what the quotes don't say of it."""
    claim = read(sentence)
    if not quotes:
        return Finding("unsupported", 0.0, ())
    units = [unit for quote in quotes for unit in _units(quote)]
    findings = [_against(claim, unit) for unit in units]
    best = max(findings, key=lambda finding: finding.rank)
    if best.verdict == "verified":
        return best
    if len(units) > 1:
        if _in_parts(sentence, claim, units):
            return Finding("verified", 1.0, ())
        if best.verdict == "unsupported" and _together(claim, units) >= TOGETHER:
            best = Finding("partial", best.share, best.missing)
    return best


def claims(answer: str, quotes: Mapping[int, Quote]) -> list[Claim]:
    """Each sentence of the answer with its verdict. `quotes`: number of a citation -> its quote.

    Headings, code, questions and phrases that only lead over claim nothing and are left out.
    """
    found = []
    for place in claim_ranges(answer):
        known = [n for n in place.numbers if n in quotes]
        finding = examine(place.text, [quotes[n] for n in known])
        found.append(
            Claim(
                place.text, place.start, place.end, finding.verdict, place.numbers, finding.missing
            )
        )
    return found


def best_quote(sentence: str, hit: Hit) -> tuple[int, int]:
    """The range of the Hit's text that carries most of `sentence`.

    One sentence or row; neighbours too, up to three sentences or six rows, where they carry what
    it lacks.
    """
    claim = read(sentence)
    parts = passages(hit.text, rows_between(hit.text, hit.tables))
    readings = [read(hit.text[part.start : part.end]) for part in parts]
    has = [_carried(claim, reading) for reading in readings]

    def worth(i: int) -> tuple[float, ...]:
        reading = readings[i]
        denials = abs(len(reading.denied) - len(claim.denied))
        is_same = float(reading.key == claim.key)
        return (_weight(claim, has[i]), is_same, -denials, -len(reading.terms))

    first = last = max(range(len(parts)), key=worth)
    whole = _weight(claim, frozenset(range(len(claim.terms) + len(claim.quantities))))
    needed = max(2.0, 0.2 * whole)
    covered = has[first]
    row = parts[first].row
    if row is not None:
        # A row is checked with its header: the rows between need not be quoted for it.
        covered |= _carried(claim, read(row.header))
    reach, centre = ROWS - 1 if row is not None else NEIGHBOURS, first
    for step in range(1, reach + 1):
        for i in (centre - step, centre + step):
            if not 0 <= i < len(parts) or max(last, i) - min(first, i) > reach:
                continue
            if _weight(claim, has[i] - covered) >= needed:
                first, last, covered = min(first, i), max(last, i), covered | has[i]
    return parts[first].start, parts[last].end


@dataclass(frozen=True)
class _Unit:
    """A sentence or row that may carry a claim, and what stands around it."""

    text: str
    reading: Reading
    context: Reading
    row: Row | None
    """The row that it is; None for a sentence, and for a header."""
    back: tuple[str, ...]
    """The sentences before it that it refers back to."""


def _units(quote: Quote) -> list[_Unit]:
    found: list[_Unit] = []
    earlier: list[str] = []
    for part in passages(quote.text, quote.rows):
        text = quote.text[part.start : part.end]
        row = part.row if part.row and not part.row.is_header else None
        reading = read(text)
        # A sentence within a row is said of what the row is called.
        context = f"{quote.context}\n{row.header}\n{row.label}" if row else quote.context
        back = tuple(earlier[-NEIGHBOURS:]) if reading.refers_back else ()
        found.append(_Unit(text, reading, read(context), row, back))
        earlier.append(text)
    return found


def _against(claim: Reading, unit: _Unit) -> Finding:
    found = compare(claim, unit.reading, unit.context)
    if unit.row and (column := wrong_column(claim, unit.row)):
        found = found.without(f"column: {column}")
    if found.verdict == "verified" or not unit.back:
        return found
    joined = compare(claim, read(" ".join((*unit.back, unit.text))), unit.context)
    return max(found, joined, key=lambda finding: finding.rank)


def _in_parts(sentence: str, claim: Reading, units: Sequence[_Unit]) -> bool:
    """Whether each part of the sentence stands wholly in one unit that speaks of its subject."""
    parts = [read(part) for part in _PART.split(sentence)]
    parts = [part for part in parts if part.terms or part.quantities]
    if (
        len(parts) < 2
        or any(len(p.terms) + len(p.quantities) < 2 for p in parts)
        or not claim.terms
    ):
        return False
    subject = claim.terms[0].stem
    for i, part in enumerate(parts):
        own = {term.stem for term in part.terms if term.is_name}
        own |= {quantity.code for quantity in part.quantities if quantity.code}
        if not any(
            _against(part, unit).verdict == "verified"
            and (
                i == 0
                or unit.reading.refers_back
                or subject in unit.reading.stems | unit.context.stems
                or own
            )
            for unit in units
        ):
            return False
    return True


def _together(claim: Reading, units: Sequence[_Unit]) -> float:
    carried = frozenset[int]().union(*(_carried(claim, unit.reading) for unit in units))
    return len(carried) / max(1, len(claim.terms) + len(claim.quantities))


def _carried(claim: Reading, proof: Reading) -> frozenset[int]:
    """Which terms of the claim the proof has; quantities are counted on behind the terms."""
    found = {i for i, term in enumerate(claim.terms) if term.stem in proof.stems}
    for i, quantity in enumerate(claim.quantities, start=len(claim.terms)):
        if any(quantity.is_said_by(other) for other in proof.quantities):
            found.add(i)
    return frozenset(found)


def _weight(claim: Reading, carried: frozenset[int]) -> float:
    """Quantities and names weigh two."""
    return sum(2.0 if i >= len(claim.terms) or claim.terms[i].is_name else 1.0 for i in carried)
