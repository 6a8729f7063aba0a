"""What is said in a recording, by its sound: heard with its seconds, or not at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest
from faster_whisper.transcribe import Segment as Heard

from benchmarks.recordings import sounds_without_words, write_sound
from pipelines.errors import ModelUnavailable
from pipelines.media.recordings import Sound
from pipelines.media.subtitles import Cue
from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.recordings.parser import AudioParser
from pipelines.parsers.recordings.spoken_words import Script, start_of
from pipelines.speech.utterances import Utterance
from pipelines.types import locate
from tests.support.films import (
    CORPUS,
    RATE,
    ROOT,
    codes,
    corpus,
    needs_corpus,
    parse,
    sound,
    speech,
)

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
    assert {segment.engine for segment in segments} == {"pocketsphinx"}
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


def whisper_hears(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    *heard: tuple[str, float, float],
    languages: Sequence[str] = ("en",),
) -> str:
    """The setting of a whisper model whose segments, a second long each, are `heard`: text, mean
    log probability, probability of no speech; `languages` follow each other, the last one stays."""
    following = list(languages)

    class Model:
        def __init__(self, *_: Any, **__: Any) -> None: ...

        def transcribe(self, samples: np.ndarray, **_: Any) -> tuple[Iterator[Any], Any]:
            segments = (
                Heard(
                    id=number + 1,
                    seek=0,
                    start=number,
                    end=number + 1.0,
                    text=f" {text}",
                    tokens=[],
                    avg_logprob=logprob,
                    compression_ratio=1.1,
                    no_speech_prob=silent,
                    words=None,
                    temperature=0.0,
                )
                for number, (text, logprob, silent) in enumerate(heard)
            )
            language = following.pop(0) if len(following) > 1 else following[0]
            return segments, SimpleNamespace(language=language, language_probability=0.98)

    monkeypatch.setattr("faster_whisper.WhisperModel", Model)
    (tmp_path / "model.bin").touch()
    return f"whisper:{tmp_path}"


def test_words_that_whisper_doubts_are_told_with_their_seconds(
    spoken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sure, doubted = ("Open the lid.", -0.2, 0.01), ("Close the bit.", -1.2, 0.3)
    setting = whisper_hears(monkeypatch, tmp_path, sure, doubted, ("Thanks!", -0.9, 0.8))
    parts = parse(spoken, transcriber=setting)
    found = speech(parts)
    assert {segment.text: segment.confidence for segment in found} == {
        "Open the lid.": 0.819,
        "Close the bit.": 0.301,
    }
    told = [warning for part in parts for warning in part.warnings]
    assert {warning.code for warning in told} == {"low_confidence"}
    assert all("hard to hear" in warning.message for warning in told)
    where = [start_of(segment) for segment in found if "bit" in segment.text]
    places = [
        f"00:{n // 3:02}:{n % 3 * 20:02} to " for n in sorted({int(at // 20) for at in where})
    ]
    assert [str(warning.place)[:12] for warning in told] == places

    setting = whisper_hears(monkeypatch, tmp_path, sure)
    assert codes(parse(spoken, transcriber=setting)) == []


def test_the_language_of_most_that_was_heard_is_told(
    spoken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sure = ("Open the lid.", -0.2, 0.01)
    for languages, told in ((["de"], "de"), (["de", "de", "fr"], "de"), (["jw"], "jv")):
        setting = whisper_hears(monkeypatch, tmp_path, sure, languages=languages)
        parts = parse(spoken, transcriber=setting)
        assert [part.facts["language"] for part in parts][-1] == told
    assert "language" not in parse(spoken, transcriber="none")[0].facts


@corpus
@needs_corpus
@pytest.mark.parametrize("name", ["silent_1s.wav", "laugh1.mp3"])
def test_corpus_without_words(name: str) -> None:
    parts = parse(CORPUS / "av" / name, transcriber="pocketsphinx")
    assert speech(parts) == []
    assert codes(parts) == ["no_speech"]
