"""Uploads: what arrives is checked, and the same bytes are one source."""

from __future__ import annotations

import hashlib
import uuid
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.support.client import Client
from tests.support.documents import NOTES, pdf


def _initiated(client: Client, instrument: str, size: int, **more: str) -> dict:
    answer = client.initiate(instrument, "notes.md", size, **more)
    assert answer.status_code == 201, answer.text
    return answer.json()


def _put(upload: dict, data: bytes) -> None:
    httpx.put(upload["signed_url"], content=data, headers=upload["headers"]).raise_for_status()


def test_the_same_bytes_are_one_source_embedded_once(
    admin: Client, instrument: str, app: Flask
) -> None:
    data = pdf(f"A page about {uuid.uuid4()} and nothing else.")
    first = admin.add_bytes(instrument, "first.pdf", data)

    known = admin.upload(instrument, "again.pdf", data, sha256=hashlib.sha256(data).hexdigest())
    assert known.status_code == 200
    assert known.json()["duplicate"] is True
    assert known.json()["source_id"] == first["id"]

    unknown = admin.upload(instrument, "once more.pdf", data)
    assert unknown.json()["source_id"] == first["id"]
    assert unknown.json()["version_id"] == first["version_id"]

    assert len(admin.get("/api/sources/", params={"instrument": instrument}).json()) == 1
    assert _ingest_jobs(app, first["id"]) == 1


def test_the_same_bytes_at_the_same_time_are_one_source(
    admin: Client, instrument: str, app: Flask
) -> None:
    data = pdf(f"Uploaded by four people at once: {uuid.uuid4()}.")
    with ThreadPoolExecutor(4) as pool:
        answers = list(
            pool.map(lambda n: admin.upload(instrument, f"{n}.pdf", data).json(), range(4))
        )
    assert len({answer["source_id"] for answer in answers}) == 1
    assert _ingest_jobs(app, answers[0]["source_id"]) == 1


def test_completing_again_gives_the_same_answer(admin: Client, instrument: str) -> None:
    upload = _initiated(admin, instrument, len(NOTES))
    _put(upload, NOTES)
    first = admin.complete(upload["upload_id"])
    assert first.status_code == 202
    assert admin.complete(upload["upload_id"]).json() == first.json()


def test_nothing_uploaded_is_409(admin: Client, instrument: str) -> None:
    upload = _initiated(admin, instrument, 10)
    answer = admin.complete(upload["upload_id"])
    assert answer.status_code == 409
    assert "PUT" in answer.json()["message"]


@pytest.mark.parametrize(("announced", "sha256"), [(5, None), (None, "0" * 64)])
def test_other_bytes_than_announced_are_422_and_can_be_sent_again(
    admin: Client, instrument: str, announced: int | None, sha256: str | None
) -> None:
    more = {"sha256": sha256} if sha256 else {}
    upload = _initiated(admin, instrument, announced or len(NOTES), **more)
    _put(upload, NOTES)
    answer = admin.complete(upload["upload_id"])
    assert answer.status_code == 422
    assert set(answer.json()["errors"]["json"]) == {"sha256" if sha256 else "size"}
    if announced:
        _put(upload, NOTES[:announced])
        assert admin.complete(upload["upload_id"]).status_code == 202


def test_too_large_is_413(admin: Client, instrument: str) -> None:
    answer = admin.initiate(instrument, "huge.pdf", 65 * 2**20)
    assert answer.status_code == 413
    assert "64 MiB" in answer.json()["message"]


@pytest.mark.parametrize("data", [b"\x7fELF" + bytes(200), bytes(range(256)) * 4])
def test_what_nobody_parses_is_415_whatever_its_name(
    admin: Client, instrument: str, data: bytes
) -> None:
    answer = admin.upload(instrument, "report.pdf", data)
    assert answer.status_code == 415


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd.md", "passwd.md"),
        ("C:\\Users\\me\\notes.md", "notes.md"),
        ("a\x01b\nc.md", "abc.md"),
        ("....", "unnamed"),
        ("$(rm -rf).md", "$(rm -rf).md"),
    ],
)
def test_a_filename_is_only_a_name(admin: Client, instrument: str, sent: str, kept: str) -> None:
    source = admin.add_bytes(instrument, sent, NOTES + repr(sent).encode())
    assert source["filename"] == kept


def test_what_was_checked_cannot_be_exchanged_afterwards(admin: Client, instrument: str) -> None:
    upload = _initiated(admin, instrument, len(NOTES))
    _put(upload, NOTES)
    done = admin.complete(upload["upload_id"]).json()
    _put(upload, b"x" * len(NOTES))
    admin.wait(done["job_id"])
    view = admin.get(f"/api/viewer/text/{done['source_id']}").json()
    assert httpx.get(view["file_url"]).content == NOTES


