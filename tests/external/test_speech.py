"""Speech that a service outside transcribes, asked through the real parser process over HTTP."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from pipelines.sandbox.parser_process import ParserProcess
from pipelines.speech.remote import flac
from pipelines.types import TimeLocator
from tests.support.openai_replies import Failure, Transcript
from tests.support.openai_server import OpenAIServer
from tests.support.outside_services import parse, segments, transcriber, warnings

ROOT = Path(__file__).parents[2]
RATE = 16_000


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        yield running


@pytest.fixture(scope="module")
def process() -> Iterator[ParserProcess]:
    with ParserProcess() as running:
        yield running


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Speech from the sample video, five seconds of silence, and the same speech again."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    with av.open(str(ROOT / "samples" / "training.mp4")) as container:
        frames = list(container.decode(audio=0))
    blocks = [block.to_ndarray().ravel() for f in frames for block in resampler.resample(f)]
    speech = np.concatenate(blocks)[: 8 * RATE]
    silence = np.zeros(5 * RATE, np.int16)
    path = tmp_path_factory.mktemp("spoken") / "spoken.flac"
    path.write_bytes(flac(np.concatenate([silence, speech, silence, speech])))
    return path


def test_speech_is_transcribed_between_silences_and_its_seconds_shifted(
    process: ParserProcess, server: OpenAIServer, spoken: Path
) -> None:
    heard = ((0.5, 2.0, "Open the lid."), (2.0, 99.0, "Close it."), (3.0, 4.0, "Thanks for!"))
    judged = {1: {"avg_logprob": -0.5}, 2: {"no_speech_prob": 0.9, "avg_logprob": -1.4}}
    server.script([Transcript(heard, judged=judged)] * 2)
    parts = parse(process, spoken, "audio/flac", transcriber(server))
    assert parts[0].facts["engine"] == "openai:hears"
    assert not warnings(parts, "low_confidence") + warnings(parts)
    found = segments(parts, "speech")
    assert [segment.text for segment in found] == ["Open the lid.", "Close it."] * 2
    assert [segment.confidence for segment in found[:2]] == [0.819, 0.607]
    assert {segment.engine for segment in found} == {"openai:hears"}
    times = [segment.locators[0] for segment in found]
    assert all(isinstance(time, TimeLocator) for time in times)
    sounds = [request.files["file"] for request in server.requests]
    lengths = []
    for name, data in sounds:
        with av.open(io.BytesIO(data)) as container:
            assert (name, container.format.name) == ("speech.flac", "flac")
            lengths.append(container.duration / 1e6)
    starts = [time.t_start - 0.5 for time in times[::2]]
    assert 4.5 < starts[0] < 6.0
    assert 17.5 < starts[1] < 19.0
    ends = [time.t_end for time in times[1::2]]
    assert ends == pytest.approx([s + n for s, n in zip(starts, lengths, strict=True)], abs=0.05)
    assert all(length < 9 for length in lengths)
    assert server.requests[0].body["response_format"] == "verbose_json"


def test_words_that_the_service_doubts_are_told_with_their_seconds(
    process: ParserProcess, server: OpenAIServer, spoken: Path
) -> None:
    heard = ((0.5, 2.0, "Open the lid."), (2.0, 4.0, "Close the bit."))
    doubted = Transcript(heard, judged={1: {"avg_logprob": -1.1}})
    server.script([Transcript(heard), doubted])
    parts = parse(process, spoken, "audio/flac", transcriber(server))
    assert [segment.confidence for segment in segments(parts, "speech")][-1] == 0.333
    (told,) = warnings(parts, "low_confidence")
    assert "hard to hear" in told.message
    begin = segments(parts, "speech")[-1].locators[0].t_start
    assert told.place == ("00:00:00 to 00:00:20" if begin < 20 else "00:00:20 to 00:00:26")


@pytest.mark.parametrize(
    ("language", "code"),
    [("german", "de"), ("Haitian Creole", "ht"), ("fr", "fr"), ("en-US", "en"), ("<b>", None)],
)
def test_the_language_that_the_service_heard_is_told_by_its_code(
    process: ParserProcess, server: OpenAIServer, spoken: Path, language: str, code: str | None
) -> None:
    server.script([Transcript(((0.5, 2.0, "Open the lid."),), language=language)] * 2)
    parts = parse(process, spoken, "audio/flac", transcriber(server))
    assert parts[-1].facts.get("language") == code


@pytest.mark.parametrize("figure", [None, "-1.5", float("nan")])
def test_a_service_that_does_not_judge_is_neither_believed_nor_doubted(
    process: ParserProcess, server: OpenAIServer, spoken: Path, figure: Any
) -> None:
    judged = {0: {"avg_logprob": figure, "no_speech_prob": None}}
    server.script([Transcript(((0.5, 2.0, "Open the lid."),), judged=judged)] * 2)
    parts = parse(process, spoken, "audio/flac", transcriber(server))
    assert [segment.confidence for segment in segments(parts, "speech")] == [None, None]
    assert {segment.engine for segment in segments(parts, "speech")} == {"openai:hears"}
    assert not warnings(parts, "low_confidence")


def test_a_model_without_seconds_gives_the_words_of_each_stretch(
    process: ParserProcess, server: OpenAIServer, spoken: Path
) -> None:
    server.script([Transcript(((0.0, 1.0, "Open the <b>lid</b>."),), wordy=True)] * 2)
    parts = parse(process, spoken, "audio/flac", transcriber(server))
    found = segments(parts, "speech")
    assert [segment.text for segment in found] == ["Open the lid ."] * 2
    assert 7 < found[0].locators[0].t_end - found[0].locators[0].t_start < 9
    assert found[0].confidence is None
    formats = [request.body["response_format"] for request in server.requests]
    assert formats == ["verbose_json", "json", "json"]


def test_speech_that_was_not_transcribed_is_told_with_its_place(
    process: ParserProcess, server: OpenAIServer, spoken: Path
) -> None:
    server.script([Transcript(((0.5, 2.0, "Open the lid."),)), Failure(404)])
    parts = parse(process, spoken, "audio/flac", transcriber(server))
    assert [segment.text for segment in segments(parts, "speech")] == ["Open the lid."]
    (told,) = warnings(parts)
    assert "check TRANSCRIBER" in told.message
    assert told.place is not None
    assert told.place.startswith("00:00:00")

    server.script([Failure(401)])
    parts = parse(process, spoken, "audio/flac", transcriber(server))
    assert segments(parts, "metadata")
    assert not warnings(parts, "no_speech")
    assert "Speech was not transcribed." in warnings(parts)[0].message
    assert "check TRANSCRIBER_API_KEY" in warnings(parts)[0].message
