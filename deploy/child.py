"""Becomes COMMAND, and makes sure it falls when the process that started it does.

    python -I -S child.py [--signal TERM] [--user NAME] -- COMMAND...

Even SIGKILL of the parent leaves no orphan: the kernel then sends the signal (prctl(2),
PR_SET_PDEATHSIG). `--user` gives up root first, and all of the environment but what says where
programs and time zone are found. Run by its path, without site-packages, so that it costs
milliseconds; all imports stand at the top, since another account may not be able to read them.
Elsewhere than on Linux there is no such promise from the kernel.
"""

import ctypes
import os
import pwd
import signal
import sys

PR_SET_PDEATHSIG, PR_SET_KEEPCAPS = 1, 8
PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 47, 2
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 1, 2
CAPABILITY_VERSION_3 = 0x20080522
LINUX = sys.platform.startswith("linux")

libc = ctypes.CDLL(None, use_errno=True)


def main(argv: list[str]) -> None:
    options, words = argv[: argv.index("--")], argv[argv.index("--") + 1 :]
    given = dict(zip(options[::2], options[1::2], strict=True))
    if "--user" in given:
        give_up_root(given["--user"])
    die_with_parent(getattr(signal, "SIG" + given.get("--signal", "TERM")))
    os.environ["VOUCH_PARENT"] = str(os.getpid())
    os.execvp(words[0], words)  # noqa: S606


def give_up_root(name: str) -> None:
    """Keeps one right of root's: to pass through folders and read, so that the account reaches
    its program and its data below a home of mode 700 without anyone changing modes."""
    account = pwd.getpwnam(name)
    if LINUX:
        libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(account.pw_gid)
    os.setuid(account.pw_uid)
    if LINUX and not keep(CAP_DAC_READ_SEARCH):
        keep(CAP_DAC_OVERRIDE)
    for variable in set(os.environ) - {"PATH", "TZ", "VOUCH_PARENT", "VOUCH_STACK"}:
        del os.environ[variable]


def keep(capability: int) -> bool:
    """Keep this capability alone, through exec too (capabilities(7), the ambient set). False when
    a container has taken it away; then the modes of the folders decide."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    data = (ctypes.c_uint32 * 6)(*(3 * [1 << capability]), 0, 0, 0)
    kept = libc.capset(ctypes.byref(header), ctypes.byref(data)) == 0
    return kept and libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0) == 0


def die_with_parent(number: int) -> None:
    """After setuid, which clears the setting. VOUCH_PARENT tells whether the parent died between
    fork and here, when the kernel had nothing to send yet."""
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_PDEATHSIG, number, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    expected = os.environ.get("VOUCH_PARENT", "")
    if expected and os.getppid() != int(expected):
        sys.exit("the process that started this one is gone")


if __name__ == "__main__":
    main(sys.argv[1:])
