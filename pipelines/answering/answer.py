"""Answering from top to bottom: prompt, the model's words as they come, proofs, verdicts."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pipelines.answering.citation_marks import Mark, MarkReader, Text
from pipelines.answering.safe_text import SafeText, addresses
from pipelines.answering.sentence_ends import SentenceEnds
from pipelines.answering.withdrawal import copies
from pipelines.cancellation import Stop
from pipelines.claims.answer_sentences import MARK
from pipelines.claims.asserting import asserts
from pipelines.claims.check import Claim, best_quote, check, claims, examine
from pipelines.claims.quotes import Quote, quote_of
from pipelines.llms.contract import LLM, Prompt, Usage
from pipelines.llms.prompts import BUILT_IN, NOT_FOUND, chat_messages
from pipelines.text.recognition import Recognition, recognition
from pipelines.text.sentences import sentences
from pipelines.types import Hit, locate


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
    recognition: Recognition | None
    """None where the quote was read from text."""
    verdict: str | None
    """None where the sentence that cites it asserts nothing, as a heading."""

    @property
    def evidence(self) -> Quote:
        """The quote with what gives it its meaning: title, headings, rows and their columns."""
        return quote_of(self.hit, self.start, self.end)


@dataclass
class Answer:
    """What has been said so far; complete when the generator ends."""

    text: str = ""
    proofs: list[Proof] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    invented_marks: int = 0
    """Marks that named no passage; they were removed."""
    removed_links: int = 0
    """Links, pictures and HTML tags that were made plain text."""
    usage: Usage = field(default_factory=Usage)


def answer(
    question: str,
    hits: Sequence[Hit],
    llm: LLM,
    into: Answer,
    *,
    history: Sequence[tuple[str, str]] = (),
    instructions: str = "",
    alone: str = "",
    stop: Stop | None = None,
) -> Generator[Token | Proof, None, None]:
    """Yields Tokens and Proofs in the order they become known, and keeps `into` up to date.

    A sentence that cites nothing is cited where a Hit carries it. Closing the generator or
    setting `stop` stops the model; `into` then holds what was said. Without Hits the answer is
    that nothing was found. `instructions`: in place of the built-in ones; `alone`: a
    question that leans on the history, made to stand alone. Raises LLMError.
    """
    if not hits:
        into.text = NOT_FOUND
        yield Token(NOT_FOUND)
        into.claims = []
        return
    instructions = instructions or BUILT_IN["answer"]
    messages = chat_messages(question, hits, history, instructions)
    prompt = Prompt(question, hits, messages, history, instructions, alone)
    reader = MarkReader()
    writer = _Writer(hits, into, SafeText(addresses(question)))
    words = llm.stream(prompt, into.usage, stop or Stop())
    try:
        for piece in words:
            for item in reader.feed(piece):
                yield from writer.write(item)
        yield from writer.end(reader)
    finally:
        close = getattr(words, "close", None)
        if close is not None:
            close()
        # What was held back when the model was broken off was said, too.
        deque(writer.end(reader), maxlen=0)
        conclude(into, hits)


def conclude(into: Answer, hits: Sequence[Hit]) -> None:
    """Check every sentence said so far against what it cites, and tell whose words it has."""
    into.text = into.text.strip()
    if into.text == NOT_FOUND:
        into.proofs, into.claims = [], []
        return
    quotes = {proof.number: proof.evidence for proof in into.proofs}
    found = [claim for claim in claims(into.text, quotes) if claim.text != NOT_FOUND]
    given: dict[str, list[str]] = {}
    for hit in hits:
        given.setdefault(hit.source_id, []).append(hit.text)
    repeats = copies([claim.text for claim in found], given)
    into.claims = [
        replace(claim, repeats=sources) for claim, sources in zip(found, repeats, strict=True)
    ]


class _Writer:
    """What the model says, made safe and cited, on its way out."""

    def __init__(self, hits: Sequence[Hit], into: Answer, safe: SafeText) -> None:
        self._hits = hits
        self._into = into
        self._safe = safe
        self._ends = SentenceEnds()
        self._has_ended = False

    def write(self, item: Text | Mark) -> Iterator[Token | Proof]:
        if isinstance(item, Mark):
            yield from self._cite(item)
        elif item.is_code:
            yield from self._say(self._safe.code(item.text), is_code=True)
        else:
            yield from self._say(self._safe.feed(item.text))
        self._into.removed_links = self._safe.removed

    def end(self, reader: MarkReader) -> Iterator[Token | Proof]:
        """What was held back; a second time there is nothing."""
        if self._has_ended:
            return
        self._has_ended = True
        for item in reader.end():
            yield from self.write(item)
        yield from self._say(self._safe.flush())
        self._into.removed_links = self._safe.removed
        yield from self._prove_last(self._ends.end())

    def _say(self, text: str, *, is_code: bool = False) -> Iterator[Token | Proof]:
        for piece in self._ends.feed(text, is_code=is_code):
            if piece.ended:
                yield from self._prove_last(piece.ended)
            # Without the space a mark and what follows could make a link.
            touches = self._into.text.endswith("]") and piece.text[:1] in ("(", ":", "[")
            yield from self._put(f" {piece.text}" if piece.ended and touches else piece.text)

    def _put(self, text: str) -> Iterator[Token]:
        if text:
            self._into.text += text
            yield Token(text)

    def _cite(self, mark: Mark) -> Iterator[Token | Proof]:
        known = [n for n in mark.numbers if 1 <= n <= len(self._hits)]
        self._into.invented_marks += len(mark.numbers) - len(known)
        if not known:
            return
        yield from self._say(self._safe.flush())
        yield from self._put(self._ends.cite())
        sentence = _last_sentence(self._into.text)
        for number in known:
            proof, is_new = _prove(sentence, self._hits[number - 1], self._into)
            shown = f"[{proof.number}]"
            if self._into.text.endswith(shown):
                continue
            yield from self._put(self._safe.mark(shown))
            if is_new:
                yield proof

    def _prove_last(self, sentence: str) -> Iterator[Token | Proof]:
        """Cite a sentence that the model left without a proof, if a Hit carries it."""
        if not sentence or sentence == NOT_FOUND:
            return
        hit = _carrying(sentence, self._hits)
        if hit is None:
            return
        proof, is_new = _prove(sentence, hit, self._into)
        yield from self._put(f" [{proof.number}]")
        if is_new:
            yield proof


def _carrying(sentence: str, hits: Sequence[Hit]) -> Hit | None:
    """The first Hit with a quote that verifies the sentence."""
    for hit in hits:
        quote = quote_of(hit, *best_quote(sentence, hit))
        if examine(sentence, [quote]).verdict == "verified":
            return hit
    return None


def _prove(sentence: str, hit: Hit, into: Answer) -> tuple[Proof, bool]:
    start, end = best_quote(sentence, hit)
    for known in into.proofs:
        if known.hit.fragment_id == hit.fragment_id and (known.start, known.end) == (start, end):
            return known, False
    quote = quote_of(hit, start, end)
    proof = Proof(
        number=len(into.proofs) + 1,
        hit=hit,
        start=start,
        end=end,
        quote=quote.text,
        locators=tuple(locate(hit.locators, hit.spans, start, end)),
        recognition=recognition(hit.recognised, start, end),
        verdict=check(sentence, [quote]) if asserts(sentence) else None,
    )
    into.proofs.append(proof)
    return proof, True


def _last_sentence(text: str) -> str:
    """The sentence that a mark at the end of `text` belongs to, earlier marks left out."""
    bare = MARK.sub("", text[text.rfind("\n", 0, len(text.rstrip())) + 1 :]).rstrip()
    ranges = sentences(bare)
    return bare[ranges[-1][0] : ranges[-1][1]] if ranges else bare
