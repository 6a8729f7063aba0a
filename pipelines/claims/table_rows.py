"""A table row as a proof: the cells that a claim repeats, under their own headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from pipelines.claims.comparing import Finding, compare
from pipelines.claims.quantities import CODE, Quantity
from pipelines.claims.reading import Reading, read
from pipelines.tables import BETWEEN, Row

_STATEMENT = re.compile(r"\s*[;\n]\s*|,\s+|\s+\|\s+")


def against_row(sentence: str, claim: Reading, row: Row, text: str, context: str) -> Finding:
    """What the row, or `text` within one of its cells, says of the claim.

    The headers of the columns that the claim takes values from are lent, and no others: so a value
    of the column beside lacks the header that it is given. A name that only the title or caption
    has does not stand for what the row is called.
    """
    code = claim.language.code
    under = "\n".join((context, *_lent(claim, row, text)))
    proof = read(text, code)
    # The order of cells says nothing, but where a row is quoted as a row.
    found = compare(claim, proof, read(under, code), in_order=BETWEEN in sentence)
    changed = _other_column(claim, row, text)
    if found.verdict == "verified" and claim.literal != proof.literal:
        changed = changed or _misnamed(claim, row) or _misplaced(sentence, claim, row)
    if changed:
        return replace(found, verdict="unsupported", changed=(changed, *found.changed))
    return found


def _lent(claim: Reading, row: Row, text: str) -> Iterator[str]:
    """What introduces the table, the row's label and the headers of the columns used."""
    yield from _leads(row)
    yield row.cells[0] if row.cells else ""
    for column in _used(claim, row, text):
        yield " ".join(row.headers[column])


def _used(claim: Reading, row: Row, text: str) -> set[int]:
    """The columns that the claim takes values from, those of the labels among them: first those
    whose cell it repeats in full, then those that hold what these don't explain."""
    code = claim.language.code
    labels = set(range(max(1, row.header_columns)))
    cells = [read(cell, code) for cell in row.cells]
    inside = [j for j, cell in enumerate(row.cells) if len(cell) > len(text) and text in cell]
    if inside:
        return labels | set(inside)
    used = labels | {j for j, cell in enumerate(cells) if cell.items and _says(claim, cell)}
    known = set().union(
        *(cells[j].keys | read(" ".join(row.headers[j]), code).keys for j in used if j < len(cells))
    )
    rest = claim.keys - known
    return used | {j for j, cell in enumerate(cells) if rest & cell.keys}


def _other_column(claim: Reading, row: Row, text: str) -> str:
    """Where the claim names one column in full and takes its values from others, that it doesn't:
    "theirs -> the one named". A caption may name all columns, so it lends none of them."""
    code = claim.language.code
    names = [" ".join(path) for path in row.headers]
    headers = [read(name, code).keys for name in names]
    values = range(max(1, row.header_columns), len(names))
    used = [j for j in sorted(_used(claim, row, text)) if j in values]
    cells = read(text, code).keys
    label = read(row.cells[0], code).keys
    named = [j for j in values if headers[j] <= claim.keys and not headers[j] <= label]
    # "Traces per loop" is named, and "Loop" with it.
    named = [j for j in named if not any(headers[j] < headers[other] for other in named)]
    if not used or any(j in used for j in named):
        return ""
    other = next((j for j in named if not headers[j] <= cells), None)
    return "" if other is None else f"{', '.join(names[j] for j in used)} -> {names[other]}"


def _says(claim: Reading, cell: Reading) -> bool:
    """Whether the claim has all of a cell. A unit may stand in the header."""
    mine = claim.quantities
    return all(
        any(item.quantity.is_said_by(q) or _same_digits(item.quantity, q) for q in mine)
        if item.quantity
        else item.key in claim.keys
        for item in cell.items
    )


def _same_digits(one: Quantity, other: Quantity) -> bool:
    if CODE in (one.dimension, other.dimension):
        return False
    digits = [re.findall(r"\d+(?:\.\d+)?", q.text.replace(",", "")) for q in (one, other)]
    return digits[0] == digits[1]


def _leads(row: Row) -> Iterator[str]:
    """Lines above the rows that are no header row: a caption, "in thousands"."""
    names = {name for path in row.headers for name in path}
    for line in row.header.splitlines():
        if not all(cell.strip() in names or not cell.strip() for cell in line.split(BETWEEN)):
            yield line


def _misnamed(claim: Reading, row: Row) -> str:
    """A name of the claim that only the title or caption has, while the row has another label."""
    code = claim.language.code
    label = read(row.cells[0] if row.cells else "", code)
    if not label.items or not claim.keys.isdisjoint(label.keys):
        return ""
    own = set(read(" ".join((*row.cells, *(n for path in row.headers for n in path))), code).keys)
    names = [item for item in claim.items if item.kind == "name" and item.key not in own]
    return f"{row.cells[0]} -> {names[0].shown}" if names else ""


def _misplaced(sentence: str, claim: Reading, row: Row) -> str:
    """A statement of the claim, as "Speed: 5 Nm", whose value has another header."""
    statements = [part for part in _STATEMENT.split(sentence) if part]
    if len(statements) < 2:
        return ""
    code = claim.language.code
    headers = [read(" ".join(path), code) for path in row.headers]
    cells = [read(cell, code) for cell in row.cells]
    for statement in statements:
        said = read(statement, code)
        values = [
            j
            for j in range(max(1, row.header_columns), len(cells))
            if cells[j].items and _says(said, cells[j])
        ]
        if not values or any(headers[j].keys & said.keys or not headers[j].keys for j in values):
            continue
        for j, header in enumerate(headers):
            if j not in values and header.keys and header.keys <= said.keys - cells[0].keys:
                return f"{' '.join(row.headers[values[0]])} -> {' '.join(row.headers[j])}"
    return ""
