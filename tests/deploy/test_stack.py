"""The embedded stack with its real services, and small programs in the place of Vouch's own."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg
import pytest
import redis
from minio import Minio
from redis.backoff import NoBackoff
from redis.retry import Retry

from deploy import control, leftovers
from deploy.datadir import DataDir
from deploy.errors import AlreadyRunning, StackError
from deploy.programs import Program
from deploy.stack import STOP_SECONDS, Stack

API = Program(
    "api",
    ("python", "tests/support/stack_programs.py", "api", "$HOST", "$PORT", "$RUN/environment.json"),
)
POOL = Program("pool", ("python", "tests/support/stack_programs.py", "pool"))
ELSEWHERE = {
    "DATABASE_URL": "postgresql://db.invalid",
    "REDIS_URL": "redis://redis.invalid",
    "S3_ENDPOINT": "http://store.invalid",
    "CHROMA_URL": "http://chroma.invalid",
}
"""With these no service is the stack's own."""


def new_stack(data: Path, *, env: dict[str, str] | None = None, **options: object) -> Stack:
    options = {"port": 0, "programs": (API,), "prepare": None} | options
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return Stack(data, env=clean | (env or {}), **options)  # type: ignore[arg-type]


def pids(data: Path, words: str) -> list[int]:
    """Processes of the stack on `data` whose command line holds `words`."""
    found = []
    for pid in leftovers.find(DataDir(data).path):
        try:
            if words in " ".join(psutil.Process(pid).cmdline()):
                found.append(pid)
        except psutil.NoSuchProcess:
            continue
    return found


