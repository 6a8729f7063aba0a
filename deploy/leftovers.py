"""Processes that an earlier stack on the same data left behind, found and ended.

Every process of a stack carries VOUCH_STACK=<data folder> in its environment. Postgres writes its
title over its environment, and is known by the data folder that it works in instead.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

import psutil

MARK = "VOUCH_STACK"


def find(data: Path) -> list[int]:
    """Pids of all processes of a stack on `data`, this one and its parents excepted."""
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid not in own and _belongs(process, data):
                found.append(process.pid)
    return found


def _belongs(process: psutil.Process, data: Path) -> bool:
    if process.status() == psutil.STATUS_ZOMBIE:
        return False
    if process.environ().get(MARK) == str(data):
        return True
    return process.name() == "postgres" and process.cwd() == str(data / "postgres")


def end(data: Path, *, seconds: float) -> list[int]:
    """Wait up to `seconds` for what is left to end by itself, then kill it.

    Returns the pids that had to be killed. Afterwards none is alive.
    """
    deadline = time.monotonic() + seconds
    while (left := find(data)) and time.monotonic() < deadline:
        time.sleep(0.1)
    killed = []
    while left:
        killed += left
        _kill(left)
        time.sleep(0.05)
        left = find(data)
    return sorted(set(killed))


def end_group(data: Path, leader: int) -> None:
    """Kill what is left of the process group of a program that died: a pool's processes, say."""
    left = []
    for pid in find(data):
        with contextlib.suppress(ProcessLookupError):
            if os.getpgid(pid) == leader:
                left.append(pid)
    _kill(left)


def _kill(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
