"""Answering from top to bottom: prompt, the model's words as they come, proofs, verdicts."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines.llms.contract import LLM, Prompt, Stop, Usage
from pipelines.marks import Mark, MarkReader, Text
from pipelines.prompts import NOT_FOUND, chat_messages
from pipelines.proofs import Claim, best_quote, check, claims
from pipelines.sentences import sentences
from pipelines.types import Hit, locate

_MARK = re.compile(r"\s*\[\d+\]")


@dataclass(frozen=True)
class Token:
    """Text of the answer as it comes, marks already numbered by citation."""

    text: str


@dataclass(frozen=True)
class Proof:
    """A citation: the Hit's `quote`, located to its own lines, seconds or regions."""

    number: int
    hit: Hit
    start: int
    end: int
    quote: str
    locators: tuple[Any, ...]
    verdict: str


@dataclass
class Answer:
    """What has been said so far; complete when the generator ends."""

    text: str = ""
    proofs: list[Proof] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    invented_marks: int = 0
    """Marks that named no passage; they were removed."""
    usage: Usage = field(default_factory=Usage)


def answer(
    question: str,
    hits: Sequence[Hit],
    llm: LLM,
    into: Answer,
    *,
    history: Sequence[tuple[str, str]] = (),
    stop: Stop | None = None,
) -> Generator[Token | Proof, None, None]:
    """Yields Tokens and Proofs in the order they become known, and keeps `into` up to date.

    Closing the generator or setting `stop` stops the model; `into` then holds what was said.
    Without Hits the answer is that nothing was found. Raises LLMError.
    """
    if not hits:
        into.text = NOT_FOUND
        yield Token(NOT_FOUND)
        into.claims = []
        return
    prompt = Prompt(question, hits, chat_messages(question, hits, history))
    reader = MarkReader()
    words = llm.stream(prompt, into.usage, stop or Stop())
    try:
        for piece in words:
            for item in reader.feed(piece):
                yield from _say(item, hits, into)
        for item in reader.end():
            yield from _say(item, hits, into)
    finally:
        close = getattr(words, "close", None)
        if close is not None:
            close()
        conclude(into)


def conclude(into: Answer) -> None:
    """Check every sentence said so far against what it cites."""
    into.text = into.text.strip()
    if into.text == NOT_FOUND:
        into.proofs, into.claims = [], []
        return
    into.claims = claims(into.text, {proof.number: proof.quote for proof in into.proofs})


def _say(item: Text | Mark, hits: Sequence[Hit], into: Answer) -> Iterator[Token | Proof]:
    if isinstance(item, Text):
        into.text += item.text
        yield Token(item.text)
        return
    sentence = _last_sentence(into.text)
    for number in dict.fromkeys(item.numbers):
        if not 1 <= number <= len(hits):
            into.invented_marks += 1
            continue
        proof, is_new = _prove(sentence, hits[number - 1], into)
        mark = f"[{proof.number}]"
        if into.text.endswith(mark):
            continue
        into.text += mark
        yield Token(mark)
        if is_new:
            yield proof


def _prove(sentence: str, hit: Hit, into: Answer) -> tuple[Proof, bool]:
    start, end = best_quote(sentence, hit)
    for known in into.proofs:
        if known.hit.fragment_id == hit.fragment_id and (known.start, known.end) == (start, end):
            return known, False
    quote = hit.text[start:end]
    proof = Proof(
        number=len(into.proofs) + 1,
        hit=hit,
        start=start,
        end=end,
        quote=quote,
        locators=tuple(locate(hit.locators, hit.spans, start, end)),
        verdict=check(sentence, [quote]),
    )
    into.proofs.append(proof)
    return proof, True


def _last_sentence(text: str) -> str:
    """The sentence that a mark at the end of `text` belongs to, earlier marks left out."""
    bare = _MARK.sub("", text).rstrip()
    ranges = sentences(bare)
    return bare[ranges[-1][0] : ranges[-1][1]] if ranges else bare
