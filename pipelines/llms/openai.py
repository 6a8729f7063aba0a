"""Any endpoint that speaks OpenAI's chat completions: OpenAI, vLLM, Ollama, Azure by base URL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipelines.breakable import breakable
from pipelines.errors import LLMError, ModelUnavailable
from pipelines.llms.contract import LLMSettings, Prompt, Stop, Usage

RETRIES = 3


class OpenAI:
    def __init__(self, model: str, settings: LLMSettings) -> None:
        import openai

        self.name = f"openai:{model}"
        self._model = model
        self._client = openai.OpenAI(
            base_url=settings.base_url or None,
            # Servers of one's own often want none; the SDK insists on some text.
            api_key=settings.api_key or "not-needed",
            # The SDK waits longer after each 408, 409, 429 and 5xx, and heeds Retry-After.
            max_retries=RETRIES,
        )

    @classmethod
    def load(cls, model: str, settings: LLMSettings) -> OpenAI:
        if not model:
            raise ModelUnavailable("LLM=openai:MODEL needs the name of a model.")
        return cls(model, settings)

    def stream(self, prompt: Prompt, usage: Usage, stop: Stop) -> Iterator[str]:
        import httpx2
        import openai

        messages: Any = list(prompt.messages)
        client = self._client.with_options(http_client=breakable(stop))
        try:
            with client.chat.completions.create(
                model=self._model,
                messages=messages,
                temperature=0,
                stream=True,
                stream_options={"include_usage": True},
            ) as chunks:
                for chunk in chunks:
                    if chunk.usage is not None:
                        usage.counts = {
                            "prompt_tokens": chunk.usage.prompt_tokens,
                            "completion_tokens": chunk.usage.completion_tokens,
                        }
                    for choice in chunk.choices[:1]:
                        if choice.delta.content:
                            yield choice.delta.content
        except (openai.OpenAIError, httpx2.HTTPError) as error:
            if stop.is_set():
                return
            raise _translated(error) from error


def _translated(error: Exception) -> LLMError:
    import openai

    if isinstance(error, openai.APIStatusError):
        return LLMError(_told(error.status_code))
    return LLMError(
        "The language model's server could not be reached or broke off; try again, or check "
        "OPENAI_BASE_URL."
    )


def _told(status: int) -> str:
    if status in (401, 403):
        return "The language model's provider refused the key; check OPENAI_API_KEY."
    if status == 404:
        return "The language model's provider does not know this model; check LLM."
    if status == 429:
        return "The language model's provider is over its limit; try again in a while."
    return f"The language model's provider answered with an error (HTTP {status}); try again."
