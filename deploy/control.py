"""A stack that another process runs: find it, ask it, stop it, start it in the background."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from typing import Any

import psutil

from deploy import leftovers, supervision
from deploy.datadir import DataDir
from deploy.environment import ROOT
from deploy.errors import StackError
from deploy.stack import START_SECONDS, STOP_SECONDS


def record(data: DataDir) -> dict[str, Any]:
    """`pid`, `url`, `ports` and `env` of the running stack. Raises StackError without one."""
    found = data.read_record()
    if found is not None:
        return found
    if data.is_locked():
        raise StackError(f"A stack is starting or stopping on {data.path}. Ask again in a moment.")
    raise StackError(f"Nothing is running on {data.path}. Start it with: make up")


def ready_line(record: dict[str, Any]) -> str:
    """The one line for a person: where, and how to sign in."""
    line = f"Vouch is ready: {record['url']}"
    if record["env"].get("APP_ENV") != "local":
        return line
    return f"{line}  sign in as admin@example.com / {demo_password(record)}"


def demo_password(record: dict[str, Any]) -> str:
    return record["env"].get("DEMO_PASSWORD") or "vouch-demo"


def wait_until_ready(
    data: DataDir, starting: subprocess.Popen[bytes] | None = None
) -> dict[str, Any]:
    """The record of a stack that is being started, by `starting` or elsewhere.

    Raises StackError when it gives up.
    """
    deadline = time.monotonic() + 3 * START_SECONDS
    while time.monotonic() < deadline:
        if found := data.read_record():
            return found
        if (starting is None or starting.poll() is not None) and not data.is_locked():
            break
        time.sleep(0.1)
    if starting is None:
        raise StackError("The other stack on this folder ended before it was ready. Try again.")
    log = data.log / "up.log"
    raise StackError(f"The stack doesn't start. The end of {log}:\n{supervision.tail(log)}")


def ensure_running(data: DataDir) -> dict[str, Any]:
    """The record of the stack on `data`, started in the background when there is none.

    It then outlives this process; `stop` ends it. Raises StackError when it doesn't start.
    """
    if found := data.read_record():
        return found
    data.create()
    with (data.log / "up.log").open("wb") as output:
        starting = subprocess.Popen(
            [sys.executable, "-m", "deploy", "up"],
            env=os.environ | {"VOUCH_DATA": str(data.path)},
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return wait_until_ready(data, starting)


def stop(data: DataDir) -> bool:
    """Stop the stack on `data` and wait until it is gone; False when there was none.

    Ends what a killed stack left behind, too.
    """
    pid = data.holder()
    left = leftovers.find(data.path)
    if pid is None and not left:
        return False
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS + 1
        while data.is_locked() and time.monotonic() < deadline:
            time.sleep(0.05)
    leftovers.end(data.path, seconds=0 if pid is not None else STOP_SECONDS)
    return True


def processes(data: DataDir, record: dict[str, Any]) -> list[str]:
    """A line for each process that supervisord runs: name, state, pid, memory."""
    password = data.secrets()["supervisor"]
    with supervision.rpc(record["ports"]["supervisor"], password) as rpc:
        rows = rpc.getAllProcessInfo()
    return [
        f"{row['name']:16} {row['statename']:9} {row['description']:32} {_memory(row['pid'])}"
        for row in rows
    ]


def _memory(pid: int) -> str:
    """Resident memory of a process and its children."""
    total = 0
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid) if pid else None
        for each in [process, *process.children(recursive=True)] if process else []:
            total += each.memory_info().rss
    return f"{total / 2**20:.0f} MB"
