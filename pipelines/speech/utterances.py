"""Stretches of sound in which somebody speaks.

A voice activity detector judges frames of 30 ms; short gaps inside speech are kept, silence and
steady noise are not passed on, so that no recogniser is asked to find words in them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.media.recordings import SAMPLE_RATE

if TYPE_CHECKING:
    import numpy as np

_FRAME = SAMPLE_RATE * 30 // 1000
_FRAME_SECONDS = _FRAME / SAMPLE_RATE
_PAD = 8
"""Frames kept before the first and after the last of speech: soft consonants."""
_ONSET = 4
"""Frames of speech among the last _ONSET_WINDOW that start an utterance."""
_ONSET_WINDOW = 6
_LEAST_SPEECH = 8
"""Frames of speech below which an utterance is a click."""
_QUIET = 60.0
"""RMS of 32768 (-55 dBFS) under which a frame is silence whatever the detector says."""


@dataclass(frozen=True)
class Utterance:
    """`samples` is int16 [n] at SAMPLE_RATE, from `start` seconds on."""

    start: float
    samples: np.ndarray

    @property
    def end(self) -> float:
        return self.start + len(self.samples) / SAMPLE_RATE


def utterances(
    sound: Iterable[tuple[float, np.ndarray]], pause: float, longest: float
) -> Iterator[Utterance]:
    """Utterances of `sound`, blocks of (start in seconds, int16 [n]).

    One ends after `pause` seconds without speech; one of `longest` seconds is cut where it is
    quietest in its last quarter. Memory is bounded by `longest`.
    """
    import numpy as np
    from pocketsphinx import Vad

    detector = Vad(mode=2, sample_rate=SAMPLE_RATE)
    hangover = max(1, round(pause / _FRAME_SECONDS))
    most = round(longest / _FRAME_SECONDS)
    before: deque[np.ndarray] = deque(maxlen=_PAD + _ONSET_WINDOW)
    recent: deque[bool] = deque(maxlen=_ONSET_WINDOW)
    frames: list[np.ndarray] = []
    voiced: list[bool] = []
    begin = 0.0

    def finish() -> Iterator[Utterance]:
        if sum(voiced) >= _LEAST_SPEECH:
            last = max(index for index, is_speech in enumerate(voiced) if is_speech)
            yield Utterance(round(begin, 3), np.concatenate(frames[: last + 1 + _PAD]))
        frames.clear()
        voiced.clear()
        before.clear()
        recent.clear()

    for time, frame in _frames(sound):
        if frame is None:
            yield from finish()
            continue
        level = float(np.sqrt(np.mean(np.square(frame, dtype=np.float32))))
        is_speech = level >= _QUIET and bool(detector.is_speech(frame.tobytes()))
        if not frames:
            before.append(frame)
            recent.append(is_speech)
            if sum(recent) >= _ONSET:
                frames.extend(before)
                voiced.extend([False] * (len(before) - len(recent)) + list(recent))
                begin = max(0.0, time - (len(frames) - 1) * _FRAME_SECONDS)
            continue
        frames.append(frame)
        voiced.append(is_speech)
        if not any(voiced[-hangover:]):
            yield from finish()
        elif len(frames) >= most:
            cut = _quietest(frames)
            rest, rest_voiced, cut_time = frames[cut:], voiced[cut:], begin + cut * _FRAME_SECONDS
            del frames[cut:], voiced[cut:]
            yield from finish()
            frames, voiced, begin = rest, rest_voiced, cut_time
    yield from finish()


def _frames(
    sound: Iterable[tuple[float, np.ndarray]],
) -> Iterator[tuple[float, np.ndarray | None]]:
    """(start, 480 samples) after another; (start, None) where the recording jumps in time."""
    import numpy as np

    held = np.zeros(0, dtype=np.int16)
    clock = 0.0
    for start, samples in sound:
        if abs(start - (clock + len(held) / SAMPLE_RATE)) > 0.25:
            held = np.zeros(0, dtype=np.int16)
            clock = start
            yield clock, None
        held = np.concatenate([held, samples])
        for index in range(0, len(held) - _FRAME + 1, _FRAME):
            yield clock, held[index : index + _FRAME]
            clock += _FRAME_SECONDS
        held = held[len(held) - len(held) % _FRAME :]
    if len(held):
        yield clock, np.pad(held, (0, _FRAME - len(held)))


def _quietest(frames: list[np.ndarray]) -> int:
    import numpy as np

    tail = len(frames) - len(frames) // 4
    levels = [float(np.mean(np.square(f, dtype=np.float32))) for f in frames[tail:]]
    smooth = np.convolve(levels, np.ones(5) / 5, mode="same")
    return tail + int(np.argmin(smooth))
