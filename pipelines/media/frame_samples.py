"""Pictures of a film at the moments that matter, decoded at a small part of the whole film's cost.

An encoder spends bytes where the picture changes. So the sizes of the packets, read without
decoding, tell where to look: at key frames, and shortly after each burst of bytes between them.
Packets that no such picture needs are never decoded: an hour of slides takes seconds.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.media.recordings import decode, film_of, only, open_recording, origin_of, packets_of

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

_LEAST_APART = 1.0
"""Seconds between two key frames that are looked at, and after which a picture without a
successor stands for long enough to be read."""
_BURST = 6.0
"""Times the usual size of its neighbours that a packet is a burst from,"""
_BURST_OF_KEY = 0.002
"""as long as it has this share of the key frame's size"""
_BURST_BYTES = 80
"""and this many bytes."""
_COINCIDE = 0.35
"""Seconds to the next sample below which a sample tells nothing of its own."""
_QUIET = 0.02
"""Of the key frame's size that the usual packet after it has where little moves."""
_CALM = (0.6, 4)
"""Seconds, or pictures if they take longer, without a burst after which a change, a fade for
instance, is over: between two pictures that differ stand up to three made of them."""
_SETTLE = 0.25
"""Seconds after a burst until the encoder has made the picture sharp."""
_CUT = 0.5
"""Seconds that a hard change takes at most; of a longer one its middle counts as its time."""
_HIDING = {"vp8", "vp9", "av1"}
"""Codecs that send a picture long before they show it, so that bursts say less,"""
_HIDING_APART = 2.0
"""and the seconds after which the film is looked at all the same, as long as it is quiet."""
_MOST_APART = 10.0
"""Seconds after which any film is looked at between two key frames. Encoders' usual distance
between key frames is no longer."""
_ROUNDING = 0.002
_DEEPEST = 9000
"""Packets after a key frame beyond which nothing is decoded: to resume there would take as long
as decoding all of them."""


@dataclass(frozen=True)
class Sample:
    """A moment to look at: the picture of `time`, which may differ since `changed` (seconds)."""

    time: float
    changed: float
    key: int
    """Number of the key packet to decode from."""
    is_quiet: bool
    """Whether little moves around it, so that the picture stands as it is until the next one."""


@dataclass(frozen=True)
class Plan:
    """Samples in order of time, and how many moments can't be looked at for lack of key frames."""

    samples: tuple[Sample, ...]
    unreachable: int


class Frame:
    """A decoded picture, upright; `sample` is the moment it stands for."""

    def __init__(self, sample: Sample, frame: Any) -> None:
        self.sample = sample
        self._frame = frame

    def grey(self, width: int, height: int) -> np.ndarray:
        """The picture shrunk to uint8 [height, width], whatever its own shape."""
        import numpy as np

        turns = int(getattr(self._frame, "rotation", 0)) // 90 % 4
        size = (height, width) if turns % 2 else (width, height)
        small = self._frame.reformat(
            width=size[0], height=size[1], format="gray", interpolation="AREA"
        )
        return np.ascontiguousarray(np.rot90(small.to_ndarray(), turns))

    def picture(self, longest: int) -> Image:
        """The picture in colour, shrunk to `longest` pixels of its longer side if larger."""
        picture: Image = self._frame.to_image()
        if getattr(self._frame, "rotation", 0):
            picture = picture.rotate(self._frame.rotation, expand=True)
        picture.thumbnail((longest, longest), reducing_gap=2.0)
        return picture


def plan_samples(path: Path) -> Plan:
    """Where to look in the film at `path`, by its packets alone; the same for the same file."""
    import numpy as np

    times, sizes, keys = array("d"), array("q"), array("q")
    hiding = False
    with open_recording(path) as container:
        stream = film_of(container)
        if stream is None or stream.codec_context is None:
            return Plan((), 0)
        hiding = stream.codec_context.codec.canonical_name in _HIDING
        only(container, stream)
        origin = origin_of(container)
        for number, packet in enumerate(packets_of(container, stream)):
            if packet.is_keyframe and packet.size:
                keys.append(number)
            stamp = packet.pts if packet.pts is not None else packet.dts
            base = packet.time_base
            told = float(stamp * base) - origin if stamp is not None and base else None
            times.append(told if told is not None else (times[-1] if times else 0.0))
            sizes.append(packet.size)
    found: list[Sample] = []
    unreachable = 0
    clock, weight = np.array(times), np.array(sizes)
    ends = [*keys[1:], len(times)]
    for number, (first, stop) in enumerate(zip(keys, ends, strict=True)):
        begin = max(0.0, float(clock[first]))
        last = found[-1].time if found else -_LEAST_APART
        following = float(clock[ends[number]]) if number + 1 < len(keys) else begin + _LEAST_APART
        group = clock[first:stop], weight[first:stop]
        quiet = _is_quiet(group[1])
        # Of key frames close to each other some will do, but never the old picture for the new.
        if begin > last and max(begin - last, following - begin) >= _LEAST_APART:
            found.append(Sample(begin, begin, first, quiet))
        moments: list[Moment] = []
        if stop - first > 1:
            moments = _changes(*group)
            moments += _regular(*group, _HIDING_APART if hiding and quiet else _MOST_APART)
        for time, changed, depth in sorted(moments):
            if depth > _DEEPEST:
                unreachable += 1
            elif time > found[-1].time:
                found.append(Sample(time, max(changed, found[-1].time), first, quiet))
    return Plan(tuple(_apart(found)), unreachable)


