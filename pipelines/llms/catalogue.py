"""The providers and what is known of their models. Any other model may be named as well.

A price is the provider's public one for one million tokens, for prompts as short as ours and
without discounts for what was read before; one that depends on a date or was not found is left
out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

PRICES_OF = "2026-11-05"
"""When the prices were collected."""
_DATED = re.compile(r"-(?:\d{4}-\d{2}-\d{2}|\d{8}|latest)$")


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens."""

    input: float
    output: float


@dataclass(frozen=True)
class Facts:
    """`context` and `max_output` in tokens; `context` holds what is read and what is written."""

    context: int
    max_output: int
    tools: bool = True
    vision: bool = True
    price: Price | None = None
    streaming: bool = True


@dataclass(frozen=True)
class Provider:
    """`id` is what stands before the colon in `LLM`; `takes_any`: other models than those listed
    may be named."""

    id: str
    title: str
    base_url: str = ""
    key_setting: str = ""
    url_setting: str = ""
    takes_any: bool = True
    models: tuple[tuple[str, Facts], ...] = ()


UNKNOWN = Facts(context=8_192, max_output=2_048, tools=False, vision=False)
"""What every model of today can do: a smaller prompt answers, a larger one may be cut silently."""
BUILT_IN = Facts(context=1_000_000, max_output=1_000_000, tools=False, vision=False)

MILLION = 1_000_000

PROVIDERS: tuple[Provider, ...] = (
    Provider(
        "extractive",
        "Vouch: the sources' own sentences, without a language model",
        takes_any=False,
        models=(("", BUILT_IN),),
    ),
    Provider(
        "openai",
        "OpenAI, or any endpoint that speaks its protocol",
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        models=(
            ("gpt-6.1-sol", Facts(1_050_000, 128_000, price=Price(2, 10))),
            ("gpt-5.6-terra", Facts(1_050_000, 128_000, price=Price(2, 12))),
            ("gpt-5.6-luna", Facts(1_050_000, 128_000, price=Price(0.2, 1.2))),
            ("gpt-5.4-mini", Facts(400_000, 128_000, price=Price(0.75, 4.5))),
            ("gpt-5", Facts(400_000, 128_000, price=Price(1.25, 10))),
            ("gpt-5-mini", Facts(400_000, 128_000, price=Price(0.25, 2))),
            ("gpt-5-nano", Facts(400_000, 128_000, price=Price(0.05, 0.4))),
            ("gpt-4.1", Facts(1_047_576, 32_768, price=Price(2, 8))),
            ("gpt-4.1-mini", Facts(1_047_576, 32_768, price=Price(0.4, 1.6))),
            ("gpt-4o", Facts(128_000, 16_384, price=Price(2.5, 10))),
            ("gpt-4o-mini", Facts(128_000, 16_384, price=Price(0.15, 0.6))),
        ),
    ),
    Provider(
        "anthropic",
        "Anthropic",
        "https://api.anthropic.com",
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_BASE_URL",
        models=(
            ("claude-fable-5-1", Facts(MILLION, 128_000, price=Price(10, 50))),
            ("claude-opus-5-5", Facts(MILLION, 128_000, price=Price(4, 20))),
            ("claude-opus-5", Facts(MILLION, 128_000, price=Price(5, 25))),
            ("claude-sonnet-5-5", Facts(MILLION, 128_000, price=Price(2, 10))),
            ("claude-sonnet-5", Facts(MILLION, 128_000, price=Price(2, 10))),
            ("claude-haiku-5-5", Facts(MILLION, 128_000)),
            ("claude-haiku-4-5", Facts(200_000, 64_000, price=Price(1, 5))),
        ),
    ),
    Provider(
        "google",
        "Google",
        "https://generativelanguage.googleapis.com/v1beta/openai/",
        "GOOGLE_API_KEY",
        "GOOGLE_BASE_URL",
        models=(
            ("gemini-3.8-flash", Facts(1_000_000, 65_536)),
            ("gemini-3.1-pro-preview", Facts(1_048_576, 65_536, price=Price(2, 12))),
            ("gemini-3-flash-preview", Facts(1_048_576, 65_536, price=Price(0.5, 3))),
            ("gemini-2.5-pro", Facts(1_048_576, 65_536, price=Price(1.25, 10))),
            ("gemini-2.5-flash", Facts(1_048_576, 65_536, price=Price(0.3, 2.5))),
            ("gemini-2.5-flash-lite", Facts(1_048_576, 65_536, price=Price(0.1, 0.4))),
        ),
    ),
)


def provider_of(name: str) -> Provider | None:
    """Who serves the model `name`, as in `openai:gpt-5`; None for `mock:` and names unknown."""
    wanted = name.partition(":")[0]
    return next((provider for provider in PROVIDERS if provider.id == wanted), None)


def is_outside(name: str) -> bool:
    """Whether the model `name` is a language model at a provider: it costs, and what it is asked
    leaves the house."""
    provider = provider_of(name)
    return provider is not None and bool(provider.key_setting)


def facts_of(name: str) -> Facts:
    """What is known of the model `name`; a dated version of a model is that model."""
    provider = provider_of(name)
    if provider is None or not provider.key_setting:
        return BUILT_IN
    models = dict(provider.models)
    model = name.partition(":")[2]
    return models.get(model) or models.get(_DATED.sub("", model)) or UNKNOWN
