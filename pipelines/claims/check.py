"""Proofs: the quote that carries a sentence, and whether it really does. No language model.

A sentence is verified when one sentence of what it cites, with the sentence before it where it
refers back to it, has each of its words, names, numbers and denials, and when the sentence leaves
out nothing that decides whether that holds. Parts of a sentence may stand in several sentences,
each part wholly in one of them: words picked together from everywhere prove nothing. A row of a
table is one sentence, and the headers of its columns say what its cells are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipelines.claims.answer_sentences import claim_ranges
from pipelines.claims.comparing import Finding, Verdict, compare
from pipelines.claims.languages import common_language
from pipelines.claims.quotes import Quote, passages
from pipelines.claims.reading import HALF, Reading, read
from pipelines.claims.table_rows import against_row
from pipelines.tables import Row, rows_between
from pipelines.types import Hit

NEIGHBOURS = 2
"""Sentences before one that it may refer back to, or that may be quoted with it."""
ROWS = 6
"""Rows that may be quoted together."""
_PART = re.compile(r"[,;]\s+|\s+(?:and|while|whereas|but|und|während|et|y|pero|mais)\s+")


@dataclass(frozen=True)
class Claim:
    """One sentence of an answer; `start` and `end` are offsets into it, marks included.

    `missing` names what its proofs don't say, as "number: 15 kg" or "name: Gamma"; `changed` what
    they say otherwise in the same place, as "12 kg -> 15 kg", or what the sentence leaves out of
    them; `repeats` the sources, by id, whose words it has, cited or not.
    """

    text: str
    start: int
    end: int
    verdict: Verdict
    citations: tuple[int, ...]
    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    repeats: tuple[str, ...] = ()


def check(sentence: str, quotes: Sequence[Quote]) -> Verdict:
    """Whether what was cited says what the sentence says."""
    return examine(sentence, quotes).verdict


def examine(sentence: str, quotes: Sequence[Quote]) -> Finding:
    """The verdict on a sentence, and what the quotes don't say of it or say otherwise."""
    if not quotes:
        return Finding("unsupported", 0.0)
    proof = "\n".join(f"{quote.text}\n{quote.context}" for quote in quotes)
    mine, theirs = common_language(sentence, proof)
    claim = read(sentence, mine)
    units = [unit for quote in quotes for unit in _units(quote, theirs)]
    best = max((_against(sentence, claim, unit) for unit in units), key=lambda found: found.rank)
    if best.verdict == "verified" or len(units) < 2:
        return best
    if _in_parts(sentence, claim, units):
        return Finding("verified", 1.0)
    if best.share < HALF and _together(claim, units) >= HALF:
        return replace(best, verdict="partial")
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
                place.text,
                place.start,
                place.end,
                finding.verdict,
                place.numbers,
                finding.missing,
                finding.changed,
            )
        )
    return found


def best_quote(sentence: str, hit: Hit) -> tuple[int, int]:
    """The range of the Hit's text that carries most of `sentence`.

    One sentence or row; neighbours too, up to three sentences or six rows, where they carry what
    it lacks.
    """
    mine, theirs = common_language(sentence, hit.text)
    claim = read(sentence, mine)
    parts = passages(hit.text, rows_between(hit.text, hit.tables))
    readings = [read(hit.text[part.start : part.end], theirs) for part in parts]
    has = [_carried(claim, reading) for reading in readings]
    for i, part in enumerate(parts):
        if part.row is not None and not part.row.is_header:
            # It is checked with its header, which says for all rows what their values are.
            has[i] |= _carried(claim, read(part.row.header, theirs))

    def worth(i: int) -> tuple[float, ...]:
        reading = readings[i]
        is_same = float(reading.literal == claim.literal)
        others = abs(len(reading.operators) - len(claim.operators))
        return (_weight(claim, has[i]), is_same, -others, -len(reading.items))

    first = last = max(range(len(parts)), key=worth)
    whole = _weight(claim, frozenset(range(len(claim.items))))
    needed = max(2.0, 0.2 * whole)
    covered = has[first]
    reach, centre = ROWS - 1 if parts[first].row is not None else NEIGHBOURS, first
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
    context: str
    """Title, headings and the line that introduces it."""
    row: Row | None
    """The row that it is or stands in; None for a sentence, and for a header."""
    is_header: bool
    back: tuple[str, ...]
    """The sentences before it that it refers back to."""


def _units(quote: Quote, code: str) -> list[_Unit]:
    found: list[_Unit] = []
    earlier: list[str] = []
    lead = ""
    for part in passages(quote.text, quote.rows):
        text = quote.text[part.start : part.end]
        is_header = part.row is not None and part.row.is_header
        row = None if is_header else part.row
        reading = read(text, code)
        back = tuple(earlier[-NEIGHBOURS:]) if reading.refers_back else ()
        # A row that goes on with the one above is said of what that one is called.
        called = row.label if row and row.goes_on else ""
        context = f"{quote.context}\n{lead}\n{called}"
        found.append(_Unit(text, reading, context, row, is_header, back))
        earlier.append(text)
        lead = text if text.endswith((":", "：")) else lead
    return found


def _against(sentence: str, claim: Reading, unit: _Unit) -> Finding:
    if unit.row:
        return against_row(sentence, claim, unit.row, unit.text, unit.context)
    code = unit.reading.language.code
    context = read(unit.context, code)
    found = compare(claim, unit.reading, context)
    if found.verdict == "verified" or not unit.back:
        return found
    joined = compare(claim, read("\n".join((*unit.back, unit.text)), code), context)
    return max(found, joined, key=lambda finding: finding.rank)


def _in_parts(sentence: str, claim: Reading, units: Sequence[_Unit]) -> bool:
    """Whether each part of the sentence stands wholly in one unit that speaks of its subject."""
    texts = _PART.split(sentence)
    parts = [read(text, claim.language.code) for text in texts]
    if len(parts) < 2 or any(len(part.items) < 2 for part in parts):
        return False
    subject = claim.items[0].key
    return all(
        any(
            _may_prove(unit, part, subject, is_first=i == 0)
            and _against(text, part, unit).verdict == "verified"
            for unit in units
        )
        for i, (text, part) in enumerate(zip(texts, parts, strict=True))
    )


def _may_prove(unit: _Unit, part: Reading, subject: str, *, is_first: bool) -> bool:
    """Whether a unit speaks of what a part of a sentence does: its subject, or a name of its own.
    A row does if the part names it; a header row proves nothing."""
    if unit.row or unit.is_header:
        label = read(unit.row.label, unit.reading.language.code) if unit.row else None
        return label is not None and not label.keys.isdisjoint(part.keys)
    named = any(item.kind == "name" for item in part.items)
    return is_first or named or unit.reading.refers_back or subject in _known(unit)


def _known(unit: _Unit) -> frozenset[str]:
    return unit.reading.keys | read(unit.context, unit.reading.language.code).keys


def _together(claim: Reading, units: Sequence[_Unit]) -> float:
    carried = frozenset[int]().union(*(_carried(claim, unit.reading) for unit in units))
    return len(carried) / max(1, len(claim.items))


def _carried(claim: Reading, proof: Reading) -> frozenset[int]:
    """Which items of the claim the proof has."""
    return frozenset(
        i
        for i, item in enumerate(claim.items)
        if (
            any(item.quantity.is_said_by(other) for other in proof.quantities)
            if item.quantity
            else item.key in proof.keys
        )
    )


def _weight(claim: Reading, carried: frozenset[int]) -> float:
    """Numbers and names weigh two."""
    return sum(1.0 if claim.items[i].kind == "word" else 2.0 for i in carried)
