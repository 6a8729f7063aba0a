"""Subtitle files in, cues out: times, speakers, plain text, and what is skipped."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors import SourceUnreadable
from pipelines.media.subtitles import Cue, cues_from_packets, parse_subtitles, read_subtitles

CORPUS = Path(__file__).parents[2] / ".." / "shared" / "data" / "av"

SRT = """1
00:00:01,000 --> 00:00:02,500
Turn the <i>red</i> valve.

2
00:00:03,000 --> 00:00:04,000
{\\an8}Then wait
two minutes.
"""

VTT = """WEBVTT - a title
Kind: captions

STYLE
::cue { color: lime }

REGION
id:fred

NOTE
Nobody says this.

intro
00:01.000 --> 00:02.000 align:right size:50%
<v.loud Ann Lee>R&amp;D says <c.yellow>4&nbsp;&lt;&nbsp;5</c></v>

01:00:03.500 --> 01:00:04.000
<00:00:03.600><b>late</b>
"""


def test_srt() -> None:
    assert parse_subtitles(SRT).cues == (
        Cue(1.0, 2.5, "Turn the red valve."),
        Cue(3.0, 4.0, "Then wait two minutes."),
    )


def test_vtt() -> None:
    found = parse_subtitles(VTT)
    assert found.skipped == 0
    assert found.cues == (
        Cue(1.0, 2.0, "R&D says 4 < 5", "Ann Lee"),
        Cue(3603.5, 3604.0, "late"),
    )


def test_notes_names_and_styles_between_cues_are_not_said() -> None:
    text = (
        "WEBVTT\n\n00:01.000 --> 00:02.000\n<v Ann>Open it.\n\nNOTE\nNobody says this.\n\n"
        "STYLE\n::cue { color: lime }\n\nintro-2\n00:03.000 --> 00:04.000\nClose it.\n\n"
        "soon --> later\nlost words\n"
    )
    found = parse_subtitles(text)
    assert found.cues == (Cue(1.0, 2.0, "Open it.", "Ann"), Cue(3.0, 4.0, "Close it."))
    assert found.skipped == 1


def test_two_voices_in_one_cue_are_two_cues() -> None:
    cues = parse_subtitles("WEBVTT\n\n00:01.0 --> 00:02.0\n<v Bo>Ready?\n<v Cy>Ready.").cues
    assert [(cue.speaker, cue.text) for cue in cues] == [("Bo", "Ready?"), ("Cy", "Ready.")]


def test_cues_come_in_order_of_time_and_may_overlap() -> None:
    text = "00:05.000 --> 00:09.000\nsecond\n\n00:01.000 --> 00:06.000\nfirst\n"
    assert [cue.text for cue in parse_subtitles(text).cues] == ["first", "second"]


@pytest.mark.parametrize(
    "timing",
    [
        "00:00:09,000 --> 00:00:01,000",
        "00:61:00,000 --> 00:62:00,000",
        "soon --> later",
        "00:00:01,000 -->",
    ],
)
def test_a_bad_timing_is_skipped_with_its_text_and_counted(timing: str) -> None:
    found = parse_subtitles(f"1\n{timing}\nlost words\n\n{SRT}")
    assert found.skipped == 1
    assert [cue.t_start for cue in found.cues] == [1.0, 3.0]
    assert not any("lost" in cue.text for cue in found.cues)


def test_cues_without_blank_lines_between_them() -> None:
    text = "1\n00:00:01,000 --> 00:00:02,000\none\n2\n00:00:02,000 --> 00:00:03,000\ntwo\n"
    assert [cue.text for cue in parse_subtitles(text).cues] == ["one", "two"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends(tmp_path: Path, encoding: str, newline: str) -> None:
    path = tmp_path / "words.srt"
    text = "1\n00:00:01,000 --> 00:00:02,000\nDruck prüfen, Öl über Maß\n"
    path.write_bytes(text.replace("\n", newline).encode(encoding))
    assert read_subtitles(path).cues == (Cue(1.0, 2.0, "Druck prüfen, Öl über Maß"),)


@pytest.mark.parametrize("content", [b"", b"just prose\n", b"\x00\x01\x02" * 99])
def test_a_file_without_cues_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "words.srt"
    path.write_bytes(content)
    with pytest.raises(SourceUnreadable, match="no cue"):
        read_subtitles(path)


def test_packets_of_subtitle_streams() -> None:
    mov = b"\x00\x05hello\x00\x00\x00\x0cstyl\x00\x00\x00\x00"
    assert cues_from_packets("mov_text", [(1.0, 2.0, mov), (2.0, 3.0, b"\x00\x00")]) == (
        Cue(1.0, 2.0, "hello"),
    )
    line = b"0,0,Default,Ann,0,0,0,,{\\b1}one,\\Ntwo"
    assert cues_from_packets("ass", [(1.0, 2.0, line)]) == (Cue(1.0, 2.0, "one, two", "Ann"),)


def test_a_packet_without_an_end_lasts_to_the_next() -> None:
    cues = cues_from_packets("subrip", [(1.0, None, b"one"), (2.5, None, b"two")])
    assert [(cue.t_start, cue.t_end) for cue in cues] == [(1.0, 2.5), (2.5, 6.5)]


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside the checkout")
@pytest.mark.parametrize("name", ["webvtt_example_01", "webvtt_example_03"])
def test_corpus_vtt_loses_no_word(name: str) -> None:
    found = read_subtitles(CORPUS / f"{name}.vtt")
    gold = (CORPUS / f"{name}.gold.md").read_text(encoding="utf-8").replace("*", "")
    by_words = sorted(word for cue in found.cues for word in cue.text.split())
    assert by_words == sorted(gold.split())
    assert found.skipped == 0


@pytest.mark.corpus
@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus is not beside the checkout")
def test_corpus_srt_and_vtt_of_one_recording_agree() -> None:
    srt = read_subtitles(CORPUS / "sonnet001.gold.srt").cues
    assert srt == read_subtitles(CORPUS / "sonnet001.gold.vtt").cues
    assert len(srt) == 15
    assert srt[-1].t_end == 53.24
