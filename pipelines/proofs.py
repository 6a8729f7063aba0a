"""Proofs: the quote that carries a sentence, and whether it really does. No language model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pipelines.sentences import sentences
from pipelines.types import Hit
from pipelines.words import words

Verdict = Literal["verified", "partial", "unsupported"]

_MARK = re.compile(r"\s*\[\d+\]")
_NUMBER = re.compile(r"\d")
_NEGATIONS = frozenset({"not", "no", "never", "none", "nor", "cannot", "without", "neither"})
VERIFIED = 0.8
PARTIAL = 0.4


@dataclass(frozen=True)
class Claim:
    """One sentence of an answer; `start` and `end` are offsets into it, marks included."""

    text: str
    start: int
    end: int
    verdict: Verdict
    citations: tuple[int, ...]


def best_quote(sentence: str, hit: Hit) -> tuple[int, int]:
    """The range of the Hit's text, one sentence of it, that carries most of `sentence`."""
    wanted = set(words(sentence))
    ranges = sentences(hit.text) or [(0, len(hit.text))]

    def carried(place: tuple[int, int]) -> tuple[float, float]:
        there = set(words(hit.text[place[0] : place[1]]))
        shared = len(wanted & there)
        return (shared / (len(wanted) or 1), shared / (len(there) or 1))

    return max(ranges, key=carried)


def check(sentence: str, quotes: Sequence[str]) -> Verdict:
    """Whether what was cited says what the sentence says.

    Every number must stand in the quotes, negation must agree, and most words must be theirs.
    """
    if not quotes:
        return "unsupported"
    claimed = words(sentence)
    proof = [word for quote in quotes for word in words(quote)]
    known = set(proof)
    if not claimed:
        return "unsupported"
    share = sum(word in known for word in claimed) / len(claimed)
    if share < PARTIAL:
        return "unsupported"
    numbers_hold = all(word in known for word in claimed if _NUMBER.search(word))
    negation_holds = bool(_NEGATIONS & set(claimed)) == bool(_NEGATIONS & known)
    if share >= VERIFIED and numbers_hold and negation_holds:
        return "verified"
    return "partial" if numbers_hold or share >= VERIFIED else "unsupported"


def claims(answer: str, quotes: dict[int, str]) -> list[Claim]:
    """Each sentence of the answer with its verdict. `quotes`: number of a citation -> its text."""
    found = []
    for start, end in _sentences_with_marks(answer):
        text = answer[start:end]
        numbers = tuple(dict.fromkeys(int(n) for n in re.findall(r"\[(\d+)\]", text)))
        bare = _MARK.sub("", text).strip()
        if not bare:
            continue
        verdict = check(bare, [quotes[n] for n in numbers if n in quotes])
        found.append(Claim(bare, start, end, verdict, numbers))
    return found


def _sentences_with_marks(answer: str) -> list[tuple[int, int]]:
    """Sentence ranges; marks that follow a full stop belong to the sentence before them."""
    bare = _MARK.sub(lambda mark: " " * len(mark.group()), answer)
    ranges = sentences(bare)
    extended = []
    for i, (start, end) in enumerate(ranges):
        limit = ranges[i + 1][0] if i + 1 < len(ranges) else len(answer)
        tail = re.match(r"(?:\s*\[\d+\])*", answer[end:limit])
        extended.append((start, end + (tail.end() if tail else 0)))
    return extended
