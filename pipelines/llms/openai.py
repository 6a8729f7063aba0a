"""Any endpoint that speaks OpenAI's chat completions: OpenAI, xAI, vLLM, Ollama, Azure by base
URL, and Google's own."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any, ClassVar

from pipelines.cancellation import Stop
from pipelines.errors import ModelUnavailable
from pipelines.llms.contract import LLMSettings, Prompt, Usage
from pipelines.llms.reasoning import Reasoning, without_reasoning
from pipelines.providers.cancellable_http import cancellable_client
from pipelines.providers.errors import (
    MALFORMED,
    ProviderError,
    Vendor,
    from_sdk,
    malformed,
    refused_option,
    stream_ended_early,
)
from pipelines.providers.retrying import stream_text

CUT_OFF = {
    "length": "The model's answer was cut off at its longest length.",
    "content_filter": "The model's provider withheld a part of the answer.",
}


class OpenAI:
    provider: ClassVar[str] = "openai"
    vendor: ClassVar[Vendor] = Vendor(
        "The language model's provider", "OPENAI_API_KEY", "OPENAI_BASE_URL"
    )

    def __init__(self, model: str, settings: LLMSettings) -> None:
        import openai

        self.name = f"{self.provider}:{model}"
        self._model = model
        self._settings = settings
        self._client = openai.OpenAI(
            base_url=settings.base_url or None,
            # Servers of one's own often want none; the SDK insists on some text.
            api_key=settings.api_key.get_secret_value() or "not-needed",
            max_retries=0,
        )
        self._options: dict[str, Any] = {
            "temperature": 0,
            "stream_options": {"include_usage": True},
            "max_completion_tokens": settings.output_tokens,
        }
        """Not every endpoint and model takes these: what one refuses is not sent again."""

    @classmethod
    def load(cls, model: str, settings: LLMSettings) -> OpenAI:
        if not model:
            raise ModelUnavailable(
                f"{cls.provider}:MODEL needs the name of a model; write it after the colon."
            )
        return cls(model, settings)

    def stream(self, prompt: Prompt, usage: Usage, stop: Stop) -> Iterator[str]:
        def request(current: Stop) -> Generator[str | Reasoning, None, None]:
            return self._request(prompt, usage, current)

        times = self._settings.timeouts
        pieces = stream_text(request, self.vendor, times, stop, usage.on_waiting)
        return without_reasoning(pieces, usage, stop)

    def _request(
        self, prompt: Prompt, usage: Usage, current: Stop
    ) -> Generator[str | Reasoning, None, None]:
        import httpx2
        import openai

        times = self._settings.timeouts
        silence = max(times.first_token, times.silence)
        # A redirect would take the sources' text to a host that nobody has set.
        with cancellable_client(
            current, connect=times.connect, silence=silence, follow_redirects=False
        ) as connection:
            client = self._client.with_options(http_client=connection)
            try:
                with self._opened(client, prompt) as chunks:
                    yield from _read(chunks, usage, self.vendor)
            except ProviderError:
                raise
            except (openai.OpenAIError, httpx2.HTTPError) as error:
                raise from_sdk(error, self.vendor) from error
            except MALFORMED as error:
                raise malformed(self.vendor) from error

    def _opened(self, client: Any, prompt: Prompt) -> Any:
        """The stream, asked for again without an option that the endpoint refuses."""
        import openai

        while True:
            options = dict(self._options)
            try:
                return client.chat.completions.create(
                    model=self._model, messages=list(prompt.messages), stream=True, **options
                )
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                refused = refused_option(error, options)
                if refused is None:
                    raise
                self._options.pop(refused, None)


class Google(OpenAI):
    """Gemini, at Google's endpoint for OpenAI's clients."""

    provider = "google"
    vendor = Vendor("Google", "GOOGLE_API_KEY", "GOOGLE_BASE_URL")


def _read(chunks: Any, usage: Usage, vendor: Vendor) -> Iterator[str | Reasoning]:
    """Text and reasoning of a stream's chunks, "" for those without. Raises ProviderError for one
    that ends before it says why."""
    finished, said = None, False
    for chunk in chunks:
        if chunk.usage is not None:
            usage.counts = {
                "prompt_tokens": int(chunk.usage.prompt_tokens),
                "completion_tokens": int(chunk.usage.completion_tokens),
            }
        text = ""
        for choice in (chunk.choices or [])[:1]:
            finished = choice.finish_reason or finished
            text = choice.delta.content or ""
            if thought := _reasoning(choice.delta):
                yield Reasoning(thought)
        if not isinstance(text, str):
            raise malformed(vendor)
        said = said or bool(text)
        yield text
    if finished is None:
        raise stream_ended_early(vendor) if said else malformed(vendor)
    if finished in CUT_OFF:
        usage.notices.append(CUT_OFF[finished])
    if not said:
        raise ProviderError(f"{vendor.name} answered with nothing; ask again.")


def _reasoning(delta: Any) -> str:
    """What DeepSeek's, vLLM's and others' servers call `reasoning_content`, OpenRouter's and
    Ollama's `reasoning`; OpenAI's protocol has no word for it."""
    for name in ("reasoning_content", "reasoning"):
        thought = getattr(delta, name, None)
        if isinstance(thought, str) and thought:
            return thought
    return ""
