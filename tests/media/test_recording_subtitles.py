"""What is said in a recording, by its subtitles: inside it or beside it, sentence by sentence."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.recordings.parser import AudioParser
from pipelines.types import locate
from tests.support.films import (
    CORPUS,
    RATE,
    STORY,
    codes,
    corpus,
    film,
    needs_corpus,
    parse,
    sidecar,
    sound,
    speech,
)


def test_embedded_subtitles_become_sentences_with_seconds_per_cue(tmp_path: Path) -> None:
    parts = parse(film(tmp_path / "pump.mkv", 10, STORY))
    assert [segment.text for segment in speech(parts)] == [
        "Open the lid and check the seal.",
        "Then close it",
        "Start the pump.",
    ]
    first = speech(parts)[0]
    at = first.text.index("check")
    (found,) = locate(first.locators, first.spans, at, at + 5)
    assert (found.t_start, found.t_end) == (2.1, 3.0)
    assert (first.engine, first.confidence) == (None, None)
    facts = parts[0].facts
    assert facts["engine"] == "subtitles:subrip"
    assert facts["title"] == "Pump service"
    assert facts["language"] == "eng"
    assert (facts["width"], facts["height"], facts["duration"]) == (64, 48, 10.0)
    assert codes(parts) == []


def test_embedded_subtitles_win_over_a_sidecar_and_that_over_sound(tmp_path: Path) -> None:
    beside = sidecar(tmp_path / "pump.srt", [(1.0, 2.0, "From the side.")])
    with_both = parse(film(tmp_path / "pump.mkv", 10, STORY), subtitles=beside)
    assert "From the side." not in [segment.text for segment in speech(with_both)]
    loud = sound(tmp_path / "noise.wav", np.random.default_rng(1).normal(0, 3000, RATE * 4))
    (part,) = AudioParser().parse(loud, ParseOptions(subtitles=beside))
    assert [segment.text for segment in part.segments] == ["From the side."]
    assert part.facts["engine"] == "sidecar:srt"


def test_a_speakers_change_parts_segments_and_names_stay(tmp_path: Path) -> None:
    path = tmp_path / "talk.vtt"
    path.write_text(
        "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>Is it\n\n00:02.000 --> 00:03.000\n<v Bo>ready\n"
    )
    (part,) = parse(film(tmp_path / "talk.mkv", 5), subtitles=str(path))
    assert [segment.text for segment in part.segments] == ["Ann: Is it", "Bo: ready"]
    start, end, _, _ = part.segments[1].spans[0]
    assert part.segments[1].text[start:end] == "ready"


def test_a_long_speech_without_punctuation_is_parted(tmp_path: Path) -> None:
    said = [(float(n), n + 1.0, "and then we turn it again") for n in range(50)]
    beside = sidecar(tmp_path / "long.srt", said)
    segments = speech(parse(film(tmp_path / "long.mkv", 50), subtitles=beside))
    assert len(segments) > 2
    assert max(len(segment.text) for segment in segments) <= 400


def test_a_quiet_stretch_of_a_film_with_subtitles_is_no_silent_film(tmp_path: Path) -> None:
    path = film(tmp_path / "early.mkv", 130, STORY)
    assert codes(parse(path)) == []
    assert [part.segments for part in parse(path, start=120)] == [()]


def test_a_broken_sidecar_is_told_and_left_aside(tmp_path: Path) -> None:
    path = tmp_path / "broken.srt"
    path.write_text("no cue in here")
    parts = parse(film(tmp_path / "pump.mkv", 3), subtitles=str(path))
    assert codes(parts) == ["subtitles_unreadable", "no_speech"]


def test_a_sidecar_beside_subtitles_inside_is_told_to_be_unused(tmp_path: Path) -> None:
    beside = sidecar(tmp_path / "pump.srt", [(1.0, 2.0, "From the side.")])
    parts = parse(film(tmp_path / "pump.mkv", 10, STORY), subtitles=beside)
    assert codes(parts) == ["subtitles_unused"]


def test_subtitles_of_another_cut_give_way_to_the_sound(tmp_path: Path) -> None:
    beside = sidecar(tmp_path / "late.srt", [(9000.0, 9001.0, "Late.")])
    path = sound(tmp_path / "a.wav", np.zeros(RATE * 2))
    parts = parse(path, subtitles=beside, transcriber="pocketsphinx")
    assert parts[0].facts["engine"] == "pocketsphinx"
    assert codes(parts) == ["cues_skipped", "no_speech"]


def test_cues_after_the_end_are_told(tmp_path: Path) -> None:
    beside = sidecar(tmp_path / "late.srt", [(1.0, 2.0, "In time."), (9000.0, 9001.0, "Late.")])
    parts = parse(film(tmp_path / "pump.mkv", 3), subtitles=beside)
    assert [segment.text for segment in speech(parts)] == ["In time."]
    assert codes(parts) == ["cues_skipped"]


@corpus
@needs_corpus
def test_corpus_sidecar_keeps_every_word_and_second() -> None:
    (part,) = parse(
        CORPUS / "av" / "sonnet001.mp3", subtitles=str(CORPUS / "av" / "sonnet001.gold.srt")
    )
    said = re.findall(r"\w+", " ".join(segment.text for segment in part.segments))
    gold = (CORPUS / "av" / "sonnet001.gold.txt").read_text()
    assert said == re.findall(r"\w+", gold)
    assert part.segments[-1].locators[-1].t_end == 53.24
