"""What a language model is to us: a prompt in, text out as it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pydantic import SecretStr

from pipelines.cancellation import Stop
from pipelines.providers.retrying import Timeouts, Waiting
from pipelines.quoting.chosen import Answered
from pipelines.quoting.meaning import Meaning
from pipelines.types import Hit


@dataclass(frozen=True)
class Prompt:
    """A question, the passages that may answer it (numbered from 1), and how to ask."""

    question: str
    hits: Sequence[Hit]
    messages: Sequence[dict[str, str]]
    """The same as chat messages: role and content."""
    history: Sequence[tuple[str, str]] = ()
    """(question, answer) of earlier turns, oldest first."""
    instructions: str = ""
    """What the messages were made with; empty for messages that can't be made smaller."""
    alone: str = ""
    """The question as it is understood without the history; empty if that is the question."""
    meaning: Meaning | None = None
    """The embedding model that the passages were found by."""


MOST_REASONING = 20_000
"""Characters of a model's reasoning that are kept and told."""


def _nobody_hears(_told: Any) -> None:
    """Nobody follows what is told beside the answer."""


@dataclass(frozen=True)
class Cite:
    """What proves the sentence said last, as an LLM knows it that quotes: characters start..end of
    the text of Hit number `hit` (from 0), of which `focus` decides."""

    hit: int
    start: int
    end: int
    focus: tuple[int, int]


@dataclass
class Usage:
    """What an answer took, filled while it is written; and what is told beside its text."""

    counts: dict[str, Any] = field(default_factory=dict)
    """`prompt_tokens`, `completion_tokens`; `estimated` when the provider didn't count them;
    `cost_usd` where the price is known. Empty for answers that cost nothing."""
    model: str | None = None
    """Who answers, known with the first text."""
    answered: Answered | None = None
    """Whether the question is answered, where the LLM can tell itself."""
    related: list[Cite] = field(default_factory=list)
    """Where it does not answer: what is near."""
    notices: list[str] = field(default_factory=list)
    """What a reader of the answer should know of how it came about."""
    reasoning: str = ""
    """What the model thought before it answered, at most MOST_REASONING characters of it; no part
    of the answer."""
    on_reasoning: Callable[[str], None] = field(default=_nobody_hears, repr=False)
    """Told each piece of it as it comes."""
    on_waiting: Callable[[Waiting], None] = field(default=_nobody_hears, repr=False)
    """Told when a vendor has to be asked again, before the pause."""

    def think(self, text: str) -> None:
        """The model's reasoning goes on; what is too much is dropped."""
        kept = text[: MOST_REASONING - len(self.reasoning)]
        if kept:
            self.reasoning += kept
            self.on_reasoning(kept)


@dataclass(frozen=True)
class LLMSettings:
    """What providers may need."""

    base_url: str = field(default="", repr=False)
    """It may hold a password."""
    api_key: SecretStr = field(default=SecretStr(""))
    timeouts: Timeouts = field(default_factory=Timeouts)
    output_tokens: int = 8192
    """Most tokens of one answer."""


class LLM(Protocol):
    """`stream` yields text as it comes, fills `usage` and ends early when `stop` is set.

    Reasoning is no text: it goes to `usage.think` (pipelines/llms/reasoning.py).

    Passages are cited as `[n]`, or by a Cite behind the sentence. Closing the iterator stops the
    provider. Raises LLMError.
    """

    name: str

    def stream(self, prompt: Prompt, usage: Usage, stop: Stop) -> Iterator[str | Cite]: ...
