"""Stack: the backing services and the programs of the application, started, watched, stopped.

One supervisord runs them all and starts again what dies. Nothing outlives the process that made
the Stack, however that ends (deploy/child.py), and the next start on the same folder finds the
data again.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy import leftovers, supervision
from deploy.child import child
from deploy.datadir import DataDir
from deploy.environment import ROOT
from deploy.errors import AlreadyRunning, NotAnswering, StackError
from deploy.plan import Plan, make_plan
from deploy.programs import PREPARE, PROGRAMS, Program
from deploy.services import http_status
from deploy.supervision import State

CLIENT_SETTINGS = (
    *("VOUCH_DATA", "APP_ENV", "PORT", "FLOWER_PORT", "SECRET_KEY", "DEMO_PASSWORD"),
    *("DATABASE_URL", "REDIS_URL", "CHROMA_URL"),
    *("S3_ENDPOINT", "S3_PUBLIC_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_BUCKET"),
)
"""What a running stack leaves in its record, for programs that want to talk to its services."""

START_SECONDS = 180
"""How long a part of the start may take on a slow machine before it is an error."""
STOP_SECONDS = sum(supervision.GROUPS.values()) + 2.0
"""Programs, then services, and what supervisord's looks once a second add; then the rest is
killed. Within 10 in all."""


class Stack:
    """A stack on the folder `data`.

    `port` is the API's (None: PORT, else 8000; 0: any free one). A backing service whose setting
    has a value in `env` (default: the process's environment) is not started. `programs` is the
    table of programs, or some of it; `prepare` the command to run between services and programs,
    or None. `tell` hears lines of progress.

    Start it from a thread that lives as long as the stack should: the kernel ends supervisord
    with the thread that started it.
    """

    def __init__(
        self,
        data: Path,
        port: int | None = None,
        env: Mapping[str, str] | None = None,
        programs: Iterable[Program] = PROGRAMS,
        prepare: Sequence[str] | None = PREPARE,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.datadir = DataDir(data)
        self.programs = tuple(programs)
        self._caller = dict(os.environ if env is None else env)
        self._port = port
        self._prepare_argv = tuple(prepare or ())
        self._tell = tell
        self._plan: Plan | None = None
        self._supervisord: subprocess.Popen[bytes] | None = None
        self._preparing: subprocess.Popen[bytes] | None = None
        self._pids: dict[str, int] = {}
        self._deaths: dict[str, str] = {}
        self._given_up: set[str] = set()

    @property
    def plan(self) -> Plan:
        """Ports and environment; known once `start` was called."""
        if self._plan is None:
            raise StackError("The stack hasn't been started.")
        return self._plan

    @property
    def env(self) -> dict[str, str]:
        """What programs got, and what a client of the stack needs."""
        return dict(self.plan.env)

    @property
    def url(self) -> str:
        """Of the API."""
        return f"http://127.0.0.1:{self.plan.ports['api']}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start everything, and return when all of it answers.

        Raises AlreadyRunning when another process has this folder, StackError naming what keeps
        it from starting; then nothing is left running.
        """
        self.datadir.create()
        if not self.datadir.lock():
            raise AlreadyRunning(f"A stack is already running on {self.datadir.path}.")
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        self.datadir.record.unlink(missing_ok=True)
        if leftovers.find(self.datadir.path):
            self._tell("waiting for an earlier stack on this folder to end")
            leftovers.end(self.datadir.path, seconds=STOP_SECONDS)
        self._plan = make_plan(self.datadir, self._caller, self._port, self.programs)
        conf = str(self.datadir.run / "supervisord.conf")
        self._supervisord = self._spawn(
            [sys.executable, "-m", "supervisor.supervisord", "-n", "-c", conf],
            "supervisord.out",
            cwd=self.datadir.path,
        )
        if self._prepare_argv:
            # Now, so that its imports are done by the time the services answer; it then waits
            # for a line.
            self._preparing = self._spawn([*self._prepare_argv, "--wait"], "prepare.log")
        services = [service.name for service, _ in self.plan.services]
        self._tell("starting " + ", ".join(services or ["no service of its own"]))
        for service, place in self.plan.services:
            self._wait_for(service.name, partial(service.check, place))
        self._finish_preparing()
        self._start_programs()
        self.datadir.write_record(
            {
                "pid": os.getpid(),
                "url": self.url,
                "ports": dict(self.plan.ports),
                "env": {name: self.env[name] for name in CLIENT_SETTINGS if name in self.env},
            }
        )

    def _spawn(self, argv: Sequence[str], log: str, cwd: Path = ROOT) -> subprocess.Popen[bytes]:
        with (self.datadir.log / log).open("wb") as output:
            return subprocess.Popen(
                child(argv),
                env=self.env | {leftovers.MARK: str(self.datadir.path)},
                cwd=cwd,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _finish_preparing(self) -> None:
        if self._preparing is None:
            return
        self._tell("bringing the database up to date")
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._preparing.communicate(b"go\n", timeout=START_SECONDS)
        if self._preparing.poll() != 0:
            raise self._failure("Bringing the database up to date failed", "prepare.log")
        self._preparing = None

    def _start_programs(self) -> None:
        if not self.programs:
            return
        self._tell("starting " + ", ".join(program.name for program in self.programs))
        self._wait_for("supervisor", lambda: self._start_processes(()))
        for late in (False, True):
            names = [program.name for program in self.programs if program.may_follow == late]
            self._start_processes(names)
            if "api" in names:
                self._wait_for("api", self._check_api)
        # Whoever dies from here on is known by the pid it had.
        for line in self.poll():
            self._tell(line)

    def _start_processes(self, names: Sequence[str]) -> None:
        with supervision.rpc(self.plan.ports["supervisor"], self.plan.supervisor_password) as rpc:
            rpc.getState()
            for name in names:
                rpc.startProcess(f"programs:{name}", False)

    def _check_api(self) -> None:
        for path in ("/healthz", "/readyz"):
            status = http_status(self.plan.ports["api"], path)
            if status != 200:
                raise NotAnswering(f"GET {path} answers {status}")

    def _wait_for(self, name: str, check: Callable[[], object]) -> None:
        """Until `check` raises nothing. Raises StackError when `name` was given up, or is late."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            for line in self.poll():
                self._tell(line)
            self._raise_if_given_up()
            try:
                check()
            except NotAnswering as exc:
                if time.monotonic() > deadline:
                    raise self._failure(f"{name} doesn't answer ({exc})", f"{name}.log") from exc
                time.sleep(0.1)
            else:
                return

    def _raise_if_given_up(self) -> None:
        for name in self._given_up:
            raise self._failure(f"{name} doesn't start", f"{name}.log")
        if self._supervisord is not None and self._supervisord.poll() is not None:
            raise self._failure("supervisord doesn't start", "supervisord.out")

    def _failure(self, what: str, log: str) -> StackError:
        path = self.datadir.log / log
        return StackError(f"{what}. The end of {path}:\n{supervision.tail(path)}")

    def poll(self) -> list[str]:
        """What happened to processes since the last call, a line each, for people.

        Also ends what a dead program left behind, so call it every second or so. Nothing is known
        while supervisord doesn't answer.
        """
        lines: list[str] = []
        if self._supervisord is None:
            return lines
        with contextlib.suppress(NotAnswering):
            port = self.plan.ports["supervisor"]
            for state in supervision.states(port, self.plan.supervisor_password):
                lines += self._news(state)
        return lines

    def _news(self, state: State) -> list[str]:
        """What is new since the last look: one that died and was started again in between, even
        twice, shows by its pid."""
        name, lines = state.name, []
        before = self._pids.get(name, 0)
        if before and state.pid != before:
            leftovers.end_group(self.datadir.path, before)
            self._deaths[name] = "" if state.pid else f" ({state.how})"
        if state.pid and state.pid != before and name in self._deaths:
            lines.append(f"{name} died{self._deaths.pop(name)}; started again")
        self._pids[name] = state.pid
        if state.given_up and name not in self._given_up:
            self._given_up.add(name)
            what = f"{name} keeps dying ({state.how}); gave up"
            lines.append(str(self._failure(what, f"{name}.log")))
        return lines

    def supervisor_died(self) -> str | None:
        """How supervisord ended when it did while it should run; None when all is well."""
        if self._supervisord is None or (code := self._supervisord.poll()) is None:
            return None
        return f"killed by signal {-code}" if code < 0 else f"exit status {code}"

    def stop(self) -> None:
        """Stop everything within 10 seconds: kindly, then not. No process is left afterwards."""
        deadline = time.monotonic() + STOP_SECONDS
        for process in (self._preparing, self._supervisord):
            if process is not None:
                process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(max(0.0, deadline - time.monotonic()))
        if self._plan is not None:
            self.datadir.record.unlink(missing_ok=True)
            leftovers.end(self.datadir.path, seconds=max(0.0, deadline - time.monotonic()))
        for process in (self._preparing, self._supervisord):
            if process is not None:
                process.communicate()
        self._preparing = self._supervisord = None
        self._pids, self._deaths, self._given_up = {}, {}, set()
        self.datadir.unlock()
