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
CONTEXT = 0.5
FRAGMENTARY = 0.7
"""What a line that is no sentence keeps of its score."""
LONG = 10
"""Words that make a line a sentence even without a full stop."""
CELL = " | "
LEADER = "...."


@dataclass(frozen=True)
class _Candidate:
    """A sentence or row that could be quoted, with what gives it its meaning."""

    hit: int
    start: int
    end: int
    text: str
    context: str
    """Title, headings and, for a table's row, the header row."""
    weight: float


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
        """Meaning (cosine) and words (share of the question's rare words), half and half.

        A word in the context counts half: it says what the sentence is about, not the answer.
        """
        vectors = self._embed(
            [question, *(f"{c.context.rpartition(chr(10))[2]}: {c.text}" for c in candidates)]
        )
        similar = vectors[1:] @ vectors[0]
        asked = set(stems(question))
        own = [set(stems(c.text)) for c in candidates]
        around = [set(stems(c.context)) for c in candidates]
        spread = Counter(word for words in own for word in words)
        weights = {word: _rarity(word, spread[word], len(candidates)) for word in asked}
        total = sum(weights.values()) or 1.0
        scores = []
        for i, candidate in enumerate(candidates):
            said = sum(weights[word] for word in asked & own[i])
            about = sum(weights[word] for word in (asked & around[i]) - own[i])
            share = (said + CONTEXT * about) / total
            scores.append(candidate.weight * (0.5 * float(similar[i]) + 0.5 * share))
        return scores


def _rarity(word: str, found: int, candidates: int) -> float:
    """Rare words tell more; a code such as "e05" or "x-200" tells most."""
    rare = math.log(1 + candidates / (1 + found))
    return 2 * rare if any(c.isdigit() for c in word) else rare


def _candidates(hits: Sequence[Hit]) -> list[_Candidate]:
    found = []
    for index, hit in enumerate(hits):
        headings = (hit.title, *hit.heading_path)
        header = next((line for line in hit.text.splitlines() if CELL in line), "")
        for start, end in sentences(hit.text):
            text = hit.text[start : min(end, start + MAX_SENTENCE)]
            if len(WORD.findall(text)) < 2 or text == header or text in headings:
                continue
            row = CELL in text
            context = " ".join((*headings[1:], header if row else ""))
            weight = 1.0 if row or _is_whole(text) else FRAGMENTARY
            found.append(_Candidate(index, start, end, text, f"{hit.title}\n{context}", weight))
    return found


def _is_whole(text: str) -> bool:
    """Whether a line says something: a heading or an entry of a table of contents does not.

    "Name: value", as on labels and in forms, does.
    """
    if LEADER in text:
        return False
    if ": " in text:
        return True
    return text[-1] in ".!?。！？:;" or len(text.split()) > LONG


def _same(one: str, other: str) -> bool:
    a, b = set(stems(one)), set(stems(other))
    return bool(a | b) and len(a & b) / len(a | b) > 0.8
