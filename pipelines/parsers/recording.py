"""Video and audio: what is said, with its seconds.

The text comes from the best witness there is: subtitles inside the file, else a side-car
subtitle file, else speech to text. Parts are windows of a minute, of 20 s where
speech must be recognised; a sentence belongs to the window in which it begins.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from pipelines.errors import SourceUnreadable
from pipelines.media import Recording, Sound, describe, subtitle_packets, too_long
from pipelines.speech.contract import Transcriber
from pipelines.speech.transcripts import open_transcriber, transcribe
from pipelines.subtitles import Cue, cues_from_packets, read_subtitles
from pipelines.types import (
    ParseOptions,
    ParseWarning,
    Part,
    Segment,
    SourceType,
    Span,
    TimeLocator,
)

_WINDOW = 60
"""Seconds of a Part whose words are written already."""
_SPOKEN_WINDOW = 20
"""Seconds of a Part whose words must be recognised first, which on a busy machine takes longer
than it takes to say them: short Parts show that the work goes on."""
_PAUSE = 0.8
"""Seconds of silence that end a sentence when no punctuation does."""
_LONGEST = 400
"""Characters after which a sentence without an end is parted."""
_ENDS = (".", "!", "?", "…", "。", "！", "？", "؟", "।")
_CLOSERS = "\"'”’»)]）」』"


class VideoParser:
    source_type: SourceType = "video"
    media_types = frozenset(
        {
            "video/mp4",
            "video/quicktime",
            "video/x-m4v",
            "video/webm",
            "video/x-matroska",
            "video/x-msvideo",
            "video/ogg",
        }
    )

    def parse(self, path: Path, options: ParseOptions) -> Iterator[Part]:
        yield from _parse(path, options)


class AudioParser:
    source_type: SourceType = "audio"
    media_types = frozenset(
        {
            "audio/mpeg",
            "audio/mp4",
            "audio/x-m4a",
            "audio/m4a",
            "audio/aac",
            "audio/wav",
            "audio/x-wav",
            "audio/flac",
            "audio/x-flac",
            "audio/ogg",
            "audio/webm",
            "audio/x-matroska",
        }
    )

    def parse(self, path: Path, options: ParseOptions) -> Iterator[Part]:
        yield from _parse(path, options)


@dataclass
class _Script:
    """Where a recording's words come from: cues that were written, or sound to transcribe."""

    engine: str | None = None
    language: str | None = None
    cues: tuple[Cue, ...] = ()
    sound: Sound | None = None
    transcriber: Transcriber | None = None
    warnings: list[ParseWarning] = field(default_factory=list)

    @property
    def window(self) -> int:
        """Seconds of a Part."""
        return _WINDOW if self.transcriber is None else _SPOKEN_WINDOW

    def segments(self, start: int, stop: int | None) -> Iterator[Segment]:
        """Sentences that begin at `start` seconds or later, and before `stop`."""
        if self.sound is not None and self.transcriber is not None:
            # A transcript is resumed in the middle, so a sentence may not reach back over the
            # border of its window into words that were not transcribed this time.
            cues = transcribe(self.sound, self.transcriber, start, stop)
            yield from _sentences(cues, window=self.window)
            return
        for segment in _sentences(self.cues, window=None):
            if _start(segment) >= start and (stop is None or _start(segment) < stop):
                yield segment


