"""What is said in a recording, by its sound: heard with its seconds, or not at all."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from benchmarks.recordings import sounds_without_words, write_sound
from pipelines.errors import ModelUnavailable
from pipelines.media import Sound
from pipelines.parsers.recording import AudioParser
from pipelines.speech.script import Script
from pipelines.speech.utterances import Utterance
from pipelines.subtitles import Cue
from pipelines.types import ParseOptions, locate
from tests.films import CORPUS, RATE, ROOT, codes, corpus, needs_corpus, parse, sound, speech

SPOKEN = ROOT / "samples" / "training.mp4"

WORDLESS = sounds_without_words()


@pytest.mark.parametrize("name", WORDLESS)
def test_silence_and_music_yield_no_words(tmp_path: Path, name: str) -> None:
    path = write_sound(tmp_path / "a.wav", WORDLESS[name][: RATE * 6])
    parts = list(AudioParser().parse(path, ParseOptions(transcriber="pocketsphinx")))
    assert speech(parts) == []
    assert codes(parts) == ["no_speech"]
    assert parts[0].segments[0].kind == "metadata"


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sound of the sample video alone, twice over, so that it has two minutes."""
    if not SPOKEN.is_file():
        pytest.skip("the sample video is not made yet")
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    blocks = []
    with av.open(str(SPOKEN)) as container:
        for frame in container.decode(audio=0):
            blocks += [block.to_ndarray().ravel() for block in resampler.resample(frame)]
    samples = np.concatenate(blocks)[: 40 * RATE]
    path = tmp_path_factory.mktemp("spoken") / "spoken.wav"
    return sound(path, np.concatenate([samples, np.zeros(RATE * 2), samples[: 25 * RATE]]))


@pytest.mark.slow
def test_speech_to_text_and_its_resumption(spoken: Path) -> None:
    heartbeats: list[int] = []
    options = ParseOptions(transcriber="pocketsphinx", heartbeat=lambda: heartbeats.append(1))
    parts = list(AudioParser().parse(spoken, options))
    assert len(heartbeats) >= len(parts)
    places = [(part.start, part.stop) for part in parts]
    assert places == [(0, 20), (20, 40), (40, 60), (60, 67)]
    segments = speech(parts)
    words = {word for segment in segments for word in segment.text.split()}
    assert {"places", "broken"} <= words
    said_broken = next(s for s in segments if "broken" in s.text)
    at = said_broken.text.index("broken")
    (heard,) = locate(said_broken.locators, said_broken.spans, at, at + 6)
    assert 35.5 < heard.t_start < 36.6
    assert 36.5 < heard.t_end < 37.5
    assert all(0 < (segment.confidence or 0) <= 1 for segment in segments)
    times = [(each.t_start, each.t_end) for segment in segments for each in segment.locators]
    assert times == sorted(times)
    assert parts[0].facts["engine"] == "pocketsphinx"
    assert "low_confidence" in codes(parts)
    again = list(AudioParser().parse(spoken, options.model_copy(update={"start": 60})))
    assert again == parts[3:]


def test_speech_to_text_can_be_off(spoken: Path) -> None:
    parts = list(AudioParser().parse(spoken, ParseOptions(transcriber="none")))
    assert codes(parts) == ["not_transcribed"]
    assert [segment.kind for part in parts for segment in part.segments] == ["metadata"]
    assert "engine" not in parts[0].facts


@pytest.mark.parametrize("setting", ["whisper:{}", "dragon"])
def test_a_transcriber_that_is_not_there_is_told(tmp_path: Path, setting: str) -> None:
    path = sound(tmp_path / "a.wav", np.zeros(RATE))
    with pytest.raises(ModelUnavailable):
        list(AudioParser().parse(path, ParseOptions(transcriber=setting.format(tmp_path))))


def test_long_music_is_passed_on_window_by_window(tmp_path: Path) -> None:
    """Parts come while nothing is understood: a parser that is silent for long is stopped."""
    heard = []

    class Deaf:
        name, low_confidence, pause, longest = "deaf", False, 0.9, 18.0

        def transcribe(self, utterance: Utterance) -> list[Cue]:
            heard.append(utterance.start)
            return []

    loud = np.random.default_rng(1).normal(0, 6000, RATE * 90) * (np.arange(RATE * 90) // 9000 % 2)
    script = Script(sound=Sound(sound(tmp_path / "a.wav", loud), 3600), transcriber=Deaf())
    windows = script.windows(0, None)
    counts = []
    for window in windows:
        assert window == ()
        counts.append(len(heard))
    assert len(counts) >= 4
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


@corpus
@needs_corpus
@pytest.mark.parametrize("name", ["silent_1s.wav", "laugh1.mp3"])
def test_corpus_without_words(name: str) -> None:
    parts = parse(CORPUS / "av" / name, transcriber="pocketsphinx")
    assert speech(parts) == []
    assert codes(parts) == ["no_speech"]
