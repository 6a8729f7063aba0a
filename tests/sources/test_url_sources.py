"""Sources from URLs, as a user adds them: fetched, read, asked about; told when that fails."""

from __future__ import annotations

import time
import uuid
from typing import Any

import pytest
from flask import Flask

from tests.support.client import Client
from tests.support.documents import pdf
from tests.support.page_server import PageServer


def article(fact: str) -> str:
    """A page of its own each time, or the instrument might know its bytes."""
    body = "".join(
        f"<p>Paragraph {n} tells about the care of the {fact.split()[1]} in some detail.</p>"
        for n in range(6)
    )
    return (
        f"<!doctype html><html lang=en><title>Care {uuid.uuid4().hex}</title>"
        f"<nav><a href=/>Home</a></nav><main><h1>Care</h1><p>{fact}</p>{body}</main></html>"
    )


def add(client: Client, instrument: str, url: str, **more: Any) -> dict[str, Any]:
    answer = client.post("/api/sources/", json={"instrument_id": instrument, "url": url, **more})
    assert answer.status_code == 202, answer.text
    return answer.json()


def wait(client: Client, added: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The job when it has ended, and the source it is about."""
    job = client.wait(added["job_id"])
    return job, client.get(f"/api/sources/{job['subject']['id']}").json()


def test_a_page_is_fetched_read_and_cited(
    admin: Client, instrument: str, page_server: PageServer
) -> None:
    page_server.put("/care", article("The gasket is replaced every 400 hours."))
    url = page_server.put("/old-care", "", status=302, Location="/care")
    added = add(admin, instrument, url)
    assert added["status"] == "queued"
    assert added["version_id"] is None
    at_once = admin.get(f"/api/sources/{added['source_id']}").json()
    assert (at_once["type"], at_once["title"]) == ("web", f"{page_server.host}/old-care")
    job, source = wait(admin, added)
    assert (job["state"], job["kind"]) == ("done", "ingest"), job["error"]
    assert (source["status"], source["media_type"]) == ("ready", "text/html")
    assert source["filename"] == "care.html"
    facts = source["report"]["facts"]
    assert facts["requested_url"] == url
    assert facts["url"] == page_server.url("/care")
    assert facts["redirects"] == [page_server.url("/care")]
    assert facts["fetched_at"] > "2020"
    turn = admin.ask(instrument, "When is the gasket replaced?")
    [citation, *_] = turn["citations"]
    assert "400 hours" in citation["quote"]
    admin.add_bytes(instrument, "other.md", f"See {url} for how gaskets are cared for.".encode())
    first, *_ = admin.get("/api/search/", params={"instrument": instrument, "q": url}).json()
    assert (first["source_id"], first["score"]) == (source["id"], 1.0)
    view = admin.get(f"/api/viewer/text/{source['id']}").json()
    place = citation["locator"]
    assert "400 hours" in view["text"][place["start"] : place["end"]]
    stages = [
        e["data"].get("stage") for e in admin.get(f"/api/jobs/{job['id']}/events").json()["events"]
    ]
    assert "fetch" in stages


def test_facts_of_the_fetch_survive_a_reindex(
    admin: Client, instrument: str, page_server: PageServer
) -> None:
    url = page_server.put("/kept", article("The spindle turns at 900 rpm."))
    _, source = wait(admin, add(admin, instrument, url))
    again = admin.post(f"/api/sources/{source['id']}/reindex").json()
    admin.wait(again["job_id"])
    now = admin.get(f"/api/sources/{source['id']}").json()
    assert now["report"]["facts"]["fetched_at"] == source["report"]["facts"]["fetched_at"]


def test_a_pdf_behind_a_url_is_a_pdf(
    admin: Client, instrument: str, page_server: PageServer
) -> None:
    url = page_server.put(
        "/files/7", pdf(f"The anvil {uuid.uuid4().hex} weighs 12 kg."), Content_Type="text/html"
    )
    _, source = wait(admin, add(admin, instrument, url, title="  Anvil  "))
    assert (source["type"], source["title"], source["status"]) == ("pdf", "Anvil", "ready")


def test_the_same_url_again_is_a_new_version_when_it_changed(
    admin: Client, instrument: str, page_server: PageServer
) -> None:
    url = page_server.put("/changing", article("The belt is 40 mm wide."))
    first, source = wait(admin, add(admin, instrument, url))
    same, unchanged = wait(admin, add(admin, instrument, url.replace("http://", "HTTP://")))
    assert same["id"] != first["id"]
    assert (same["state"], unchanged["id"]) == ("done", source["id"])
    assert (unchanged["version_id"], unchanged["status"]) == (source["version_id"], "ready")
    page_server.put("/changing", article("The belt is 55 mm wide."))
    _, changed = wait(admin, add(admin, instrument, url))
    assert changed["id"] == source["id"]
    assert changed["version_id"] != source["version_id"]
    versions = admin.get("/api/sourceversions/", params={"source": source["id"]}).json()
    assert sorted(v["status"] for v in versions) == ["ready", "superseded"]
    assert "55 mm" in admin.ask(instrument, "How wide is the belt?")["answer"]
    assert len(admin.get("/api/sources/", params={"instrument": instrument}).json()) == 1


def test_bytes_that_are_here_already_lead_to_the_known_source(
    admin: Client, instrument: str, page_server: PageServer
) -> None:
    page = article("The valve opens at 3 bar.")
    known = admin.add_bytes(instrument, "valve.html", page.encode())
    added = add(admin, instrument, page_server.put("/valve", page))
    job, source = wait(admin, added)
    assert (job["state"], source["id"]) == ("done", known["id"])
    assert source["status"] == "ready"
    assert admin.get(f"/api/sources/{added['source_id']}").status_code == 404
    assert len(admin.get("/api/sources/", params={"instrument": instrument}).json()) == 1
    # What differs the next time is not a version of the other source.
    page_server.put("/valve", article("The valve opens at 4 bar."))
    _, other = wait(admin, add(admin, instrument, page_server.url("/valve")))
    assert other["id"] != known["id"]


def test_one_url_fetched_twice_at_the_same_time(
    admin: Client, instrument: str, page_server: PageServer
) -> None:
    url = page_server.put("/slow", article("The pump moves 5 litres."))
    page_server.gate.clear()
    try:
        first, second = add(admin, instrument, url), add(admin, instrument, url)
    finally:
        page_server.gate.set()
    assert (first["source_id"], first["job_id"]) == (second["source_id"], second["job_id"])
    job, source = wait(admin, first)
    assert (job["state"], source["status"]) == ("done", "ready")


def test_two_urls_with_the_same_bytes_at_the_same_time(
    admin: Client, instrument: str, page_server: PageServer
) -> None:
    page = article("The motor needs 230 V.")
    urls = [page_server.put("/one", page), page_server.put("/two", page)]
    page_server.gate.clear()
    try:
        added = [add(admin, instrument, url) for url in urls]
        asked_before = time.monotonic()
        while len({"/one", "/two"} & set(page_server.asked)) < 2:
            assert time.monotonic() - asked_before < 60
            time.sleep(0.05)
    finally:
        page_server.gate.set()
    ended = [wait(admin, each) for each in added]
    assert [job["state"] for job, _ in ended] == ["done", "done"]
    assert ended[0][1]["id"] == ended[1][1]["id"]
    assert len(admin.get("/api/sources/", params={"instrument": instrument}).json()) == 1
    assert admin.get(f"/api/sources/{ended[0][1]['id']}").json()["status"] == "ready"


@pytest.mark.parametrize(
    ("path", "served", "code"),
    [
        ("/missing", None, "url_unreachable"),
        ("/private", ("sign in", 401, {}), "url_unreachable"),
        ("/inside", ("", 302, {"Location": "http://169.254.169.254/latest/"}), "url_refused"),
        ("/file", ("", 302, {"Location": "file:///etc/passwd"}), "url_refused"),
        ("/huge", ("x" * (3 * 2**20), 200, {}), "url_too_large"),
        ("/tool", ("MZ" + "\0" * 200, 200, {}), "unsupported_type"),
        ("/archive", ("PK\x05\x06" + "\0" * 18, 200, {}), "unsupported_type"),
    ],
)
def test_what_fails_is_told_with_its_reason(
    admin: Client,
    instrument: str,
    page_server: PageServer,
    path: str,
    served: tuple[str, int, dict[str, str]] | None,
    code: str,
) -> None:
    if served:
        page_server.put(path, served[0], served[1], **served[2])
    job, source = wait(admin, add(admin, instrument, page_server.url(path)))
    assert (job["state"], job["error"]["code"]) == ("failed", code)
    assert source["status"] == "failed"
    assert source["error"]["code"] == code
    assert source["error"]["message"] == job["error"]["message"]
    [listed] = admin.get("/api/sources/", params={"instrument": instrument}).json()
    assert listed["error"]["code"] == code
    assert not listed["version_id"]


def test_a_failed_fetch_is_tried_again_by_its_job_or_its_url(
    admin: Client, instrument: str, page_server: PageServer
) -> None:
    url = page_server.url("/late")
    job, source = wait(admin, add(admin, instrument, url))
    assert job["state"] == "failed"
    page_server.put("/late", article("The filter holds 2 litres."))
    admin.post(f"/api/jobs/{job['id']}/retry").raise_for_status()
    job, again = wait(admin, {"job_id": job["id"]})
    assert (job["state"], again["id"], again["status"]) == ("done", source["id"], "ready")
    assert again["error"] is None
    # A version that is there stays when the URL fails later.
    page_server.put("/late", "", status=500)
    job, later = wait(admin, add(admin, instrument, url))
    assert job["state"] == "failed"
    assert (later["status"], later["version_id"]) == ("ready", again["version_id"])
    assert later["error"]["code"] == "url_unreachable"


def test_a_source_does_not_change_its_kind(
    admin: Client, instrument: str, page_server: PageServer
) -> None:
    url = page_server.put("/shape", article("The cover is blue."))
    wait(admin, add(admin, instrument, url))
    page_server.put("/shape", pdf(f"The cover is {uuid.uuid4().hex}."))
    job, source = wait(admin, add(admin, instrument, url))
    assert job["error"]["code"] == "url_changed_type"
    assert (source["status"], source["type"]) == ("ready", "web")


def test_deleting_while_it_is_fetched_leaves_nothing(
    admin: Client, instrument: str, page_server: PageServer
) -> None:
    url = page_server.put("/doomed", article("The cable is 3 m long."))
    page_server.gate.clear()
    try:
        added = add(admin, instrument, url)
        began = time.monotonic()
        while "/doomed" not in page_server.asked:
            assert time.monotonic() - began < 60
            time.sleep(0.05)
        assert admin.delete(f"/api/sources/{added['source_id']}").status_code == 204
        job = admin.wait(added["job_id"])
    finally:
        page_server.gate.set()
    assert job["state"] == "cancelled"
    assert admin.get("/api/sources/", params={"instrument": instrument}).json() == []


def test_subtitles_wait_until_the_recording_is_there(
    admin: Client, instrument: str, page_server: PageServer
) -> None:
    url = page_server.put("/talk.mp4", "")
    page_server.gate.clear()
    try:
        added = add(admin, instrument, url)
        srt = b"1\n00:00:00,200 --> 00:00:01,600\nThe turbine hums at 512 hertz.\n"
        answer = admin.upload(instrument, "talk.srt", srt, subtitles_of=added["source_id"])
        assert answer.status_code == 409
        assert "still being fetched" in answer.json()["message"]
        admin.post(f"/api/jobs/{added['job_id']}/cancel")
    finally:
        page_server.gate.set()
    assert admin.wait(added["job_id"])["state"] in {"cancelled", "failed"}


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/",
        "http://localhost/",
        "http://[::ffff:10.0.0.1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://2130706433/",
        "ftp://example.com/x",
        "http://user:password@example.com/",
        "http://example.com:25/",
        "example.com",
        "   ",
        "http://" + "a" * 3000 + ".com",
    ],
)
def test_what_may_not_be_fetched_is_refused_at_once(
    admin: Client, instrument: str, url: str
) -> None:
    answer = admin.post("/api/sources/", json={"instrument_id": instrument, "url": url})
    assert answer.status_code == 422
    assert answer.json()["errors"]["json"]["url"]
    assert admin.get("/api/sources/", params={"instrument": instrument}).json() == []


def test_who_may_not_upload_may_not_fetch(
    admin: Client, member: Client, instrument: str, page_server: PageServer
) -> None:
    body = {"instrument_id": instrument, "url": page_server.url("/x")}
    assert member.post("/api/sources/", json=body).status_code == 404
    assert (
        admin.post("/api/sources/", json={**body, "instrument_id": str(uuid.uuid4())}).status_code
        == 404
    )
    assert admin.post("/api/sources/", json={"url": body["url"]}).status_code == 422


def test_an_idempotency_key_fetches_once(
    admin: Client, instrument: str, page_server: PageServer
) -> None:
    url = page_server.put("/once", article("The lid weighs 900 g."))
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    body = {"instrument_id": instrument, "url": url}
    first = admin.post("/api/sources/", json=body, headers=headers)
    admin.wait(first.json()["job_id"])
    second = admin.post("/api/sources/", json=body, headers=headers)
    assert second.json() == first.json()
    assert second.headers["Idempotency-Replayed"] == "true"
    assert page_server.asked.count("/once") == 1


def test_no_object_is_left_of_what_was_known(
    admin: Client, instrument: str, page_server: PageServer, app: Flask
) -> None:
    from api.services import services

    def objects() -> set[str]:
        with app.app_context():
            store = services().storage
            return {o.object_name for o in store._client.list_objects(store.bucket, "versions/")}

    page = article("The hose is 7 m long.")
    admin.add_bytes(instrument, "hose.html", page.encode())
    before = objects()
    wait(admin, add(admin, instrument, page_server.put("/hose", page)))
    assert objects() == before
