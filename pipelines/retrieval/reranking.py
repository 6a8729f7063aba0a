"""A cross-encoder reads question and passage together and ranks better than either index."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipelines.errors import ModelUnavailable
from pipelines.types import Hit, embedding_text

BATCH = 8


def model_directory(directory: str) -> Path:
    """Where the model's files lie. Raises ModelUnavailable."""
    path = Path(directory)
    has_weights = any(path.glob("*.safetensors")) or any(path.glob("pytorch_model*.bin"))
    if not (path / "config.json").is_file() or not has_weights:
        raise ModelUnavailable(
            f"{directory!r} is not a directory that holds a cross-encoder; set RERANKER to one, "
            "or to nothing."
        )
    return path


class Reranker:
    """A sentence-transformers CrossEncoder from a directory; never downloads."""

    def __init__(self, directory: str) -> None:
        """Raises ModelUnavailable."""
        model_directory(directory)
        from sentence_transformers import CrossEncoder

        self.name = Path(directory).name
        self._lock = threading.Lock()
        self._model: Any = CrossEncoder(directory, device="cpu", local_files_only=True)

    def rerank(self, question: str, hits: Sequence[Hit]) -> list[Hit]:
        """The same Hits, best first, scores 0..1 by the model."""
        import numpy as np

        if not hits:
            return []
        pairs = [(question, embedding_text(hit.heading_path, hit.text)) for hit in hits]
        with self._lock:
            logits = self._model.predict(
                pairs, batch_size=BATCH, show_progress_bar=False, activation_fn=_identity()
            )
        scores = 1 / (1 + np.exp(-np.asarray(logits, dtype=np.float64).reshape(len(hits))))
        order = np.argsort(-scores, kind="stable")
        return [hits[i].model_copy(update={"score": round(float(scores[i]), 4)}) for i in order]


def _identity() -> Any:
    import torch

    return torch.nn.Identity()
