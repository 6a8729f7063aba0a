"""A file's password on its way to the worker: encrypted, and only while its job needs it."""

from __future__ import annotations

import redis
from cryptography.fernet import InvalidToken

from api.encryption import cipher

PURPOSE = "file passwords"
SECONDS = 3600
"""Where nobody takes the job, the password goes after this long."""


def hold(client: redis.Redis, secret: str, job_id: str, password: str) -> None:
    """Keep `password` for the job. Raises redis.RedisError."""
    client.set(
        _key(job_id), cipher(secret, PURPOSE).encrypt(password.encode()).decode(), ex=SECONDS
    )


def read(client: redis.Redis, secret: str, job_id: str) -> str | None:
    """The job's password; None if there is none (any more). Raises redis.RedisError."""
    held = client.get(_key(job_id))
    if not held:
        return None
    try:
        return cipher(secret, PURPOSE).decrypt(str(held).encode()).decode()
    except InvalidToken:
        return None


def forget(client: redis.Redis, job_id: str) -> None:
    """The job has ended: its password goes. Raises redis.RedisError."""
    client.delete(_key(job_id))


def _key(job_id: str) -> str:
    return f"vouch:password:{job_id}"
