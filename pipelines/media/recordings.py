"""Recordings opened safely: what a container holds, its sound as samples, its poster picture.

A recording is a stranger's file, and ffmpeg would follow playlists (HLS, concat, DASH) to other
files and addresses. Three guards keep it inside the one file: its first bytes choose the demuxer
and no other may run, no protocol is allowed, and ffmpeg reads through our own file object, never
by path.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import SourceTooLarge, SourceUnreadable
from pipelines.media.containers import HEADER_BYTES, container_by_header

if TYPE_CHECKING:
    import numpy as np
    from av.container import InputContainer
    from PIL.Image import Image

SAMPLE_RATE = 16_000
"""Samples per second that speech recognisers are trained on."""
_MOVIE_PIXELS = 40_000_000
"""Of one video frame: 8K is 33 million."""
_TRIED_PACKETS = 50
_PICTURE_BRANDS = {b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif", b"avis", b"crx "}
_TEXT_SUBTITLES = {"mov_text", "subrip", "ass", "webvtt", "text"}


@dataclass(frozen=True)
class VideoTrack:
    codec: str
    width: int
    height: int
    fps: float | None


@dataclass(frozen=True)
class SubtitleTrack:
    index: int
    codec: str
    language: str | None


@dataclass(frozen=True)
class Recording:
    """What is known of a recording without decoding it; `duration` in seconds."""

    container: str
    duration: float
    video: VideoTrack | None = None
    audio: str | None = None
    """Codec of the sound, None when there is none that can be decoded."""
    subtitles: tuple[SubtitleTrack, ...] = ()
    """Text subtitles, the one to read first."""
    language: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    """Title, artist, date ... as the file says."""


def container_of(path: Path) -> tuple[str, str] | None:
    """ffmpeg's demuxer and a name for people, by the first bytes; None if it is no recording."""
    with path.open("rb") as file:
        header = file.read(HEADER_BYTES)
        if known := container_by_header(header):
            return known.demuxer, known.name
        head = header[:512]
        if head[:3] == b"ID3" and len(head) >= 10:
            file.seek(10 + _id3_size(head[6:10]))
            head = file.read(16) or head
            return ("flac", "FLAC") if head[:4] == b"fLaC" else ("mp3", "MP3")
    if head[4:8] in {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"}:
        if head[4:8] == b"ftyp" and head[8:12] in _PICTURE_BRANDS:
            return None
        brand = head[8:12] if head[4:8] == b"ftyp" else b"qt  "
        return "mov", {b"qt  ": "QuickTime", b"M4A ": "M4A"}.get(brand, "MP4")
    if head[:4] == b"\x1aE\xdf\xa3":
        return "matroska", "WebM" if b"webm" in head else "Matroska"
    if head[:4] in {b"RIFF", b"RF64"} and head[8:12] == b"WAVE":
        return "wav", "WAV"
    if head[:4] == b"RIFF" and head[8:11] == b"AVI":
        return "avi", "AVI"
    if head[:4] == b"OggS":
        return "ogg", "Ogg"
    if head[:4] == b"fLaC":
        return "flac", "FLAC"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        # Layer bits of 0 mark an ADTS frame of AAC; in MPEG audio they are reserved.
        return ("aac", "AAC") if head[1] & 0x06 == 0 else ("mp3", "MP3")
    return None


def _id3_size(four: bytes) -> int:
    """ID3v2 writes sizes in bytes of seven bits (id3.org, ID3v2.4.0 section 6.2)."""
    return four[0] << 21 | four[1] << 14 | four[2] << 7 | four[3]


@contextmanager
def open_recording(path: Path) -> Iterator[InputContainer]:
    """The container of `path`, to demux; SourceUnreadable when it is none or broken."""
    import av

    known = container_of(path)
    if known is None:
        raise SourceUnreadable("This is not a recording in a format that can be read.")
    demuxer, name = known
    with path.open("rb") as file:
        try:
            container = av.open(
                file,
                mode="r",
                format=demuxer,
                options={
                    "protocol_whitelist": "none",
                    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2" if demuxer == "mov" else demuxer,
                    "max_pixels": str(_MOVIE_PIXELS),
                },
                metadata_errors="replace",
            )
        except (av.error.FFmpegError, ValueError, OSError) as exc:
            raise SourceUnreadable(
                f"The {name} recording is broken and can't be opened; try to export it again."
            ) from exc
        with container:
            yield container


def describe(path: Path) -> Recording:
    """Tracks, duration and tags of the recording at `path`.

    Raises SourceUnreadable when it can't be opened or holds neither sound nor picture.
    """
    known = container_of(path)
    with open_recording(path) as container:
        video = film_of(container)
        audio = next((s for s in container.streams.audio if s.codec_context), None)
        if video is None and audio is None:
            raise SourceUnreadable("The recording holds neither sound nor moving pictures.")
        track = None
        if video is not None and video.codec_context:
            rate = video.average_rate or video.guessed_rate
            turned = _is_turned(container, video)
            track = VideoTrack(
                codec=_codec(video),
                width=video.height if turned else video.width,
                height=video.width if turned else video.height,
                fps=round(float(rate), 3) if rate else None,
            )
        tags = {**(audio.metadata if audio else {}), **container.metadata}
        language = next(
            (found for s in (audio, video) if s is not None and (found := _language(s))), None
        )
        return Recording(
            container=known[1] if known else "",
            duration=_duration(container),
            video=track,
            audio=_codec(audio) if audio is not None else None,
            subtitles=_subtitle_tracks(container),
            language=language,
            tags={key.lower(): _clean(value) for key, value in tags.items() if value},
        )


class Sound:
    """The sound of a recording as mono samples at SAMPLE_RATE, block by block.

    Iterating yields (seconds, int16 [n]): where a block starts and its samples. A packet that
    can't be decoded is skipped and counted in `damaged`; `seconds` is how far it was read.
    """

    def __init__(self, path: Path, max_seconds: int) -> None:
        self.path = path
        self.max_seconds = max_seconds
        self.damaged = 0
        self.seconds = 0.0

    def __iter__(self) -> Iterator[tuple[float, np.ndarray]]:
        import av

        with open_recording(self.path) as container:
            stream = next(s for s in container.streams.audio if s.codec_context)
            only(container, stream)
            resampler = av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)
            origin = origin_of(container)
            for packet in packets_of(container, stream, self):
                try:
                    frames = packet.decode()
                    blocks = [(f, block) for f in frames for block in resampler.resample(f)]
                except (av.error.FFmpegError, ValueError):
                    self.damaged += 1
                    continue
                for frame, block in blocks:
                    samples = block.to_ndarray().ravel()
                    started = self.seconds
                    if frame.time is not None:
                        # Within this much the clock of packets and the count of samples differ
                        # by rounding and by what the resampler holds back.
                        told = float(frame.time) - origin
                        started = told if abs(told - started) > 0.25 else started
                    self.seconds = max(0.0, started) + len(samples) / SAMPLE_RATE
                    if self.seconds > self.max_seconds:
                        raise too_long(self.seconds, self.max_seconds)
                    yield max(0.0, started), samples


