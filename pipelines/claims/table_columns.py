"""Whether a claim takes a row's value from the column that it speaks of."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.claims.quantities import CODE
from pipelines.claims.reading import Reading, read
from pipelines.tables import Row

FEWEST = 3
"""Columns from which on a value may stand in the wrong one: what names the row is no value."""


def wrong_column(claim: Reading, row: Row) -> str:
    """The header of the column that a value of the claim really stands in; "" when all is well.

    A number is wrong where the claim names another column in full and nothing of its own; words
    are where, besides, the claim says nothing of what the row has in the column that it names.
    """
    if len(row.cells) < FEWEST:
        return ""
    names = [" ".join(path) for path in row.headers]
    headers, cells = list(map(read, names)), list(map(read, row.cells))
    values = range(max(1, row.header_columns), len(cells))
    at = _numbers_elsewhere(claim, headers, cells, values)
    if at is None:
        at = _words_elsewhere(claim, headers, cells, values)
    return "" if at is None else names[at]


def _numbers_elsewhere(
    claim: Reading, headers: Sequence[Reading], cells: Sequence[Reading], values: range
) -> int | None:
    for quantity in claim.quantities:
        if quantity.dimension == CODE:
            continue
        at = [j for j in values if any(map(quantity.is_said_by, cells[j].quantities))]
        if not at or any(_mentions(claim, headers[j]) or not _names(headers[j]) for j in at):
            continue
        if any(_names_all(claim, headers[j]) for j in values if j not in at):
            return at[0]
    return None


def _words_elsewhere(
    claim: Reading, headers: Sequence[Reading], cells: Sequence[Reading], values: range
) -> int | None:
    unsaid = [j for j in values if _names_all(claim, headers[j]) and _names(cells[j])]
    unsaid = [j for j in unsaid if not _mentions(claim, cells[j])]
    if not unsaid:
        return None
    for j in values:
        stems = cells[j].stems
        if not stems or not stems <= claim.stems or not _names(headers[j]):
            continue
        elsewhere = any(stems <= other.stems for i, other in enumerate(cells) if i != j)
        if not elsewhere and not _mentions(claim, headers[j]):
            return j
    return None


def _names(text: Reading) -> bool:
    return bool(text.terms or text.quantities)


def _mentions(claim: Reading, text: Reading) -> bool:
    return bool(text.stems & claim.stems) or any(
        a.is_said_by(b) for a in text.quantities for b in claim.quantities
    )


def _names_all(claim: Reading, header: Reading) -> bool:
    return (
        _names(header)
        and header.stems <= claim.stems
        and all(any(a.is_said_by(b) for b in claim.quantities) for a in header.quantities)
    )
