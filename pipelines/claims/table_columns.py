"""Whether a claim takes a row's number from the column that it speaks of."""

from __future__ import annotations

from pipelines.claims.quantities import CODE
from pipelines.claims.reading import Reading, read

CELL = " | "


def wrong_column(claim: Reading, header: str, row: str) -> str:
    """The head of the column that a number of the claim really stands in; "" when all is well.

    Only where the claim names another column's head in full and nothing of this one's.
    """
    heads = [read(cell) for cell in header.split(CELL)]
    cells = [read(cell) for cell in row.split(CELL)]
    if len(heads) != len(cells) or len(cells) < 3:
        return ""
    for quantity in claim.quantities:
        if quantity.dimension == CODE:
            continue
        at = [j for j, c in enumerate(cells) if j and any(map(quantity.is_said_by, c.quantities))]
        if not at or any(_mentions(claim, heads[j]) or not _names(heads[j]) for j in at):
            continue
        if any(_names_all(claim, head) for j, head in enumerate(heads) if j and j not in at):
            return header.split(CELL)[at[0]].strip()
    return ""


def _names(head: Reading) -> bool:
    return bool(head.terms or head.quantities)


def _mentions(claim: Reading, head: Reading) -> bool:
    return bool(head.stems & claim.stems) or any(
        a.is_said_by(b) for a in head.quantities for b in claim.quantities
    )


def _names_all(claim: Reading, head: Reading) -> bool:
    return (
        _names(head)
        and head.stems <= claim.stems
        and all(any(a.is_said_by(b) for b in claim.quantities) for a in head.quantities)
    )
