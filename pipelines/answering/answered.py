"""Whether an answer gives what was asked for: supported is not answered.

A sentence may be proved word for word and still tell of something else. So what is cited is held
against the question: its words, its numbers and names, and the kind of thing that it asks for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pipelines.claims.check import Claim
from pipelines.quoting.asked import Asked
from pipelines.quoting.chosen import Answered
from pipelines.quoting.things import things
from pipelines.retrieval.attributes import is_another
from pipelines.retrieval.index_words import index_words
from pipelines.retrieval.questions import core, understood
from pipelines.types import Hit

SPOKEN_OF = 0.5
"""Least share of a question's words that what is cited, or stands over it, has."""


class Proved(Protocol):
    """A citation: the characters start..end of the Hit's text."""

    @property
    def hit(self) -> Hit: ...
    @property
    def quote(self) -> str: ...


def answered_by(question: str, proofs: Sequence[Proved], claims: Sequence[Claim]) -> Answered:
    """`no`: nothing that is said is proved. `partly`: what is proved holds nothing of the kind that
    is asked for, or tells of another thing, or speaks of less than half of what is asked."""
    if not proofs or all(claim.verdict == "unsupported" for claim in claims):
        return "no"
    asked = Asked(understood(core(question)))
    if not asked.words:
        return "yes"
    hits = [proof.hit for proof in proofs]
    said = " ".join(proof.quote for proof in proofs)
    around = " ".join(" ".join((hit.title, *hit.heading_path)) for hit in hits)
    own, over = frozenset(index_words(said)), frozenset(index_words(around))
    spoken_of = sum(word in own | over for word in asked.words) / len(asked.words)
    cited = [
        thing
        for number, (proof, hit) in enumerate(zip(proofs, hits, strict=True))
        for thing in things(number, hit.model_copy(update={"text": proof.quote, "tables": ()}))
    ]
    is_kind = any(asked.is_answered_by(piece, thing) for thing in cited for piece in thing.pieces)
    if not is_kind or spoken_of < SPOKEN_OF or is_another(asked.words, own, over):
        return "partly"
    return "partly" if any(claim.verdict == "unsupported" for claim in claims) else "yes"
