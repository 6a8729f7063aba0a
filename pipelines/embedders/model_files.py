"""A sentence-transformers model's directory: its tokenizer, its limits, the hash of its weights."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from pipelines.embedders.model_facts import ModelFacts
from pipelines.errors import ModelUnavailable


class TooLong(ValueError):
    """A text has more tokens than the model reads."""


class Tokenizer(Protocol):
    """A model's tokenizer and its limits."""

    max_tokens: int
    """What the model reads at most, special tokens included."""
    additive: bool
    """Texts joined by white space have as many tokens as the texts together."""

    def offsets(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        """Character ranges of each text's tokens, without special tokens."""
        ...

    def counts(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, without special tokens."""
        ...

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids with special tokens. Raises TooLong."""
        ...


class Tokens:
    """The Tokenizer of a sentence-transformers model."""

    def __init__(self, directory: Path) -> None:
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        from tokenizers import Tokenizer

        self.tokenizer = Tokenizer.from_file(str(directory / "tokenizer.json"))
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        self.max_tokens = max_tokens(directory)
        self.additive = _splits_at_spaces(directory)

    def offsets(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        encoded = self.tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [encoding.offsets for encoding in encoded]

    def counts(self, texts: Sequence[str]) -> list[int]:
        encoded = self.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(encoding) for encoding in encoded]

    def ids(self, texts: Sequence[str]) -> list[list[int]]:
        encoded = [encoding.ids for encoding in self.tokenizer.encode_batch_fast(list(texts))]
        longest = max(map(len, encoded), default=0)
        if longest > self.max_tokens:
            raise TooLong(f"a text has {longest} tokens; the model reads {self.max_tokens}")
        return encoded


def prefix_tokens(tokens: Tokenizer, facts: ModelFacts) -> int:
    """Tokens of the longer of the model's prefixes."""
    return max(tokens.counts([facts.question_prefix, facts.passage_prefix]))


def weights(directory: Path) -> Path:
    """The file of the model's weights. Raises ModelUnavailable."""
    for name in ("model.safetensors", "pytorch_model.bin"):
        if (directory / name).is_file():
            return directory / name
    raise ModelUnavailable(f"No weights (model.safetensors) in {directory.name}.")


def max_tokens(directory: Path) -> int:
    """What the model reads at most, special tokens included."""
    settings = directory / "sentence_bert_config.json"
    if settings.is_file():
        limit = json.loads(settings.read_text()).get("max_seq_length")
        if limit:
            return int(limit)
    return int(json.loads((directory / "config.json").read_text())["max_position_embeddings"])


def _splits_at_spaces(directory: Path) -> bool:
    """BERT's tokenizers never look across white space; SentencePiece's do."""
    settings = json.loads((directory / "tokenizer.json").read_text())
    splitter = settings.get("pre_tokenizer") or {}
    return splitter.get("type") == "BertPreTokenizer"


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
