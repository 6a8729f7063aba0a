"""The folder a stack lives in (VOUCH_DATA): its lock, secrets, ports and what runs on it.

secrets.json    made once; without it the database can't be opened again
run/            only means something while the stack runs
log/            NAME.log of every program, rotated
postgres/ redis/ store/ chroma/
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import random
import secrets
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from pydantic import SecretStr

from deploy.errors import StackError

SECRETS = ("secret_key", "postgres", "database", "redis", "s3_access", "s3_secret", "supervisor")


class DataDir:
    """`path` is absolute and free of links, so that one folder has one name."""

    def __init__(self, path: Path) -> None:
        self.path = path.expanduser().resolve()
        self.run = self.path / "run"
        self.log = self.path / "log"
        self.record = self.run / "stack.json"
        self._lock: IO[str] | None = None

    @property
    def name(self) -> str:
        """Tells two stacks apart where a path would be too long: node names, for one."""
        return hashlib.sha256(os.fsencode(self.path)).hexdigest()[:8]

    def create(self) -> None:
        """Make the folders. Raises StackError when they can't be written."""
        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            for folder in (self.run, self.log):
                folder.mkdir(exist_ok=True, mode=0o700)
            (self.run / ".writable").touch()
        except OSError as exc:
            raise StackError(
                f"Can't write to {self.path} ({exc.strerror}). Set VOUCH_DATA to a folder of your "
                "own, or start as the user who started Vouch here before."
            ) from exc

    def lock(self) -> bool:
        """Take the folder for this process; False when another one has it.

        The kernel lets go of the lock when the process ends, however it ends.
        """
        handle = (self.run / "lock").open("a+")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.close()
            return False
        self._lock = handle
        write_private(self.run / "holder.pid", str(os.getpid()))
        return True

    def unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def is_locked(self) -> bool:
        """Whether a process, this one included, holds the folder."""
        if not (self.run / "lock").exists():
            return False
        with (self.run / "lock").open("a+") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def holder(self) -> int | None:
        """The pid of the process that holds the folder."""
        if not self.is_locked():
            return None
        with contextlib.suppress(OSError, ValueError):
            return int((self.run / "holder.pid").read_text())
        return None

    def secrets(self) -> dict[str, SecretStr]:
        """Random words by the name in SECRETS, made at the first start."""
        path = self.path / "secrets.json"
        known = _read_json(path)
        if known is None and path.exists():
            raise StackError(f"{path} is damaged. Restore it, or remove {self.path} to start anew.")
        known = known or {}
        missing = [name for name in SECRETS if name not in known]
        if missing:
            known.update({name: secrets.token_hex(24) for name in missing})
            write_private(path, json.dumps(known, indent=1))
        return {name: SecretStr(value) for name, value in known.items()}

    def ports(self, names: Iterable[str]) -> dict[str, int]:
        """A free loopback port for each name: the one it had last time when that is still free."""
        path = self.run / "ports.json"
        known = {name: int(port) for name, port in (_read_json(path) or {}).items()}
        chosen: dict[str, int] = {}
        for name in names:
            port = known.get(name)
            if port is None or port in chosen.values() or not is_free(port):
                port = _free_port({*chosen.values(), *known.values()})
            chosen[name] = port
        write_private(path, json.dumps(known | chosen))
        return chosen

    def write_record(self, record: dict[str, Any]) -> None:
        write_private(self.record, json.dumps(record))

    def read_record(self) -> dict[str, Any] | None:
        """What the running stack wrote about itself; None without one."""
        return _read_json(self.record) if self.is_locked() else None


def write_private(path: Path, text: str) -> None:
    """Write for this user alone, whole or not at all."""
    half = path.with_name(f"{path.name}.{os.getpid()}.half")
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    half.replace(path)


def _read_json(path: Path) -> dict[str, Any] | None:
    with contextlib.suppress(OSError, ValueError):
        value = json.loads(path.read_text(encoding="utf-8"))
        return value if isinstance(value, dict) else None
    return None


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_port(taken: set[int]) -> int:
    """Below the range that the kernel gives to outgoing connections (32768 and up on Linux), or a
    connection could sit on the port in the moment its server starts again."""
    for _ in range(1000):
        port = random.SystemRandom().randint(12_000, 32_000)
        if port not in taken and is_free(port):
            return port
    raise StackError("No free port between 12000 and 32000 on 127.0.0.1.")