def _apart(samples: list[Sample]) -> Iterator[Sample]:
    """Of samples that all but coincide the last: in a fade they would pass for a still picture."""
    changed: float | None = None
    for sample, following in zip_longest(samples, samples[1:]):
        begin = sample.changed if changed is None else changed
        if following is not None and following.time - sample.time < _COINCIDE:
            changed = begin
            continue
        changed = None
        yield replace(sample, changed=begin)


Moment = tuple[float, float, int]
"""When to look, when the picture changed (both in seconds), packets after the key frame."""


def _is_quiet(weight: np.ndarray) -> bool:
    import numpy as np

    between = weight[1:][weight[1:] > 0]
    return bool(len(between) and np.median(between) <= _QUIET * weight[0])


def _regular(clock: np.ndarray, weight: np.ndarray, apart: float) -> list[Moment]:
    """Moments at least `apart` seconds from each other, from the key frame and from the next."""
    import numpy as np

    found: list[Moment] = []
    last, end = float(clock[0]), float(clock.max())
    for depth in np.flatnonzero(weight > 0):
        time = float(clock[depth])
        if time - last >= apart and end - time >= _LEAST_APART:
            found.append((time, time, int(depth)))
            last = time
    return found


def _changes(clock: np.ndarray, weight: np.ndarray) -> list[Moment]:
    """Moments after a change of the picture between key frames.

    `clock` (float [n], seconds) and `weight` (int [n], bytes) are of one key packet and what
    follows it up to the next.
    """
    import numpy as np

    shown = np.argsort(clock, kind="stable")
    shown = shown[(clock[shown] > clock[0]) & (weight[shown] > 0)]
    if not len(shown):
        return []
    when, size = clock[shown], weight[shown]
    least = max(_BURST * float(np.median(size)), _BURST_OF_KEY * int(weight[0]), _BURST_BYTES)
    # What stands still for long was worth a packet of its own where a recorder writes one only
    # when something changes, or films less than a picture a second.
    stands = np.append(np.diff(when) >= 0.9 * _LEAST_APART, False)
    marks = np.flatnonzero((size >= least) | (stands & (size >= _BURST_BYTES)))
    if not len(marks):
        return []
    interval = float(np.median(np.diff(when))) if len(when) > 1 else 0.0
    calm = max(_CALM[0], min(_CALM[1] * interval, _LEAST_APART))
    found: list[Moment] = []
    for run in np.split(marks, np.flatnonzero(np.diff(when[marks]) > calm) + 1):
        begin, end = float(when[run[0]]), float(when[run[-1]])
        changed = begin if end - begin <= _CUT else (begin + end) / 2
        settled = min(int(np.searchsorted(when, end + _SETTLE)), len(when) - 1)
        if when[settled] - end > _LEAST_APART:
            settled = int(run[-1])
        found.append((float(when[settled]), changed, int(shown[settled])))
    return found


def frames(path: Path, samples: Iterable[Sample]) -> Iterator[Frame]:
    """The pictures of `samples`, in order; those that can't be decoded are left out.

    Decoding starts afresh at each key frame that is needed, so that a picture is the same
    whichever others are asked for.
    """
    waiting: dict[int, deque[Sample]] = {}
    for sample in samples:
        waiting.setdefault(sample.key, deque()).append(sample)
    with open_recording(path) as container:
        stream = film_of(container)
        if stream is None or stream.codec_context is None:
            return
        only(container, stream)
        stream.codec_context.skip_frame = "NONREF"
        origin = origin_of(container)
        asked: deque[Sample] = deque()
        fed: list[Any] = []
        for number, packet in enumerate(packets_of(container, stream)):
            if number in waiting or _is_last(packet):
                yield from _drain(stream, origin, asked, fed)
                asked = waiting.pop(number, deque())
            if asked and packet.size:
                yield from _reached(decode(packet), origin, asked, fed)
            elif not waiting:
                return


def _drain(stream: Any, origin: float, asked: deque[Sample], last: list[Any]) -> Iterator[Frame]:
    """What the decoder still holds, and its last picture for moments that none came after."""
    import av

    if not last and not asked:
        return
    try:
        held = list(stream.codec_context.decode(None))
    except av.error.FFmpegError:
        held = []
    yield from _reached(held, origin, asked, last)
    while asked and last:
        yield Frame(asked.popleft(), last[0])
    last.clear()
    stream.codec_context.flush_buffers()


def _reached(
    decoded: Iterable[Any], origin: float, asked: deque[Sample], last: list[Any]
) -> Iterator[Frame]:
    """The first picture at or after each moment `asked` for; `last` keeps the one decoded last."""
    for frame in decoded:
        last[:] = [frame]
        stamp = frame.pts if frame.pts is not None else frame.dts
        if stamp is None or frame.time_base is None:
            continue
        while asked and float(stamp * frame.time_base) - origin >= asked[0].time - _ROUNDING:
            yield Frame(asked.popleft(), frame)


def _is_last(packet: Any) -> bool:
    """Whether a packet is the empty one that ends a stream; AVI has empty ones in between."""
    return not packet.size and packet.dts is None
