"""Large files: the request that completes them takes no longer for their size; their job checks
them, and reads what it checked."""

from __future__ import annotations

import hashlib
import os
import time
import uuid
from pathlib import Path
from typing import Any

import httpx
from flask import Flask
from reportlab.lib.pdfencrypt import StandardEncryption

from api.sources.uploads import AT_ONCE
from tests.support.client import Client
from tests.support.documents import pdf
from tests.support.pdf_fixtures import draw_pdf, lines

SIZE = AT_ONCE + 2**20


def _large(text: str) -> bytes:
    return _padded(pdf(text))


def _padded(small: bytes) -> bytes:
    """The PDF with a comment that makes it SIZE bytes long."""
    header, _, rest = small.partition(b"\n")
    noise = os.urandom(SIZE).replace(b"\n", b"x").replace(b"\r", b"x")
    data = b"%".join((header + b"\n", noise[: SIZE - len(small) - 2] + b"\n" + rest))
    assert len(data) == SIZE
    return data


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _put(client: Client, instrument: str, data: bytes, **more: Any) -> dict[str, Any]:
    upload = client.initiate(instrument, "large.pdf", len(data), **more).json()
    httpx.put(upload["signed_url"], content=data, headers=upload["headers"]).raise_for_status()
    return upload


def _objects(app: Flask, prefix: str) -> list[str]:
    storage = app.extensions["services"].storage
    found = storage._client.list_objects("vouch", prefix=prefix, recursive=True)
    return [item.object_name for item in found]


def test_a_large_file_is_checked_by_its_job_and_read(
    admin: Client, instrument: str, app: Flask
) -> None:
    data = _large(f"The anvil of {uuid.uuid4()} weighs 61 kilograms.")
    upload = _put(admin, instrument, data, sha256=_sha256(data))
    begun = admin.complete(upload["upload_id"]).json()
    assert admin.complete(upload["upload_id"]).json() == begun
    assert set(begun) == {"source_id", "version_id", "job_id", "status"}
    assert begun["status"] == "queued"
    job = admin.wait(begun["job_id"])
    assert (job["state"], job["subject"]["id"]) == ("done", begun["source_id"]), job["error"]
    source = admin.get(f"/api/sources/{begun['source_id']}").json()
    assert (source["status"], source["version_id"]) == ("ready", begun["version_id"])
    assert (source["sha256"], source["size"]) == (_sha256(data), len(data))
    assert "61 kilograms" in admin.ask(instrument, "How heavy is the anvil?")["answer"]
    url = admin.get(f"/api/viewer/pdf/{source['id']}").json()["file_url"]
    assert httpx.get(url).content == data
    events = admin.get(f"/api/jobs/{job['id']}/events").json()["events"]
    stages = [event["data"].get("stage") for event in events]
    assert "store" in stages
    assert len(_objects(app, f"versions/{source['version_id']}")) == 1

    # Its next version, which takes its place.
    newer = _large(f"The anvil of {uuid.uuid4()} weighs 62 kilograms.")
    upload = _put(admin, instrument, newer, source_id=source["id"])
    begun = admin.complete(upload["upload_id"]).json()
    assert admin.wait(begun["job_id"])["state"] == "done"
    assert begun["source_id"] == source["id"]
    assert "62 kilograms" in admin.ask(instrument, "How heavy is the anvil?")["answer"]

    assert admin.delete(f"/api/sources/{source['id']}").status_code == 204
    end = time.monotonic() + 20
    while any(_objects(app, f"versions/{v}") for v in (source["version_id"], begun["version_id"])):
        assert time.monotonic() < end
        time.sleep(0.1)


