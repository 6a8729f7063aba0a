"""What is written in the pictures of a film: each line with its place and how long it stood.

A line that stands on from one key frame to the next is one line; it ends when the picture under
it changes. What stood there already when a window of the film began was read before.
"""

from __future__ import annotations

import io
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pipelines.media.frame_samples import plan_samples
from pipelines.media.key_frames import KeyFrame, Window, most_per_window, region_changed, windows
from pipelines.media.subtitles import Cue
from pipelines.types import Segment, Span, TimeLocator

if TYPE_CHECKING:
    import numpy as np

    from pipelines.ocr.layout import OcrLine
    from pipelines.types import Box

_LEAST_CONFIDENCE = 0.6
"""Of a line below which it is left out: textures are read as letters, but seldom with more."""
_SURE = 0.9
"""Confidence of two readings from which a digit that differs is believed."""
_LOOK_AHEAD = 600
"""Seconds after its window up to which the end of a line is looked for."""
_SAME = 0.85
"""Share of letters that two readings of one line have in common."""
_SUBTITLES_FROM = 0.65
"""Of the picture's height below which subtitles stand."""
_SUBTITLE_SLACK = 1.5
"""Seconds by which subtitles in the picture and in their track may differ."""
_LEAST_PIECE = 3
"""Letters of a stretch that means something."""
_INSIDE = 0.6
"""Share of a box that must lie in another to stand at the same place."""
_SHORTEST = 0.1
"""Seconds that anything is shown at least."""
_PLAIN = re.compile(r"[\W_]+")
_ENGINE: Literal["rapidocr"] = "rapidocr"
"""tesseract is for page scans."""


@dataclass(frozen=True)
class Shown:
    """Segments that begin in one window, in order of time, and what was not read of it.

    `faint` counts lines left out because they were too unsure; `skipped` and `lost` as in Window.
    """

    segments: tuple[Segment, ...] = ()
    pictures: int = 0
    faint: int = 0
    skipped: int = 0
    lost: int = 0


@dataclass
class _Standing:
    """A line on show: `seen` is its last reading, in the picture `grey`."""

    line: OcrLine
    t_start: float
    is_new: bool
    seen: OcrLine
    grey: np.ndarray
    t_end: float = 0.0

    def is_in(self, key: KeyFrame) -> bool:
        return not region_changed(self.grey, key.grey, self.seen.box)


class ShownText:
    """Reads window after window, in order, from number `first` on.

    `cues` are what is said, where that was written down: subtitles in the picture repeat it.
    """

    def __init__(
        self, path: Path, seconds: int, first: int, duration: float, cues: tuple[Cue, ...]
    ) -> None:
        plan = plan_samples(path)
        self.unreachable = plan.unreachable
        self._seconds = seconds
        self._duration = duration
        self._cues = cues
        most = most_per_window(seconds, duration)
        self._windows = windows(path, plan, seconds, first, most)
        self._ahead: deque[Window] = deque()

    def window(self, index: int) -> Shown:
        """What is shown in window `index`; windows are asked for in order."""
        while self._ahead and self._ahead[0].index < index:
            self._ahead.popleft()
        found = next(self._upcoming(), None)
        if found is None or found.index != index:
            return Shown()
        self._ahead.popleft()
        return self._read(found)

    def _upcoming(self) -> Iterator[Window]:
        """Windows not yet read, which stay to be read."""
        yield from tuple(self._ahead)
        for window in self._windows:
            self._ahead.append(window)
            yield window

    def _read(self, window: Window) -> Shown:
        standing: list[_Standing] = []
        begun: list[list[_Standing]] = []
        faint = 0
        for number, key in enumerate(window.key_frames):
            lines, unsure = _lines(key)
            faint += unsure
            standing, unknown = _go_on(standing, lines, key)
            # What was there already when the window began was read in the one before.
            old = window.before if number == 0 else None
            said = self._said(key.t_start)
            fresh = [
                _Standing(
                    line,
                    key.t_start,
                    is_new=(old is None or region_changed(old, key.grey, line.box))
                    and not _is_subtitle(line, said),
                    seen=line,
                    grey=key.grey,
                )
                for line in unknown
            ]
            standing += fresh
            begun.append([each for each in fresh if each.is_new])
        self._end(window, standing)
        return Shown(
            segments=tuple(s for lines in begun for s in _segments(lines)),
            pictures=sum(key.picture is not None for key in window.key_frames),
            faint=faint,
            skipped=window.skipped,
            lost=window.lost,
        )

    def _end(self, window: Window, standing: list[_Standing]) -> None:
        """Sets when lines end that stand on past the window."""
        last = (window.index + 1) * self._seconds + _LOOK_AHEAD
        for following in self._upcoming():
            standing = [each for each in standing if each.is_new]
            if not standing or following.index * self._seconds >= last:
                break
            for key in following.key_frames:
                standing = _go_on(standing, [], key)[0]
        for each in standing:
            each.t_end = max(min(last, self._duration), each.t_start + _SHORTEST)

    def _said(self, time: float) -> str:
        """Letters and digits of what the subtitle track says at about `time`."""
        return "".join(
            _plain(cue.text)
            for cue in self._cues
            if cue.t_start - _SUBTITLE_SLACK <= time <= cue.t_end + _SUBTITLE_SLACK
        )


