"""Key frames: the moments at which a film shows something new that may carry text.

Compared are small grey pictures, block by block. A block counts as new when it has changed since
the last key frame and stands still now: so noise, fades, a speaker beside the slide and a camera
that moves make none. Each window of the film is looked at on its own, from what was on show when
it began, so that reading can go on at any window and finds the same.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.media.frame_samples import Frame, Plan, Sample, frames

if TYPE_CHECKING:
    import numpy as np

    from pipelines.types import Box

WIDTH, HEIGHT, BLOCK = 320, 176, 8
_CHANGED = 8.0
"""Mean difference of a block's pixels (of 255) above which it changed; the grain of a bad webcam
leaves 3, the thinnest grey letters 10."""
_FLICKER = 16.0
"""Difference in the light of the whole picture that is taken for the camera's own."""
_LEAST_BLOCKS = 4
"""Of 880 that must be new; a mouse pointer has 2, a short number 6."""
_LINE_BLOCKS = 8
"""New blocks that a short line of text has; fewer are a small change, which is not missed."""
_TEXTURE = 10.0
"""Standard deviation of a block's pixels below which nothing is written in it."""
_MOVING = 0.25
"""Share of blocks that changed which ends what was on show, even if nothing stands still."""
_STANDS = 3.0
"""Seconds to the next sample after which a picture is taken to have stood still."""
_FLEETING = 1.0
"""Seconds to the next sample below which a picture may be in the middle of a fade."""
_MOVING_SECONDS = 20.0
"""While everything moves, a picture is read this often: a label may be filmed by hand."""
_LONGEST = 1280
"""Pixels of a picture's longer side; larger ones take twice as long to read."""
_MOST_A_MINUTE = 8
_MOST = 600
"""Key frames of a film of any length that are read; a long one has fewer a minute."""


@dataclass(frozen=True)
class KeyFrame:
    """What is on show from `t_start` (seconds) on.

    `grey` is uint8 [HEIGHT, WIDTH]; `picture` a JPEG to read, None where there is nothing to.
    """

    t_start: float
    grey: np.ndarray
    picture: bytes | None


@dataclass(frozen=True)
class Window:
    """The key frames that begin in one window of the film; `before` is what was on show then.

    `skipped` counts those with lines of text beyond what is read in so short a time, `lost`
    moments that could not be decoded.
    """

    index: int
    before: np.ndarray | None
    key_frames: tuple[KeyFrame, ...]
    skipped: int = 0
    lost: int = 0


def most_per_window(window: int, duration: float) -> int:
    """Key frames read in `window` seconds of a film of `duration` seconds."""
    a_minute = min(float(_MOST_A_MINUTE), _MOST / max(1.0, duration / 60))
    return max(1, round(a_minute * window / 60))


