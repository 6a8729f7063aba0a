"""The sample files hold what the demo asks for, and can be made anew from their script."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path

import av
import numpy as np
import pypdfium2
import pytest
from PIL import Image

from deploy.demo import QUESTIONS
from samples import make_samples

FOLDER = make_samples.FOLDER
MANUAL, LABEL, TRAINING = (FOLDER / name for name in ("manual.pdf", "label.png", "training.mp4"))


@cache
def pages(path: Path) -> tuple[str, ...]:
    with pypdfium2.PdfDocument(path) as document:
        return tuple(page.get_textpage().get_text_bounded() for page in document)


@cache
def cues(path: Path) -> tuple[tuple[float, float, str], ...]:
    """(start, end, text) of the embedded subtitles, in seconds."""
    found = []
    with av.open(str(path)) as container:
        for packet in container.demux(subtitles=0):
            for line in packet.decode() if packet.size else ():
                start = float(packet.pts * packet.time_base)
                length = float(packet.duration * packet.time_base)
                found.append((start, start + length, line.dialogue.decode()))
    return tuple(found)


@cache
def plate_text() -> str:
    from rapidocr import RapidOCR

    read = RapidOCR(params={"Global.use_cls": False, "Global.log_level": "error"})(str(LABEL))
    return "\n".join(read.txts)


def everything_said() -> dict[str, str]:
    return {
        "manual.pdf": "\n".join(pages(MANUAL)),
        "label.png": plate_text(),
        "training.mp4": "\n".join(text for _, _, text in cues(TRAINING)),
    }


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.filename)
def test_a_question_is_answered_by_one_file_alone(question):
    holders = [name for name, text in everything_said().items() if question.fact in text]
    assert holders == [question.filename]


def test_the_samples_are_small():
    assert sum(path.stat().st_size for path in (MANUAL, LABEL, TRAINING)) < 1_500_000


def test_the_manual_has_pages_outline_and_metadata():
    with pypdfium2.PdfDocument(MANUAL) as document:
        assert 11 <= len(document) <= 13
        outline = [(mark.level, mark.get_title()) for mark in document.get_toc()]
        assert [title for level, title in outline if level == 0] == [
            "1 Safety",
            "2 The instrument",
            "3 Installation",
            "4 Rotors",
            "5 Operation",
            "6 Programs",
            "7 Care and maintenance",
            "8 Error codes",
            "9 Specifications",
            "10 Service and spare parts",
        ]
        assert document.get_metadata_value("Title") == "Halvora C24 Operating Manual"
        assert document.get_metadata_value("Author") == "Lindqvar Instruments"


def test_every_page_of_the_manual_has_a_text_layer():
    assert min(len(text) for text in pages(MANUAL)) > 100


def test_the_error_codes_stand_in_one_ruled_table():
    (page,) = (text for text in pages(MANUAL) if "8 Error codes" in text and "E01" in text)
    assert [f"E{number:02}" for number in range(1, 13) if f"E{number:02}" not in page] == []


def test_one_page_of_the_manual_has_two_columns():
    with pypdfium2.PdfDocument(MANUAL) as document:
        (page,) = (page for page in document if "5.1 Switching on" in _text(page) and _body(page))
        rows = _body(page)
        left = {round(y) for x, y in rows if x < page.get_width() / 3}
        right = {round(y) for x, y in rows if x > page.get_width() / 2}
        assert len(left) > 20
        assert len(right) > 15


def _text(page: pypdfium2.PdfPage) -> str:
    return str(page.get_textpage().get_text_bounded())


def _body(page: pypdfium2.PdfPage) -> list[tuple[float, float]]:
    """Left edge and base of each run of text, where the page is no table of contents."""
    text = page.get_textpage()
    if "Contents" in _text(page):
        return []
    return [text.get_rect(index)[:2] for index in range(text.count_rects())]


def test_the_video_has_picture_sound_and_subtitles_of_a_minute():
    with av.open(str(TRAINING)) as container:
        assert [stream.type for stream in container.streams] == ["video", "audio", "subtitle"]
        assert container.streams.subtitles[0].codec_context.name == "mov_text"
        assert 55 <= container.duration / av.time_base <= 70


def test_subtitles_are_shown_while_their_sentence_is_spoken():
    with av.open(str(TRAINING)) as container:
        rate = container.streams.audio[0].rate
        sound = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])
    shown = np.zeros(len(sound), dtype=bool)
    for start, end, _ in cues(TRAINING):
        assert not shown[int(start * rate) : int(end * rate)].any()
        shown[int(start * rate) : int(end * rate)] = True
    # Windows of 0.2 s clear of a cue's ends, as the encoder smears sound over 0.1 s.
    window = rate // 5
    count = len(sound) // window
    loud = np.abs(sound[: count * window]).reshape(count, window).max(axis=1) > 0.02
    inside = shown[: count * window].reshape(count, window)
    assert loud[inside.all(axis=1)].mean() > 0.9
    assert not loud[~inside.any(axis=1)].any()


def test_the_manual_can_be_made_again(tmp_path):
    assert make_samples.main(["manual", "--out", str(tmp_path)]) == 0
    assert pages(tmp_path / "manual.pdf") == pages(MANUAL)


def test_the_label_can_be_made_again(tmp_path):
    assert make_samples.main(["label", "--out", str(tmp_path)]) == 0
    made, kept = (
        np.asarray(Image.open(path).convert("RGB"), dtype=np.int16)
        for path in (tmp_path / "label.png", LABEL)
    )
    assert made.shape == kept.shape
    assert np.abs(made - kept).mean() < 2


@pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")
def test_the_video_can_be_made_again(tmp_path):
    assert make_samples.main(["training", "--out", str(tmp_path)]) == 0
    made, kept = cues(tmp_path / "training.mp4"), cues(TRAINING)
    assert [text for _, _, text in made] == [text for _, _, text in kept]
    assert np.abs(np.array([cue[:2] for cue in made]) - [cue[:2] for cue in kept]).max() < 1.0


def test_without_a_speaker_the_script_says_what_to_install(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert make_samples.main(["training", "--out", str(tmp_path)]) == 1
    assert "espeak-ng, which is not installed" in capsys.readouterr().err
    assert not (tmp_path / "training.mp4").exists()


def test_an_unknown_sample_is_refused(capsys):
    with pytest.raises(SystemExit):
        make_samples.main(["poster"])
    assert "no sample is called poster" in capsys.readouterr().err
