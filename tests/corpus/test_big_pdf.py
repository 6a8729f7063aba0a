"""A manual of 619 pages: in bounded memory, its first pages first, through a dying worker."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deploy.stack import Stack
from tests.support.client import ENDS, Client
from tests.support.processes import Peaks, identities, kill, parsers, workers

pytestmark = [pytest.mark.corpus, pytest.mark.slow, pytest.mark.timeout(600)]

PAGES = 619
MEMORY = 1.2e9
"""Bytes that a process of the ingest worker may hold, the embedding model included."""
SECONDS = 240
"""For a whole reading, on a machine that is busy with other things."""


@dataclass
class Reading:
    """An upload of the manual and what came of it."""

    instrument: str
    upload: dict[str, Any]
    job: dict[str, Any]
    source: dict[str, Any]
    fragments: list[dict[str, Any]]
    early: dict[str, Any]
    """The answer to a question asked as soon as page 10 was read."""
    done_then: int
    """Pages read when that answer was complete."""
    peaks: dict[tuple[str, int], int]
    samples: int


@pytest.fixture(scope="module")
def manual(corpus: Path) -> bytes:
    return (corpus / "pdf" / "DA-619p.pdf").read_bytes()


@pytest.fixture(scope="module")
def undisturbed(stack: Stack, admin: Client, manual: bytes) -> Reading:
    instrument = admin.instrument("Manual")
    with Peaks(stack) as peaks:
        upload = _started(admin, instrument, manual)
        _read_at_least(admin, upload["job_id"], 10)
        early = admin.ask(instrument, "To whom did the foxes trade their secrets for wings?")
        done_then = admin.job(upload["job_id"])["done"]
        job = admin.wait(upload["job_id"], SECONDS)
    source = admin.get(f"/api/sources/{upload['source_id']}").json()
    return Reading(
        instrument,
        upload,
        job,
        source,
        _fragments(admin, source["id"]),
        early,
        done_then,
        peaks.bytes,
        peaks.samples,
    )


def test_every_page_is_read(undisturbed: Reading) -> None:
    job, source = undisturbed.job, undisturbed.source
    assert (job["state"], job["error"], job["attempt"]) == ("done", None, 1)
    assert (job["done"], job["total"], job["unit"]) == (PAGES, PAGES, "pages")
    assert (source["status"], source["pages"]) == ("ready", PAGES)
    assert source["report"]["counts"]["pages_read"] == PAGES
    assert source["report"]["counts"]["words"] > 250_000
    assert source["fragment_count"] == len(undisturbed.fragments)
    pages = {locator["page"] for f in undisturbed.fragments for locator in f["locators"]}
    # Nothing but its number stands on a page that has no fragment of its own.
    assert len(pages) >= PAGES - 2
    assert pages <= set(range(1, PAGES + 1))


def test_memory_is_bounded_by_the_batch(undisturbed: Reading) -> None:
    readable = {f"{role} {pid}": size // 10**6 for (role, pid), size in undisturbed.peaks.items()}
    roles = Counter(role for role, _ in undisturbed.peaks)
    assert roles["worker"] >= 2, readable
    assert roles["parser"] >= 1, readable
    assert undisturbed.samples > 50
    assert max(undisturbed.peaks.values()) < MEMORY, f"MB at most: {readable}"


def test_the_first_pages_answer_while_the_last_are_not_read(undisturbed: Reading) -> None:
    assert 10 <= undisturbed.done_then < 300
    assert undisturbed.early["status"] == "done"
    assert "Andruil" in undisturbed.early["answer"]
    pages = [locator["page"] for c in undisturbed.early["citations"] for locator in c["locators"]]
    assert pages
    assert max(pages) <= 10


def test_the_index_holds_a_vector_for_each_fragment(stack: Stack, undisturbed: Reading) -> None:
    assert _vectors(stack, undisturbed) == sorted(f["id"] for f in undisturbed.fragments)


def test_uploaded_again_it_is_the_same_source_and_no_job(
    admin: Client, undisturbed: Reading, manual: bytes
) -> None:
    again = admin.upload(undisturbed.instrument, "another name.pdf", manual).json()
    assert again["duplicate"] is True
    assert again["source_id"] == undisturbed.source["id"]
    assert again["version_id"] == undisturbed.source["version_id"]
    assert again["job_id"] == undisturbed.job["id"]
    listed = {"instrument": undisturbed.instrument}
    assert [s["id"] for s in admin.get("/api/sources/", params=listed).json()] == [
        undisturbed.source["id"]
    ]
    jobs = admin.get("/api/jobs/", params={**listed, "kind": "ingest"}).json()
    assert [(job["id"], job["state"]) for job in jobs] == [(undisturbed.job["id"], "done")]


def test_a_killed_worker_goes_on_where_it_was(
    stack: Stack, admin: Client, manual: bytes, undisturbed: Reading
) -> None:
    instrument = admin.instrument("Manual")
    upload = _started(admin, instrument, manual)
    _read_at_least(admin, upload["job_id"], 250)

    before = identities(stack)["worker-ingest"]
    doomed = [*workers(stack, "worker-ingest"), *parsers(stack)]
    assert len(doomed) >= 3
    kill(doomed)
    seen = [admin.job(upload["job_id"])["done"]]
    job = _followed(admin, upload["job_id"], seen)

    assert 250 <= seen[0] < PAGES
    assert not before & identities(stack)["worker-ingest"]
    # Never back to the start: each number is at least the one before.
    assert seen == sorted(seen)
    assert (job["state"], job["error"], job["done"]) == ("done", None, PAGES)
    source = admin.get(f"/api/sources/{upload['source_id']}").json()
    assert source["status"] == "ready"
    assert source["report"]["counts"] == undisturbed.source["report"]["counts"]
    assert source["fragment_count"] == undisturbed.source["fragment_count"]

    fragments = _fragments(admin, source["id"])
    ordinals = [fragment["ordinal"] for fragment in fragments]
    assert ordinals == sorted(set(ordinals))
    alike = ("ordinal", "text", "heading_path", "locators")
    ours, theirs = (
        [[fragment[name] for name in alike] for fragment in all_of]
        for all_of in (fragments, undisturbed.fragments)
    )
    assert len(ours) == len(theirs)
    assert ours == theirs
    mine = Reading(instrument, upload, job, source, fragments, {}, 0, {}, 0)
    assert _vectors(stack, mine) == sorted(fragment["id"] for fragment in fragments)


def _started(client: Client, instrument: str, data: bytes) -> dict[str, Any]:
    answer = client.upload(instrument, "DA-619p.pdf", data)
    assert answer.status_code == 202, answer.text
    return answer.json()


def _read_at_least(client: Client, job_id: str, pages: int) -> None:
    _until(lambda: client.job(job_id)["done"] >= pages)


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < end, "it never became true"
        time.sleep(0.05)


def _followed(client: Client, job_id: str, seen: list[int]) -> dict[str, Any]:
    """The job once it has ended; `seen` gets every number of pages on the way."""
    end = time.monotonic() + SECONDS
    while (job := client.job(job_id))["state"] not in ENDS:
        seen.append(job["done"])
        assert time.monotonic() < end, f"the job has not ended: {job}"
        time.sleep(0.2)
    return job


def _fragments(client: Client, source_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        query = {"page": len(found) // 100 + 1, "page_size": 100}
        some = client.get(f"/api/sources/{source_id}/fragments", params=query).json()
        found += some
        if len(some) < 100:
            return found


def _vectors(stack: Stack, reading: Reading) -> list[str]:
    """Ids in the vector index of the version, over all collections of its instrument, in order."""
    from urllib.parse import urlsplit

    import chromadb
    from chromadb.config import Settings

    address = urlsplit(stack.env["CHROMA_URL"])
    chroma = chromadb.HttpClient(
        host=str(address.hostname),
        port=address.port or 8000,
        settings=Settings(anonymized_telemetry=False),
    )
    version = {"version_id": reading.source["version_id"]}
    ids: list[str] = []
    for collection in chroma.list_collections():
        if collection.name.startswith(f"i-{reading.instrument}-"):
            ids += collection.get(where=version, include=[])["ids"]
    return sorted(ids)
