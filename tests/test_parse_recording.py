"""Video and audio in, Parts out: what is said, when, by which witness, and what goes wrong."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from benchmarks.recordings import sounds_without_words, write_sound
from pipelines.errors import ModelUnavailable, SourceTooLarge, SourceUnreadable
from pipelines.media import Sound, poster
from pipelines.parsers.recording import AudioParser, VideoParser
from pipelines.speech.script import Script
from pipelines.speech.utterances import Utterance
from pipelines.subtitles import Cue
from pipelines.types import ParseOptions, Part, Segment, locate

ROOT = Path(__file__).parent.parent
CORPUS = ROOT / ".." / "shared" / "data"
SPOKEN = ROOT / "samples" / "training.mp4"
RATE = 16_000

corpus = pytest.mark.corpus
needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus is not beside the checkout"
)

Said = tuple[float, float, str]
STORY: tuple[Said, ...] = (
    (0.5, 2.0, "Open the lid"),
    (2.1, 3.0, "and check the seal."),
    (3.2, 5.0, "Then close it"),
    (7.0, 8.0, "Start the pump."),
)


def parse(path: Path, **options: Any) -> list[Part]:
    return list(VideoParser().parse(path, ParseOptions(**options)))


def speech(parts: list[Part]) -> list[Segment]:
    return [segment for part in parts for segment in part.segments if segment.kind == "speech"]


def codes(parts: list[Part]) -> list[str]:
    return [warning.code for part in parts for warning in part.warnings]


def film(
    path: Path,
    seconds: int,
    said: Sequence[Said] = (),
    codec: str = "subrip",
    black: int = 0,
    turn: int = 0,
) -> Path:
    """A silent film of one picture a second with a subtitle stream, if anything is `said`."""
    with av.open(str(path), "w") as container:
        video: Any = container.add_stream("mpeg4", rate=1)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        video.codec_context.gop_size = 1
        if turn:
            video.set_display_rotation(turn)
        container.metadata["title"] = "Pump service"
        subtitles: Any = None
        if said:
            subtitles = container.add_mux_stream(codec, time_base=Fraction(1, 1000))
            subtitles.metadata["language"] = "eng"
        container.start_encoding()
        for start, end, text in said:
            packet = av.Packet(text.encode())
            packet.stream, packet.time_base = subtitles, Fraction(1, 1000)
            packet.pts = packet.dts = round(start * 1000)
            packet.duration = round((end - start) * 1000)
            container.mux(packet)
        for second in range(seconds):
            level = 0 if second < black else 200
            frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), level, np.uint8), "rgb24")
            frame.pts = second
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    return path


def sound(path: Path, samples: np.ndarray) -> Path:
    return write_sound(path, samples.astype(np.int16))


def sidecar(path: Path, said: Sequence[Said]) -> str:
    def stamp(seconds: float) -> str:
        whole = int(seconds)
        return (
            f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02},{seconds % 1 * 1000:03.0f}"
        )

    path.write_text(
        "\n".join(f"{stamp(start)} --> {stamp(end)}\n{text}\n" for start, end, text in said)
    )
    return str(path)


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
    assert first.confidence is None
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


def test_parts_are_minutes_and_resuming_gives_the_same_parts(tmp_path: Path) -> None:
    said = [(n * 5.0, n * 5.0 + 4.5, f"Step {n} is done.") for n in range(28)]
    path = film(tmp_path / "steps.mkv", 140, said)
    parts = parse(path)
    assert [(part.start, part.stop, part.total) for part in parts] == [
        (0, 60, 140),
        (60, 120, 140),
        (120, 140, 140),
    ]
    assert [len(part.segments) for part in parts] == [12, 12, 4]
    assert parse(path, start=60) == parts[1:]
    assert parse(path, start=60, stop=120) == parts[1:2]
    assert parse(path, start=140) == []
    assert sum(part.counts["seconds"] for part in parts) == 140


def test_a_quiet_stretch_of_a_film_with_subtitles_is_no_silent_film(tmp_path: Path) -> None:
    path = film(tmp_path / "early.mkv", 130, STORY)
    assert codes(parse(path)) == []
    assert [part.segments for part in parse(path, start=120)] == [()]


def test_a_silent_film_says_what_it_is(tmp_path: Path) -> None:
    parts = parse(film(tmp_path / "silent.mkv", 70))
    assert [len(part.segments) for part in parts] == [1, 0]
    (segment,) = parts[0].segments
    assert segment.kind == "metadata"
    assert segment.text == "Video, Matroska, 00:01:10 long, 64 x 48 pixels, Pump service"
    assert (segment.locators[0].t_start, segment.locators[0].t_end) == (0.0, 70.0)
    assert codes(parts) == ["no_speech"]


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


def test_cues_after_the_end_are_told(tmp_path: Path) -> None:
    beside = sidecar(tmp_path / "late.srt", [(1.0, 2.0, "In time."), (9000.0, 9001.0, "Late.")])
    parts = parse(film(tmp_path / "pump.mkv", 3), subtitles=beside)
    assert [segment.text for segment in speech(parts)] == ["In time."]
    assert codes(parts) == ["cues_skipped"]


def test_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceTooLarge, match="longer"):
        parse(film(tmp_path / "pump.mkv", 90), max_seconds=60)


def test_the_poster_is_the_first_picture_that_is_not_black(tmp_path: Path) -> None:
    picture = poster(film(tmp_path / "pump.mkv", 5, black=3))
    assert picture is not None
    assert picture.size == (64, 48)
    assert np.asarray(picture).mean() > 150
    assert poster(sound(tmp_path / "a.wav", np.zeros(RATE))) is None


def test_a_film_taken_upright_is_told_as_it_is_seen(tmp_path: Path) -> None:
    path = film(tmp_path / "upright.mp4", 3, turn=90)
    facts = parse(path)[0].facts
    assert (facts["width"], facts["height"]) == (48, 64)
    picture = poster(path)
    assert picture is not None
    assert picture.size == (48, 64)


@pytest.mark.parametrize("name", ["list.mp4", "list.m3u8", "list.avi", "list.mkv"])
@pytest.mark.parametrize(
    "content",
    [
        "#EXTM3U\n#EXTINF:1.0,\n{canary}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{canary}'\n",
        "<?xml version='1.0'?><MPD><BaseURL>{canary}</BaseURL></MPD>",
    ],
)
def test_playlists_are_no_recordings(tmp_path: Path, name: str, content: str) -> None:
    canary = sound(tmp_path / "canary.wav", np.zeros(RATE))
    path = tmp_path / name
    path.write_text(content.format(canary=canary))
    with pytest.raises(SourceUnreadable):
        parse(path)


def riff(kind: bytes, body: bytes) -> bytes:
    return kind + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) % 2)


def test_a_playlist_hidden_in_an_avi_opens_no_other_file(tmp_path: Path) -> None:
    """AVI may carry a subtitle file (GAB2), and ffmpeg opens it as a file of its own."""
    canary = tmp_path / "canary.srt"
    canary.write_text("1\n00:00:00,000 --> 00:00:01,000\nCANARY\n")
    playlist = f"#EXTM3U\n#EXTINF:1.0,\n{canary}\n#EXT-X-ENDLIST\n".encode()
    gab2 = b"GAB2\0\2\0" + (0).to_bytes(4, "little") + b"\4\0" + len(playlist).to_bytes(4, "little")
    numbers = [40000, 0, 0, 16, 1, 0, 1, 0, 64, 48, 0, 0, 0, 0]
    header = riff(b"avih", b"".join(n.to_bytes(4, "little") for n in numbers))
    stream = riff(b"strh", b"txts" + b"\0" * 16 + (1).to_bytes(4, "little") * 2 + b"\0" * 28)
    track = riff(b"LIST", b"strl" + stream + riff(b"strf", b"\0" * 40))
    movie = riff(b"LIST", b"movi" + riff(b"00tx", gab2 + playlist))
    path = tmp_path / "film.avi"
    path.write_bytes(riff(b"RIFF", b"AVI " + riff(b"LIST", b"hdrl" + header + track) + movie))
    with pytest.raises(SourceUnreadable, match="neither sound nor"):
        parse(path)


@pytest.mark.parametrize(
    "head", [b"", b"RIFF\0\0\0\0AVI ", b"\x1aE\xdf\xa3\x01", b"OggS\0\0", b"ID3"]
)
def test_stumps_are_refused_kindly(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "stump.mp4"
    path.write_bytes(head + b"\0\xff" * 40)
    with pytest.raises(SourceUnreadable, match="recording"):
        parse(path)


def test_listing_the_parser_loads_nothing_heavy() -> None:
    heavy = "av PIL pocketsphinx faster_whisper onnxruntime rapidocr cv2 pi_heif"
    code = (
        "import sys, pipelines.parsers.recording, pipelines.parsers.image\n"
        f"print([name for name in '{heavy}'.split() if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@corpus
@needs_corpus
@pytest.mark.parametrize(
    "name", ["ffmpeg_hls_read_passwd.avi", "ffmpeg_hls_read_passwd_bypass.mp4"]
)
def test_corpus_playlist_attacks_are_refused(name: str) -> None:
    with pytest.raises(SourceUnreadable):
        parse(CORPUS / "hostile" / name)


@corpus
@needs_corpus
@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("p001.wav", 8.99),
        ("p001.flac", 8.99),
        ("p001.ogg", 8.99),
        ("p001.webm", 9.0),
        ("sonnet001.mp3", 53.27),
        ("test.m4a", 6.44),
        ("test001.mp4", 10.26),
        ("test003.mkv", 10.33),
    ],
)
def test_corpus_containers(name: str, seconds: float) -> None:
    parts = parse(CORPUS / "av" / name, transcriber="none")
    assert abs(parts[0].facts["duration"] - seconds) < 0.05
    assert parts[-1].stop == parts[-1].total


@corpus
@needs_corpus
@pytest.mark.parametrize("name", ["silent_1s.wav", "laugh1.mp3"])
def test_corpus_without_words(name: str) -> None:
    parts = parse(CORPUS / "av" / name, transcriber="pocketsphinx")
    assert speech(parts) == []
    assert codes(parts) == ["no_speech"]


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
