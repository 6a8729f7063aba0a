"""How like in meaning passages are to a question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.embedders.embedder import Embedder, fitting
from pipelines.text.function_words import language_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Meaning:
    """An embedding model as an answerer uses it; texts longer than it reads are compared by their
    beginnings."""

    embedder: Embedder

    def similar(self, question: str, passages: Sequence[str], *, foreign: bool) -> list[float]:
        """0..1 for each passage; `foreign`: they are in another language than the question."""
        asked = self.embedder.embed([fitting(self.embedder, question)], asked=True)[0]
        facts = self.embedder.facts
        return [
            facts.similarity(cosine, foreign=foreign, sentence=True)
            for cosine in (self.vectors(passages) @ asked).tolist()
        ]

    def vectors(self, passages: Sequence[str]) -> NDArray[np.float32]:
        """float32 [n, dimension], unit length."""
        return self.embedder.embed([fitting(self.embedder, text) for text in passages])


def is_foreign(question: str, text: str) -> bool:
    """Whether two texts are in two languages, as far as their words tell."""
    one, other = language_of(question), language_of(text)
    return one is not None and other is not None and one != other
