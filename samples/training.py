"""A training video of about a minute: slides, a spoken text, and its subtitles."""

from __future__ import annotations

import math
import shutil
import subprocess
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import numpy as np
from av.subtitles.subtitle import SubtitleSet
from PIL import Image, ImageDraw, ImageFont

SIZE = (1280, 720)
FRAMES_PER_SECOND = 5
SAMPLE_RATE = 22050
PAUSE_SECONDS = 0.45
SLIDE_PAUSE_SECONDS = 0.9
WORDS_PER_MINUTE = "150"
INK, TEAL, PALE, AMBER = "#1d2b33", "#0f6b74", "#dcebec", "#d98a1f"

# mov_text takes its look from the header that ffmpeg's subtitle decoders write.
ASS_HEADER = b"""[Script Info]
ScriptType: v4.00+
[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, \
Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, \
Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,16,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0
[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


class SpeechMissing(Exception):
    """espeak-ng is not installed, so nothing can be spoken."""


@dataclass(frozen=True)
class Slide:
    title: str
    points: tuple[str, ...]
    sentences: tuple[str, ...]


SLIDES = (
    Slide(
        "Halvora C24: training",
        ("Loading in pairs", "Warming up", "After a spill"),
        (
            "Welcome to the training for the Halvora C24.",
            "In one minute you learn how to load the rotor, how to warm it up, "
            "and what to do after a spill.",
        ),
    ),
    Slide(
        "1  Loading in pairs",
        ("Opposite places", "Same kind of tube", "Weigh each pair"),
        (
            "Put filled tubes into places that lie opposite each other.",
            "Weigh each pair first: the two tubes may differ by at most half a gram.",
            "If you have an odd number of samples, add a tube of water.",
        ),
    ),
    Slide(
        "2  Warming up",
        ("Only when the room was cold overnight", "Rotor empty, lid closed"),
        (
            "After a cold night, run the empty machine for 4 minutes before the first samples.",
            "This spreads the grease in the bearings and makes the first run quieter.",
        ),
    ),
    Slide(
        "3  After a spill",
        ("Gloves and goggles", "Wipe, disinfect, rinse"),
        (
            "If a tube has broken, put on gloves and goggles before you reach into the chamber.",
            "Soak up the liquid, then leave the disinfectant on the chamber wall for 12 minutes.",
            "Rinse with distilled water, and never use bleach on the aluminium rotor.",
        ),
    ),
    Slide(
        "Before you go",
        ("Enter the spill in the logbook", "Tell the next user"),
        (
            "Write every spill into the green logbook, with the date and your initials.",
            "Thank you for watching, and safe runs.",
        ),
    ),
)


@dataclass(frozen=True)
class Cue:
    """A sentence with its seconds."""

    start: float
    end: float
    text: str


@dataclass(frozen=True)
class Recording:
    """The spoken text: samples int16 [n] at SAMPLE_RATE, its cues, and where slides change."""

    samples: np.ndarray
    cues: tuple[Cue, ...]
    slide_starts: tuple[float, ...]

    @property
    def seconds(self) -> float:
        return len(self.samples) / SAMPLE_RATE


def make(path: Path) -> None:
    """Write the video to `path`. Raises SpeechMissing without espeak-ng."""
    recording = _speak()
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        # One thread and no version string, so that the same libraries give the same bytes.
        video: Any = container.add_stream("libx264", rate=FRAMES_PER_SECOND)
        video.width, video.height = SIZE
        video.pix_fmt = "yuv420p"
        video.options = {"crf": "30", "preset": "slow", "tune": "stillimage", "threads": "1"}
        audio: Any = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
        audio.bit_rate = 40_000
        subtitles: Any = container.add_stream("mov_text")
        subtitles.metadata["language"] = audio.metadata["language"] = "eng"
        subtitles.codec_context.subtitle_header = ASS_HEADER
        subtitles.codec_context.time_base = subtitles.time_base = Fraction(1, 1000)
        container.metadata["title"] = "Halvora C24: training"
        container.start_encoding()
        for cue in recording.cues:
            container.mux(_subtitle(subtitles, cue))
        for frame in _frames(recording):
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        for sound in _sound(recording, audio):
            container.mux(audio.encode(sound))
        container.mux(audio.encode(None))


def _speak() -> Recording:
    program = shutil.which("espeak-ng")
    if program is None:
        raise SpeechMissing(
            "The training video is spoken by espeak-ng, which is not installed. Install it "
            "(Debian: apt install espeak-ng), or keep the training.mp4 that is there."
        )
    pieces: list[np.ndarray] = [_silence(0.6)]
    cues: list[Cue] = []
    slide_starts: list[float] = []

    def seconds() -> float:
        return sum(len(piece) for piece in pieces) / SAMPLE_RATE

    with TemporaryDirectory() as folder:
        spoken = Path(folder) / "sentence.wav"
        for slide in SLIDES:
            slide_starts.append(0.0 if slide is SLIDES[0] else seconds() - SLIDE_PAUSE_SECONDS / 2)
            for sentence in slide.sentences:
                subprocess.run(
                    [program, "-v", "en-us", "-s", WORDS_PER_MINUTE, "-w", str(spoken), sentence],
                    check=True,
                    timeout=60,
                )
                start = seconds()
                pieces.append(_samples(spoken))
                cues.append(Cue(round(start, 3), round(seconds(), 3), sentence))
                last = sentence is slide.sentences[-1]
                pieces.append(_silence(SLIDE_PAUSE_SECONDS if last else PAUSE_SECONDS))
    return Recording(np.concatenate(pieces), tuple(cues), tuple(slide_starts))


def _silence(seconds: float) -> np.ndarray:
    return np.zeros(round(seconds * SAMPLE_RATE), dtype=np.int16)


def _samples(path: Path) -> np.ndarray:
    """The sentence's samples without the silence that espeak-ng appends."""
    with wave.open(str(path)) as sound:
        if sound.getframerate() != SAMPLE_RATE:
            raise ValueError(f"espeak-ng wrote {sound.getframerate()} Hz, not {SAMPLE_RATE}.")
        samples = np.frombuffer(sound.readframes(sound.getnframes()), dtype=np.int16)
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > 200)
    return samples[: loud[-1] + SAMPLE_RATE // 20]


def _subtitle(stream: Any, cue: Cue) -> Any:
    milliseconds = round(1000 * (cue.end - cue.start))
    event = f"0,0,Default,,0,0,0,,{cue.text}".encode()
    packet = stream.codec_context.encode_subtitle(
        SubtitleSet.create(event, start=0, end=milliseconds, subtitle_format=1)
    )
    packet.stream = stream
    packet.time_base = Fraction(1, 1000)
    packet.pts = packet.dts = round(1000 * cue.start)
    packet.duration = milliseconds
    return packet


def _frames(recording: Recording) -> Iterator[av.VideoFrame]:
    slides = [_slide(number) for number in range(len(SLIDES))]
    count = math.ceil(recording.seconds * FRAMES_PER_SECOND)
    for index in range(count):
        seconds = index / FRAMES_PER_SECOND
        shown = sum(start <= seconds for start in recording.slide_starts) - 1
        picture = slides[shown].copy()
        width = round(SIZE[0] * seconds / recording.seconds)
        ImageDraw.Draw(picture).rectangle((0, SIZE[1] - 8, width, SIZE[1]), AMBER)
        frame = av.VideoFrame.from_image(picture)
        frame.pts, frame.time_base = index, Fraction(1, FRAMES_PER_SECOND)
        yield frame


def _slide(number: int) -> Image.Image:
    slide = SLIDES[number]
    picture = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, SIZE[0], 130), TEAL)
    draw.text((70, 36), slide.title, "white", ImageFont.load_default(52))
    for row, point in enumerate(slide.points):
        y = 220 + 105 * row
        draw.ellipse((74, y + 10, 94, y + 30), AMBER)
        draw.text((122, y - 6), point, INK, ImageFont.load_default(42))
    _rotor(draw, 1050, 530, 8 if number == 0 else 2 * number)
    draw.text((70, 650), f"{number + 1} of {len(SLIDES)}", INK, ImageFont.load_default(24))
    return picture