def wait_until(happens: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def database(stack: Stack) -> psycopg.Connection:
    url = stack.env["DATABASE_URL"].replace("+psycopg", "")
    return psycopg.connect(url, autocommit=True, connect_timeout=5)


def store(stack: Stack) -> Minio:
    return Minio(
        endpoint=urlsplit(stack.env["S3_ENDPOINT"]).netloc,
        access_key=stack.env["S3_ACCESS_KEY"],
        secret_key=stack.env["S3_SECRET_KEY"],
        secure=False,
        region="us-east-1",
    )


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Started in a hostile environment: a proxy, another database's variables, no HOME."""
    data = tmp_path_factory.mktemp("a folder") / "50% var"
    hostile = {
        "HOME": "/nonexistent",
        "HTTP_PROXY": "http://127.0.0.1:9",
        "http_proxy": "http://127.0.0.1:9",
        "PGHOST": "db.invalid",
        "PYTHONSTARTUP": "/nonexistent",
        "RCLONE_ADDR": "0.0.0.0:1",
    }
    with new_stack(data, env=hostile) as started:
        yield started


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    """A folder for a stack; a test that fails leaves no process behind."""
    yield tmp_path
    leftovers.end(tmp_path, seconds=0)


def test_every_service_answers_to_the_environment_of_programs(stack: Stack) -> None:
    with database(stack) as connection:
        (version, superuser), *_ = connection.execute(
            "select current_setting('server_version_num')::int, usesuper from pg_user"
            " where usename = current_user"
        ).fetchall()
    assert (version // 10_000, superuser) == (18, False)
    assert redis.Redis.from_url(stack.env["REDIS_URL"]).set("key", "value")
    store(stack).put_object(bucket_name="vouch", object_name="a/b", data=BytesIO(b"text"), length=4)
    assert store(stack).get_object(bucket_name="vouch", object_name="a/b").data == b"text"
    import chromadb

    address = urlsplit(stack.env["CHROMA_URL"])
    client = chromadb.HttpClient(host=address.hostname, port=address.port)
    assert client.create_collection("a-collection").count() == 0


def test_only_loopback_listens_and_only_with_the_password(stack: Stack) -> None:
    data = stack.datadir.path
    addresses = {
        connection.laddr.ip
        for pid in leftovers.find(data)
        for connection in psutil.Process(pid).net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert addresses == {"127.0.0.1"}
    port = stack.plan.ports["redis"]
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=port, retry=Retry(NoBackoff(), 0)).ping()
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(host="127.0.0.1", port=stack.plan.ports["postgres"], user="postgres")
    arguments = [" ".join(psutil.Process(pid).cmdline()) for pid in leftovers.find(data)]
    secrets = json.loads((data / "secrets.json").read_text())
    assert not [word for word in secrets.values() if any(word in line for line in arguments)]
    assert (data / "secrets.json").stat().st_mode & 0o077 == 0


def test_programs_get_no_surprises(stack: Stack) -> None:
    seen = json.loads((stack.datadir.run / "environment.json").read_text())
    assert not {"PGHOST", "PYTHONSTARTUP", "RCLONE_ADDR"} & set(seen)
    assert seen["PATH"].split(os.pathsep)[0] == str(Path(sys.executable).parent)
    assert os.access(seen["HOME"], os.W_OK)
    assert "127.0.0.1" in seen["NO_PROXY"]
    assert (seen["ANONYMIZED_TELEMETRY"], seen["HF_HUB_OFFLINE"]) == ("False", "1")
    assert seen["PORT"] == str(stack.plan.ports["api"])
    assert len(seen["SECRET_KEY"]) >= 32


def test_a_killed_service_is_named_started_again_and_keeps_its_data(stack: Stack) -> None:
    client = redis.Redis.from_url(stack.env["REDIS_URL"])
    client.set("before", "kept")
    client.config_set("appendfsync", "always")
    client.set("last", "kept")
    client.connection_pool.disconnect()
    (pid,) = pids(stack.datadir.path, "redis.conf")
    os.kill(pid, signal.SIGKILL)
    lines: list[str] = []
    wait_until(lambda: bool(lines.extend(stack.poll()) or lines))
    # supervisord may have started it before anyone could ask how it died.
    assert re.fullmatch(r"redis died( \(killed by a signal\))?; started again", *lines)
    wait_until(lambda: bool(pids(stack.datadir.path, "redis.conf")))

    def answers() -> bool:
        try:
            return client.mget("before", "last") == [b"kept", b"kept"]
        except redis.ConnectionError:
            return False

    wait_until(answers)


def test_a_second_stack_on_the_folder_is_refused_and_told_of_the_first(stack: Stack) -> None:
    with pytest.raises(AlreadyRunning):
        new_stack(stack.datadir.path).start()
    assert control.record(stack.datadir)["url"] == stack.url
    rows = control.processes(stack.datadir, control.record(stack.datadir))
    assert {row.split()[0] for row in rows} == {*("postgres", "redis", "store", "chroma", "api")}


def test_the_command_line_finds_the_running_stack(stack: Stack) -> None:
    def deploy(command: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "deploy", command],
            cwd=Path(__file__).resolve().parents[2],
            env={**os.environ, "VOUCH_DATA": str(stack.datadir.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    assert stack.url in deploy("up")
    assert re.search(r"^postgres +RUNNING", deploy("status"), re.MULTILINE)
    shell = subprocess.run(
        ["sh"],
        input=deploy("env") + 'printf %s "$DATABASE_URL"',
        capture_output=True,
        text=True,
        check=True,
    )
    assert shell.stdout == stack.env["DATABASE_URL"]


def test_two_stacks_side_by_side(stack: Stack, data: Path) -> None:
    with new_stack(data) as other:
        assert not set(other.plan.ports.values()) & set(stack.plan.ports.values())
        with database(other) as connection:
            connection.execute("create table only_here ()")
        with database(stack) as connection:
            found = connection.execute("select to_regclass('only_here')").fetchone()
        assert found == (None,)
    assert leftovers.find(other.datadir.path) == []
    assert redis.Redis.from_url(stack.env["REDIS_URL"]).ping()


def test_kill_of_the_supervisor_leaves_no_orphan_and_no_loss(data: Path) -> None:
    first = new_stack(data)
    first.start()
    with database(first) as connection:
        connection.execute("create table kept as select 'a row' as word")
    (supervisor,) = pids(data, "supervisor.supervisord")
    os.kill(supervisor, signal.SIGKILL)
    wait_until(lambda: first.supervisor_died() == "killed by signal 9")
    wait_until(lambda: leftovers.find(first.datadir.path) == [])
    first.stop()
    # What a machine that lost power may leave: a lock whose pid now is somebody else's.
    lock = data / "postgres" / "postmaster.pid"
    lock.write_text(f"{os.getppid()}\n{data / 'postgres'}\n1\n1\n\n127.0.0.1\n1 1\nready\n")
    (data / "run" / "ports.json").write_text('{"redis": 1')
    with new_stack(data) as second, database(second) as connection:
        assert connection.execute("select word from kept").fetchall() == [("a row",)]


def test_kill_of_the_process_that_started_it_ends_it(data: Path) -> None:
    (data / "postgres.half").mkdir()
    (data / "postgres.half" / "PG_VERSION").write_text("18\n")
    script = (
        "import sys, time; from pathlib import Path; from deploy.stack import Stack\n"
        "Stack(Path(sys.argv[1]), port=0, programs=(), prepare=None).start()\n"
        "print('ready', flush=True); time.sleep(600)"
    )
    root = Path(__file__).resolve().parents[2]
    starter = subprocess.Popen(
        [sys.executable, "-c", script, str(data)], cwd=root, stdout=subprocess.PIPE
    )
    assert starter.stdout is not None
    assert starter.stdout.readline() == b"ready\n"
    assert len(leftovers.find(data)) > 4
    starter.kill()
    starter.communicate()
    assert not DataDir(data).is_locked()
    wait_until(lambda: leftovers.find(data) == [])


def test_no_process_of_a_program_outlives_its_leader_or_the_stack(data: Path) -> None:
    stack = new_stack(data, env=ELSEWHERE, programs=(POOL,))
    stack.start()
    assert {name: stack.env[name] for name in ELSEWHERE} == ELSEWHERE
    wait_until(lambda: len(pids(data, "stack_programs.py pool")) == 2)
    old = pids(data, "stack_programs.py pool")
    (leader,) = {os.getpgid(pid) for pid in old}
    os.kill(leader, signal.SIGKILL)
    lines: list[str] = []
    wait_until(lambda: bool(lines.extend(stack.poll()) or lines))
    assert re.fullmatch(r"pool died( \(.*(signal|quickly)\))?; started again", *lines)
    wait_until(lambda: not set(old) & set(leftovers.find(data)))
    stack.stop()
    assert leftovers.find(data) == []
    assert STOP_SECONDS < 10
    assert not stack.datadir.is_locked()


def test_a_program_that_keeps_dying_is_named_with_the_end_of_its_log(data: Path) -> None:
    broken = Program("broken", ("python", "-c", "raise SystemExit('the key is missing')"))
    api_never = Program("api", ("sleep", "600"))
    stack = new_stack(data, env=ELSEWHERE, programs=(broken, api_never))
    with pytest.raises(StackError, match=r"(?s)broken.*the key is missing"):
        stack.start()
    assert leftovers.find(data) == []


def test_a_failing_preparation_keeps_it_from_starting(data: Path) -> None:
    script = "import sys; sys.stdin.readline(); sys.exit('no such revision')"
    stack = new_stack(data, env=ELSEWHERE, prepare=("python", "-c", script))
    with pytest.raises(StackError, match="no such revision"):
        stack.start()
    assert leftovers.find(data) == []


def test_a_taken_port_is_told(stack: Stack, data: Path) -> None:
    taken = stack.plan.ports["api"]
    with pytest.raises(StackError, match=rf"Port {taken} is taken.*PORT={taken + 10}"):
        new_stack(data, port=taken).start()
