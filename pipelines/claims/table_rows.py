"""A table row as a proof: the cells that a claim repeats, under their own headers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from pipelines.claims.comparing import Finding, compare
from pipelines.claims.operators import LEFT_OUT
from pipelines.claims.quantities import CODE, Quantity
from pipelines.claims.reading import Reading, read
from pipelines.claims.wordlists.function_words import VALUE_WORDS
from pipelines.tables import BETWEEN, Row

_STATEMENT = re.compile(r"\s*[;\n]\s*|,\s+|\s+\|\s+")
Keys = frozenset[str]


@dataclass(frozen=True)
class _Columns:
    """A row by columns: what its label, headers and cells say. `values`: the columns that are no
    labels; `names`: their headers as they are shown."""

    label: Keys
    names: tuple[str, ...]
    headers: tuple[Keys, ...]
    cells: tuple[Reading, ...]
    values: range

    def stated(self, claim: Reading) -> list[int]:
        """The columns whose value the claim repeats in full."""
        return [j for j in self.values if self.cells[j].items and _says(claim, self.cells[j])]

    def named(self, claim: Reading) -> list[int]:
        """The columns whose header it names in full, beside the row's label, and not only with a
        longer one: who says "traces per loop" doesn't name "loop"."""
        free = +(Counter(item.key for item in claim.items) - Counter(self.label))
        named = [j for j in self.values if self.headers[j] and self.headers[j] <= free.keys()]
        return [j for j in named if not any(self.headers[j] < self.headers[i] for i in named)]


@lru_cache(maxsize=1024)
def _columns(row: Row, code: str) -> _Columns:
    names = tuple(" ".join(path) for path in row.headers)
    return _Columns(
        read(row.cells[0], code).keys,
        names,
        tuple(read(name, code).keys for name in names),
        tuple(read(cell, code) for cell in row.cells),
        range(max(1, row.header_columns), len(row.cells)),
    )


def against_row(sentence: str, claim: Reading, row: Row, text: str, context: str) -> Finding:
    """What the row, or `text` within one of its cells, says of the claim.

    The headers of the columns that the claim takes values from are lent, and no others: so a value
    of the column beside lacks the header that it is given. A name that only the title or caption
    has does not stand for what the row is called.
    """
    code = claim.language.code
    columns = _columns(row, code)
    if text == row.cells[0] or not any(text != cell and text in cell for cell in row.cells):
        used = _used(claim, columns)
    else:
        used = [j for j in columns.values if text in row.cells[j]]
    lent = [columns.names[j] for j in (*range(columns.values.start), *used)]
    lent.append(VALUE_WORDS.get(code, ""))
    under = read("\n".join((context, *_leads(row), row.cells[0], *lent)), code)
    proof = read(text, code)
    # The order of cells says nothing, but where a row is quoted as a row.
    found = compare(claim, proof, under, in_order=BETWEEN in sentence)
    if claim.literal == proof.literal:
        return found
    changed = _other_column(claim, columns)
    if found.verdict == "verified":
        changed = changed or _misnamed(claim, columns, row) or _misplaced(sentence, columns, code)
    if changed:
        return replace(found, verdict="unsupported", changed=(changed, *found.changed))
    left_out = _half_named(claim, columns, row)
    if found.verdict == "verified" and left_out:
        return replace(found, verdict="partial", changed=(f"{left_out} -> {LEFT_OUT}",))
    return found


def _used(claim: Reading, columns: _Columns) -> list[int]:
    """The columns that the claim takes values from: first those that it repeats in full, then
    those that hold what these don't explain."""
    stated = columns.stated(claim)
    known = columns.label.union(
        *(columns.headers[j] for j in range(columns.values.start)),
        *(columns.cells[j].keys | columns.headers[j] for j in stated),
    )
    rest = claim.keys - known
    return [j for j in columns.values if j in stated or rest & columns.cells[j].keys]


def _other_column(claim: Reading, columns: _Columns) -> str:
    """Where the claim names one column and takes its value from another: "theirs -> the one
    named". A caption may name all columns, so it lends none of them."""
    taken = columns.stated(claim) or _used(claim, columns)
    named = columns.named(claim)
    if not taken or any(j in taken for j in named):
        return ""
    cells = columns.label.union(*(columns.cells[j].keys for j in taken))
    known = cells.union(*(columns.headers[j] for j in taken))
    for j in named:
        says_more = columns.cells[j].keys - columns.headers[j] - known
        if not says_more & claim.keys and not columns.headers[j] <= cells:
            return f"{', '.join(columns.names[i] for i in taken)} -> {columns.names[j]}"
    return ""


def _misnamed(claim: Reading, columns: _Columns, row: Row) -> str:
    """A name of the claim that only the caption or a cell it doesn't repeat has, while the row
    has another label."""
    if not columns.label or not claim.keys.isdisjoint(columns.label):
        return ""
    told = columns.stated(claim) or columns.values
    own = Keys().union(*(columns.cells[j].keys | columns.headers[j] for j in told))
    names = [item for item in claim.items if item.kind == "name" and item.key not in own]
    return f"{row.cells[0]} -> {names[0].shown}" if names else ""


def _half_named(claim: Reading, columns: _Columns, row: Row) -> str:
    """What the claim leaves out of a label that it names and takes a value of: "net earnings" may
    be another row than "net earnings per share"."""
    if claim.keys.isdisjoint(columns.label) or not columns.stated(claim):
        return ""
    label = read(row.cells[0], claim.language.code)
    return " ".join(
        item.shown
        for item in label.items
        if not (_is_told(item.quantity, claim) if item.quantity else item.key in claim.keys)
    )


def _misplaced(sentence: str, columns: _Columns, code: str) -> str:
    """A statement of the claim, as "Speed: 5 Nm", whose value has another header."""
    statements = [part for part in _STATEMENT.split(sentence) if part]
    found = (_other_column(read(part, code), columns) for part in statements)
    return next(filter(None, found), "") if len(statements) > 1 else ""


def _says(claim: Reading, cell: Reading) -> bool:
    """Whether the claim has all of a cell."""
    return all(
        _is_told(item.quantity, claim) if item.quantity else item.key in claim.keys
        for item in cell.items
    )


def _is_told(quantity: Quantity | None, claim: Reading) -> bool:
    """Whether the claim has the number of a cell, whose unit may stand in its header."""
    return quantity is not None and any(
        quantity.is_said_by(mine) or _same_digits(quantity, mine) for mine in claim.quantities
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
