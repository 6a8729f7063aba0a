"""Words of the keyword index that were looked up lately, kept in the worker that answers."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable, Mapping

MOST_BYTES = 64 << 20
ENTRY_BYTES = 400
"""About what a word costs beside its postings; many words that are asked for stand nowhere."""

State = tuple[int, ...]
"""Figures of an instrument's keyword index that another index does not have."""


class KeywordCache:
    """Postings by instrument and word, the least used forgotten first; for many threads.

    What is kept counts only under the very state of the instrument's index that it was read in:
    whatever is read or deleted changes that.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._kept: OrderedDict[tuple[str, str], tuple[State, bytes]] = OrderedDict()
        self._states: dict[str, State] = {}
        """The state that an instrument's index was seen in last."""
        self._common: dict[str, frozenset[str]] = {}
        self._lock = threading.Lock()

    def get(
        self, instrument_id: str, words: Iterable[str]
    ) -> tuple[State | None, dict[str, bytes]]:
        """Those of `words` that are known, with their postings, and the state that these are of;
        whether the index is still in it is for the caller to see."""
        found = {}
        with self._lock:
            state = self._states.get(instrument_id)
            for word in words:
                kept = self._kept.get((instrument_id, word))
                if kept is not None and kept[0] == state:
                    self._kept.move_to_end((instrument_id, word))
                    found[word] = kept[1]
        return state, found

    def keep(self, instrument_id: str, state: State, postings: Mapping[str, bytes]) -> None:
        with self._lock:
            self._states[instrument_id] = state
            for word, packed in postings.items():
                self._forget((instrument_id, word))
                self._kept[instrument_id, word] = (state, packed)
                self._bytes += len(packed) + ENTRY_BYTES
            while self._bytes > self._most_bytes:
                self._forget(next(iter(self._kept)))

    def common(self, instrument_id: str) -> frozenset[str]:
        """Words of earlier questions that so many fragments held that they told none apart."""
        return self._common.get(instrument_id, frozenset())

    def keep_common(
        self, instrument_id: str, words: Collection[str], common: frozenset[str]
    ) -> None:
        """`common` of `words` are common now, the others of them are not."""
        with self._lock:
            known = self._common.get(instrument_id, frozenset())
            self._common[instrument_id] = known.difference(words) | common

    def _forget(self, key: tuple[str, str]) -> None:
        kept = self._kept.pop(key, None)
        if kept is not None:
            self._bytes -= len(kept[1]) + ENTRY_BYTES
