"""Where each provider of language models is, and with which key, as the settings say."""

from __future__ import annotations

from pydantic import SecretStr

from api.config import Config
from pipelines.llms.catalogue import PROVIDERS, Provider, is_outside, provider_of


def endpoint_of(config: Config, name: str) -> tuple[str, SecretStr]:
    """(base URL, key) for the model `name`; empty for one that needs none. A provider's key goes
    to that provider's address only."""
    base_url, api_key = {
        "openai": (config.openai_base_url, config.openai_api_key),
        "anthropic": (config.anthropic_base_url, config.anthropic_api_key),
        "google": (config.google_base_url, config.google_api_key),
    }.get(name.partition(":")[0], (SecretStr(""), SecretStr("")))
    return base_url.get_secret_value(), api_key


def is_configured(config: Config, provider: Provider) -> bool:
    """Whether models of the provider can be asked: there is a key, or an address of one's own,
    where servers often want none."""
    if not provider.key_setting:
        return True
    base_url, api_key = endpoint_of(config, provider.id)
    takes_no_key = provider.id == "openai" and base_url.rstrip("/") != provider.base_url
    return bool(api_key) or takes_no_key


def is_at_its_vendor(config: Config, name: str) -> bool:
    """Whether the model `name` is asked at the address whose prices the catalogue knows."""
    provider = provider_of(name)
    return provider is not None and endpoint_of(config, name)[0] == provider.base_url


def why_not(config: Config, name: str) -> str | None:
    """Why the model `name` can't be set here, in a sentence; None when it can."""
    return None if name == config.llm else why_unusable(config, name)


def why_unusable(config: Config, name: str) -> str | None:
    """Why no question could be asked of the model `name`, in a sentence; None when it could."""
    provider = provider_of(name)
    model = name.partition(":")[2]
    if provider is None:
        known = ", ".join(each.id + (":MODEL" if each.takes_any else "") for each in PROVIDERS)
        return f"{name!r} is no model that can be set; use one of {known}."
    if is_outside(name) and not model.strip():
        return f"Name a model of {provider.title.partition(',')[0]}, as {provider.id}:MODEL."
    if not is_outside(name) and name != provider.id:
        return f"{provider.id} has no models; write {provider.id}."
    if not is_configured(config, provider):
        vendor = provider.title.partition(",")[0]
        own = " (or OPENAI_BASE_URL to a server of your own)" if provider.id == "openai" else ""
        return f"{vendor} is not set up here; set {provider.key_setting}{own} first."
    return None
