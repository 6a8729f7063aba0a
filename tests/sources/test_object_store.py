"""The object store's failures: what is missing, what passes, what an operator has to mend."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.object_store import ObjectMissing, ObjectStore
from deploy.stack import Stack
from pipelines.errors import ServiceRefused, ServiceUnavailable


def _store(stack: Stack, **other: str) -> ObjectStore:
    env = {**stack.env, **other}
    names = ("S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY")
    return ObjectStore(*(env[name] for name in names), env.get("S3_BUCKET") or "vouch")


def test_failures_are_told_apart(stack: Stack, tmp_path: Path) -> None:
    path = tmp_path / "file"
    with pytest.raises(ObjectMissing):
        _store(stack).download("nothing/here", path)
    for store, error in (
        (_store(stack, S3_SECRET_KEY="another"), ServiceRefused),
        (_store(stack, S3_ENDPOINT="http://127.0.0.1:9"), ServiceUnavailable),
    ):
        with pytest.raises(error):
            store.download("nothing/here", path)
        with pytest.raises(error):
            store.size("nothing/here")
        with pytest.raises(error):
            store.delete(["nothing/here"])


def test_what_is_downloaded_is_hashed_on_the_way(stack: Stack, tmp_path: Path) -> None:
    store = _store(stack)
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    store.upload("tests/abc", path, "text/plain")
    # FIPS 180-4, the SHA-256 of "abc".
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert store.download("tests/abc", tmp_path / "again") == known
    store.delete(["tests/abc"])
