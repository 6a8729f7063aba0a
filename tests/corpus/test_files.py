"""Every third-party file through the whole stack: read, or failed with the true reason."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from deploy.stack import Stack
from pipelines.types import locator_from_json
from tests.support.client import Client
from tests.support.documents import NOTES
from tests.support.processes import Identity, identities

pytestmark = [pytest.mark.corpus, pytest.mark.timeout(900)]

SECONDS = 400
"""For the last of a group, which waits behind all others."""

PASSWORDS = {
    "pdf/issue15893_reduced.pdf": "test",
    "pdf/issue6010_1.pdf": "abc",
    "pdf/libreoffice-writer-password.pdf": "openpassword",
    "pdf/password.pdf": "password",
}
FAILS = dict.fromkeys(PASSWORDS, "password_required") | {
    "pdf/empty.pdf": "no_text_found",
    # A single small picture, in which nothing is written.
    "pdf/imagemagick-CCITTFaxDecode.pdf": "no_text_found",
}
WORDLESS = {
    "image/example.jpg": "no_text",
    "image/image.jpg": "no_text",
    "image/page-0-X0.png": "no_text",
    "av/bonjour.wav": "no_speech",
    "av/gloria.mp3": "no_speech",
    "av/laugh1.mp3": "no_speech",
    "av/punctuations.mp3": "no_speech",
    "av/silent_1s.wav": "no_speech",
}
"""Files without words, or in a language that is not understood, and the warning that says so."""
NOISY = ("av/apollo11.mp3", "av/smartphone.mp3")
"""Minutes of noisy speech, which take longer to understand than they last."""
TESTED_ELSEWHERE = {"pdf/DA-619p.pdf", *NOISY}


@pytest.fixture(scope="module")
def instrument(admin: Client) -> str:
    instrument = admin.instrument("Corpus")
    admin.add_bytes(instrument, "before.md", NOTES)
    return instrument


@pytest.fixture(scope="module")
def workers_before(stack: Stack, instrument: str) -> dict[str, set[Identity]]:
    return identities(stack)


@pytest.mark.parametrize(
    ("group", "least"),
    [
        ("html", 6),
        pytest.param("pdf", 45, marks=pytest.mark.slow),
        pytest.param("image", 25, marks=pytest.mark.slow),
        pytest.param("av", 15, marks=pytest.mark.slow),
    ],
)
def test_every_file_is_read_or_says_why_not(
    stack: Stack,
    admin: Client,
    corpus: Path,
    instrument: str,
    workers_before: dict[str, set[Identity]],
    group: str,
    least: int,
) -> None:
    names = [name for name in _inputs(corpus, group) if name not in TESTED_ELSEWHERE]
    assert len(names) >= least
    uploads = {}
    for name in names:
        answer = admin.upload(instrument, Path(name).name, (corpus / name).read_bytes())
        assert answer.status_code == 202, (name, answer.text)
        uploads[name] = answer.json()
    wrong = {}
    for name, upload in uploads.items():
        job = admin.wait(upload["job_id"], SECONDS)
        if found := _wrong(admin, name, job, upload["source_id"]):
            wrong[name] = found
    assert wrong == {}
    assert identities(stack) == workers_before


@pytest.mark.slow
@pytest.mark.parametrize("name", NOISY)
def test_noisy_speech_is_read(admin: Client, corpus: Path, instrument: str, name: str) -> None:
    answer = admin.upload(instrument, Path(name).name, (corpus / name).read_bytes()).json()
    job = admin.wait(answer["job_id"], SECONDS)
    assert _wrong(admin, name, job, answer["source_id"]) == []


@pytest.mark.parametrize(("name", "password"), PASSWORDS.items())
def test_a_password_opens_what_was_closed(
    admin: Client, corpus: Path, name: str, password: str
) -> None:
    instrument = admin.instrument("Closed")
    data = (corpus / name).read_bytes()
    ends = []
    for given in (None, "not the word", password):
        answer = admin.upload(instrument, Path(name).name, data, given).json()
        job = admin.wait(answer["job_id"])
        ends.append((job["state"], job["error"] and job["error"]["code"]))
    assert ends == [("failed", "password_required"), ("failed", "wrong_password"), ("done", None)]
    (source,) = admin.get("/api/sources/", params={"instrument": instrument}).json()
    assert (source["status"], source["error"]) == ("ready", None)
    fragments = _fragments(admin, source["id"])
    assert fragments
    assert _wrong_places(fragments, source) == []
    versions = admin.get("/api/sourceversions/", params={"source": source["id"]}).json()
    assert [version["number"] for version in versions] == [1]


def test_subtitles_without_their_recording_are_refused(
    admin: Client, corpus: Path, instrument: str
) -> None:
    data = (corpus / "av" / "webvtt_example_01.vtt").read_bytes()
    answer = admin.upload(instrument, "webvtt_example_01.vtt", data)
    assert answer.status_code == 415
    assert answer.json()["code"] == 415


def _inputs(corpus: Path, group: str) -> list[str]:
    """What a user would upload, by the corpus's own table; subtitles alone are no source."""
    table = (corpus / "MANIFEST.md").read_text()
    names = re.findall(rf"^\| `({group}/[^`]+)` \| \w+ \| input \|", table, re.M)
    return [name for name in names if not name.endswith(".vtt")]


