"""Films of slides in, located lines out: what is shown, from when to when, and where."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.slide_film import MARGIN, Look, Slide, make_film, top_of
from pipelines.media.frame_samples import frames, plan_samples
from pipelines.media.key_frames import Window, windows
from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.recordings.parser import VideoParser
from pipelines.types import Part, TimeLocator

Line = tuple[str, TimeLocator]

SERVICE = (
    Slide(0.0, ("Pump service", "Close the inlet valve")),
    Slide(7.4, ("Pump service", "Close the inlet valve", "Drain 250 ml of oil")),
    Slide(15.2, ("Pressure 11 bar", "Read the gauge"), is_dark=True),
    Slide(22.0, ("Pressure 24 bar", "Read the gauge"), is_dark=True),
    Slide(29.0, ("Pump service", "Close the inlet valve")),
)


def parse(path: Path, **options: Any) -> list[Part]:
    return list(VideoParser().parse(path, ParseOptions(**options)))


def shown(parts: list[Part]) -> list[Line]:
    """Every line that was read in a picture, with its Locator."""
    return [
        (segment.text[start:end], segment.locators[index])
        for part in parts
        for segment in part.segments
        for start, end, index, _ in segment.spans
        if segment.locators[index].frame is not None
    ]


def told(parts: list[Part]) -> list[str]:
    return [warning.code for part in parts for warning in part.warnings]


def key_times(path: Path, window: int = 60, first: int = 0, most: int = 8) -> list[float]:
    return [
        key.t_start
        for each in windows(path, plan_samples(path), window, first, most)
        for key in each.key_frames
        if key.picture
    ]


def test_slides_of_a_silent_film_are_read_with_their_times_and_places(tmp_path: Path) -> None:
    look = Look(rate=10)
    parts = parse(make_film(tmp_path / "service.mp4", SERVICE, 36, look))
    lines = shown(parts)
    assert [(text, place.t_start, place.t_end) for text, place in lines] == [
        ("Pump service", 0.0, pytest.approx(15.2, abs=0.4)),
        ("Close the inlet valve", 0.0, pytest.approx(15.2, abs=0.4)),
        ("Drain 250 ml of oil", pytest.approx(7.4, abs=0.4), pytest.approx(15.2, abs=0.4)),
        ("Pressure 11 bar", pytest.approx(15.2, abs=0.4), pytest.approx(22.0, abs=0.4)),
        ("Read the gauge", pytest.approx(15.2, abs=0.4), pytest.approx(29.0, abs=0.4)),
        ("Pressure 24 bar", pytest.approx(22.0, abs=0.4), pytest.approx(29.0, abs=0.4)),
        ("Pump service", pytest.approx(29.0, abs=0.4), 36.0),
        ("Close the inlet valve", pytest.approx(29.0, abs=0.4), 36.0),
    ]
    for text, number in (("Drain 250 ml of oil", 2), ("Read the gauge", 1)):
        x0, y0, x1, y1 = dict(lines)[text].frame or (0, 0, 0, 0)
        assert x0 == pytest.approx(MARGIN, abs=0.02)
        assert y0 - 0.02 < top_of(number, look.size) < y1 < top_of(number + 1, look.size)
        assert x1 > 0.3
    seen = [s for part in parts for s in part.segments if s.kind == "text"]
    assert all(segment.confidence and segment.confidence > 0.8 for segment in seen)
    assert {segment.engine for segment in seen} == {"rapidocr"}
    assert told(parts) == ["no_speech"]
    assert parts[0].counts["pictures_read"] == 5
    assert parts[0].counts["words"] == 26


HARD = {
    "fade and grain": ("f.mp4", Look(rate=10, fade=1.0, noise=5.0, key_every=20)),
    "speaker beside": ("s.mp4", Look(rate=10, speaker=True, key_every=10)),
    "every picture a key frame": ("i.avi", Look(codec="mjpeg")),
    "avi": ("a.avi", Look(codec="mpeg4", key_every=12)),
    "browser's recorder": ("b.webm", Look(codec="libvpx", key_every=128)),
    "transport stream": ("t.ts", Look(rate=25, key_every=50)),
    "Windows Media": ("w.wmv", Look(codec="wmv2", key_every=12)),
    "Flash": ("f.flv", Look(codec="flv1", key_every=50)),
    "program stream": ("p.mpg", Look(codec="mpeg2video", rate=25, key_every=15)),
    "a picture a second": ("o.mkv", Look(rate=1)),
}


@pytest.mark.parametrize("name", HARD)
def test_however_the_film_was_made_each_slide_is_found_once(tmp_path: Path, name: str) -> None:
    file, look = HARD[name]
    path = make_film(tmp_path / file, SERVICE, 36, look)
    found = key_times(path)
    starts = [slide.t_start for slide in SERVICE]
    # Encoders put off what changed by up to three pictures, or tell it that much too early.
    early = max(0.6, 3 / look.rate)
    missed = [at for at in starts if not any(at - early <= each < at + 3 for each in found)]
    assert missed == []
    assert len(found) <= len(starts) + 3
    plan = plan_samples(path)
    assert len(plan.samples) <= 36 + 6
    assert all(a.time < b.time and a.changed <= b.changed for a, b in pairwise(plan.samples))


def test_a_lone_picture_is_the_same_whichever_others_are_asked_for(tmp_path: Path) -> None:
    path = make_film(tmp_path / "service.mp4", SERVICE, 36, Look(key_every=12, noise=4.0))
    samples = plan_samples(path).samples
    every = {frame.sample: frame.grey(64, 36) for frame in frames(path, samples)}
    assert len(every) == len(samples)
    for sample in samples[3::4]:
        (alone,) = frames(path, (sample,))
        assert np.array_equal(alone.grey(64, 36), every[sample])


@pytest.mark.parametrize("key_every", [5, 250])
def test_windows_are_the_same_wherever_reading_goes_on(tmp_path: Path, key_every: int) -> None:
    path = make_film(tmp_path / "service.mp4", SERVICE, 36, Look(key_every=key_every))
    plan = plan_samples(path)

    def seen(found: list[Window]) -> list[Any]:
        return [
            (each.index, each.skipped, each.lost, [(k.t_start, k.picture) for k in each.key_frames])
            for each in found
        ]

    whole = seen(list(windows(path, plan, 10, 0, 8)))
    assert [index for index, *_ in whole][:3] == [0, 1, 2]
    for first in (1, 2, 3):
        assert seen(list(windows(path, plan, 10, first, 8))) == whole[first:]


def test_resuming_gives_the_same_parts_and_a_slide_that_stands_on_is_not_read_again(
    tmp_path: Path,
) -> None:
    slides = (Slide(0, ("Halvora manual",)), Slide(64.0, ("Halvora manual", "Warming up")))
    path = make_film(tmp_path / "long.mp4", slides, 130, Look(size=(320, 180), rate=2))
    parts = parse(path)
    assert [(text, place.t_start, place.t_end) for text, place in shown(parts)] == [
        # The end of the title is looked for beyond the minute in which it appears.
        ("Halvora manual", 0.0, 130.0),
        ("Warming up", pytest.approx(64.0, abs=2), 130.0),
    ]
    assert [len(part.segments) for part in parts] == [1, 1, 0]
    assert parse(path, start=60) == parts[1:]
    assert parse(path, start=60, stop=120) == parts[1:2]


def test_too_many_slides_are_cut_and_told(tmp_path: Path) -> None:
    slides = [Slide(n * 2.0, (f"Number {n} of thirty",), is_dark=n % 2 == 1) for n in range(30)]
    path = make_film(tmp_path / "many.mp4", slides, 60)
    (window,) = windows(path, plan_samples(path), 60, 0, 8)
    assert sum(key.picture is not None for key in window.key_frames) == 8
    assert window.skipped == 30 - 8
    assert len(window.key_frames) == 30


def test_a_film_without_a_word_costs_a_look_now_and_then(tmp_path: Path) -> None:
    look = Look(size=(320, 180), speaker=True, key_every=5, noise=30.0)
    path = make_film(tmp_path / "scene.mp4", [Slide(0, ())], 60, look)
    assert len(key_times(path)) <= 4


def test_subtitles_in_the_picture_that_repeat_the_track_are_left_out(tmp_path: Path) -> None:
    blank = ("",) * 7
    slides = (Slide(0, ("Filling", *blank[:6], "Fill the tank slowly.")),)
    path = make_film(tmp_path / "subtitled.mp4", slides, 6)
    beside = tmp_path / "subtitled.vtt"
    beside.write_text("WEBVTT\n\n00:00.000 --> 00:05.000\n<i>Fill the tank</i> slowly.\n")
    parts = parse(path, subtitles=str(beside))
    assert [text for text, _ in shown(parts)] == ["Filling"]
    assert [(s.kind, s.text) for s in parts[0].segments] == [
        ("speech", "Fill the tank slowly."),
        ("text", "Filling"),
    ]
    assert parts[0].facts["engine"] == "sidecar:vtt"
    assert [text for text, _ in shown(parse(path))] == ["Filling", "Fill the tank slowly."]


def test_an_upright_film_is_read_as_it_is_seen(tmp_path: Path) -> None:
    size = (360, 640)
    pixels = Slide(0, ("Upright label",))
    look = Look(size=size)
    straight = shown(parse(make_film(tmp_path / "straight.mp4", [pixels], 3, look)))
    # The same picture stored on its side, with the note that players turn it back.
    path = make_film(tmp_path / "turned.mp4", [pixels], 3, Look(size=size, stored_turned=90))
    turned = shown(parse(path))
    assert [text for text, _ in turned] == [text for text, _ in straight] == ["Upright label"]
    assert turned[0][1].frame == pytest.approx(straight[0][1].frame, abs=0.02)


def test_a_film_with_broken_pictures_says_so(tmp_path: Path) -> None:
    path = make_film(tmp_path / "broken.avi", SERVICE, 36, Look(codec="mjpeg"))
    head, movie = path.read_bytes().split(b"movi", 1)
    pieces = movie.split(b"00dc")
    pieces[20:-1] = [piece[:4] + bytes(len(piece) - 4) for piece in pieces[20:-1]]
    path.write_bytes(head + b"movi" + b"00dc".join(pieces))
    assert "pictures_unreadable" in told(parse(path))
