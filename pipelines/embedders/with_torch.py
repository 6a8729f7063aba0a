"""Any model, on any device, through sentence-transformers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.embedders.model_files import Tokens
from pipelines.errors import ModelUnavailable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BATCH = 8


class TorchEmbedder:
    """Any sentence-transformers model, on any device torch knows."""

    def __init__(
        self, directory: Path, name: str, *, device: str | None, notice: str | None = None
    ) -> None:
        try:
            from sentence_transformers import SentenceTransformer

            self._model = SentenceTransformer(str(directory), device=device, local_files_only=True)
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            raise ModelUnavailable(f"The embedding model can't be loaded: {error}") from error
        self.name = name
        self.form = f"torch {self._model.device}"
        self.notice = notice
        self._tokens = Tokens(directory)
        self.max_tokens = int(self._model.max_seq_length or self._tokens.max_tokens)
        self.dimension = int(self._model.get_embedding_dimension() or 0)

    @property
    def additive(self) -> bool:
        return self._tokens.additive

    def offsets(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        return self._tokens.offsets(texts)

    def counts(self, texts: Sequence[str]) -> list[int]:
        return self._tokens.counts(texts)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self._tokens.ids(texts)
        return self._model.encode(
            list(texts), batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False
        )
