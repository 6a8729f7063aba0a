"""The command line of a process that falls with the one that starts it, and may give up root.

Even SIGKILL of the parent leaves no orphan: the kernel then sends the signal (prctl(2),
PR_SET_PDEATHSIG), which setpriv(1) of util-linux asks for. A parent that dies in the millisecond
before it asks leaves what the next start on the folder ends (deploy/leftovers.py). Where there is
no setpriv, as outside Linux, there is no such promise.
"""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Sequence
from pathlib import Path

from deploy.errors import StackError

_RIGHTS = {"dac_read_search": 2, "dac_override": 1}
"""Rights to pass through folders and read whatever their modes, the lesser first, by the number
of their bit (capabilities(7)). Containers commonly hold the second only."""


def child(argv: Sequence[str], stop_signal: str = "TERM", account: str | None = None) -> list[str]:
    """`argv`, sent `stop_signal` when its parent dies.

    `account` gives up root for it, and all of the environment but what says where programs and
    the time zone are found. Raises StackError where nobody can.
    """
    setpriv = shutil.which("setpriv")
    if setpriv:
        start = [setpriv, "--pdeathsig", stop_signal]
        return [*start, *(_given_up_root(account) if account else []), *argv]
    if account:
        raise StackError(
            "Postgres doesn't run as root, and setpriv of util-linux, which gives root up, isn't "
            "installed. Install it, or start as another user."
        )
    return list(argv)


def _given_up_root(account: str) -> list[str]:
    """Keeps one right of root's, so that the account reaches its program and its data below a
    home of mode 700 without anyone changing modes. By `no_setuid_fixup` access(2) heeds it too,
    which initdb asks whether it may run a program (access(2), capabilities(7))."""
    kept = {name: os.environ[name] for name in ("PATH", "TZ") if name in os.environ}
    right = _right()
    rights = f"-all,+{right}" if right else "-all"
    return [
        *("--reuid", account, "--regid", str(pwd.getpwnam(account).pw_gid), "--clear-groups"),
        *("--inh-caps", rights, "--ambient-caps", rights, "--no-new-privs"),
        *(("--securebits", "+no_setuid_fixup") if right else ()),
        *("env", "-i", *(f"{name}={value}" for name, value in kept.items())),
    ]


def _right() -> str | None:
    """None when a container has taken both away; then the modes of the folders decide."""
    status = Path("/proc/self/status").read_text()
    held = int(status.partition("CapEff:")[2].split()[0], 16)
    return next((name for name, bit in _RIGHTS.items() if held >> bit & 1), None)
