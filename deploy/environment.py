"""The environment of programs: the caller's, less what would surprise, plus what they need."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from deploy.services import scripts

ROOT = Path(__file__).resolve().parent.parent

_SURPRISES = ("PYTHON", "RCLONE_", "GUNICORN_", "FLASK_", "SUPERVISOR_", "PWD")
"""Prefixes of variables that change how our programs start, meant for others."""


def environment(
    caller: Mapping[str, str], *, data: Path, embedded: Iterable[str]
) -> dict[str, str]:
    """What every program gets, before the addresses of the services.

    `embedded` names the settings whose service the stack runs itself: libpq's own variables
    (PGHOST and so on) then belong to another database.
    """
    surprises = (*_SURPRISES, "PG") if "DATABASE_URL" in set(embedded) else _SURPRISES
    kept = {name: value for name, value in caller.items() if not name.startswith(surprises)}
    processes = _whole_number(kept.get("INGEST_PROCESSES"), 2)
    threads = max(1, (os.cpu_count() or 1) // processes)
    defaults = {
        "APP_ENV": "local",
        "LANG": "C.UTF-8",
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": str(threads),
        # A worker that is told to stop gives its jobs back at once instead of finishing them.
        "REMAP_SIGTERM": "SIGQUIT",
    }
    forced = {
        "VOUCH_DATA": str(data),
        "HOME": _home(kept.get("HOME", ""), data),
        "PATH": os.pathsep.join((str(scripts()), kept.get("PATH") or os.defpath)),
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "PYTHONNOUSERSITE": "1",
        "ANONYMIZED_TELEMETRY": "False",
        "DO_NOT_TRACK": "1",
        "SCARF_NO_ANALYTICS": "true",
        "NO_PROXY": _with_loopback(kept.get("NO_PROXY") or kept.get("no_proxy", "")),
    }
    forced["no_proxy"] = forced["NO_PROXY"]
    return defaults | {name: value for name, value in kept.items() if value} | forced


def _home(home: str, data: Path) -> str:
    """Libraries keep caches in HOME; where there is none to write to, the data folder serves."""
    if home and os.path.isabs(home) and os.access(home, os.W_OK | os.X_OK):
        return home
    own = data / "home"
    own.mkdir(exist_ok=True, mode=0o700)
    return str(own)


def _with_loopback(listed: str) -> str:
    """A proxy can't reach our loopback; clients must not ask one."""
    return ",".join(dict.fromkeys([*filter(None, listed.split(",")), "127.0.0.1", "localhost"]))


def _whole_number(text: str | None, default: int) -> int:
    return max(1, int(text)) if text and text.isdigit() else default
