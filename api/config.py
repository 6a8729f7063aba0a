"""Every setting: its environment name, default and meaning. The environment is read once, here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from api.secret_url import SecretUrl
from pipelines.fetching.addresses import AllowedHosts

DEFAULT_SECRET = "local-development-secret-not-for-production"  # noqa: S105
DEFAULT_DEMO_PASSWORD = "vouch-demo"  # noqa: S105


class ConfigError(Exception):
    """A setting is missing or unsafe; the message says which and what to do."""


def setting(name: str, default: Any, meaning: str) -> Any:
    return field(default=default, metadata={"name": name, "meaning": meaning})


def secret(name: str, default: str, meaning: str) -> Any:
    """A setting that is shown as asterisks, in a repr, a log, a traceback or `asdict`; its value
    is read with `get_secret_value`."""
    return setting(name, SecretStr(default), meaning)


def secret_url(name: str, default: str, meaning: str) -> Any:
    """A URL that may hold a password, which is shown as asterisks."""
    return setting(name, SecretUrl(default), meaning)


@dataclass(frozen=True)
class Setting:
    """One row of the settings table. `default` is as a person would write it in the environment."""

    name: str
    default: str
    meaning: str


@dataclass(frozen=True)
class Config:
    """All settings of the application. Below this class values travel as arguments."""

    app_env: str = setting(
        "APP_ENV",
        "local",
        "`local` seeds demo users and allows default secrets; anything else does neither",
    )
    secret_key: SecretStr = secret(
        "SECRET_KEY", DEFAULT_SECRET, "Signs tokens and tickets; at least 32 characters"
    )
    demo_password: SecretStr = secret(
        "DEMO_PASSWORD", DEFAULT_DEMO_PASSWORD, "Password of the seeded users when `APP_ENV=local`"
    )
    data: Path = setting("VOUCH_DATA", Path("var"), "Where the embedded services keep their data")
    port: int = setting("PORT", 8000, "Port of the API")
    api_processes: int = setting("API_PROCESSES", 1, "Processes of the API server")
    ingest_processes: int = setting("INGEST_PROCESSES", 2, "Processes that parse and embed")
    answer_threads: int = setting("ANSWER_THREADS", 8, "Answers written at the same time")
    flower_port: int = setting("FLOWER_PORT", 5555, "Port of Flower, the view of the workers")
    database_url: SecretUrl = secret_url(
        "DATABASE_URL",
        "postgresql+psycopg://vouch:vouch@127.0.0.1:5432/vouch",
        "Postgres; unset, `make up` starts one",
    )
    redis_url: SecretUrl = secret_url(
        "REDIS_URL",
        "redis://127.0.0.1:6379/0",
        "Redis: queues and event logs; unset, `make up` starts one",
    )
    s3_endpoint: str = setting(
        "S3_ENDPOINT",
        "http://127.0.0.1:9000",
        "Object store (S3 API) as the application reaches it; unset, `make up` starts one",
    )
    s3_public_endpoint: str = setting(
        "S3_PUBLIC_ENDPOINT", "", "Object store as clients reach it; empty means `S3_ENDPOINT`"
    )
    s3_access_key: SecretStr = secret("S3_ACCESS_KEY", "", "Key of the object store")
    s3_secret_key: SecretStr = secret("S3_SECRET_KEY", "", "Secret of the object store")
    s3_bucket: str = setting("S3_BUCKET", "vouch", "Bucket that holds what was uploaded")
    s3_region: str = setting("S3_REGION", "us-east-1", "Region used in signatures")
    chroma_url: str = setting(
        "CHROMA_URL", "http://127.0.0.1:8001", "Chroma server; unset, `make up` starts one"
    )
    embedding_model: str = setting(
        "EMBEDDING_MODEL",
        "all-MiniLM-L6-v2",
        "Embedding model of instruments that have chosen none: `all-MiniLM-L6-v2`, built in and "
        "quickest; `multilingual-e5-small`, built in, finds what is asked in one language in "
        "sources of another and embeds at less than half the speed; a sentence-transformers "
        "directory; or `openai:MODEL`, an OpenAI-compatible endpoint",
    )
    embedding_models: str = setting(
        "EMBEDDING_MODELS",
        "",
        "Further models, with commas between, that an instrument's manager may choose besides the "
        "built-in ones and `EMBEDDING_MODEL`",
    )
    embedding_base_url: SecretUrl = secret_url(
        "EMBEDDING_BASE_URL",
        "",
        "Endpoint for embedding models `openai:MODEL`; empty means `OPENAI_BASE_URL` with its key",
    )
    embedding_api_key: SecretStr = secret("EMBEDDING_API_KEY", "", "Key for `EMBEDDING_BASE_URL`")
    model_cache: str = setting(
        "MODEL_CACHE", "", "Where converted models are kept; empty means `VOUCH_DATA`/models"
    )
    embedding_device: str = setting(
        "EMBEDDING_DEVICE",
        "cpu",
        "`cpu` uses OpenVINO; `cuda` or `torch` loads the model with sentence-transformers",
    )
    reranker: str = setting(
        "RERANKER",
        "",
        "Directory of a sentence-transformers CrossEncoder that ranks what was found; empty means "
        "none",
    )
    llm: str = setting(
        "LLM",
        "extractive",
        "Language model: `extractive` quotes the sources' own sentences, `openai:MODEL` asks an "
        "OpenAI-compatible endpoint, `anthropic:MODEL` Anthropic, `google:MODEL` Google, "
        "`mock:FILE` reads replies from a file",
    )
    openai_base_url: SecretUrl = secret_url(
        "OPENAI_BASE_URL", "https://api.openai.com/v1", "Endpoint for `openai:MODEL`"
    )
    openai_api_key: SecretStr = secret("OPENAI_API_KEY", "", "Key for `OPENAI_BASE_URL`")
    anthropic_base_url: SecretUrl = secret_url(
        "ANTHROPIC_BASE_URL", "https://api.anthropic.com", "Endpoint for `anthropic:MODEL`"
    )
    anthropic_api_key: SecretStr = secret("ANTHROPIC_API_KEY", "", "Key for `ANTHROPIC_BASE_URL`")
    google_base_url: SecretUrl = secret_url(
        "GOOGLE_BASE_URL",
        "https://generativelanguage.googleapis.com/v1beta/openai/",
        "Endpoint for `google:MODEL`, the one that speaks OpenAI's protocol",
    )
    google_api_key: SecretStr = secret("GOOGLE_API_KEY", "", "Key for `GOOGLE_BASE_URL`")
    llm_connect_seconds: int = setting(
        "LLM_CONNECT_SECONDS", 10, "Longest time to connect to a language model, in seconds"
    )
    llm_first_token_seconds: int = setting(
        "LLM_FIRST_TOKEN_SECONDS",
        120,
        "Longest time until a language model says its first word, further tries included, in "
        "seconds",
    )
    llm_silence_seconds: int = setting(
        "LLM_SILENCE_SECONDS", 60, "Longest silence of a language model between words, in seconds"
    )
    llm_output_tokens: int = setting(
        "LLM_OUTPUT_TOKENS", 8192, "Longest answer of a language model, in tokens"
    )
    llm_context_tokens: int = setting(
        "LLM_CONTEXT_TOKENS",
        0,
        "Tokens that the language model reads and writes at most; 0 means what the catalogue "
        "says, 8192 for models that it doesn't know",
    )
    transcriber: str = setting(
        "TRANSCRIBER",
        "auto",
        "Speech to text where no subtitles exist: `auto`, `whisper:DIRECTORY`, `openai:MODEL`, "
        "`pocketsphinx`, `none`",
    )
    transcriber_base_url: SecretUrl = secret_url(
        "TRANSCRIBER_BASE_URL",
        "",
        "Endpoint for `TRANSCRIBER=openai:MODEL`; empty means `OPENAI_BASE_URL` with its key",
    )
    transcriber_api_key: SecretStr = secret(
        "TRANSCRIBER_API_KEY", "", "Key for `TRANSCRIBER_BASE_URL`"
    )
    vision_model: str = setting(
        "VISION_MODEL",
        "",
        "Describes pictures: `openai:MODEL` asks an OpenAI-compatible endpoint; empty means nobody",
    )
    vision_base_url: SecretUrl = secret_url(
        "VISION_BASE_URL",
        "",
        "Endpoint for `VISION_MODEL`; empty means `OPENAI_BASE_URL` with its key",
    )
    vision_api_key: SecretStr = secret("VISION_API_KEY", "", "Key for `VISION_BASE_URL`")
    max_upload_bytes: int = setting("MAX_UPLOAD_BYTES", 2 * 1024**3, "Largest file accepted")
    fetch_allowed_hosts: str = setting(
        "FETCH_ALLOWED_HOSTS",
        "",
        "Hosts, as `host` or `host:port` with commas between, that URLs may be fetched from "
        "though they are private",
    )
    fetch_max_bytes: int = setting(
        "FETCH_MAX_BYTES", 256 * 1024**2, "Largest page or file fetched from a URL"
    )
    fetch_seconds: int = setting(
        "FETCH_SECONDS", 120, "Longest time a URL may take to be fetched, in seconds"
    )
    upload_seconds: int = setting(
        "UPLOAD_SECONDS", 3600, "How long a presigned upload may be used, in seconds"
    )
    download_seconds: int = setting(
        "DOWNLOAD_SECONDS", 300, "How long a presigned download may be used, in seconds"
    )
    access_token_seconds: int = setting(
        "ACCESS_TOKEN_SECONDS", 900, "Life of an access token, in seconds"
    )
    refresh_token_seconds: int = setting(
        "REFRESH_TOKEN_SECONDS", 30 * 86400, "Life of a refresh token, in seconds"
    )
    secure_cookies: bool = setting(
        "SECURE_COOKIES", False, "Cookies over HTTPS only; always on unless `APP_ENV=local`"
    )
    login_rate: str = setting(
        "LOGIN_RATE", "20 per minute", "Sign-in attempts allowed per address and account"
    )
    address_rate: str = setting(
        "ADDRESS_RATE", "120 per minute", "Sign-in attempts allowed per address"
    )
    lease_seconds: int = setting(
        "LEASE_SECONDS", 20, "A job whose worker is silent for this long is taken by another"
    )
    sweep_seconds: int = setting(
        "SWEEP_SECONDS", 5, "How often lost and abandoned jobs are looked for, in seconds"
    )
    max_attempts: int = setting(
        "MAX_ATTEMPTS", 3, "Times a job is tried without getting any further before it fails"
    )
    stall_seconds: int = setting(
        "STALL_SECONDS", 60, "Longest time one page, slide or minute may take to read, in seconds"
    )
    event_seconds: int = setting(
        "EVENT_SECONDS", 86400, "How long a job's event log stays in Redis, in seconds"
    )
    log_format: str = setting("LOG_FORMAT", "json", "`json` or `console`")
    log_level: str = setting("LOG_LEVEL", "INFO", "Least level that is logged")
    trusted_proxies: int = setting(
        "TRUSTED_PROXIES", 0, "Reverse proxies in front whose X-Forwarded headers are believed"
    )

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Config:
        """Read `environ` (default: the process's). An empty value means the default.

        Raises ConfigError for a value of the wrong kind or a secret unfit for production.
        """
        environ = os.environ if environ is None else environ
        values = {}
        for item in fields(cls):
            raw = environ.get(item.metadata["name"], "")
            if raw:
                values[item.name] = _convert(item.metadata["name"], raw, item.default)
        config = cls(**values)
        config.check()
        return config

    @property
    def models(self) -> Path:
        return Path(self.model_cache) if self.model_cache else self.data / "models"

    @property
    def is_local(self) -> bool:
        return self.app_env == "local"

    def check(self) -> None:
        """Refuse to start with a service nobody knows, or, unless `APP_ENV=local`, with a secret
        that anyone could guess."""
        if self.vision_model and not _is_openai(self.vision_model):
            raise ConfigError("VISION_MODEL must be openai:MODEL, or empty.")
        if self.transcriber.startswith("openai") and not _is_openai(self.transcriber):
            raise ConfigError("TRANSCRIBER=openai:MODEL needs the name of a model.")
        try:
            AllowedHosts.parse(self.fetch_allowed_hosts)
        except ValueError as error:
            raise ConfigError(f"FETCH_ALLOWED_HOSTS: {error}.") from None
        if self.is_local:
            return
        secret_key = self.secret_key.get_secret_value()
        if secret_key == DEFAULT_SECRET or len(secret_key) < 32:
            raise ConfigError(
                "SECRET_KEY must be set to at least 32 random characters when APP_ENV is not "
                "`local`. Make one with: python -c 'import secrets; print(secrets.token_hex(32))'"
            )
        if len(self.s3_secret_key) < 8:
            raise ConfigError("S3_ACCESS_KEY and S3_SECRET_KEY must be set (8 characters or more).")


def _as_written(default: Any) -> str:
    """A default as a person writes it in the environment; those of secrets are public."""
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    return str(default).lower() if isinstance(default, bool) else str(default)


SETTINGS: tuple[Setting, ...] = tuple(
    Setting(
        item.metadata["name"],
        _as_written(item.default),
        item.metadata["meaning"],
    )
    for item in fields(Config)
)


def _is_openai(text: str) -> bool:
    provider, _, model = text.partition(":")
    return provider == "openai" and bool(model.strip())


def _convert(name: str, raw: str, default: Any) -> Any:
    if isinstance(default, bool):
        if raw.lower() not in {"true", "false", "1", "0", "yes", "no"}:
            raise ConfigError(f"{name} must be true or false, not {raw!r}.")
        return raw.lower() in {"true", "1", "yes"}
    if isinstance(default, int):
        try:
            return int(raw)
        except ValueError:
            raise ConfigError(f"{name} must be a whole number, not {raw!r}.") from None
    if isinstance(default, Path | SecretStr):
        return type(default)(raw)
    return raw
