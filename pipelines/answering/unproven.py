"""The mark that stands behind a sentence of an answer that nothing proves."""

from __future__ import annotations

from dataclasses import replace

from pipelines.claims.check import Claim
from pipelines.llms.prompts import UNPROVEN

MARKED = f" {UNPROVEN}"


def without_marks(text: str) -> str:
    return text.replace(MARKED, "")


def placed_in(text: str, claim: Claim) -> Claim:
    """A claim of `without_marks(text)` with its offsets in `text`; a mark behind it is no part of
    it."""
    start, end = claim.start, claim.end
    at = text.find(MARKED)
    while at >= 0:
        start += len(MARKED) * (at <= start)
        end += len(MARKED) * (at < end)
        at = text.find(MARKED, at + len(MARKED))
    return replace(claim, start=start, end=end)
