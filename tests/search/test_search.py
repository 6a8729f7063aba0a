"""GET /api/search/: what is called so, then what is about it, with the places it stands at."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask

from tests.support.client import Client
from tests.support.documents import pdf

PUMP = """# Pump maintenance

## Error codes

E-2047 means that the inlet valve of the VX-310 is blocked. Clear the strainer and restart.

## Lubrication

Grease the bearings of the impeller shaft every 400 hours of operation with lithium soap grease.

## Storage

Drain all water before the winter: ice breaks the housing.
"""
OVEN = """# Oven handbook

The chamber reaches 250 degrees Celsius within twelve minutes. Never open the door during baking.

## Cleaning

Wipe the glass with vinegar once it has cooled down.
"""


@pytest.fixture(scope="module")
def workshop(admin: Client) -> str:
    instrument = admin.instrument("Workshop")
    admin.add_bytes(instrument, "pump.md", PUMP.encode())
    admin.add_bytes(instrument, "oven.md", OVEN.encode())
    admin.add_bytes(instrument, "note.pdf", pdf("The compressor runs at 1,450 rpm."))
    return instrument


def found(client: Client, instrument: str, q: str, **more: Any) -> list[dict[str, Any]]:
    answer = client.get("/api/search/", params={"instrument": instrument, "q": q, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_code_is_found_however_it_is_written(admin: Client, workshop: str) -> None:
    for written in ("E-2047", "e2047", "what does E2047 mean?"):
        first = found(admin, workshop, written)[0]
        assert "inlet valve" in first["text"]
        assert first["filename"] == "pump.md"
        assert 0 < first["score"] <= 1


def test_meaning_finds_what_no_word_names(admin: Client, workshop: str) -> None:
    assert "vinegar" in found(admin, workshop, "How do I clean the window?")[0]["text"]


def test_hits_say_where_they_stand_and_why(admin: Client, workshop: str) -> None:
    hit = found(admin, workshop, "compressor rpm")[0]
    assert hit["locator"] == hit["locators"][0]
    assert (hit["locator"]["type"], hit["locator"]["page"]) == ("page", 1)
    marked = [hit["text"][start:end] for start, end in hit["highlights"]]
    assert marked == ["compressor", "rpm"]
    fragments = admin.get(f"/api/sources/{hit['source_id']}/fragments").json()
    assert hit["fragment_id"] in {fragment["id"] for fragment in fragments}


def test_exact_titles_and_ids_come_first(admin: Client, workshop: str) -> None:
    by_title = found(admin, workshop, "oven.md")[0]
    assert by_title["filename"] == "oven.md"
    assert by_title["score"] == 1.0
    vinegar = found(admin, workshop, "vinegar")[0]
    assert found(admin, workshop, vinegar["fragment_id"])[0] == {
        **vinegar,
        "score": 1.0,
        "highlights": [],
    }
    assert found(admin, workshop, vinegar["source_id"])[0]["source_id"] == vinegar["source_id"]


@pytest.mark.parametrize("form", ["urn:uuid:{}", "{{{}}}"])
def test_other_ways_to_write_an_id_are_words(admin: Client, workshop: str, form: str) -> None:
    written = form.format(workshop)
    found = admin.get("/api/search/", params={"instrument": workshop, "q": written})
    assert found.status_code == 200
    assert admin.get("/api/search/", params={"instrument": written, "q": "oil"}).status_code == 404
    assert admin.get(f"/api/jobs/{written}").status_code == 404


def test_filters_leave_only_what_they_name(admin: Client, workshop: str) -> None:
    everything = found(admin, workshop, "hours degrees rpm", page_size=50)
    assert {hit["filename"] for hit in everything} == {"pump.md", "oven.md", "note.pdf"}
    note = next(hit for hit in everything if hit["filename"] == "note.pdf")
    for limit in (
        {"type": "pdf"},
        {"source": note["source_id"]},
        {"version": note["version_id"]},
    ):
        only = found(admin, workshop, "hours degrees rpm", **limit)
        assert {hit["filename"] for hit in only} == {"note.pdf"}
    oven = found(admin, workshop, "hours degrees rpm", heading="handbook")
    assert {hit["filename"] for hit in oven} == {"oven.md"}
    cleaning = found(admin, workshop, "hours degrees rpm glass", heading="clean")
    assert [hit["text"].splitlines()[0] for hit in cleaning] == ["Cleaning"]
    assert found(admin, workshop, "grease", source=note["source_id"], type="document") == []


def test_pages_hold_every_hit_once(admin: Client, workshop: str) -> None:
    whole = found(admin, workshop, "pump oven water door", page_size=100)
    parts, page = [], 1
    while part := found(admin, workshop, "pump oven water door", page=page, page_size=2):
        parts += part
        page += 1
    assert parts == whole
    answer = admin.get("/api/search/", params={"instrument": workshop, "q": "pump", "page_size": 1})
    assert json.loads(answer.headers["X-Pagination"])["next_page"] == 2


def test_what_is_found_can_be_sorted(admin: Client, workshop: str) -> None:
    by_title = found(admin, workshop, "water door rpm hours", sort="title")
    titles = [hit["title"].casefold() for hit in by_title]
    assert titles == sorted(titles)
    assert len(set(titles)) > 1
    asked = "winter ice, impeller bearings, E-2047, oven door"
    by_place = found(admin, workshop, asked, sort="place")
    pump = [hit["text"] for hit in by_place if hit["filename"] == "pump.md"]
    stands = [PUMP.index(text.splitlines()[-1]) for text in pump]
    assert len(stands) == 3
    assert stands == sorted(stands)
    sources = [hit["source_id"] for hit in by_place]
    assert sources == sorted(sources)


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"q": "x"}, 422),
        ({"instrument": "no-uuid", "q": "x"}, 404),
        ({"instrument": None, "q": "  "}, 422),
        ({"instrument": None, "q": "x", "type": "song"}, 422),
        ({"instrument": None, "q": "x", "version": "first"}, 422),
        ({"instrument": None, "q": "x", "source": "no-uuid"}, 404),
        ({"instrument": None, "q": "x", "sort": "size"}, 422),
    ],
)
def test_bad_searches_are_refused(
    admin: Client, workshop: str, params: dict[str, Any], status: int
) -> None:
    if "instrument" in params:
        params = {**params, "instrument": params["instrument"] or workshop}
    assert admin.get("/api/search/", params=params).status_code == status


def test_others_instruments_are_not_searched(member: Client, workshop: str) -> None:
    answer = member.get("/api/search/", params={"instrument": workshop, "q": "pump"})
    assert answer.status_code == 404


def test_an_empty_instrument_has_nothing(admin: Client, instrument: str) -> None:
    assert found(admin, instrument, "anything") == []


def test_a_new_version_replaces_the_words_of_the_old(admin: Client, instrument: str) -> None:
    first = admin.add_bytes(instrument, "plan.md", b"# Plan\n\nThe zeppelin starts at noon.")
    assert "zeppelin" in found(admin, instrument, "zeppelin")[0]["text"]
    admin.add_bytes(
        instrument,
        "plan.md",
        b"# Plan\n\nThe balloon starts at noon.",
        source_id=first["id"],
    )
    texts = [hit["text"] for hit in found(admin, instrument, "zeppelin")]
    assert not any("zeppelin" in text for text in texts)
    assert "balloon" in found(admin, instrument, "balloon")[0]["text"]


def test_words_are_indexed_once_however_often_a_source_is_read(
    admin: Client, workshop: str, app: Flask
) -> None:
    from sqlalchemy import func, select

    from api.extensions import db
    from api.models import FragmentRow, KeywordBlock

    def counts() -> tuple[int, int]:
        with app.app_context():
            here = KeywordBlock.instrument_id == workshop
            indexed = db.session.scalar(select(func.sum(KeywordBlock.fragments)).where(here))
            stored = db.session.scalar(
                select(func.count()).where(FragmentRow.instrument_id == workshop)
            )
            return int(indexed or 0), int(stored or 0)

    indexed, stored = counts()
    assert indexed == stored > 0
    source = found(admin, workshop, "grease")[0]["source_id"]
    job = admin.post(f"/api/sources/{source}/reindex", json={}).json()
    assert admin.wait(job["job_id"])["state"] == "done"
    assert counts() == (indexed, stored)


def test_other_pages_come_before_more_of_the_same(admin: Client, instrument: str) -> None:
    filler = "\n".join(f"Remark {n} on how the gasket is stored in its box." for n in range(40))
    many = f"The gasket is made of rubber.\n{filler}\nThe gasket is black rubber."
    admin.add_bytes(instrument, "a.pdf", pdf(many, "A gasket of rubber lasts two years."))
    pages = [hit["locator"]["page"] for hit in found(admin, instrument, "gasket rubber")]
    assert set(pages[:2]) == {1, 2}
    assert len(pages) > 2


def test_a_follow_up_is_understood_from_the_conversation(admin: Client, workshop: str) -> None:
    first = admin.ask(workshop, "What lubricates the bearings of the impeller shaft?")
    again = admin.ask(workshop, "And how often?", session_id=first["session_id"])
    assert "400 hours" in again["answer"], again["answer"]
    assert again["citations"][0]["filename"] == "pump.md"
