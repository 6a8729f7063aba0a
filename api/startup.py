"""The settings of a program that starts: with one that can't work it does not start.

What can be known without loading a model or asking a service is known here, in milliseconds.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

from api import llm_settings
from api.config import Config, ConfigError
from api.search.embedding_models import further_models
from pipelines.embedders.embedder import check_model
from pipelines.embedders.remote import PROVIDER
from pipelines.errors import ModelUnavailable
from pipelines.llms import LLMS
from pipelines.llms.contract import LLMSettings
from pipelines.llms.mock import Mock
from pipelines.retrieval import reranking
from pipelines.speech.transcripts import open_transcriber

REFUSED = 3
"""The status that a program exits with; gunicorn takes it for a worker that can never start, and
starts no further one (gunicorn.arbiter, WORKER_BOOT_ERROR)."""


def settings(environ: Mapping[str, str] | None = None) -> Config:
    """The settings in `environ` (default: the process's).

    Raises ConfigError naming the first that can't work, and what to do.
    """
    config = Config.from_environment(environ)
    for name, check in _CHECKS.items():
        try:
            check(config)
        except (ModelUnavailable, OSError, ValueError) as error:
            value = getattr(config, name.lower())
            raise ConfigError(f"{name}={value} can't work. {error}") from error
    return config


def settings_or_exit() -> Config:
    """The settings of this process, which ends with one line on stderr when they can't work."""
    try:
        return settings()
    except ConfigError as error:
        sys.stderr.write(f"Vouch does not start. {error}\n")
        sys.stderr.flush()
        raise SystemExit(REFUSED) from None


def _language_model(config: Config) -> None:
    provider, _, file = config.llm.partition(":")
    if provider == "mock":
        Mock.load(file, LLMSettings())
    elif provider not in LLMS:
        raise ModelUnavailable(
            "Write extractive, openai:MODEL, anthropic:MODEL, google:MODEL or mock:FILE."
        )
    elif why := llm_settings.why_unusable(config, config.llm):
        raise ModelUnavailable(why)


def _embedding_model(config: Config) -> None:
    _usable_embedder(config, config.embedding_model)


def _further_embedding_models(config: Config) -> None:
    for model in further_models(config):
        _usable_embedder(config, model)


def _usable_embedder(config: Config, model: str) -> None:
    check_model(model)
    if model.startswith(PROVIDER):
        is_its_own = config.embedding_base_url or config.embedding_api_key
        _openai_service(config, "EMBEDDING", bool(is_its_own))


def _reranker(config: Config) -> None:
    if config.reranker:
        reranking.model_directory(config.reranker)


def _transcriber(config: Config) -> None:
    if config.transcriber.startswith("openai:"):
        is_its_own = config.transcriber_base_url or config.transcriber_api_key
        _openai_service(config, "TRANSCRIBER", bool(is_its_own))
    else:
        open_transcriber(config.transcriber)


def _vision_model(config: Config) -> None:
    if config.vision_model:
        _openai_service(config, "VISION", bool(config.vision_base_url or config.vision_api_key))


def _openai_service(config: Config, prefix: str, is_its_own: bool) -> None:
    """Raises ModelUnavailable when the service has neither an address of its own nor a key."""
    if not is_its_own and llm_settings.why_unusable(config, "openai:any"):
        raise ModelUnavailable(
            f"OpenAI wants a key; set {prefix}_API_KEY or OPENAI_API_KEY, or the address of a "
            f"server of your own as {prefix}_BASE_URL."
        )


_CHECKS: Mapping[str, Callable[[Config], None]] = {
    "LLM": _language_model,
    "EMBEDDING_MODEL": _embedding_model,
    "EMBEDDING_MODELS": _further_embedding_models,
    "RERANKER": _reranker,
    "TRANSCRIBER": _transcriber,
    "VISION_MODEL": _vision_model,
}
