"""Services: what the application works with outside its own process, made when first used.

Looked up at the edge (a route or a task) and passed down as arguments. Tests swap it whole.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future
from functools import cached_property
from typing import TYPE_CHECKING, cast

from flask import current_app

from api import llm_settings
from api.config import Config

if TYPE_CHECKING:
    import redis
    from celery import Celery
    from pydantic import SecretStr

    from api.jobs.event_log import EventLog, Hub
    from api.object_store import ObjectStore
    from api.secret_url import SecretUrl
    from pipelines.cancellation import Stop
    from pipelines.embedders.embedder import Embedder
    from pipelines.embedders.remote import ServedModel
    from pipelines.external.contract import Endpoint, Outside
    from pipelines.llms.contract import LLM
    from pipelines.retrieval.reranking import Reranker
    from pipelines.retrieval.vector_index import Index


class Services:
    def __init__(self, config: Config) -> None:
        self.config = config
        self._lock = threading.RLock()
        self._llms: dict[str, LLM] = {}
        self._embedders: dict[str, Future[Embedder]] = {}
        self._reranker: Reranker | None = None

    @cached_property
    def redis(self) -> redis.Redis:
        import redis

        return redis.Redis.from_url(
            self.config.redis_url.get_secret_value(),
            decode_responses=True,
            socket_connect_timeout=3,
            health_check_interval=30,
            # Whoever waits for an answer holds one.
            max_connections=1000,
        )

    @cached_property
    def events(self) -> EventLog:
        from api.jobs.event_log import EventLog

        return EventLog(self.redis, self.config.event_seconds)

    @cached_property
    def hub(self) -> Hub:
        from api.jobs.event_log import Hub

        return Hub(self.redis)

    @cached_property
    def queue(self) -> Celery:
        """Sends tasks by name; the API knows no task's code."""
        from celery import Celery

        import celeryconfig

        sender = Celery("vouch-sender", set_as_current=False)
        sender.config_from_object(celeryconfig)
        sender.conf.broker_url = self.config.redis_url.get_secret_value()
        return sender

    @cached_property
    def storage(self) -> ObjectStore:
        from api.object_store import ObjectStore

        config = self.config
        return ObjectStore(
            config.s3_endpoint,
            config.s3_access_key.get_secret_value(),
            config.s3_secret_key.get_secret_value(),
            config.s3_bucket,
            public_endpoint=config.s3_public_endpoint,
            region=config.s3_region,
        )

    @cached_property
    def index(self) -> Index:
        from pipelines.retrieval.vector_index import Index

        return Index(self.config.chroma_url)

    @property
    def embedder(self) -> Embedder:
        """The embedding model that is set: for workers only."""
        return self.embedder_of(self.config.embedding_model)

    def embedder_of(self, model: str) -> Embedder:
        """Loads the model when first asked, once for all threads: for workers only."""
        return self.loading(model).result()

    def loading(self, model: str) -> Future[Embedder]:
        """The model as soon as it is loaded, for whoever has to do meanwhile: for workers only.

        The first time on a machine it is converted, which takes minutes. What could not be loaded
        is tried anew by whoever asks next.
        """
        with self._lock:
            loading = self._embedders.get(model)
            if loading is None or (loading.done() and loading.exception() is not None):
                loading = self._embedders[model] = Future()
                # A daemon, so that a worker that is told to stop does not wait for it.
                threading.Thread(
                    target=self._load, args=(model, loading), name="load-model", daemon=True
                ).start()
            return loading

    def _load(self, model: str, loading: Future[Embedder]) -> None:
        from pipelines.embedders.embedder import load_embedder

        try:
            loading.set_result(
                load_embedder(
                    model,
                    device=self.config.embedding_device,
                    cache=self.config.models,
                    served=self._served_model(model),
                )
            )
        except BaseException as error:  # noqa: BLE001 - raised where the model is asked for
            loading.set_exception(error)

    def _served_model(self, model: str) -> ServedModel:
        from pipelines.embedders.remote import ServedModel

        config = self.config
        where = self._endpoint(model, config.embedding_base_url, config.embedding_api_key)
        return ServedModel(where.base_url, where.api_key, connect=config.llm_connect_seconds)

    @property
    def reranker(self) -> Reranker | None:
        """The cross-encoder that RERANKER names, if any, loaded when first asked: for workers."""
        from pipelines.retrieval.reranking import Reranker

        if not self.config.reranker:
            return None
        with self._lock:
            if self._reranker is None:
                self._reranker = Reranker(self.config.reranker)
            return self._reranker

    def llm(self, name: str | None = None) -> LLM:
        """The language model `name`, by default the one that `LLM` sets: for workers only."""
        from pipelines.llms import load_llm
        from pipelines.llms.contract import LLMSettings
        from pipelines.providers.retrying import Timeouts

        name = name or self.config.llm
        with self._lock:
            if name not in self._llms:
                config = self.config
                base_url, api_key = llm_settings.endpoint_of(config, name)
                settings = LLMSettings(
                    base_url=base_url,
                    api_key=api_key,
                    timeouts=Timeouts(
                        connect=config.llm_connect_seconds,
                        first_token=config.llm_first_token_seconds,
                        silence=config.llm_silence_seconds,
                    ),
                    output_tokens=config.llm_output_tokens,
                )
                self._llms[name] = load_llm(name, settings)
            return self._llms[name]

    def llms(self, names: Sequence[str]) -> LLM:
        """The models `names` as one, the next of which answers when one can't: for workers only."""
        from pipelines.llms.fallback import Chain

        return Chain(
            names,
            self.llm,
            output_tokens=self.config.llm_output_tokens,
            context_tokens=self.config.llm_context_tokens,
            is_priced=lambda name: llm_settings.is_at_its_vendor(self.config, name),
        )

    def outside(self, stop: Stop) -> Outside:
        """What parsers may ask of services outside, until `stop` is set: one for each job."""
        from pipelines.sandbox.external_services import OutsideServices

        config = self.config
        return OutsideServices(
            vision=self._endpoint(
                config.vision_model, config.vision_base_url, config.vision_api_key
            ),
            transcriber=self._endpoint(
                config.transcriber, config.transcriber_base_url, config.transcriber_api_key
            ),
            stop=stop,
        )

    def _endpoint(self, name: str, base_url: SecretUrl, api_key: SecretStr) -> Endpoint:
        """The service that `name` asks for, none unless it is `openai:MODEL`.

        OpenAI's key goes to OpenAI's address only: an address of one's own has a key of its own.
        """
        from pipelines.external.contract import Endpoint

        provider, _, model = name.partition(":")
        if provider != "openai":
            return Endpoint()
        if base_url:
            return Endpoint(model, base_url.get_secret_value(), api_key)
        return Endpoint(
            model,
            self.config.openai_base_url.get_secret_value(),
            api_key or self.config.openai_api_key,
        )


def services() -> Services:
    """The running application's Services."""
    return cast(Services, current_app.extensions["services"])
