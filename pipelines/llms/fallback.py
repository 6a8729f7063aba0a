"""Fallback: the next model of a chain answers when one can't, as long as no text has come."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import structlog

from pipelines.cancellation import Stop
from pipelines.errors import LLMError, ModelUnavailable
from pipelines.llms.budget import count_tokens, fitted, room_of
from pipelines.llms.catalogue import Facts, facts_of, is_outside
from pipelines.llms.contract import LLM, Cite, Prompt, Usage
from pipelines.providers.errors import ProviderError

log = structlog.get_logger()

MOST_SAID = 100_000
"""Characters of one answer; a model that goes on is cut off."""
SMALLER = 0.5
"""Of the room, when a provider says that the prompt is too long after all."""


class Chain:
    """An LLM made of several, tried in order, each with a prompt cut to its context.

    `load` gives a model by its name, or raises ModelUnavailable. `context_tokens` overrides what
    is known of the models; 0 does not. `is_priced` tells of which models the known price is paid.
    """

    def __init__(
        self,
        names: Sequence[str],
        load: Callable[[str], LLM],
        *,
        output_tokens: int,
        context_tokens: int = 0,
        is_priced: Callable[[str], bool],
    ) -> None:
        self.name = names[0]
        self._names = list(dict.fromkeys(names))
        self._load = load
        self._output_tokens = output_tokens
        self._context_tokens = context_tokens
        self._is_priced = is_priced

    def stream(self, prompt: Prompt, usage: Usage, stop: Stop) -> Iterator[str | Cite]:
        failed: list[tuple[str, str]] = []
        for name in self._names:
            usage.counts, usage.model, usage.reasoning = {}, None, ""
            told = len(usage.notices)
            try:
                for text in self._tried(name, prompt, usage, stop):
                    if usage.model is None:
                        usage.model = name
                        usage.notices += [_why(*each, name) for each in failed]
                    yield text
                return
            except (LLMError, ModelUnavailable) as error:
                if stop.is_set():
                    return
                if usage.model is not None or name == self._names[-1]:
                    raise _all_failed(failed, name, error) from error
                del usage.notices[told:]
                log.warning("the next language model is asked", model=name, reason=str(error))
                failed.append((name, str(error)))

    def _tried(self, name: str, prompt: Prompt, usage: Usage, stop: Stop) -> Iterator[str | Cite]:
        """One model's text; once more with less when it turns out to read less than thought."""
        llm = self._load(name)
        if not is_outside(name):
            yield from llm.stream(prompt, usage, stop)
            return
        facts = facts_of(name)
        room = room_of(facts, self._output_tokens, self._context_tokens)
        try:
            yield from self._said(llm, facts, room, prompt, usage, stop)
        except ProviderError as error:
            if not error.too_long or not prompt.instructions:
                raise
            yield from self._said(llm, facts, int(SMALLER * room), prompt, usage, stop)

    def _said(
        self, llm: LLM, facts: Facts, room: int, prompt: Prompt, usage: Usage, stop: Stop
    ) -> Iterator[str | Cite]:
        fitting, notice = fitted(prompt, room)
        words = llm.stream(fitting, usage, stop)
        said = 0
        tokens = 0
        try:
            for text in words:
                if isinstance(text, Cite):
                    yield text
                    continue
                if said == 0 and notice:
                    usage.notices.append(notice)
                said += len(text)
                tokens += count_tokens(text)
                yield text
                if said > MOST_SAID:
                    usage.notices.append("The model's answer went on and on; it was cut off.")
                    break
        finally:
            close = getattr(words, "close", None)
            if close is not None:
                close()
            if said or usage.reasoning:
                self._account(llm.name, facts, fitting, tokens, usage)

    def _account(self, name: str, facts: Facts, prompt: Prompt, tokens: int, usage: Usage) -> None:
        """Complete what the provider told of the tokens, and say what they cost."""
        counts = usage.counts
        if "prompt_tokens" not in counts or "completion_tokens" not in counts:
            read = sum(count_tokens(message["content"]) for message in prompt.messages)
            usage.counts = counts = {
                "prompt_tokens": counts.get("prompt_tokens", read),
                "completion_tokens": tokens + count_tokens(usage.reasoning),
                "estimated": True,
            }
        if facts.price is not None and self._is_priced(name):
            cost = (
                counts["prompt_tokens"] * facts.price.input
                + counts["completion_tokens"] * facts.price.output
            )
            counts["cost_usd"] = round(cost / 1_000_000, 6)


def _why(failed: str, reason: str, answered: str) -> str:
    return f"{failed} gave no answer ({reason.rstrip('.')}); {answered} answered instead."


def _all_failed(
    failed: Sequence[tuple[str, str]], name: str, error: LLMError | ModelUnavailable
) -> LLMError | ModelUnavailable:
    """The error itself, or one that says of each model why it failed."""
    if not failed:
        return error
    each = "; ".join(
        f"{model}: {reason.rstrip('.')}" for model, reason in (*failed, (name, str(error)))
    )
    return LLMError(f"None of the models could answer. {each}.")