def _parse(path: Path, options: ParseOptions) -> Iterator[Part]:
    recording = describe(path)
    if recording.duration > options.max_seconds:
        raise too_long(recording.duration, options.max_seconds)
    script = _script(path, options, recording)
    facts = _facts(recording, script)
    total = max(1, math.ceil(recording.duration))
    window = script.window
    first = math.ceil(options.start / window)
    if options.start >= total:
        return
    windows = groupby(
        script.segments(first * window, options.stop),
        key=lambda segment: int(_start(segment) // window),
    )
    upcoming = next(windows, None)
    said_anything = False
    index = first
    while options.stop is None or index * window < options.stop:
        segments: tuple[Segment, ...] = ()
        if upcoming is not None and upcoming[0] == index:
            segments = tuple(upcoming[1])
            upcoming = next(windows, None)
        said_anything = said_anything or bool(segments)
        start, stop = index * window, (index + 1) * window
        is_last = upcoming is None and stop >= total
        warnings = [*script.warnings] if index == 0 else []
        if segments and script.transcriber is not None and script.transcriber.low_confidence:
            warnings.append(_low_confidence(start))
        if is_last:
            warnings += _damage(script)
            if not said_anything and not any(True for _ in script.segments(0, start)):
                segments = (_metadata(recording),)
                warnings.append(_nothing_said(recording, script))
        words = sum(len(s.text.split()) for s in segments if s.kind == "speech")
        stop = max(start + 1, min(stop, total)) if is_last else stop
        yield Part(
            start=start,
            stop=stop,
            total=max(total, stop),
            unit="seconds",
            segments=segments,
            warnings=tuple(warnings),
            facts=facts,
            counts={"words": words, "seconds": stop - start},
        )
        if is_last:
            return
        index += 1


def _script(path: Path, options: ParseOptions, recording: Recording) -> _Script:
    warnings: list[ParseWarning] = []
    for track in recording.subtitles:
        cues = cues_from_packets(track.codec, subtitle_packets(path, track.index))
        if cues:
            return _Script(
                engine=f"subtitles:{track.codec}",
                language=track.language,
                cues=_within(cues, recording, warnings),
                warnings=warnings,
            )
    if options.subtitles:
        beside = Path(options.subtitles)
        try:
            subtitles = read_subtitles(beside)
        except (SourceUnreadable, OSError) as exc:
            reason = str(exc) if isinstance(exc, SourceUnreadable) else "It can't be opened."
            warnings.append(
                ParseWarning(
                    code="subtitles_unreadable",
                    message=f"The subtitle file was not used. {reason}",
                )
            )
        else:
            if subtitles.skipped:
                warnings.append(
                    ParseWarning(
                        code="cues_skipped",
                        message=f"{subtitles.skipped} cues of the subtitle file have a time that "
                        "can't be understood and were skipped.",
                    )
                )
            return _Script(
                engine=f"sidecar:{beside.suffix.lower().lstrip('.') or 'srt'}",
                cues=_within(subtitles.cues, recording, warnings),
                warnings=warnings,
            )
    transcriber = open_transcriber(options.transcriber)
    if recording.audio is None or transcriber is None:
        return _Script(warnings=warnings)
    return _Script(
        engine=transcriber.name,
        sound=Sound(path, options.max_seconds),
        transcriber=transcriber,
        warnings=warnings,
    )


def _within(
    cues: tuple[Cue, ...], recording: Recording, warnings: list[ParseWarning]
) -> tuple[Cue, ...]:
    """Cues that begin while the recording runs; the others can't be played."""
    kept = tuple(cue for cue in cues if cue.t_start < max(1.0, recording.duration))
    if len(kept) < len(cues):
        warnings.append(
            ParseWarning(
                code="cues_skipped",
                message=f"{len(cues) - len(kept)} subtitle cues begin after the recording ends "
                "and were skipped; the subtitles may belong to another cut.",
            )
        )
    return kept


def _sentences(cues: Iterable[Cue], window: int | None) -> Iterator[Segment]:
    """Cues joined to sentences; a speaker's change or, if given, a window's border parts them."""
    held: list[Cue] = []
    for cue in cues:
        if held and (
            _ends_sentence(held[-1].text)
            or cue.speaker != held[-1].speaker
            or cue.t_start - held[-1].t_end >= _PAUSE
            or sum(len(each.text) + 1 for each in held) + len(cue.text) > _LONGEST
            or (window and cue.t_start // window != held[-1].t_start // window)
        ):
            yield _segment(held)
            held = []
        held.append(cue)
    if held:
        yield _segment(held)


def _ends_sentence(text: str) -> bool:
    return text.rstrip(_CLOSERS).endswith(_ENDS)


def _segment(cues: list[Cue]) -> Segment:
    """One segment, a locator and a span per cue; the speaker's name stands before the words."""
    text = f"{cues[0].speaker}: " if cues[0].speaker else ""
    spans: list[Span] = []
    for index, cue in enumerate(cues):
        text += " " if index else ""
        spans.append((len(text), len(text) + len(cue.text), index, -1))
        text += cue.text
    heard = [(cue.confidence, len(cue.text)) for cue in cues if cue.confidence is not None]
    weight = sum(length for _, length in heard)
    return Segment(
        text=text,
        kind="speech",
        locators=tuple(TimeLocator(t_start=cue.t_start, t_end=cue.t_end) for cue in cues),
        spans=tuple(spans),
        confidence=round(sum(c * n for c, n in heard) / weight, 3) if weight else None,
    )


def _start(segment: Segment) -> float:
    first = segment.locators[0]
    assert isinstance(first, TimeLocator)
    return first.t_start


def _facts(recording: Recording, script: _Script) -> dict[str, object]:
    video = recording.video
    facts: dict[str, object] = {
        "duration": round(recording.duration, 3),
        "format": recording.container,
        "codecs": [c for c in (video.codec if video else None, recording.audio) if c],
        "engine": script.engine,
        "language": script.language or recording.language,
        "title": recording.tags.get("title"),
        "author": recording.tags.get("artist"),
        "created": recording.tags.get("creation_time") or recording.tags.get("date"),
    }
    if video:
        facts |= {"width": video.width, "height": video.height, "fps": video.fps}
    return {key: value for key, value in facts.items() if value is not None}


def _metadata(recording: Recording) -> Segment:
    video = recording.video
    told = [
        "Video" if video else "Audio",
        recording.container,
        f"{clock(recording.duration)} long",
        f"{video.width} x {video.height} pixels" if video else None,
        recording.tags.get("title"),
        recording.tags.get("artist"),
        recording.tags.get("creation_time") or recording.tags.get("date"),
    ]
    return Segment(
        text=", ".join(each for each in told if each),
        kind="metadata",
        locators=(TimeLocator(t_start=0.0, t_end=round(recording.duration, 3)),),
    )


def _nothing_said(recording: Recording, script: _Script) -> ParseWarning:
    if recording.audio is None:
        message = "The recording has no sound and no subtitles; only its description is searchable."
    elif script.transcriber is None:
        return ParseWarning(
            code="not_transcribed",
            message="The recording has no subtitles and speech to text is off; add a subtitle "
            "file, or set a transcriber.",
        )
    else:
        message = "No speech was recognised; add a subtitle file if something is said."
    return ParseWarning(code="no_speech", message=message)


def _low_confidence(start: int) -> ParseWarning:
    return ParseWarning(
        code="low_confidence",
        message="The words were recognised by a small model for English and are often wrong; "
        "add a subtitle file, or set a better transcriber.",
        place=clock(start),
    )


def _damage(script: _Script) -> list[ParseWarning]:
    if script.sound is None or not script.sound.damaged:
        return []
    return [
        ParseWarning(
            code="damaged_sound",
            message=f"{script.sound.damaged} pieces of the sound are broken and were skipped.",
        )
    ]


def clock(seconds: float) -> str:
    """Seconds as 00:03:10."""
    whole = int(seconds)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"
