"""supervisord, as the stack uses it: its configuration and its RPC."""

from __future__ import annotations

import contextlib
import http.client
import re
import resource
import shlex
import xmlrpc.client
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from deploy.child import child
from deploy.errors import NotAnswering, StackError

GROUPS = {"services": 3, "programs": 4}
"""Seconds that members may take to stop before they are killed. The groups start in this order
and stop in reverse, one after the other; supervisord looks once a second."""


@dataclass(frozen=True)
class Managed:
    """One process for supervisord: its command, and the signal that asks it to stop."""

    name: str
    argv: Sequence[str]
    stop_signal: str = "TERM"
    account: str | None = None


def configuration(
    *,
    root: Path,
    port: int,
    password: str,
    groups: Mapping[str, Sequence[Managed]],
) -> str:
    """The text of supervisord.conf for members by name in GROUPS; services start by themselves.

    Paths of logs are relative to the data folder, where supervisord works: it fills in `%`
    twice there, and no folder with a `%` in its name could be told to it.
    """
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    lines = [
        "[supervisord]",
        "nodaemon=true",
        "silent=true",
        "logfile=log/supervisor.log",
        "logfile_maxbytes=10MB",
        "logfile_backups=1",
        "pidfile=run/supervisord.pid",
        "childlogdir=log",
        f"minfds={65536 if files == resource.RLIM_INFINITY else min(files, 65536)}",
        "strip_ansi=true",
        "[inet_http_server]",
        f"port=127.0.0.1:{port}",
        "username=vouch",
        f"password={password}",
        "[rpcinterface:supervisor]",
        "supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface",
    ]
    for number, group in enumerate(GROUPS):
        members = groups[group]
        for member in members:
            lines += _program(member, root, GROUPS[group], autostart=number == 0)
        names = ",".join(member.name for member in members)
        if names:
            lines += [f"[group:{group}]", f"programs={names}", f"priority={number}"]
    return "\n".join(lines) + "\n"


def _program(member: Managed, root: Path, stop_seconds: int, *, autostart: bool) -> list[str]:
    """supervisord looks once a second and may take a process for alive until then; `startsecs`
    must be longer, or it never counts the tries of one that dies at once."""
    command = shlex.join(child(member.argv, member.stop_signal, member.account))
    return [
        f"[program:{member.name}]",
        f"command={_quoted(command)}",
        f"directory={_quoted(root)}",
        f"autostart={str(autostart).lower()}",
        "autorestart=true",
        "startsecs=2",
        "startretries=3",
        f"stopsignal={member.stop_signal}",
        f"stopwaitsecs={stop_seconds}",
        "killasgroup=true",
        "redirect_stderr=true",
        f"stdout_logfile=log/{member.name}.log",
        "stdout_logfile_maxbytes=10MB",
        "stdout_logfile_backups=3",
    ]


def _quoted(value: object) -> str:
    """Raises StackError for what supervisord would take for a comment or a new line."""
    text = str(value)
    if "\n" in text or re.search(r"\s[;#]", text):
        raise StackError(
            f"supervisord can't be told of {text!r}: no line break, ' ;' or ' #' in it."
        )
    return text.replace("%", "%%")


class _Transport(xmlrpc.client.Transport):
    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        connection = super().make_connection(host)
        connection.timeout = 5
        return connection


@contextlib.contextmanager
def rpc(port: int, password: SecretStr) -> Iterator[Any]:
    """supervisord's XML-RPC (supervisord.org/api.html). Raises NotAnswering."""
    url = f"http://vouch:{password.get_secret_value()}@127.0.0.1:{port}/RPC2"
    try:
        with xmlrpc.client.ServerProxy(url, transport=_Transport()) as proxy:
            yield proxy.supervisor
    except (OSError, http.client.HTTPException, xmlrpc.client.Error) as exc:
        raise NotAnswering(f"supervisord on port {port}: {exc}") from exc


@dataclass(frozen=True)
class State:
    """How a process is. `pid` is 0 while it does not run; `how` then says how it ended."""

    name: str
    pid: int
    how: str
    given_up: bool


def states(port: int, password: SecretStr) -> list[State]:
    """Every process of supervisord's. Raises NotAnswering."""
    with rpc(port, password) as supervisor:
        rows = supervisor.getAllProcessInfo()
    return [
        State(row["name"], row["pid"], _ending(row), row["statename"] == "FATAL") for row in rows
    ]


def _ending(row: dict[str, Any]) -> str:
    """supervisord tells -1 for a signal, whichever it was, and no status of a process that lived
    for less than `startsecs`."""
    status = row["exitstatus"]
    if status < 0:
        return "killed by a signal"
    if row["spawnerr"]:
        return str(row["spawnerr"]).partition(" (")[0].lower()
    return f"exit status {status}"


def tail(path: Path, lines: int = 15) -> str:
    """The last lines of a log; empty when there is none."""
    if not path.exists():
        return ""
    with path.open("rb") as handle:
        handle.seek(max(0, path.stat().st_size - 16_384))
        return "\n".join(handle.read().decode(errors="replace").splitlines()[-lines:])
