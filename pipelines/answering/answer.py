"""Answering from top to bottom: prompt, the model's words as they come, proofs, verdicts."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pipelines.answering.answered import answered_by
from pipelines.answering.citation_marks import Mark, MarkReader, Text
from pipelines.answering.safe_text import SafeText, addresses
from pipelines.answering.sentence_ends import Piece, SentenceEnds
from pipelines.answering.unproven import placed_in, without_marks
from pipelines.answering.withdrawal import copies
from pipelines.cancellation import Stop
from pipelines.claims.answer_sentences import MARK, Place
from pipelines.claims.asserting import asserts
from pipelines.claims.check import Claim, best_quote, check, claims, examine
from pipelines.claims.quotes import Quote, quote_of
from pipelines.llms.contract import LLM, Cite, Prompt, Usage
from pipelines.llms.extractive import Extractive
from pipelines.llms.prompts import BUILT_IN, NOT_FOUND, UNPROVEN, chat_messages
from pipelines.quoting.chosen import Answered
from pipelines.quoting.meaning import Meaning
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
    focus: tuple[int, int]
    """The characters of `quote` that decide."""
    focus_locators: tuple[Any, ...]

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
    reasoning_repeats: tuple[str, ...] = ()
    """The sources, by id, whose words the model's reasoning has."""
    answered: Answered = "no"
    related: list[Proof] = field(default_factory=list)
    """Where the question is not answered: passages that are near, and no claims."""


def answer(
    question: str,
    hits: Sequence[Hit],
    llm: LLM,
    into: Answer,
    *,
    history: Sequence[tuple[str, str]] = (),
    instructions: str = "",
    alone: str = "",
    meaning: Meaning | None = None,
    mark_unproven: bool = True,
    stop: Stop | None = None,
) -> Generator[Token | Proof, None, None]:
    """Yields Tokens and Proofs in the order they become known, and keeps `into` up to date.

    A sentence that cites nothing is cited where a Hit carries it; with `mark_unproven` UNPROVEN
    stands behind each sentence that nothing proves, as soon as it ends. Closing the generator or
    setting `stop` stops the model; `into` then holds what was said. Without Hits the answer is
    that nothing was found. `instructions`: in place of the built-in ones; `alone`: a
    question that leans on the history, made to stand alone; `meaning`: the embedding model, for
    an LLM that compares. Raises LLMError.
    """
    if not hits:
        into.text = NOT_FOUND
        yield Token(NOT_FOUND)
        into.claims = []
        return
    instructions = instructions or BUILT_IN["answer"]
    messages = chat_messages(question, hits, history, instructions)
    prompt = Prompt(question, hits, messages, history, instructions, alone, meaning)
    reader = MarkReader()

    def marks() -> bool:
        # Who answers is known with the first text. The sources' own sentences need no mark.
        return mark_unproven and (into.usage.model or llm.name) != Extractive.name

    writer = _Writer(hits, into, SafeText(addresses(question)), marks)
    words = llm.stream(prompt, into.usage, stop or Stop())
    try:
        for piece in words:
            if isinstance(piece, Cite):
                for item in reader.end():
                    yield from writer.write(item)
                yield from writer.cite_at(piece)
                continue
            for item in reader.feed(piece):
                yield from writer.write(item)
        yield from writer.end(reader)
    finally:
        close = getattr(words, "close", None)
        if close is not None:
            close()
        # What was held back when the model was broken off was said, too.
        deque(writer.end(reader), maxlen=0)
        deque(writer.conclude_last(), maxlen=0)
        conclude(into, hits, alone or question)


def conclude(into: Answer, hits: Sequence[Hit], question: str) -> None:
    """Check every sentence said so far against what it cites, tell whose words it has, and whether
    the question is answered."""
    into.text = into.text.strip()
    given: dict[str, list[str]] = {}
    for hit in hits:
        given.setdefault(hit.source_id, []).append(hit.text)
    (into.reasoning_repeats,) = copies([into.usage.reasoning], given)
    if into.text == NOT_FOUND:
        into.proofs, into.claims = [], []
        into.related = [
            _related(hits, cite, number) for number, cite in enumerate(into.usage.related, 1)
        ]
        return
    quotes = {proof.number: proof.evidence for proof in into.proofs}
    checked = claims(without_marks(into.text), quotes)
    found = [placed_in(into.text, claim) for claim in checked if claim.text != NOT_FOUND]
    repeats = copies([claim.text for claim in found], given)
    into.claims = [
        replace(claim, repeats=sources) for claim, sources in zip(found, repeats, strict=True)
    ]
    into.answered = into.usage.answered or answered_by(question, into.proofs, into.claims)


def _related(hits: Sequence[Hit], cite: Cite, number: int) -> Proof:
    return _proof_at(hits[cite.hit], cite, number, None)


