"""A film of slides through the whole stack: asked about, cited and shown with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.slide_film import MARGIN, Slide, make_film, top_of
from tests.support.client import Client

SIZE = (640, 360)
SLIDES = (
    Slide(0.0, ("Halvora C24: service",)),
    Slide(5.0, ("Tension of the belt", "The drive belt is tightened with 35 newtons.")),
)


@pytest.fixture(scope="module")
def instrument(admin: Client) -> str:
    return admin.instrument("Films of slides")


@pytest.fixture(scope="module")
def film(admin: Client, instrument: str, tmp_path_factory: pytest.TempPathFactory) -> dict:
    path = make_film(tmp_path_factory.mktemp("film") / "belt.mp4", SLIDES, 12)
    return admin.add_bytes(instrument, "belt.mp4", Path(path).read_bytes())


def test_a_silent_film_is_answered_from_its_slides(
    admin: Client, instrument: str, film: dict
) -> None:
    assert film["status"] == "ready"
    turn = admin.ask(instrument, "With how many newtons is the drive belt tightened?")
    proof = turn["citations"][0]
    assert "35 newtons" in proof["quote"]
    place = proof["locator"]
    assert (place["type"], place["t_end"]) == ("time", 12.0)
    assert place["t_start"] == pytest.approx(5.0, abs=0.7)
    x0, y0, _, y1 = place["frame"]
    assert x0 == pytest.approx(MARGIN, abs=0.02)
    assert y0 - 0.03 < top_of(1, SIZE) < y1 < top_of(2, SIZE)
    items = admin.get(f"/api/citations/turn/{turn['turn_id']}").json()["items"]
    query = {"citation": items[0]["id"]}
    view = admin.get(f"/api/viewer/video/{film['id']}", params=query).json()
    assert view["frame"] == place["frame"]
    assert (view["t_start"], view["t_end"]) == (place["t_start"], place["t_end"])
    assert view["transcript"] == []
    assert view["shown_text"][-1]["frame"] == place["frame"]
    assert view["poster_url"]


def test_subtitles_that_come_later_join_the_slides(
    admin: Client, instrument: str, film: dict
) -> None:
    srt = b"1\n00:00:06,000 --> 00:00:09,000\nWear the green gloves.\n"
    answer = admin.upload(instrument, "belt.srt", srt, subtitles_of=film["id"]).json()
    assert answer["version_id"] == film["version_id"]
    assert admin.wait(answer["job_id"])["state"] == "done"
    view = admin.get(f"/api/viewer/video/{film['id']}").json()
    assert view["frame"] is None
    assert view["transcript"] == [{"t_start": 6.0, "t_end": 9.0, "text": "Wear the green gloves."}]
    assert len(view["shown_text"]) == 3
    source = admin.get(f"/api/sources/{film['id']}").json()
    assert source["report"]["facts"]["engine"] == "sidecar:srt"
    assert source["report"]["warnings"] == []