def too_long(seconds: float, limit: int) -> SourceTooLarge:
    return SourceTooLarge(
        f"The recording is longer than {limit // 60} minutes ({int(seconds) // 60}); "
        "split it and upload the pieces."
    )


def poster(path: Path, longest: int = 1280) -> Image | None:
    """The first picture that is not black, at most `longest` pixels a side; None without one.

    Of a sound file: its cover. Looks at the key frames of the first minute only.
    """
    from PIL import Image as pillow

    first: Image | None = None
    with open_recording(path) as container:
        stream = next((s for s in container.streams.video if s.codec_context), None)
        if stream is None:
            return None
        only(container, stream)
        stream.codec_context.skip_frame = "NONKEY"
        origin = origin_of(container)
        for packet in packets_of(container, stream):
            for frame in decode(packet):
                picture = frame.to_image()
                if getattr(frame, "rotation", 0):
                    picture = picture.rotate(frame.rotation, expand=True)
                picture.thumbnail((longest, longest), pillow.Resampling.BICUBIC)
                if not _is_black(picture):
                    return picture
                first = first or picture
                if frame.time is not None and float(frame.time) - origin > 60:
                    return first
    return first


def subtitle_packets(path: Path, index: int) -> Iterator[tuple[float, float | None, bytes]]:
    """(start, end or None, payload) of one subtitle stream, in seconds, without decoding video."""
    with open_recording(path) as container:
        stream = container.streams[index]
        only(container, stream)
        origin = origin_of(container)
        for packet in packets_of(container, stream):
            if packet.pts is None or not packet.size or packet.time_base is None:
                continue
            start = max(0.0, float(packet.pts * packet.time_base) - origin)
            length = float(packet.duration * packet.time_base) if packet.duration else None
            yield start, start + length if length else None, bytes(packet)