class _Writer:
    """What the model says, made safe and cited, on its way out."""

    def __init__(
        self, hits: Sequence[Hit], into: Answer, safe: SafeText, marks: Callable[[], bool]
    ) -> None:
        """`marks`: whether sentences that nothing proves are marked."""
        self._hits = hits
        self._into = into
        self._safe = safe
        self._marks = marks
        self._ends = SentenceEnds()
        self._has_ended = False

    def write(self, item: Text | Mark) -> Iterator[Token | Proof]:
        if isinstance(item, Mark):
            yield from self._cite(item)
        elif item.is_code:
            yield from self._say(self._safe.code(item.text), is_block=item.is_block)
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
        yield from self.conclude_last()

    def conclude_last(self) -> Iterator[Token | Proof]:
        """The claims that the text ends with, if nobody has concluded them yet."""
        yield from self._follow(self._ends.end())

    def _say(self, text: str, *, is_block: bool = False) -> Iterator[Token | Proof]:
        # That mark is ours alone to set; what is safe comes in whole words.
        said = text if is_block else text.replace(UNPROVEN, "")
        yield from self._follow(self._ends.feed(said, is_block=is_block))

    def _follow(self, pieces: Iterable[Piece]) -> Iterator[Token | Proof]:
        """Text on its way out; claims are concluded where they end."""
        is_behind_claim = False
        for piece in pieces:
            if piece.ended:
                yield from self._conclude(piece.ended, may_cite=piece.is_behind)
                is_behind_claim = True
                continue
            # Without the space a mark and what follows could make a link.
            touches = self._into.text.endswith("]") and piece.text[:1] in ("(", ":", "[")
            yield from self._put(f" {piece.text}" if is_behind_claim and touches else piece.text)
            is_behind_claim = False

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
        yield from self._follow(self._ends.cite())
        sentence = _last_sentence(self._into.text)
        for number in known:
            proof, is_new = _prove(sentence, self._hits[number - 1], self._into)
            shown = f"[{proof.number}]"
            if self._into.text.endswith(shown):
                continue
            yield from self._put(self._safe.mark(shown))
            self._ends.put(shown)
            if is_new:
                yield proof

    def cite_at(self, cite: Cite) -> Iterator[Token | Proof]:
        """Cite what the model itself says that proves its last sentence."""
        yield from self._say(self._safe.flush())
        yield from self._follow(self._ends.cite())
        proof, is_new = _prove_at(
            _last_sentence(self._into.text), self._hits[cite.hit], cite, self._into
        )
        shown = f" [{proof.number}]"
        yield from self._put(shown)
        self._ends.put(shown)
        if is_new:
            yield proof

    def _conclude(self, ended: Sequence[Place], *, may_cite: bool) -> Iterator[Token | Proof]:
        """Cite the last of these claims where the model left it without a proof and a Hit carries
        it, if it `may_cite` there; mark what nothing proves."""
        *earlier, last = ended
        marks = self._marks()
        is_unproven = marks and any(self._is_unproven(place) for place in earlier)
        hit = None
        if may_cite and not last.numbers and last.text != NOT_FOUND:
            hit = _carrying(last.text, self._hits)
        if hit is not None:
            proof, is_new = _prove(last.text, hit, self._into)
            shown = f" [{proof.number}]"
            yield from self._put(shown)
            self._ends.put(shown)
            if is_new:
                yield proof
        elif marks:
            is_unproven = is_unproven or self._is_unproven(last)
        if is_unproven:
            yield from self._put(f" {UNPROVEN}")

    def _is_unproven(self, place: Place) -> bool:
        if place.text == NOT_FOUND:
            return False
        cited = [proof.evidence for proof in self._into.proofs if proof.number in place.numbers]
        return examine(place.text, cited).verdict == "unsupported"


def _carrying(sentence: str, hits: Sequence[Hit]) -> Hit | None:
    """The first Hit with a quote that verifies the sentence."""
    for hit in hits:
        quote = quote_of(hit, *best_quote(sentence, hit))
        if examine(sentence, [quote]).verdict == "verified":
            return hit
    return None


def _prove(sentence: str, hit: Hit, into: Answer) -> tuple[Proof, bool]:
    start, end = best_quote(sentence, hit)
    return _prove_at(sentence, hit, Cite(0, start, end, (start, end)), into)


def _prove_at(sentence: str, hit: Hit, cite: Cite, into: Answer) -> tuple[Proof, bool]:
    """The proof of a sentence at that place, and whether it is new: places are cited once."""
    for known in into.proofs:
        if (known.hit.fragment_id, known.hit.text, known.start, known.end) == (
            hit.fragment_id, hit.text, cite.start, cite.end,
        ):  # fmt: skip
            return known, False
    quote = quote_of(hit, cite.start, cite.end)
    verdict = check(sentence, [quote]) if asserts(sentence) else None
    proof = _proof_at(hit, cite, len(into.proofs) + 1, verdict)
    into.proofs.append(proof)
    return proof, True


def _proof_at(hit: Hit, cite: Cite, number: int, verdict: str | None) -> Proof:
    start, end = cite.start, cite.end
    return Proof(
        number=number,
        hit=hit,
        start=start,
        end=end,
        quote=hit.text[start:end],
        locators=tuple(locate(hit.locators, hit.spans, start, end)),
        recognition=recognition(hit.recognised, start, end),
        verdict=verdict,
        focus=(cite.focus[0] - start, cite.focus[1] - start),
        focus_locators=tuple(locate(hit.locators, hit.spans, *cite.focus)),
    )


def _last_sentence(text: str) -> str:
    """The sentence that a mark at the end of `text` belongs to, earlier marks left out."""
    line = text[text.rfind("\n", 0, len(text.rstrip())) + 1 :]
    bare = MARK.sub("", without_marks(line)).rstrip()
    ranges = sentences(bare)
    return bare[ranges[-1][0] : ranges[-1][1]] if ranges else bare