def _is_subtitle(line: OcrLine, said: str) -> bool:
    """Whether the line repeats what is said: a subtitle in the picture."""
    letters = _plain(line.text)
    if not said or not letters or (line.box[1] + line.box[3]) / 2 < _SUBTITLES_FROM:
        return False
    blocks = SequenceMatcher(None, said, letters, autojunk=False).get_matching_blocks()
    same = sum(block.size for block in blocks if block.size >= _LEAST_PIECE)
    return same >= _SAME * len(letters)


def _lines(key: KeyFrame) -> tuple[list[OcrLine], int]:
    """The lines of a key frame in reading order, and how many were too unsure to be kept."""
    if key.picture is None:
        return [], 0
    from PIL import Image as pillow

    from pipelines.ocr import read_picture

    found = read_picture(pillow.open(io.BytesIO(key.picture)), engine=_ENGINE)
    kept = [line for line in found if line.confidence >= _LEAST_CONFIDENCE]
    faint = [line for line in found if line.confidence < _LEAST_CONFIDENCE]
    return kept, sum(len(_plain(line.text)) >= _LEAST_PIECE for line in faint)


def _go_on(
    standing: list[_Standing], lines: list[OcrLine], key: KeyFrame
) -> tuple[list[_Standing], list[OcrLine]]:
    """Those that stand in `key` too, and the lines that are none of them; the others end here."""
    unknown = list(lines)
    kept = []
    for each in standing:
        again = _again(each.seen, unknown)
        if again is not None:
            unknown.remove(again)
            each.seen, each.grey = again, key.grey
        elif not each.is_in(key) or _replaced(each, unknown):
            each.t_end = max(key.t_start, each.t_start + _SHORTEST)
            continue
        kept.append(each)
    # Where the picture is the same, other words are another reading of the same line.
    unchanged = [each.seen.box for each in kept if each.grey is not key.grey]
    return kept, [line for line in unknown if not any(_covers(box, line.box) for box in unchanged)]


def _replaced(each: _Standing, unknown: list[OcrLine]) -> bool:
    """Whether another value stands in the line's place: one small digit changes few pixels."""
    return any(
        _covers(each.seen.box, line.box)
        and min(each.seen.confidence, line.confidence) >= _SURE
        and _digits(each.seen.text) != _digits(line.text)
        for line in unknown
    )


def _again(line: OcrLine, among: list[OcrLine]) -> OcrLine | None:
    """The line of `among` that says the same, the nearest if several do."""
    same = [other for other in among if _says_same(line.text, other.text)]
    return min(
        same,
        key=lambda other: abs(other.box[0] - line.box[0]) + abs(other.box[1] - line.box[1]),
        default=None,
    )


def _says_same(one: str, other: str) -> bool:
    """Two readings of one line; a digit that differs is another value."""
    if _digits(one) != _digits(other):
        return False
    matcher = SequenceMatcher(None, _plain(one), _plain(other), autojunk=False)
    return matcher.quick_ratio() >= _SAME and matcher.ratio() >= _SAME


def _digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())


def _covers(box: Box, other: Box) -> bool:
    """Whether most of `other` lies in `box`."""
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    area = (other[2] - other[0]) * (other[3] - other[1])
    return max(0.0, width) * max(0.0, height) > _INSIDE * area


def _segments(lines: list[_Standing]) -> Iterator[Segment]:
    """One segment per block of lines, one Locator and one span per line."""
    from pipelines.ocr import block_text, group_lines

    times = {id(each.line): (each.t_start, each.t_end) for each in lines}
    for block in group_lines([each.line for each in lines]):
        text, places = block_text(block)
        spans: list[Span] = [(start, end, n, -1) for n, (start, end) in enumerate(places)]
        letters = sum(len(line.text) for line in block)
        yield Segment(
            text=text,
            locators=tuple(
                TimeLocator(
                    t_start=times[id(line)][0],
                    t_end=round(times[id(line)][1], 2),
                    frame=line.box,
                )
                for line in block
            ),
            spans=tuple(spans),
            engine=_ENGINE,
            confidence=round(sum(line.confidence * len(line.text) for line in block) / letters, 3),
        )


def _plain(text: str) -> str:
    """Letters and digits alone, case folded."""
    return _PLAIN.sub("", text).casefold()