def packets_of(
    container: InputContainer, stream: Any | None, sound: Sound | None = None
) -> Iterator[Any]:
    """Packets of `stream` (all when None) to the end, or to where the container breaks off.

    The last one is empty and makes a decoder give up the frames it still holds.
    """
    import av

    try:
        yield from container.demux(*([stream] if stream is not None else []))
    except av.error.FFmpegError:
        if sound is not None:
            sound.damaged += 1


def only(container: InputContainer, stream: Any) -> None:
    """Let the demuxer skip what belongs to other streams instead of reading it."""
    from av.stream import Discard

    for other in container.streams:
        if other.index != stream.index:
            other.discard = Discard.all


def _duration(container: InputContainer) -> float:
    """Seconds; by reading all packets where the header does not say (browsers' WebM recorders)."""
    if container.duration and container.duration > 0:
        return float(container.duration) / 1_000_000
    last = 0.0
    origin = origin_of(container)
    for packet in packets_of(container, None):
        if packet.pts is not None and packet.time_base is not None:
            end = packet.pts + (packet.duration or 0)
            last = max(last, float(end * packet.time_base) - origin)
    return last


def origin_of(container: InputContainer) -> float:
    """Where the clock starts: players count from a recording's first picture or sound."""
    return max(0.0, float(container.start_time or 0) / 1_000_000)


def _subtitle_tracks(container: InputContainer) -> tuple[SubtitleTrack, ...]:
    """Text tracks; the default one first, forced ones (signs only) last."""
    from av.stream import Disposition

    def rank(stream: Any) -> tuple[bool, bool, int]:
        forced = bool(stream.disposition & Disposition.forced)
        return forced, not stream.disposition & Disposition.default, stream.index

    return tuple(
        SubtitleTrack(stream.index, _codec(stream), _language(stream))
        for stream in sorted(container.streams.subtitles, key=rank)
        if stream.codec_context and _codec(stream) in _TEXT_SUBTITLES
    )


def _codec(stream: Any) -> str:
    """The codec's name, not that of the decoder in use (mp3, not mp3float)."""
    return str(stream.codec_context.codec.canonical_name)


def _is_cover(stream: Any) -> bool:
    from av.stream import Disposition

    return bool(stream.disposition & Disposition.attached_pic)


def film_of(container: InputContainer) -> Any | None:
    """The stream of moving pictures; None when there is none but a cover."""
    return next((s for s in container.streams.video if not _is_cover(s)), None)


def _is_turned(container: InputContainer, stream: Any) -> bool:
    """Whether players turn the picture by a quarter, as the first decoded frame says."""
    for packet in itertools.islice(packets_of(container, stream), _TRIED_PACKETS):
        frame = next(iter(decode(packet)), None)
        if frame is not None:
            return int(getattr(frame, "rotation", 0)) % 180 == 90
    return False


def decode(packet: Any) -> list[Any]:
    """What a packet decodes to; nothing when it is damaged."""
    import av

    try:
        return list(packet.decode())
    except (av.error.FFmpegError, ValueError):
        return []


def _language(stream: Any) -> str | None:
    language = stream.metadata.get("language", "und")
    return None if language in {"und", ""} else _clean(language)


def _clean(text: str) -> str:
    """A tag as one short line: whoever made the file wrote it."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]


def _is_black(picture: Image) -> bool:
    import numpy as np

    light = np.asarray(picture.convert("L").resize((32, 32)))
    return bool(light.max() < 32)