def _wrong(client: Client, name: str, job: dict[str, Any], source_id: str) -> list[str]:
    """What is not as it should be with a file that was worked on."""
    source = client.get(f"/api/sources/{source_id}").json()
    fragments = _fragments(client, source_id)
    error = job["error"] or {}
    if name in FAILS:
        expected: tuple[Any, ...] = ("failed", FAILS[name], "failed", [])
        if (job["state"], error.get("code"), source["status"], fragments) != expected:
            return [f"should fail with {FAILS[name]}: {job['state']}, {error}"]
        return [] if len(error["message"].split()) >= 5 else [f"says little: {error}"]
    if (job["state"], source["status"], job["attempt"]) != ("done", "ready", 1):
        return [f"{job['state']}, {source['status']}, attempt {job['attempt']}: {error}"]
    wrong = _wrong_places(fragments, source) + _wrong_report(name, source)
    if len(fragments) != source["fragment_count"]:
        wrong.append(f"{len(fragments)} fragments, not {source['fragment_count']}")
    said = [f for f in fragments if f["kind"] != "metadata" and f["text"].strip()]
    if bool(said) == (name in WORDLESS) or not fragments:
        wrong.append(f"{len(said)} fragments with words, {len(fragments)} in all")
    return wrong


def _wrong_report(name: str, source: dict[str, Any]) -> list[str]:
    report = source["report"]
    counts, warnings = report["counts"], {warning["code"] for warning in report["warnings"]}
    wrong = []
    if (counts["words"] > 0) == (name in WORDLESS):
        wrong.append(f"{counts['words']} words")
    if name in WORDLESS and WORDLESS[name] not in warnings:
        wrong.append(f"no warning {WORDLESS[name]}: {warnings}")
    if source["type"] in ("audio", "video"):
        if abs(counts["seconds"] - source["duration"]) > 1:
            wrong.append(f"{counts['seconds']} of {source['duration']} seconds were read")
    elif source["type"] == "pdf":
        read = counts.get("pages_read", 0)
        if not source["pages"] or read != source["pages"]:
            wrong.append(f"{read} of {source['pages']} pages were read")
    elif max(counts.get("pages_ocr", 0), counts.get("sections_read", 0)) < 1:
        wrong.append(f"nothing was read: {counts}")
    if not {"parse", "embed", "index"} <= set(report["seconds"]):
        wrong.append(f"time was not taken: {report['seconds']}")
    return wrong


def _wrong_places(fragments: list[dict[str, Any]], source: dict[str, Any]) -> list[str]:
    """Locators that are none, lie outside of the source, or hold a box without an inside."""
    wrong = []
    for fragment in fragments:
        if not fragment["locators"]:
            wrong.append(f"fragment {fragment['ordinal']} stands nowhere")
        for data in fragment["locators"]:
            try:
                locator = locator_from_json(data)
            except ValidationError as error:
                wrong.append(f"fragment {fragment['ordinal']}: {error}")
                continue
            if not _lies_within(locator, source):
                wrong.append(f"fragment {fragment['ordinal']}: {str(data)[:300]}")
    return wrong


def _lies_within(locator: Any, source: dict[str, Any]) -> bool:
    if locator.type == "time":
        return bool(0 <= locator.t_start < locator.t_end <= source["duration"] + 0.5)
    if locator.type == "text":
        return bool(0 <= locator.start < locator.end)
    if locator.type == "page" and not 1 <= locator.page <= source["pages"]:
        return False
    return bool(locator.boxes) and all(
        0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1 for x0, y0, x1, y1 in locator.boxes
    )


def _fragments(client: Client, source_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        query = {"page": len(found) // 100 + 1, "page_size": 100}
        some = client.get(f"/api/sources/{source_id}/fragments", params=query).json()
        found += some
        if len(some) < 100:
            return found
