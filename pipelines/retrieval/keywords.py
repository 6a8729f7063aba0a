"""Keyword ranking: what a text's words are to an index, and BM25 over packed postings.

BM25 as in Robertson and Zaragoza, "The Probabilistic Relevance Framework" (2009), with the
idf that stays positive: ln(1 + (N - df + 0.5) / (df + 0.5)).
"""

from __future__ import annotations

import math
import re
import struct
import threading
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pipelines.text.words import SMALL_WORDS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

K1 = 1.2
B = 0.75
LONGEST_WORD = 64
LONGEST_TOKEN = 64
"""Characters between white space of what is worth remembering."""
COMMON = 0.3
"""Share of the Fragments from which on a word is common, where there are enough to tell."""
ENOUGH = 40
MOST = 0xFFFF
ENTRY = struct.Struct("<16sHH")
"""A posting: the Fragment's id (a UUID's bytes), times the word stands there, words there."""

_WORD = re.compile(r"\d+(?:[.,]\d+)+|[^\W_]+", re.UNICODE)
_LETTERS_OR_DIGITS = re.compile(r"\d+|[^\W\d_]+", re.UNICODE)
_CLITIC = re.compile(r"['\u2019](?:s|t|re|ve|ll|d|m)\b")
_CODE = re.compile(r"(?<![^\W_])[^\W_]++(?:[-/._][^\W_]++)+", re.UNICODE)
"""Possessive, and only from where a word begins: one long word is read once."""
_UNSEGMENTED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"
)
"""Runs of scripts that write no spaces between words."""
_AROUND = '.,;:!?()[]"'
_THOUSANDS = re.compile(r",(?=\d{3}(?:\D|$))")
_stemming = threading.Lock()
"""A stemmer serves one thread at a time."""


def index_words(text: str) -> list[str]:
    """The words of `text` as the index knows them, in order, small words left out.

    Lower case without accents, English endings taken off, numbers without thousands separators.
    A code such as "X-200" is there as one ("x200") and in its parts ("x", "200"), so that it
    is found however it is written. Scripts without spaces between words give pairs of characters.
    """
    found: list[str] = []
    for token in text.lower().split():
        found += _words_of(token) if len(token) <= LONGEST_TOKEN else _read(token)
    return found


@lru_cache(maxsize=100_000)
def _words_of(token: str) -> tuple[str, ...]:
    """The words of what stands between white space; the same tokens come again and again."""
    return tuple(_read(token))


def _read(token: str) -> list[str]:
    if token.isascii() and (word := token.strip(_AROUND)).isalpha():
        # Most of what is read; what follows would find the same and take more than twice as long.
        return [] if word in SMALL_WORDS else [_stem(word[:LONGEST_WORD])]
    token = _CLITIC.sub("", _plain(token))
    found: list[str] = []
    for match in _CODE.finditer(token):
        code = re.sub(r"[\W_]", "", match[0])
        if any(c.isdigit() for c in code) and any(c.isalpha() for c in code):
            found.append(code[:LONGEST_WORD])
    for word in _WORD.findall(token):
        if word in SMALL_WORDS:
            continue
        if not word.isascii() and _UNSEGMENTED.search(word):
            found.extend(_pairs(word))
            continue
        found.append(_stem(word[:LONGEST_WORD]))
        if not word.isalpha() and "." not in word and "," not in word:
            parts = _LETTERS_OR_DIGITS.findall(word[:LONGEST_WORD])
            found.extend(map(_stem, parts if len(parts) > 1 else ()))
    return found


def pack(fragments: Iterable[tuple[bytes, Sequence[str]]]) -> tuple[dict[str, bytes], int]:
    """Postings of (id, words) each: word -> ENTRYs; and how many words they have together."""
    postings: dict[str, list[bytes]] = {}
    total = 0
    for id_, words in fragments:
        length = min(len(words), MOST)
        total += length
        for word, count in Counter(words).items():
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
    ) -> None:
        """`entries`: one of each Fragment's, as `_layout` tells, sorted by key."""
        self._entries = entries
        self._shares = shares
        self.common = common
        """Words of the question that so many Fragments hold that they tell none apart."""

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


def bm25(postings: Mapping[str, bytes], fragments: int, words: int) -> Ranking:
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
        return Ranking(rows, np.empty(0, dtype=np.float32))
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
    return Ranking(rows[order[starts]], (sums / best).astype(np.float32), frozenset(common))


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


def _plain(text: str) -> str:
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return unicodedata.normalize("NFC", re.sub(r"[\u0300-\u036f]", "", decomposed))


def _stem(word: str) -> str:
    if word[0].isdigit():
        return _THOUSANDS.sub("", word)
    with _stemming:
        return str(_stemmer().stemWord(word))


@lru_cache(maxsize=1)
def _stemmer() -> Any:
    import Stemmer

    # Its own cache costs five times what a word does.
    return Stemmer.Stemmer("english", 0)


def _pairs(word: str) -> list[str]:
    return [word[at : at + 2] for at in range(max(1, len(word) - 1))]
