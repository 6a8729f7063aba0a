"""What questions mean to an embedding model, worked out beside whatever else they need."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from pipelines.embedding import Embedder, fitting

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")

THREADS = 16
KEPT = 512
"""Questions whose vectors are kept: another page or a second try asks for the same one."""
WARM = range(4, 64, 8)
"""Words of the texts that a model is made ready with: each length has code of its own."""


class QuestionVectors:
    """Vectors of questions as they are worked out, the least used forgotten first."""

    def __init__(self, kept: int = KEPT) -> None:
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="question")
        self._known: OrderedDict[Any, Future[NDArray[np.float32]]] = OrderedDict()
        self._lock = threading.Lock()
        self._kept = kept
        self._usual: Embedder | None = None
        """The model of the last question."""

    def begin(self, embedder: Embedder, texts: Sequence[str]) -> Future[NDArray[np.float32]]:
        """float32 [n, d], unit length, of as much of each text as the model reads: of a question,
        or of one and what counts twice of it, which take less time together than one by one."""
        key = (embedder.name, *texts)
        with self._lock:
            self._usual = embedder
            found = self._known.get(key)
            if found is None or (found.done() and found.exception() is not None):
                found = self._known[key] = self._pool.submit(_vectors, embedder, texts)
            self._known.move_to_end(key)
            if len(self._known) > self._kept:
                self._known.popitem(last=False)
        return found

    def ahead(self, texts: Sequence[str]) -> None:
        """Begin with the model of the last question, before it is known whose index is asked:
        most ask the same one, and find theirs begun."""
        if self._usual is not None:
            self.begin(self._usual, texts)

    def aside(self, work: Callable[[], T]) -> Future[T]:
        """`work` done by one of the same threads. It may wait for vectors that were begun before:
        they are worked out in turn, so none of them waits for it."""
        return self._pool.submit(work)


def make_ready(embedder: Embedder) -> None:
    """Have the model compile what it answers questions with, before one waits for it."""
    embedder.make_ready()
    for words in WARM:
        for texts in (1, 2):
            _vectors(embedder, ["oil " * words] * texts)


def _vectors(embedder: Embedder, texts: Sequence[str]) -> NDArray[np.float32]:
    return embedder.embed([fitting(embedder, text) for text in texts])
