"""Keyword ranking: BM25 over packed postings.

BM25 as in Robertson and Zaragoza, "The Probabilistic Relevance Framework" (2009), with the
idf that stays positive: ln(1 + (N - df + 0.5) / (df + 0.5)).
"""

from __future__ import annotations

import math
import struct
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipelines.retrieval.index_words import index_words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["ENTRY", "K1", "B", "Ranking", "bm25", "index_words", "pack"]

K1 = 1.2
B = 0.75
COMMON = 0.3
"""Share of the Fragments from which on a word is common, where there are enough to tell."""
ENOUGH = 40
MOST = 0xFFFF
ENTRY = struct.Struct("<16sHH")
"""A posting: the Fragment's id (a UUID's bytes), times the word stands there, words there."""


def pack(
    fragments: Iterable[tuple[bytes, Sequence[str]]],
    parts: Mapping[bytes, Sequence[str]] | None = None,
) -> tuple[dict[str, bytes], int]:
    """Postings of (id, words) each: word -> ENTRYs; and how many words they have together.

    `parts`: what else each is found by, which makes it no longer.
    """
    postings: dict[str, list[bytes]] = {}
    total = 0
    for id_, words in fragments:
        length = min(len(words), MOST)
        total += length
        found = Counter(words)
        if parts:
            found.update(parts.get(id_, ()))
        for word, count in found.items():
            postings.setdefault(word, []).append(ENTRY.pack(id_, min(count, MOST), length))
    return {word: b"".join(entries) for word, entries in postings.items()}, total


class Ranking:
    """Fragments that hold words of a question, by the share of the best score that a Fragment
    could have, 0..1."""

    def __init__(
        self,
        entries: Any,
        shares: NDArray[np.float32],
        common: frozenset[str] = frozenset(),
        *,
        is_foreign: bool = False,
    ) -> None:
        """`entries`: one of each Fragment's, as `_layout` tells, sorted by key."""
        self._entries = entries
        self._shares = shares
        self.common = common
        """Words of the question that so many Fragments hold that they tell none apart."""
        self.is_foreign = is_foreign
        """Whether the question is in a language that nothing of the index is in."""

    def __len__(self) -> int:
        return len(self._shares)

    def best(self, count: int | None = None) -> list[tuple[str, float]]:
        """(id, share), best first."""
        import numpy as np

        worse = -self._shares
        some = np.arange(len(worse))
        if count is not None and count < len(worse):
            # Those that may be among the best, the last ones' equals included.
            some = np.flatnonzero(worse <= np.partition(worse, count - 1)[count - 1])
        order = some[np.argsort(worse[some], kind="stable")][:count]
        return list(zip(_ids(self._entries[order]), self._shares[order].tolist(), strict=True))

    def shares(self, ids: Collection[str]) -> dict[str, float]:
        """Of each Fragment of `ids`; 0 for one that holds none of the words."""
        import numpy as np

        if not ids or not len(self):
            return dict.fromkeys(ids, 0.0)
        raw = b"".join(bytes.fromhex(id_.replace("-", ""))[:8] for id_ in ids)
        keys, known = np.frombuffer(raw, dtype="<u8"), self._entries["key"]
        at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
        shares = np.where(known[at] == keys, self._shares[at], 0.0)
        return dict(zip(ids, shares.tolist(), strict=True))


def bm25(
    postings: Mapping[str, bytes], fragments: int, words: int, *, is_foreign: bool = False
) -> Ranking:
    """Rank what `postings` name. `fragments` and `words`: how many the whole index holds.

    The share is of the sum that a Fragment would reach with every word of the question in it
    without end, words that stand nowhere included with the weight of the rarest.
    """
    import numpy as np

    mean = max(1.0, words / max(1, fragments))
    best = 0.0
    weights, holding, common = [], [], []
    for word, entries in postings.items():
        held = len(entries) // ENTRY.size
        if held > COMMON * max(fragments, ENOUGH):
            common.append(word)
        weight = math.log(1 + (max(fragments, held) - held + 0.5) / (held + 0.5))
        best += weight * (K1 + 1)
        weights.append(weight)
        holding.append(held)
    rows = np.frombuffer(b"".join(postings.values()), dtype=_layout())
    if not len(rows):
        return Ranking(rows, np.empty(0, dtype=np.float32), is_foreign=is_foreign)
    idf = np.repeat(np.array(weights, dtype=np.float32), holding)
    count = rows["count"].astype(np.float32)
    norm = K1 * (1 - B + B * rows["length"].astype(np.float32) / mean)
    gains = idf * count * (K1 + 1) / (count + norm)
    # 60 random bits of an id tell Fragments apart well enough to add up scores.
    keys = rows["key"]
    order = np.argsort(keys)
    # Where another key begins: the first one differs from its complement.
    starts = np.flatnonzero(np.diff(keys[order], prepend=~keys[order[:1]]))
    sums = np.add.reduceat(gains[order], starts)
    shares = (sums / best).astype(np.float32)
    return Ranking(rows[order[starts]], shares, frozenset(common), is_foreign=is_foreign)


def _layout() -> np.dtype[Any]:
    """ENTRY for numpy; the key is the first half of the id."""
    import numpy as np

    return np.dtype([("key", "<u8"), ("rest", "V8"), ("count", "<u2"), ("length", "<u2")])


def _ids(rows: Any) -> list[str]:
    raw = rows.tobytes()
    found = []
    for at in range(0, len(raw), ENTRY.size):
        text = raw[at : at + 16].hex()
        found.append(f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}")
    return found
