"""An embedding model that a server makes vectors with, over OpenAI's protocol: OpenAI, vLLM,
Ollama, LocalAI, text-embeddings-inference.

Its dimension and its floor are what it says of a few texts when it is first asked. Its tokenizer
is not known: tokens are counted as those of other models come out, so Fragments stay as long as
others'.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from pipelines.cancellation import Stop
from pipelines.embedders.model_facts import estimated, unrelated_texts
from pipelines.embedders.model_files import TooLong
from pipelines.errors import (
    Cancelled,
    ModelUnavailable,
    PipelineError,
    ServiceRefused,
    ServiceUnavailable,
)
from pipelines.providers.cancellable_http import cancellable_client
from pipelines.providers.errors import (
    MALFORMED,
    ProviderError,
    ProviderRefused,
    Vendor,
    from_sdk,
    malformed,
)
from pipelines.providers.retrying import cancel_after, retrying

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PROVIDER = "openai:"
BATCH = 64
"""Texts of one request."""
MAX_TOKENS = 512
FRAGMENT_TOKENS = 256
MOST_BYTES = 64 * 2**20
"""Of one answer; 64 vectors of 4,096 numbers take some 5 MB."""
_TOKEN = re.compile(r"[A-Za-z]{1,4}|\d{1,3}|[^\W\d_]{1,2}|[^\w\s]|_")


@dataclass(frozen=True)
class ServedModel:
    """Where the server is, and the seconds that it may take."""

    base_url: str = field(default="", repr=False)
    """It may hold a password."""
    api_key: SecretStr = field(default=SecretStr(""))
    connect: float = 10.0
    batch: float = 120.0
    """For one request, further tries included."""
    question: float = 10.0
    """For a question, for which somebody waits."""


class RemoteEmbedder:
    form = "openai"
    notice: str | None = None
    additive = True
    max_tokens = MAX_TOKENS

    def __init__(self, model: str, served: ServedModel, stop: Stop | None = None) -> None:
        """Asks the server once. Raises what `embed` raises."""
        self._model = model
        self._served = served
        self._vendor = Vendor(
            f"The server of the embedding model {model!r}",
            "EMBEDDING_API_KEY or OPENAI_API_KEY",
            "EMBEDDING_BASE_URL or OPENAI_BASE_URL",
            "EMBEDDING_MODEL",
        )
        self.dimension = 0
        vectors = self.embed(unrelated_texts(), asked=True, stop=stop)
        self.dimension = vectors.shape[1]
        self.facts = replace(estimated(vectors), fragment_tokens=FRAGMENT_TOKENS)
        # Nothing tells its weights from others; with another dimension they are others.
        told = hashlib.sha256(f"{model} {self.dimension}".encode()).hexdigest()
        self.name = f"{PROVIDER}{model}@{told[:12]}"

    def offsets(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        return [[match.span() for match in _TOKEN.finditer(text)] for text in texts]

    def counts(self, texts: Sequence[str]) -> list[int]:
        return [len(_TOKEN.findall(text)) for text in texts]

    def embed(
        self, texts: Sequence[str], *, asked: bool = False, stop: Stop | None = None
    ) -> NDArray[np.float32]:
        """Raises ServiceUnavailable while the server is away or busy, ModelUnavailable when it
        refuses key or model, ServiceRefused for an answer of no use, Cancelled."""
        import numpy as np

        if max(self.counts(texts), default=0) + 2 > MAX_TOKENS:
            raise TooLong(f"a text has more than {MAX_TOKENS} tokens")
        seconds = self._served.question if asked else self._served.batch
        made = [
            self._batch(list(texts[at : at + BATCH]), seconds, stop or Stop())
            for at in range(0, len(texts), BATCH)
        ]
        return np.concatenate(made) if made else np.empty((0, self.dimension), dtype=np.float32)

    def _batch(self, texts: list[str], seconds: float, stop: Stop) -> NDArray[np.float32]:
        current = Stop()
        stop.call(current.set)
        try:
            with cancel_after(seconds, current):
                return retrying(seconds, current, self._vendor)(self._attempt, texts, current)
        except ProviderError as error:
            if stop.is_set():
                raise Cancelled("Cancelled.") from error
            raise self._told(error, current) from error

    def _told(self, error: ProviderError, current: Stop) -> PipelineError:
        if isinstance(error, ProviderRefused):
            return ModelUnavailable(str(error))
        if error.retryable or current.is_set():
            return ServiceUnavailable(str(error))
        if error.too_long:
            return ServiceRefused(
                f"{self._vendor.name} reads less than our passages are long; set EMBEDDING_MODEL "
                f"to one that reads {MAX_TOKENS} tokens."
            )
        return ServiceRefused(str(error))

    def _attempt(self, texts: list[str], current: Stop) -> NDArray[np.float32]:
        import httpx2
        import openai

        try:
            # A redirect would take the sources' text to a host that nobody has set.
            with cancellable_client(
                current, connect=self._served.connect, follow_redirects=False
            ) as connection:
                client = openai.OpenAI(
                    base_url=self._served.base_url or None,
                    # Servers of one's own often want none; the SDK insists on some text.
                    api_key=self._served.api_key.get_secret_value() or "not-needed",
                    max_retries=0,
                    http_client=connection,
                )
                answer = self._answer(client, texts)
                if current.is_set():
                    raise httpx2.ReadError("aborted")
                return self._vectors(answer, len(texts))
        except ProviderError:
            raise
        except (openai.OpenAIError, httpx2.HTTPError) as error:
            raise from_sdk(error, self._vendor) from error
        except MALFORMED as error:
            raise malformed(self._vendor) from error

    def _answer(self, client: Any, texts: list[str]) -> Any:
        asked = {"model": self._model, "input": texts, "encoding_format": "float"}
        data = bytearray()
        with client.embeddings.with_streaming_response.create(**asked) as response:
            for chunk in response.iter_bytes():
                data += chunk
                if len(data) > MOST_BYTES:
                    raise malformed(self._vendor)
        return json.loads(bytes(data))

    def _vectors(self, answer: Any, count: int) -> NDArray[np.float32]:
        """Unit vectors in the order of the texts. Raises ProviderError."""
        import numpy as np

        rows = sorted(answer["data"], key=lambda row: int(row["index"]))
        vectors = np.array([row["embedding"] for row in rows], dtype=np.float32)
        if vectors.ndim != 2 or len(vectors) != count or not np.isfinite(vectors).all():
            raise malformed(self._vendor)
        if self.dimension and vectors.shape[1] != self.dimension:
            raise ProviderRefused(
                f"{self._vendor.name} made vectors of {vectors.shape[1]} numbers, and before that "
                f"of {self.dimension}: another model answers under this name. Restart the workers, "
                "then reindex what it indexed."
            )
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not lengths.all():
            raise malformed(self._vendor)
        return vectors / lengths
