"""Claude, by Anthropic's own SDK."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

from pipelines.cancellation import Stop
from pipelines.errors import ModelUnavailable
from pipelines.llms.catalogue import facts_of
from pipelines.llms.contract import LLMSettings, Prompt, Usage
from pipelines.llms.reasoning import Reasoning, without_reasoning
from pipelines.providers.cancellable_http import cancellable_client
from pipelines.providers.errors import (
    MALFORMED,
    ProviderError,
    Vendor,
    from_sdk,
    malformed,
    stream_ended_early,
)
from pipelines.providers.retrying import stream_text

VENDOR = Vendor("Anthropic", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL")
CUT_OFF = {
    "max_tokens": "The model's answer was cut off at its longest length.",
    "model_context_window_exceeded": "The model's answer was cut off at its longest length.",
    "refusal": "The model declined to write the rest of the answer.",
}


class Anthropic:
    def __init__(self, model: str, settings: LLMSettings) -> None:
        import anthropic

        self.name = f"anthropic:{model}"
        self._model = model
        self._settings = settings
        self._client = anthropic.Anthropic(
            base_url=settings.base_url or None,
            api_key=settings.api_key.get_secret_value(),
            max_retries=0,
        )
        self._most = min(settings.output_tokens, facts_of(self.name).max_output)

    @classmethod
    def load(cls, model: str, settings: LLMSettings) -> Anthropic:
        if not model:
            raise ModelUnavailable("anthropic:MODEL needs the name of a model after the colon.")
        if not settings.api_key:
            raise ModelUnavailable("Anthropic needs a key; set ANTHROPIC_API_KEY.")
        return cls(model, settings)

    def stream(self, prompt: Prompt, usage: Usage, stop: Stop) -> Iterator[str]:
        def request(current: Stop) -> Generator[str | Reasoning, None, None]:
            return self._request(prompt, usage, current)

        pieces = stream_text(request, VENDOR, self._settings.timeouts, stop, usage.on_waiting)
        return without_reasoning(pieces, usage, stop)

    def _request(
        self, prompt: Prompt, usage: Usage, current: Stop
    ) -> Generator[str | Reasoning, None, None]:
        import anthropic
        import httpx2

        times = self._settings.timeouts
        silence = max(times.first_token, times.silence)
        # A redirect would take the sources' text to a host that nobody has set.
        with cancellable_client(
            current, connect=times.connect, silence=silence, follow_redirects=False
        ) as connection:
            client = self._client.with_options(http_client=connection)
            system = "\n\n".join(m["content"] for m in prompt.messages if m["role"] == "system")
            said: Any = [m for m in prompt.messages if m["role"] != "system"]
            try:
                with client.messages.create(
                    model=self._model,
                    max_tokens=self._most,
                    system=system or anthropic.omit,
                    messages=said,
                    stream=True,
                ) as events:
                    yield from _read(events, usage)
            except ProviderError:
                raise
            except (anthropic.AnthropicError, httpx2.HTTPError) as error:
                raise from_sdk(error, VENDOR) from error
            except MALFORMED as error:
                raise malformed(VENDOR) from error


def _read(events: Any, usage: Usage) -> Iterator[str | Reasoning]:
    """Text and reasoning of a stream's events, "" for those without. Raises ProviderError for one
    that ends before its `message_stop`."""
    ended, said, reason = False, False, None
    for event in events:
        text = ""
        if event.type == "message_start":
            usage.counts = {"prompt_tokens": int(event.message.usage.input_tokens)}
        elif event.type == "content_block_delta" and event.delta.type == "text_delta":
            text = event.delta.text
        elif event.type == "content_block_delta" and event.delta.type == "thinking_delta":
            yield Reasoning(event.delta.thinking)
        elif event.type == "message_delta":
            reason = event.delta.stop_reason
            usage.counts["completion_tokens"] = int(event.usage.output_tokens)
        elif event.type == "message_stop":
            ended = True
        if not isinstance(text, str):
            raise malformed(VENDOR)
        said = said or bool(text)
        yield text
    if not ended:
        raise stream_ended_early(VENDOR) if said else malformed(VENDOR)
    if reason in CUT_OFF:
        usage.notices.append(CUT_OFF[reason])
    if not said:
        raise ProviderError("Anthropic answered with nothing; ask again.")
