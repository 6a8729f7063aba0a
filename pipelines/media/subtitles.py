"""Subtitles: SubRip and WebVTT files, and the packets of subtitle streams, as Cues.

WebVTT: https://www.w3.org/TR/webvtt1/. SubRip has no standard; it is read as players do.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipelines.errors import SourceUnreadable

_MOST_BYTES = 20_000_000
"""A day of speech is about one million."""
_LAST_SECONDS = 4.0
"""How long a cue is taken to stand that does not say when it ends."""
_CLOCK = r"(?:(\d{1,4}):)?([0-5]?\d):([0-5]?\d)(?:[.,](\d{1,3}))?"
_TIMING = re.compile(rf"^\s*{_CLOCK}\s*-->\s*{_CLOCK}(?:\s.*)?$")
_VOICE = re.compile(r"<v(?:\.[^\s>]*)?\s+([^>]*)>")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<\d[\d:.]*>|\{\\[^}]*\}")


@dataclass(frozen=True)
class Cue:
    """What is said from `t_start` to `t_end` (seconds), by whom if known.

    `confidence` is 0..1 where speech was recognised, None where a person wrote it; `language` the
    ISO 639 code of the language in which it was heard, where the transcriber tells.
    """

    t_start: float
    t_end: float
    text: str
    speaker: str | None = None
    confidence: float | None = None
    language: str | None = None


@dataclass(frozen=True)
class Subtitles:
    """Cues by their start, and how many were skipped because they can't be understood."""

    cues: tuple[Cue, ...]
    skipped: int
    format: Literal["srt", "vtt"] = "srt"


def read_subtitles(path: Path) -> Subtitles:
    """The .srt or .vtt at `path`; SourceUnreadable when it holds no cue at all."""
    if path.stat().st_size > _MOST_BYTES:
        raise SourceUnreadable("The subtitle file is too large to be one; upload the .srt or .vtt.")
    subtitles = parse_subtitles(decode_text(path.read_bytes()))
    if not subtitles.cues:
        raise SourceUnreadable("The subtitle file holds no cue with a time and a text.")
    return subtitles


def decode_text(data: bytes) -> str:
    """Text of a subtitle file: a byte order mark decides, then UTF-8, then Windows-1252."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def parse_subtitles(text: str) -> Subtitles:
    """Cues of SubRip or WebVTT text, in order of time.

    A cue is a timing line and the lines after it, up to a blank line or the next timing; all else
    (numbers, names, notes, styles, regions) says nothing. A timing line that can't be understood,
    or that ends before it starts, is skipped with its text and counted.
    """
    cues: list[Cue] = []
    skipped = 0
    times: tuple[float, float] | None = None
    said: list[str] = []
    lines = [*text.lstrip("\ufeff").splitlines(), ""]
    for line in lines:
        is_timing = "-->" in line
        if line.strip() and not is_timing:
            said.append(line)
            continue
        if is_timing and said and said[-1].strip().isdigit():
            said.pop()
        if times:
            cues += _voices(*times, "\n".join(said))
        times, said = None, []
        if is_timing:
            times = _times(line)
            skipped += times is None
    return Subtitles(
        cues=tuple(sorted(cues, key=lambda cue: (cue.t_start, cue.t_end))),
        skipped=skipped,
        format="vtt" if lines[0].startswith("WEBVTT") else "srt",
    )


def _times(line: str) -> tuple[float, float] | None:
    timing = _TIMING.match(line)
    if timing is None:
        return None
    start, end = _seconds(*timing.groups()[:4]), _seconds(*timing.groups()[4:])
    return (start, end) if end >= start else None


def cues_from_packets(
    codec: str, packets: Iterable[tuple[float, float | None, bytes]]
) -> tuple[Cue, ...]:
    """Cues of a subtitle stream: `packets` are (start, end or None, payload) in seconds."""
    timed = sorted(packets, key=lambda packet: packet[0])
    cues: list[Cue] = []
    for index, (start, end, payload) in enumerate(timed):
        if end is None:
            following = timed[index + 1][0] if index + 1 < len(timed) else start + _LAST_SECONDS
            end = min(max(following, start), start + _LAST_SECONDS)
        text, speaker = _payload(codec, payload)
        for cue in _voices(start, end, text):
            cues.append(cue if cue.speaker or not speaker else _spoken_by(cue, speaker))
    return tuple(cues)


def _payload(codec: str, payload: bytes) -> tuple[str, str | None]:
    if codec == "mov_text":
        # 3GPP TS 26.245: a 16 bit length, the text, then boxes of styles.
        body = payload[2 : 2 + int.from_bytes(payload[:2], "big")]
        return decode_text(body), None
    if codec == "ass":
        # Matroska's form: ReadOrder, Layer, Style, Name, three margins, Effect, Text.
        parts = decode_text(payload).split(",", 8)
        if len(parts) < 9:
            return "", None
        return re.sub(r"\\[Nn]", "\n", parts[8]).replace("\\h", " "), parts[3].strip() or None
    return decode_text(payload), None


def _spoken_by(cue: Cue, speaker: str) -> Cue:
    return Cue(cue.t_start, cue.t_end, cue.text, speaker, cue.confidence)


def _voices(start: float, end: float, text: str) -> list[Cue]:
    """One cue, or one per voice when several speak in it."""
    pieces = _VOICE.split(text)
    spoken: list[tuple[str | None, str]] = [(None, pieces[0])]
    spoken += list(zip(pieces[1::2], pieces[2::2], strict=True))
    cues = []
    for speaker, said in spoken:
        plain = _plain(said)
        if plain:
            name = _plain(speaker) or None if speaker else None
            cues.append(Cue(round(start, 3), round(end, 3), plain, name))
    return cues


def _plain(text: str) -> str:
    """Without tags and entities, on one line."""
    return " ".join(html.unescape(_TAG.sub("", text)).replace("\u200b", "").split())


def _seconds(hours: str | None, minutes: str, seconds: str, fraction: str | None) -> float:
    whole = int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)
    return whole + int((fraction or "0").ljust(3, "0")) / 1000
