"""The embedded stack from the command line: up, status, stop, env."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from deploy import control
from deploy.datadir import DataDir
from deploy.environment import ROOT
from deploy.errors import AlreadyRunning, NotAnswering, StackError
from deploy.stack import Stack


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start everything and stay until Ctrl-C")
    up.add_argument("--detach", action="store_true", help="return when it is ready; `stop` ends it")
    commands.add_parser("status", help="what runs, and where")
    commands.add_parser("stop", help="stop a stack that was started elsewhere")
    commands.add_parser("env", help="shell lines that let commands talk to the running stack")
    chosen = parser.parse_args()
    data = DataDir(Path(os.environ.get("VOUCH_DATA") or ROOT / "var"))
    try:
        match chosen.command:
            case "up":
                return _up_detached(data) if chosen.detach else _up(data)
            case "status":
                return _status(data)
            case "stop":
                print("Stopped." if control.stop(data) else "Nothing is running.")
            case "env":
                for name, value in control.record(data)["env"].items():
                    print(f"export {name}={shlex.quote(value)}")
    except (StackError, NotAnswering) as exc:
        print(f"Vouch: {exc}", file=sys.stderr)
        return 1
    return 0


def _up(data: DataDir) -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    stack = Stack(data.path, tell=_say)
    try:
        stack.start()
        _say(control.ready_line(control.record(data)))
        while True:
            time.sleep(0.5)
            for line in stack.poll():
                _say(line)
            if how := stack.supervisor_died():
                _say(f"supervisord died ({how}); starting everything again")
                stack.stop()
                stack.start()
                _say(control.ready_line(control.record(data)))
    except AlreadyRunning:
        record = control.wait_until_ready(data)
        _say(f"Already running: {record['url']} (stop it with: make stop)")
    except KeyboardInterrupt:
        _say("stopping")
        stack.stop()
        _say("stopped; the data stay in " + str(data.path))
    return 0


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """Stop once; further signals would only disturb the stopping, which is bounded."""
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def _up_detached(data: DataDir) -> int:
    _say(control.ready_line(control.ensure_running(data)))
    return 0


def _status(data: DataDir) -> int:
    record = control.record(data)
    _say(f"{record['url']}  data in {data.path}")
    for row in control.processes(data, record):
        _say(row)
    return 0


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
