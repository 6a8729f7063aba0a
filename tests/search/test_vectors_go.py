"""Vectors of what is no longer there go, though Chroma be away when they should."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.stack import Stack
from pipelines.retrieval.vector_index import Index, collection_name
from tests.support.chroma_proxy import ChromaProxy
from tests.support.client import Client
from tests.support.documents import pdf


@dataclass
class Shaky:
    """A stack whose Chroma can be made to refuse."""

    admin: Client
    proxy: ChromaProxy
    index: Index
    """Chroma itself, which does not refuse."""

    def versions(self, instrument: str) -> set[str]:
        """The versions that have vectors."""
        prefix = collection_name(instrument, "")
        return {
            data["version_id"]
            for name in self.index.collections()
            if name.startswith(prefix)
            for data in self.index._client.get_collection(name).get()["metadatas"]
        }

    def until_only(self, instrument: str, versions: set[str], seconds: float = 60) -> None:
        end = time.monotonic() + seconds
        while (there := self.versions(instrument)) != versions:
            assert time.monotonic() < end, f"vectors of {there}, not of {versions}"
            time.sleep(0.2)


@pytest.fixture(scope="module")
def shaky(
    stack: Stack, tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[Shaky]:
    chroma = stack.env["CHROMA_URL"]
    with ChromaProxy(chroma) as proxy:
        env = {
            **os.environ,
            "CHROMA_URL": proxy.url,
            "MODEL_CACHE": str(pytestconfig.cache.mkdir("models")),
            "LEASE_SECONDS": "4",
            "SWEEP_SECONDS": "1",
            "INGEST_PROCESSES": "1",
        }
        folder: Path = tmp_path_factory.mktemp("shaky")
        with Stack(folder, port=0, env=env) as running, Client(running.url) as admin:
            admin.sign_in("admin@example.com")
            yield Shaky(admin, proxy, Index(chroma))


def test_a_version_that_was_replaced_leaves_no_vectors(shaky: Shaky) -> None:
    admin, proxy = shaky.admin, shaky.proxy
    instrument = admin.instrument()
    old = admin.add_bytes(instrument, "a.pdf", pdf("The anvil weighs 61 kilograms."))
    assert shaky.versions(instrument) == {old["version_id"]}

    proxy.refused, before = "/delete", proxy.refusals
    new = admin.add_bytes(
        instrument, "a.pdf", pdf("The anvil weighs 62 kilograms."), source_id=old["id"]
    )
    while proxy.refusals == before:
        time.sleep(0.1)
    # It could not be told to go, and is there.
    assert shaky.versions(instrument) == {old["version_id"], new["version_id"]}
    proxy.refused = None
    shaky.until_only(instrument, {new["version_id"]})


def test_a_source_that_was_deleted_leaves_no_vectors(shaky: Shaky) -> None:
    admin, proxy = shaky.admin, shaky.proxy
    instrument = admin.instrument()
    gone = admin.add_bytes(instrument, "a.pdf", pdf("The anvil weighs 63 kilograms."))
    kept = admin.add_bytes(instrument, "b.pdf", pdf("The hammer weighs 3 kilograms."))
    proxy.refused, before = "/delete", proxy.refusals
    assert admin.delete(f"/api/sources/{gone['id']}").status_code == 204
    while proxy.refusals == before:
        time.sleep(0.1)
    proxy.refused = None
    shaky.until_only(instrument, {kept["version_id"]})


def test_what_is_deleted_while_it_is_read_leaves_no_vectors(shaky: Shaky) -> None:
    admin, proxy = shaky.admin, shaky.proxy
    instrument = admin.instrument()
    pages = [f"Page {n} tells of anvils, hammers and tongs of hall {n}." * 20 for n in range(150)]
    begun = admin.upload(instrument, "long.pdf", pdf(*pages)).json()
    while admin.job(begun["job_id"])["done"] < 4:
        time.sleep(0.05)
    proxy.refused = "/delete"
    assert admin.delete(f"/api/sources/{begun['source_id']}").status_code == 204
    assert admin.wait(begun["job_id"], 60)["state"] == "cancelled"
    time.sleep(3)
    proxy.refused = None
    shaky.until_only(instrument, set())