def windows(path: Path, plan: Plan, seconds: int, first: int, most: int) -> Iterator[Window]:
    """Windows of `seconds` from number `first` on, each with at most `most` pictures to read.

    Windows without a sample are left out. Memory is bounded by one window.
    """
    places = [int(sample.changed // seconds) for sample in plan.samples]
    begin = next((i for i, place in enumerate(places) if place >= first), len(places))
    planned = Counter(places[begin:])
    before: np.ndarray | None = None
    scan: _Scan | None = None
    for frame, grey, following in _with_next(frames(path, plan.samples[max(0, begin - 1) :])):
        index = int(frame.sample.changed // seconds)
        if index >= first:
            if scan is None or scan.index != index:
                if scan is not None:
                    yield scan.finish(most, planned.pop(scan.index))
                for lost in [place for place in planned if place < index]:
                    yield Window(lost, before, (), lost=planned.pop(lost))
                scan = _Scan(index, before)
            scan.look(frame, grey, following)
        before = grey
    if scan is not None:
        yield scan.finish(most, planned.pop(scan.index))
    for index, lost in planned.items():
        yield Window(index, before, (), lost=lost)


def _with_next(
    found: Iterator[Frame],
) -> Iterator[tuple[Frame, np.ndarray, tuple[float, np.ndarray] | None]]:
    """Each frame, its grey picture, and (time, grey picture) of the next one, if any."""

    def greys() -> Iterator[tuple[Frame, np.ndarray] | None]:
        for frame in found:
            yield frame, frame.grey(WIDTH, HEIGHT)
        yield None

    for now, after in pairwise(greys()):
        if now is not None:
            yield *now, (after[0].sample.time, after[1]) if after else None


class _Scan:
    """Finds the key frames of one window, sample by sample."""

    def __init__(self, index: int, before: np.ndarray | None) -> None:
        self.index = index
        self._before = self._shown = self._last = before
        self._looked = 0
        self._found: list[tuple[KeyFrame, int]] = []
        """With the number of blocks that are new."""
        self._read_at: float | None = None

    def look(
        self, frame: Frame, grey: np.ndarray, following: tuple[float, np.ndarray] | None
    ) -> None:
        self._looked += 1
        self._judge(frame, grey, following)
        self._last = grey

    def _judge(
        self, frame: Frame, grey: np.ndarray, following: tuple[float, np.ndarray] | None
    ) -> None:
        sample = frame.sample
        texture = _texture(grey)
        if self._shown is None:
            self._keep(frame, grey, int(texture.sum()))
            return
        changed = blocks_changed(self._shown, grey)
        still = self._still(sample, grey, following)
        if (changed & still).sum() >= _LEAST_BLOCKS:
            new = int((changed & still & texture).sum())
            self._keep(frame, grey, new if new >= _LEAST_BLOCKS // 2 else 0)
        elif changed.mean() > _MOVING:
            # A film by hand may show a label for long and never stand still.
            due = self._read_at is None or sample.time - self._read_at >= _MOVING_SECONDS
            self._keep(frame, grey, min(1, int(texture.sum())) if due else 0)

    def _still(
        self, sample: Sample, grey: np.ndarray, following: tuple[float, np.ndarray] | None
    ) -> np.ndarray:
        """bool [rows, columns]: blocks that stand still."""
        import numpy as np

        apart = following[0] - sample.time if following else _STANDS
        alone = following is not None and apart >= _STANDS
        if alone or (sample.is_quiet and apart >= _FLEETING):
            return np.ones((HEIGHT // BLOCK, WIDTH // BLOCK), dtype=bool)
        other = following[1] if following else self._last
        return ~blocks_changed(grey, other if other is not None else grey)

    def _keep(self, frame: Frame, grey: np.ndarray, new: int) -> None:
        self._shown = grey
        if not new and self._found and self._found[-1][0].picture is None:
            return
        picture = _jpeg(frame) if new else None
        if new:
            self._read_at = frame.sample.time
        begin = round(frame.sample.changed, 2)
        self._found.append((KeyFrame(t_start=begin, grey=grey, picture=picture), new))

    def finish(self, most: int, planned: int) -> Window:
        """The window; of more than `most` pictures the ones with the most new blocks are read.

        Of small changes (clocks, progress bars, mouse pointers) only a few are.
        """
        ranked = sorted((-new, i) for i, (key, new) in enumerate(self._found) if key.picture)
        lines = [i for new, i in ranked if -new >= _LINE_BLOCKS]
        others = [i for new, i in ranked if -new < _LINE_BLOCKS]
        room = min(max(1, most // 4), max(0, most - len(lines)))
        skipped = {*lines[most:], *others[room:]}
        return Window(
            index=self.index,
            before=self._before,
            key_frames=tuple(
                KeyFrame(key.t_start, key.grey, None) if i in skipped else key
                for i, (key, _) in enumerate(self._found)
            ),
            skipped=len(lines[most:]),
            lost=planned - self._looked,
        )


def blocks_changed(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """bool [HEIGHT / BLOCK, WIDTH / BLOCK] of two grey pictures: where they differ."""
    import numpy as np

    return np.asarray(_blocks(_difference(one, other)).mean(axis=(1, 3)) > _CHANGED)


def region_changed(one: np.ndarray, other: np.ndarray, box: Box) -> bool:
    """Whether two grey pictures differ anywhere along a line of text in `box`."""
    import numpy as np

    x0, x1 = int(box[0] * WIDTH), max(int(box[0] * WIDTH) + 1, int(np.ceil(box[2] * WIDTH)))
    y0, y1 = int(box[1] * HEIGHT), max(int(box[1] * HEIGHT) + 1, int(np.ceil(box[3] * HEIGHT)))
    along = _difference(one, other)[y0:y1, x0:x1].mean(axis=0)
    # A digit is narrower than the line that it stands in.
    pieces = np.array_split(along, max(1, len(along) // BLOCK))
    return any(float(piece.mean()) > _CHANGED for piece in pieces)


def _difference(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Absolute differences, float32, without a change in the light of the whole picture."""
    import numpy as np

    difference = other.astype(np.float32) - one.astype(np.float32)
    light = float(np.median(difference))
    return np.abs(difference - light if abs(light) <= _FLICKER else difference)


def _texture(grey: np.ndarray) -> np.ndarray:
    """bool [rows, columns]: blocks in which something may be written."""
    import numpy as np

    return np.asarray(_blocks(grey.astype(np.float32)).std(axis=(1, 3)) >= _TEXTURE)


def _blocks(pixels: np.ndarray) -> np.ndarray:
    return pixels.reshape(HEIGHT // BLOCK, BLOCK, WIDTH // BLOCK, BLOCK)


def _jpeg(frame: Frame) -> bytes:
    encoded = io.BytesIO()
    frame.picture(_LONGEST).convert("RGB").save(encoded, "JPEG", quality=95)
    return encoded.getvalue()
