"""Films, sounds and subtitles made for the tests, and what the parser finds in them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from benchmarks.recordings import write_sound
from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.recordings.parser import VideoParser
from pipelines.types import Part, Segment

ROOT = Path(__file__).parents[2]
CORPUS = ROOT / ".." / "shared" / "data"
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


def broadcast(path: Path, form: str, picture: str | None, heard: str, **options: str) -> Path:
    """Four seconds of light grey, if there is a codec for a `picture`, and of silence."""
    rate = 8000 if form == "amr" else 48_000
    with av.open(str(path), "w", format=form, options=options) as container:
        video: Any = container.add_stream(picture, rate=25) if picture else None
        audio: Any = container.add_stream(heard, rate=rate)
        audio.layout, audio.bit_rate = "mono", 12_200 if form == "amr" else 64_000
        if video:
            video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
            for number in range(100):
                frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 200, np.uint8), "rgb24")
                frame.pts = number
                container.mux(video.encode(frame))
            container.mux(video.encode(None))
        silence = av.AudioFrame.from_ndarray(np.zeros((1, rate * 4), np.int16), "s16", "mono")
        silence.sample_rate, silence.pts = rate, 0
        resampler = av.AudioResampler(audio.codec_context.format, "mono", rate)
        for block in resampler.resample(silence):
            container.mux(audio.encode(block))
        container.mux(audio.encode(None))
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


def parse(path: Path, **options: Any) -> list[Part]:
    return list(VideoParser().parse(path, ParseOptions(**options)))


def speech(parts: list[Part]) -> list[Segment]:
    return [segment for part in parts for segment in part.segments if segment.kind == "speech"]


def codes(parts: list[Part]) -> list[str]:
    return [warning.code for part in parts for warning in part.warnings]
