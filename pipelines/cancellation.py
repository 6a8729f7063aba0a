"""Cancellation: how work in one thread is told by another that it should end."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Stop:
    """A cancellation token: set once, from any thread; breaks off even what waits in silence."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set = False
        self._callbacks: list[Callable[[], None]] = []

    def is_set(self) -> bool:
        return self._set

    def set(self) -> None:
        with self._lock:
            self._set = True
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    def call(self, callback: Callable[[], None]) -> None:
        """Call `callback` when the stop comes; now, if it has come."""
        with self._lock:
            if not self._set:
                self._callbacks.append(callback)
                return
        callback()
