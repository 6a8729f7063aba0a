"""What a language model is to us: a prompt in, text out as it comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import SecretStr

from pipelines.cancellation import Stop
from pipelines.providers.retrying import Timeouts
from pipelines.types import Hit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


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


@dataclass
class Usage:
    """What an answer took, filled while it is written."""

    counts: dict[str, Any] = field(default_factory=dict)
    """`prompt_tokens`, `completion_tokens`; `estimated` when the provider didn't count them;
    `cost_usd` where the price is known. Empty for answers that cost nothing."""
    model: str | None = None
    """Who answers, known with the first text."""
    notices: list[str] = field(default_factory=list)
    """What a reader of the answer should know of how it came about."""


@dataclass(frozen=True)
class LLMSettings:
    """What providers may need. `embed` turns texts into unit vectors, float32 [n, d]."""

    base_url: str = field(default="", repr=False)
    """It may hold a password."""
    api_key: SecretStr = field(default=SecretStr(""))
    embed: Callable[[Sequence[str]], NDArray[np.float32]] | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)
    output_tokens: int = 8192
    """Most tokens of one answer."""


class LLM(Protocol):
    """`stream` yields text as it comes, fills `usage` and ends early when `stop` is set.

    Passages are cited as `[n]`. Closing the iterator stops the provider. Raises LLMError.
    """

    name: str

    def stream(self, prompt: Prompt, usage: Usage, stop: Stop) -> Iterator[str]: ...
