"""The worker that this process belongs to: its name, and whether it was asked to stop."""

from __future__ import annotations

import os
import socket
import threading
import uuid

NAME = f"{socket.gethostname()}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
"""Made before the worker forks, so that its children share it: the part of a lease's owner before
the slash."""

stopping = threading.Event()
"""Set when the worker was asked to stop: work in its threads ends at its next step."""


def new_owner() -> str:
    """A name to hold one lease by."""
    return f"{NAME}/{os.getpid()}-{uuid.uuid4().hex[:8]}"
