"""Answers with the sources' own sentences: no model, no key, no network, nothing invented."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.errors import ModelUnavailable
from pipelines.llms.contract import LLMSettings, Prompt, Stop, Usage
from pipelines.prompts import NOT_FOUND
from pipelines.sentences import sentences
from pipelines.types import Hit
from pipelines.words import WORD, stems

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HITS = 8
SENTENCES = 3
FLOOR = 0.32
"""Least score of a sentence that is worth quoting; below, the honest answer is "not found"."""
NEAR = 0.75
"""Further sentences must score at least this share of the best."""
MAX_SENTENCE = 600


@dataclass(frozen=True)
class _Candidate:
    hit: int
    start: int
    end: int
    text: str


class Extractive:
    name = "extractive"

    def __init__(self, embed: Callable[[Sequence[str]], NDArray[np.float32]]) -> None:
        self._embed = embed

    @classmethod
    def load(cls, model: str, settings: LLMSettings) -> Extractive:  # noqa: ARG003
        if settings.embed is None:
            raise ModelUnavailable("LLM=extractive needs the embedding model.")
        return cls(settings.embed)

    def stream(
        self,
        prompt: Prompt,
        usage: Usage,  # noqa: ARG002
        stop: Stop,
    ) -> Iterator[str]:
        chosen = self._choose(prompt.question, prompt.hits[:HITS])
        if not chosen:
            yield NOT_FOUND
            return
        for i, candidate in enumerate(chosen):
            if stop.is_set():
                return
            text = " ".join(candidate.text.split())
            if text[-1:] not in ".!?。！？:":
                text += "."
            yield ("" if i == 0 else " ") + text
            yield f" [{candidate.hit + 1}]"

    def _choose(self, question: str, hits: Sequence[Hit]) -> list[_Candidate]:
        candidates = _candidates(hits)
        if not candidates:
            return []
        scores = self._scores(question, candidates)
        order = sorted(range(len(candidates)), key=lambda i: -scores[i])
        best = scores[order[0]]
        if best < FLOOR:
            return []
        chosen: list[int] = []
        for i in order:
            if len(chosen) == SENTENCES or scores[i] < max(FLOOR, NEAR * best):
                break
            if not any(_same(candidates[i].text, candidates[j].text) for j in chosen):
                chosen.append(i)
        # The best first, then what stands with it, in reading order.
        first = candidates[chosen[0]]
        rest = sorted(chosen[1:], key=lambda i: (candidates[i].hit, candidates[i].start))
        return [first, *(candidates[i] for i in rest)]

    def _scores(self, question: str, candidates: Sequence[_Candidate]) -> list[float]:
        """Meaning (cosine) and words (share of the question's rare words), half and half."""
        vectors = self._embed([question, *(c.text for c in candidates)])
        similar = vectors[1:] @ vectors[0]
        asked = set(stems(question))
        found = [set(stems(c.text)) for c in candidates]
        spread = Counter(word for words in found for word in words)
        weight = {w: math.log(1 + len(candidates) / (1 + spread[w])) for w in asked}
        total = sum(weight.values()) or 1.0
        overlap = [sum(weight[w] for w in asked & words) / total for words in found]
        return [
            0.5 * float(cosine) + 0.5 * words
            for cosine, words in zip(similar, overlap, strict=True)
        ]


def _candidates(hits: Sequence[Hit]) -> list[_Candidate]:
    found = []
    for index, hit in enumerate(hits):
        for start, end in sentences(hit.text):
            text = hit.text[start : min(end, start + MAX_SENTENCE)]
            if len(WORD.findall(text)) >= 3:
                found.append(_Candidate(index, start, end, text))
    return found


def _same(one: str, other: str) -> bool:
    a, b = set(stems(one)), set(stems(other))
    return bool(a | b) and len(a & b) / len(a | b) > 0.8
