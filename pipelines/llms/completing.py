"""A short text from a language model, whole: for rewriting a question, for a title."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipelines.cancellation import Stop
from pipelines.llms.contract import LLM, Prompt, Usage

LONGEST = 2_000


def complete(
    llm: LLM,
    messages: Sequence[Mapping[str, str]],
    stop: Stop | None = None,
    *,
    longest: int = LONGEST,
    usage: Usage | None = None,
) -> str:
    """What `llm` says to `messages` (role and content), at most `longest` characters.

    What was said so far when `stop` is set. The text is a model's: hostile until checked. Raises
    LLMError.
    """
    prompt = Prompt(messages[-1]["content"], (), [dict(message) for message in messages])
    words = llm.stream(prompt, usage or Usage(), stop or Stop())
    said = ""
    try:
        for text in words:
            said += text if isinstance(text, str) else ""
            if len(said) >= longest:
                break
    finally:
        close = getattr(words, "close", None)
        if close is not None:
            close()
    return said[:longest].strip()