def test_a_new_version_replaces_the_old_and_its_citations_say_stale(
    admin: Client, instrument: str
) -> None:
    old = admin.add_bytes(instrument, "valve.txt", b"The blue valve closes at 11 bar.")
    question = "At what pressure in bar does the blue valve close?"
    turn = admin.ask(instrument, question)
    assert "11 bar" in turn["answer"]

    new = admin.add_bytes(
        instrument, "valve-2.txt", b"The blue valve closes at 17 bar.", source_id=old["id"]
    )

    assert new["id"] == old["id"]
    assert new["version_id"] != old["version_id"]
    again = admin.ask(instrument, question)
    assert "17 bar" in again["answer"]
    assert "11 bar" not in again["answer"]
    items = admin.get(f"/api/citations/turn/{turn['turn_id']}").json()["items"]
    assert [item["state"] for item in items] == ["stale"]
    assert "11 bar" in items[0]["quote"]
    versions = admin.get("/api/sourceversions/", params={"source": old["id"]}).json()
    assert [(v["number"], v["status"]) for v in versions] == [(2, "ready"), (1, "superseded")]


def test_subtitles_may_come_later(admin: Client, instrument: str, tmp_path) -> None:
    video = admin.add_bytes(instrument, "tone.wav", _tone())
    srt = b"1\n00:00:00,200 --> 00:00:01,600\nThe turbine hums at 432 hertz.\n"
    answer = admin.upload(instrument, "tone.srt", srt, subtitles_of=video["id"])
    assert answer.json()["source_id"] == video["id"]
    assert admin.wait(answer.json()["job_id"])["state"] == "done"
    proof = admin.ask(instrument, "At how many hertz does the turbine hum?")["citations"][0]
    assert proof["source_id"] == video["id"]
    assert (proof["locator"]["t_start"], proof["locator"]["t_end"]) == (0.2, 1.6)


def test_subtitles_may_come_while_the_recording_is_read(
    admin: Client, instrument: str, app: Flask
) -> None:
    for hertz in (210, 310, 410):
        begun = admin.upload(instrument, "tone.wav", _tone(hertz)).json()
        srt = f"1\n00:00:00,200 --> 00:00:01,600\nThe turbine hums at {hertz} hertz.\n"
        answer = admin.upload(instrument, "tone.srt", srt.encode(), subtitles_of=begun["source_id"])
        assert answer.status_code == 202, answer.text
        assert admin.wait(answer.json()["job_id"])["state"] == "done"
        view = admin.get(f"/api/viewer/audio/{begun['source_id']}").json()
        assert [f"{hertz} hertz" in each["text"] for each in view["transcript"]] == [True]
        source = admin.get(f"/api/sources/{begun['source_id']}").json()
        assert source["report"]["facts"]["engine"] == "sidecar:srt"


def test_a_job_that_begins_again_is_nobodys(app: Flask) -> None:
    from api.extensions import db
    from api.jobs import lifecycle
    from api.models import Job
    from api.models.base import new_id
    from api.sources.ingest_job import INGEST, IngestPayload, begin_again

    with app.app_context():
        session, version = db.session(), new_id()
        payload = IngestPayload(version_id=version)
        made = INGEST.create(session, subject=("source", new_id()), payload=payload)
        session.commit()
        assert lifecycle.claim(session, made.id, "worker/1", 60) is not None
        found = {"facts": {"url": "http://example.com", "pages": 9}}
        lifecycle.write(
            session, made.id, "worker/1", done=5, checkpoint={"report": found, "unit": 5}
        )
        session.commit()
        assert begin_again(session, new_id(), ["url"]) is None
        again = begin_again(session, version, ["url"])
        assert again is not None
        session.commit()
        with pytest.raises(lifecycle.LeaseLost):
            lifecycle.renew(session, made.id, "worker/1", 60)
        kept = session.get_one(Job, made.id, populate_existing=True)
        assert (kept.state, kept.done, kept.attempt) == ("queued", 0, 0)
        assert kept.checkpoint == {"report": {"facts": {"url": "http://example.com"}}}
        session.delete(kept)
        session.commit()


def _tone(hertz: int = 432) -> bytes:
    """Two seconds of a tone, in which nobody says anything."""
    import io
    import math
    import struct
    import wave

    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        for i in range(32000):
            file.writeframes(
                struct.pack("<h", int(8000 * math.sin(i * 2 * math.pi * hertz / 16000)))
            )
    return out.getvalue()


def _ingest_jobs(app: Flask, source_id: str) -> int:
    from api.extensions import db
    from api.models import Job

    with app.app_context():
        mine = (Job.kind == "ingest", Job.subject_id == source_id)
        return db.session.scalar(select(func.count()).where(*mine)) or 0