def test_what_is_known_of_it_at_once_is_told_at_once(admin: Client, instrument: str) -> None:
    data = _large("The anvil weighs 61 kilograms.")
    short = admin.initiate(instrument, "large.pdf", len(data) + 1).json()
    httpx.put(short["signed_url"], content=data, headers=short["headers"])
    answer = admin.complete(short["upload_id"])
    assert (answer.status_code, set(answer.json()["errors"]["json"])) == (422, {"size"})
    program = b"\x7fELF" + os.urandom(AT_ONCE)
    assert admin.complete(_put(admin, instrument, program)["upload_id"]).status_code == 415
    recording = admin.add_bytes(instrument, "notes.md", b"The hammer weighs 3 kilograms.")
    upload = _put(admin, instrument, data, source_id=recording["id"])
    answer = admin.complete(upload["upload_id"])
    assert (answer.status_code, set(answer.json()["errors"]["json"])) == (422, {"source_id"})


def test_a_wrong_sha256_fails_the_source_with_the_reason(
    admin: Client, instrument: str, app: Flask
) -> None:
    data = _large(f"The anvil of {uuid.uuid4()} weighs 61 kilograms.")
    upload = _put(admin, instrument, data, sha256="0" * 64)
    begun = admin.complete(upload["upload_id"]).json()
    job = admin.wait(begun["job_id"], 30)
    assert (job["state"], job["attempt"]) == ("failed", 1)
    assert job["error"]["code"] == "upload_damaged"
    source = admin.get(f"/api/sources/{begun['source_id']}").json()
    assert (source["status"], source["error"]["code"]) == ("failed", "upload_damaged")
    assert "Upload it again" in source["error"]["message"]
    assert _objects(app, f"versions/{begun['version_id']}") == []


def test_known_bytes_lead_to_the_source_that_has_them(admin: Client, instrument: str) -> None:
    data = _large(f"The anvil of {uuid.uuid4()} weighs 61 kilograms.")
    first = admin.add_bytes(instrument, "first.pdf", data)
    again = admin.upload(instrument, "again.pdf", data).json()
    job = admin.wait(again["job_id"])
    assert (job["state"], job["subject"]["id"]) == ("done", first["id"])
    listed = admin.get("/api/sources/", params={"instrument": instrument}).json()
    assert [source["id"] for source in listed] == [first["id"]]
    # The same at once, from both sides.
    twice = _large(f"The hammer of {uuid.uuid4()} weighs 3 kilograms.")
    begun = [admin.upload(instrument, f"{n}.pdf", twice).json() for n in range(2)]
    subjects = {admin.wait(each["job_id"])["subject"]["id"] for each in begun}
    assert len(subjects) == 1
    assert len(admin.get("/api/sources/", params={"instrument": instrument}).json()) == 2


def test_what_is_read_is_what_was_checked_whatever_is_put_later(
    admin: Client, instrument: str
) -> None:
    right = _large(f"The anvil of {uuid.uuid4()} weighs 61 kilograms.")
    wrong = _large(f"The anvil of {uuid.uuid4()} weighs 99 kilograms.")
    upload = _put(admin, instrument, right, sha256=_sha256(right))
    begun = admin.complete(upload["upload_id"]).json()
    for _ in range(10):
        httpx.put(upload["signed_url"], content=wrong, headers=upload["headers"])
        if admin.job(begun["job_id"])["state"] in ("done", "failed"):
            break
    job = admin.wait(begun["job_id"])
    if job["state"] == "failed":
        # It was exchanged before the job came to it.
        assert job["error"]["code"] == "upload_damaged"
        return
    source = admin.get(f"/api/sources/{begun['source_id']}").json()
    url = admin.get(f"/api/viewer/pdf/{source['id']}").json()["file_url"]
    assert _sha256(httpx.get(url).content) == source["sha256"] == _sha256(right)
    assert "99" not in admin.ask(instrument, "How heavy is the anvil?")["answer"]


def test_a_password_waits_for_the_job_of_a_large_file(
    admin: Client, instrument: str, tmp_path: Path
) -> None:
    key = StandardEncryption("open sesame", "owner", strength=128)
    page = lines(72, 100, ["The vault opens at 19 degrees"])
    locked = draw_pdf(tmp_path / "locked.pdf", [page], encrypt=key).read_bytes()
    answer = admin.upload(instrument, "secret.pdf", _padded(locked), password="open sesame")
    assert answer.status_code == 202
    assert admin.wait(answer.json()["job_id"])["state"] == "done"
