"""A file's password on its way to the worker: encrypted, for an hour at most, read once."""

from __future__ import annotations

import base64
import hashlib

import redis
from cryptography.fernet import Fernet, InvalidToken

SECONDS = 3600


def hold(client: redis.Redis, secret: str, job_id: str, password: str) -> None:
    """Keep `password` for the job. Raises redis.RedisError."""
    client.set(_key(job_id), _cipher(secret).encrypt(password.encode()).decode(), ex=SECONDS)


def take(client: redis.Redis, secret: str, job_id: str) -> str | None:
    """The job's password, once; None if there is none (any more)."""
    held = client.getdel(_key(job_id))
    if not held:
        return None
    try:
        return _cipher(secret).decrypt(str(held).encode()).decode()
    except InvalidToken:
        return None


def _key(job_id: str) -> str:
    return f"vouch:password:{job_id}"


def _cipher(secret: str) -> Fernet:
    digest = hashlib.sha256(b"file passwords\0" + secret.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))
