"""Video and audio: what is said, with its seconds, and what is written in the pictures.

Parts are windows of a minute, of 20 s where speech must be recognised; a sentence or a picture
belongs to the window in which it begins.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from pipelines.media.on_screen_text import Shown, ShownText
from pipelines.media.recordings import Recording, describe, too_long
from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.recordings.spoken_words import Script, script_of, start_of
from pipelines.types import ParseWarning, Part, Segment, SourceType, TimeLocator


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
            "video/mp2t",
            "video/mpeg",
            "video/x-ms-asf",
            "video/x-flv",
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
            "audio/x-ms-wma",
            "audio/aiff",
            "audio/amr",
            "audio/amr-wb",
            "audio/ac3",
            "audio/x-caf",
        }
    )

    def parse(self, path: Path, options: ParseOptions) -> Iterator[Part]:
        yield from _parse(path, options)


def _parse(path: Path, options: ParseOptions) -> Iterator[Part]:
    recording = describe(path)
    if recording.duration > options.max_seconds:
        raise too_long(recording.duration, options.max_seconds)
    script = script_of(path, options, recording)
    total = max(1, math.ceil(recording.duration))
    window = script.window
    first = math.ceil(options.start / window)
    if options.start >= total:
        return
    spoken = script.windows(first, options.stop)
    pictures = None
    if recording.video is not None:
        pictures = ShownText(path, window, first, recording.duration, script.cues)
    ahead: tuple[Segment, ...] | None = None
    said_anything = False
    index = first
    while options.stop is None or index * window < options.stop:
        said = ahead if ahead is not None else next(spoken, ())
        said_anything = said_anything or bool(said)
        shown = pictures.window(index) if pictures else Shown()
        start, stop = index * window, (index + 1) * window
        if stop >= total:
            # A header may tell less than there is.
            ahead = next(spoken, None)
        is_last = stop >= total and ahead is None
        stop = max(start + 1, min(stop, total)) if is_last else stop
        segments = sorted((*said, *shown.segments), key=start_of)
        if index == 0 and not segments:
            segments = [_metadata(recording)]
        warnings = _warnings(script, said, shown, start, stop, is_last=is_last)
        if index == 0 and pictures and pictures.unreachable:
            warnings.append(_unreachable(pictures.unreachable))
        # Only a run that began in the middle does not know what was said before.
        known = said_anything or script.missed or not is_last
        if not known and not (first and script.may_have_words(first * window)):
            warnings.append(_nothing_said(recording, script))
        yield Part(
            start=start,
            stop=stop,
            total=max(total, stop),
            unit="seconds",
            segments=tuple(segments),
            warnings=tuple(warnings),
            facts=_facts(recording, script),
            counts=_counts(segments, stop - start, shown),
        )
        if is_last:
            return
        index += 1


def _warnings(
    script: Script,
    said: tuple[Segment, ...],
    shown: Shown,
    start: int,
    stop: int,
    *,
    is_last: bool,
) -> list[ParseWarning]:
    """What a Part tells of its words and pictures; the first and the last also of all."""
    place = f"{clock(start)} to {clock(stop)}"
    end = math.inf if is_last else stop
    return [
        *(script.warnings if start == 0 else ()),
        *_missed(script, start, end, place),
        *(_doubted(script, start, end, place) if said else ()),
        *_unread(shown, place),
        *(_damage(script) if is_last else ()),
    ]


def _counts(segments: list[Segment], seconds: int, shown: Shown) -> dict[str, int]:
    words = sum(len(segment.text.split()) for segment in segments if segment.kind != "metadata")
    counts = {"words": words, "seconds": seconds}
    return {**counts, "pictures_read": shown.pictures} if shown.pictures else counts


def _facts(recording: Recording, script: Script) -> dict[str, object]:
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


def _nothing_said(recording: Recording, script: Script) -> ParseWarning:
    searchable = "only its description is searchable"
    if recording.video is not None:
        searchable = "only its description, and what is written in its pictures, is searchable"
    if recording.audio is None:
        message = f"The recording has no sound and no subtitles; {searchable}."
    elif script.transcriber is None:
        return ParseWarning(
            code="not_transcribed",
            message="The recording has no subtitles and speech to text is off; add a subtitle "
            "file, or set a transcriber.",
        )
    else:
        message = "No speech was recognised; add a subtitle file if something is said."
    return ParseWarning(code="no_speech", message=message)


def _doubted(script: Script, start: float, stop: float, place: str) -> Iterator[ParseWarning]:
    """That words of one Part may be wrong: all of a transcriber that hears poorly, else those that
    it doubts itself."""
    if script.transcriber is not None and script.transcriber.low_confidence:
        message = (
            "The words were recognised by a small model for English and are often wrong; "
            "add a subtitle file, or set a better transcriber."
        )
        yield ParseWarning(code="low_confidence", message=message, place=place)
    elif any(start <= begin < stop for begin in script.doubted):
        message = (
            "Some words were hard to hear and may be wrong; listen to them, or add a subtitle file."
        )
        yield ParseWarning(code="low_confidence", message=message, place=place)


def _missed(script: Script, start: float, stop: float, place: str) -> Iterator[ParseWarning]:
    """What of the speech that begins in one Part was not transcribed, once for each reason."""
    gone = [missed for missed in script.missed if start <= missed.start < stop]
    for reason in dict.fromkeys(missed.reason for missed in gone):
        message = f"Speech was not transcribed. {reason}"
        yield ParseWarning(code="degraded", message=message, place=place)


def _unread(shown: Shown, place: str) -> Iterator[ParseWarning]:
    """What of the pictures of one Part was left out."""
    if shown.faint:
        message = "Some lines in the pictures are too hard to read and were left out."
        yield ParseWarning(code="low_confidence", message=message, place=place)
    if shown.skipped:
        message = (
            "The picture changes more often than it is read; some of what it shows is missing."
        )
        yield ParseWarning(code="pictures_skipped", message=message, place=place)
    if shown.lost:
        message = "Some pictures are broken and were skipped."
        yield ParseWarning(code="pictures_unreadable", message=message, place=place)


def _unreachable(count: int) -> ParseWarning:
    return ParseWarning(
        code="pictures_skipped",
        message=f"{count} changes of the picture are too far from a key frame to be looked at; "
        "save the video again with a key frame at least every few minutes.",
    )


def _damage(script: Script) -> list[ParseWarning]:
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
