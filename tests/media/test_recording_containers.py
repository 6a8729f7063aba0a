"""Video and audio in, Parts out: minutes, pictures, lengths, and files that are no recordings."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipelines.errors import SourceTooLarge, SourceUnreadable
from pipelines.media.recordings import Sound, poster
from pipelines.parsers import parser_for, source_type_of
from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.detect import detect_path
from tests.support.films import (
    CORPUS,
    RATE,
    ROOT,
    broadcast,
    codes,
    corpus,
    film,
    needs_corpus,
    parse,
    sound,
)


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


def test_a_silent_film_says_what_it_is(tmp_path: Path) -> None:
    parts = parse(film(tmp_path / "silent.mkv", 70))
    assert [len(part.segments) for part in parts] == [1, 0]
    (segment,) = parts[0].segments
    assert segment.kind == "metadata"
    assert segment.text == "Video, Matroska, 00:01:10 long, 64 x 48 pixels, Pump service"
    assert (segment.locators[0].t_start, segment.locators[0].t_end) == (0.0, 70.0)
    assert codes(parts) == ["no_speech"]


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


@pytest.mark.parametrize(
    ("form", "picture", "heard", "media_type"),
    [
        ("mpegts", "mpeg2video", "mp2", "video/mp2t"),
        ("mpeg", "mpeg1video", "mp2", "video/mpeg"),
        ("vob", "mpeg2video", "ac3", "video/mpeg"),
        ("asf", "wmv2", "wmav2", "video/x-ms-asf"),
        ("asf", None, "wmav2", "audio/x-ms-wma"),
        ("flv", "flv1", "aac", "video/x-flv"),
        ("aiff", None, "pcm_s16be", "audio/aiff"),
        ("aiff", None, "pcm_mulaw", "audio/aiff"),
        ("amr", None, "libopencore_amrnb", "audio/amr"),
        ("ac3", None, "ac3", "audio/ac3"),
        ("caf", None, "pcm_s16be", "audio/x-caf"),
    ],
)
def test_recordings_of_cameras_broadcasters_and_older_programs(
    tmp_path: Path, form: str, picture: str | None, heard: str, media_type: str
) -> None:
    path = broadcast(tmp_path / "recording.txt", form, picture, heard)
    assert detect_path(path) == media_type
    assert source_type_of(media_type) == ("video" if picture else "audio")
    (part,) = list(parser_for(media_type).parse(path, ParseOptions(transcriber="none")))
    assert part.facts["duration"] == pytest.approx(4, abs=0.2)
    assert len(part.facts["codecs"]) == (2 if picture else 1)
    heard_seconds = sum(len(samples) for _, samples in Sound(path, 60)) / RATE
    assert heard_seconds == pytest.approx(4, abs=0.1)
    shown = poster(path)
    assert (shown.size if shown else None) == ((64, 48) if picture else None)


def test_a_camcorders_transport_stream(tmp_path: Path) -> None:
    """An .m2ts has a clock of four bytes before each packet."""
    path = broadcast(tmp_path / "a.m2ts", "mpegts", "mpeg2video", "ac3", mpegts_m2ts_mode="1")
    assert path.read_bytes()[4:5] == b"G"
    assert detect_path(path) == "video/mp2t"
    assert parse(path, transcriber="none")[0].facts["codecs"] == ["mpeg2video", "ac3"]


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
    "head",
    [b"", b"RIFF\0\0\0\0AVI ", b"\x1aE\xdf\xa3\x01", b"OggS\0\0", b"ID3", b"FLV\1", b"\0\0\1\xba"],
)
def test_stumps_are_refused_kindly(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "stump.mp4"
    path.write_bytes(head + b"\0\xff" * 40)
    with pytest.raises(SourceUnreadable, match="recording"):
        parse(path)


def test_listing_the_parser_loads_nothing_heavy() -> None:
    heavy = "av PIL pocketsphinx faster_whisper onnxruntime rapidocr cv2 pi_heif"
    code = (
        "import sys, pipelines.parsers.recordings.parser, pipelines.parsers.pictures\n"
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