def _rotor(draw: ImageDraw.ImageDraw, x: int, y: int, filled: int) -> None:
    """A rotor from above with `filled` of its eight places loaded, in opposite pairs."""
    draw.ellipse((x - 130, y - 130, x + 130, y + 130), PALE, TEAL, 5)
    order = (0, 4, 2, 6, 1, 5, 3, 7)
    for rank, place in enumerate(order):
        angle = place * math.pi / 4
        hole_x, hole_y = x + 88 * math.cos(angle), y + 88 * math.sin(angle)
        colour = AMBER if rank < filled else "white"
        draw.ellipse((hole_x - 24, hole_y - 24, hole_x + 24, hole_y + 24), colour, TEAL, 4)
    draw.ellipse((x - 24, y - 24, x + 24, y + 24), TEAL)


def _sound(recording: Recording, stream: Any) -> Iterator[av.AudioFrame]:
    size = stream.codec_context.frame_size or 1024
    for start in range(0, len(recording.samples), size):
        piece = recording.samples[start : start + size].astype(np.float32) / 32768
        frame = av.AudioFrame.from_ndarray(piece[None, :], format="fltp", layout="mono")
        frame.sample_rate, frame.pts = SAMPLE_RATE, start
        frame.time_base = Fraction(1, SAMPLE_RATE)
        yield frame
