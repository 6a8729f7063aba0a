"""Language models: one file per provider, named in LLMS."""

from __future__ import annotations

from collections.abc import Callable

from pipelines.errors import ModelUnavailable
from pipelines.llms.anthropic import Anthropic
from pipelines.llms.contract import LLM, LLMSettings
from pipelines.llms.extractive import Extractive
from pipelines.llms.mock import Mock
from pipelines.llms.openai import Google, OpenAI

LLMS: dict[str, Callable[[str, LLMSettings], LLM]] = {
    "extractive": Extractive.load,
    "openai": OpenAI.load,
    "anthropic": Anthropic.load,
    "google": Google.load,
    "mock": Mock.load,
}


def load_llm(name: str, settings: LLMSettings) -> LLM:
    """The model that `name` asks for: `extractive`, `PROVIDER:MODEL` or `mock:FILE`.

    Raises ModelUnavailable for a name nobody provides.
    """
    provider, _, model = name.partition(":")
    if provider not in LLMS:
        raise ModelUnavailable(f"LLM {name!r} is not known; choose one of: {', '.join(LLMS)}.")
    return LLMS[provider](model, settings)
