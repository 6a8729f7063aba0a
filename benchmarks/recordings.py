"""How well recordings are read: subtitles, speech to text, silence and music, slides in films.

`python -m benchmarks.recordings` prints the figures; `--json FILE` writes them too.

- Subtitles: each cue of a gold file must come back with its words and its own seconds.
- Speech: the built-in recogniser (pocketsphinx) against human text or, marked `silver`, another
  model's words: word error rate, words found, and, where words have times, how many of those
  found stand in a cue that is on at the time.
- Silence and music: every word there is an invention.
- Slides: films whose slides, times and words are known, through fades, grain, a moving speaker
  and several encoders; and what looking for key frames in an hour of film costs.
"""

from __future__ import annotations

import argparse
import json
import re
import resource
import tempfile
import time
import wave
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

import av
import numpy as np

from benchmarks.slide_film import Look, Slide, make_film
from pipelines.media.frame_samples import plan_samples
from pipelines.media.key_frames import most_per_window, windows
from pipelines.media.recordings import SAMPLE_RATE
from pipelines.media.subtitles import Cue, read_subtitles
from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.recordings.parser import VideoParser
from pipelines.types import Part

CORPUS = Path(__file__).parent.parent / ".." / "shared" / "data"
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_TOLERANCE = 0.5
"""Seconds by which a word's time may lie outside of the cue that has it."""
GOLD_CUES = {"sonnet001.mp3": "sonnet001.gold.srt", "test001.mp4": "autocut_test001.gold.srt"}
GOLD_TEXTS = {"p001.wav": "p001.gold.txt", "sonnet001.mp3": "sonnet001.gold.txt"}
SILVER = ("gloria.mp3", "punctuations.mp3", "bonjour.wav", "smartphone.mp3")
"""The last three are French, which the recogniser does not know: each word is wrong there."""
WORDLESS = ("silent_1s.wav", "laugh1.mp3")
_LISTENED = 20
"""Seconds of each recording: enough for a figure."""


def words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text.replace("’", "'"))]


def word_error_rate(gold: list[str], heard: list[str]) -> float:
    """Substitutions, insertions and deletions per gold word (Levenshtein)."""
    row = list(range(len(heard) + 1))
    for i, expected in enumerate(gold, 1):
        before, row[0] = row[0], i
        for j, word in enumerate(heard, 1):
            best = min(row[j] + 1, row[j - 1] + 1, before + (word != expected))
            before, row[j] = row[j], best
    return row[-1] / max(1, len(gold))


def cues_of(parts: list[Part]) -> list[Cue]:
    """Cues of what is said, as cited."""
    return [
        Cue(place.t_start, place.t_end, segment.text[start:end])
        for part in parts
        for segment in part.segments
        for start, end, index, _ in segment.spans
        if (place := segment.locators[index]).type == "time" and place.frame is None
    ]


def measure_subtitles(folder: Path) -> dict[str, Any]:
    """File -> cues, those that came back exactly, and the largest error in seconds."""
    found = {}
    for name, gold_name in GOLD_CUES.items():
        gold = read_subtitles(folder / gold_name).cues
        parts = _parse(folder / name, subtitles=str(folder / gold_name))
        ours = cues_of(parts)
        pairs = list(zip(gold, ours, strict=False))
        errors = [abs(a.t_start - b.t_start) + abs(a.t_end - b.t_end) for a, b in pairs]
        found[name] = {
            "cues": len(gold),
            "same": sum(a.text == b.text for a, b in pairs),
            "error_s": round(max(errors, default=0.0), 3),
        }
    return found


def measure_speech(folder: Path) -> dict[str, Any]:
    """File -> word error rate, recall, precision, share in time, and seconds per second."""
    found: dict[str, Any] = {}
    for name, gold_name in GOLD_TEXTS.items():
        text = (folder / gold_name).read_text("utf-8")
        timed = list(_timed(folder, text))
        found[name] = _heard(folder / name, timed, gold="human")
    for name in SILVER:
        data = json.loads((folder / f"{name}.silver.words.json").read_text("utf-8"))
        timed = [
            (word["start"], word["end"], word["text"])
            for segment in data["segments"]
            for word in segment["words"]
        ]
        found[name] = _heard(folder / name, timed, gold="silver")
    return found


def _timed(folder: Path, text: str) -> Iterator[tuple[float, float, str]]:
    """The lines of `text` with their seconds: both recordings begin with the same reading."""
    spoken = [words(line) for line in text.splitlines()]
    for cue in read_subtitles(folder / GOLD_CUES["sonnet001.mp3"]).cues:
        if words(cue.text) in spoken:
            yield cue.t_start, cue.t_end, cue.text


def _heard(path: Path, timed: list[tuple[float, float, str]], gold: str) -> dict[str, Any]:
    began = time.perf_counter()
    parts = _parse(path, stop=_LISTENED)
    seconds = time.perf_counter() - began
    cues = cues_of(parts)
    length = min(float(_LISTENED), parts[0].facts["duration"])
    known = [(a, b, word) for a, b, text in timed if a < length for word in words(text)]
    heard = [word for cue in cues for word in words(cue.text)]
    expected = [word for *_, word in known]
    shared = sum((Counter(expected) & Counter(heard)).values())
    told = set(heard)
    placed = [
        any(
            word in words(cue.text)
            and cue.t_start - _TOLERANCE <= end
            and start <= cue.t_end + _TOLERANCE
            for cue in cues
        )
        for start, end, word in known
        if word in told
    ]
    return {
        "gold": gold,
        "words": len(expected),
        "heard": len(heard),
        "wer": round(word_error_rate(expected, heard), 3),
        "recall": round(shared / max(1, len(expected)), 3),
        "precision": round(shared / max(1, len(heard)), 3),
        "in_time": round(sum(placed) / max(1, len(placed)), 3),
        "seconds_per_second": round(seconds / length, 3),
    }


def sounds_without_words() -> dict[str, np.ndarray]:
    """int16 sounds of ten seconds at SAMPLE_RATE in which nobody speaks."""
    at = np.arange(SAMPLE_RATE * 10) / SAMPLE_RATE
    random = np.random.default_rng(3)
    beat = np.exp(-((at * 2) % 1) * 12)
    swell = 0.5 + 0.5 * np.sin(2 * np.pi * 2 * at)
    notes = np.repeat([262, 330, 392, 523, 440, 349, 294, 392, 330, 262] * 4, SAMPLE_RATE // 4)
    made = {
        "silence": np.zeros(len(at)),
        "noise": random.normal(0, 3000, len(at)),
        "tone": 8000 * np.sin(2 * np.pi * 440 * at),
        "chords": swell * sum(2500 * np.sin(2 * np.pi * f * at) for f in (220, 277, 330, 440)),
        "melody": 9000 * swell * np.sin(2 * np.pi * np.cumsum(notes) / SAMPLE_RATE),
        "drums": beat * (random.normal(0, 9000, len(at)) + 9000 * np.sin(2 * np.pi * 80 * at)),
        "motor": 4000 * np.sign(np.sin(2 * np.pi * 55 * at)) * (0.8 + 0.2 * swell),
    }
    return {name: np.clip(values, -32768, 32767).astype(np.int16) for name, values in made.items()}


def write_sound(path: Path, samples: np.ndarray) -> Path:
    """A WAV of int16 `samples` at SAMPLE_RATE."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.tobytes())
    return path


def measure_wordless(corpus: Path, scratch: Path) -> dict[str, int]:
    """Name -> words that were invented."""
    files = {name: corpus / name for name in WORDLESS if (corpus / name).is_file()}
    for name, samples in sounds_without_words().items():
        files[name] = write_sound(scratch / f"{name}.wav", samples)
    return {
        name: sum(len(words(cue.text)) for cue in cues_of(_parse(path)))
        for name, path in files.items()
    }


SLIDES = (
    Slide(0.0, ("Halvora C24: service", "Replace the drive belt", "Tools: 4 mm hex key")),
    Slide(6.4, ("1 Prepare", "Unplug the mains cable")),
    Slide(12.2, ("1 Prepare", "Unplug the mains cable", "Wait 90 seconds")),
    Slide(19.0, ("Speed 1200 rpm", "Temperature 21 C"), is_dark=True),
    Slide(24.6, ("Speed 4500 rpm", "Temperature 24 C"), is_dark=True),
    Slide(31.0, ("2 Open the cover", "Turn both screws to the left")),
    Slide(38.8, ("1 Prepare", "Unplug the mains cable")),
    Slide(45.0, ("3 Fit the belt", "Tension: 35 N at the middle")),
)
FILM_SECONDS = 52.0
FILMS = {
    "h264": (".mp4", Look((1280, 720), rate=10)),
    "h264, fades, grain": (".mkv", Look((1280, 720), 10, fade=0.8, noise=4.0, key_every=50)),
    "h264, speaker beside": (".mp4", Look((1280, 720), 10, speaker=True, key_every=20)),
    "vp9": (".webm", Look((640, 360), 10, codec="libvpx-vp9", key_every=128)),
    "mjpeg": (".avi", Look((640, 360), 10, codec="mjpeg")),
}


def measure_slides(scratch: Path) -> dict[str, Any]:
    """Film -> slides found, error of their starts in seconds, words found, words that are not
    there, pictures read, seconds of work per minute of film."""
    return {name: _film(scratch, n, name) for n, name in enumerate(FILMS)}


def _film(scratch: Path, number: int, name: str) -> dict[str, Any]:
    suffix, look = FILMS[name]
    path = make_film(scratch / f"film{number}{suffix}", SLIDES, FILM_SECONDS, look)
    began = time.perf_counter()
    parts = _parse(path)
    seconds = time.perf_counter() - began
    lines = [
        (place.t_start, place.t_end, segment.text[start:end])
        for part in parts
        for segment in part.segments
        for start, end, index, _ in segment.spans
        if (place := segment.locators[index]).frame  # type: ignore[union-attr]
    ]
    expected = _new_lines()
    errors = []
    for at, text in expected:
        own = [abs(start - at) for start, _, line in lines if words(line) == words(text)]
        errors += [min(own)] if own and min(own) < 3.0 else []
    gold = Counter(word for _, text in expected for word in words(text))
    read = Counter(word for *_, line in lines for word in words(line))
    shared = (gold & read).total()
    return {
        "lines": len(expected),
        "found": len(errors),
        "error_median_s": round(median(errors), 2) if errors else None,
        "error_max_s": round(max(errors), 2) if errors else None,
        "word_recall": round(shared / gold.total(), 3),
        "word_precision": round(shared / max(1, read.total()), 3),
        "pictures_read": sum(part.counts.get("pictures_read", 0) for part in parts),
        "seconds_per_minute": round(seconds / FILM_SECONDS * 60, 2),
    }


def _new_lines() -> list[tuple[float, str]]:
    """Each line of the slides with the time at which it appears; one that stays appears once."""
    found = [(SLIDES[0].t_start, line) for line in SLIDES[0].lines]
    for before, slide in pairwise(SLIDES):
        found += [(slide.t_start, line) for line in slide.lines if line not in before.lines]
    return found


def measure_hour(scratch: Path) -> dict[str, Any]:
    """Seconds to find the key frames of an hour of 720p at 25 pictures a second."""
    minute = make_film(scratch / "minute.mp4", SLIDES, 60, Look((1280, 720), rate=25, speaker=True))
    hour = _repeated(minute, scratch / "hour.mp4", 60)
    began = time.perf_counter()
    plan = plan_samples(hour)
    planned = time.perf_counter() - began
    most = most_per_window(60, 3600)
    found = list(windows(hour, plan, 60, 0, most))
    return {
        "megabytes": round(hour.stat().st_size / 1e6, 1),
        "plan_s": round(planned, 2),
        "all_s": round(time.perf_counter() - began, 2),
        "looked_at": len(plan.samples),
        "to_read": sum(key.picture is not None for w in found for key in w.key_frames),
    }


def _repeated(path: Path, target: Path, times: int) -> Path:
    """The film `times` over, without encoding it again."""
    with av.open(str(target), "w") as container:
        stream: Any = None
        shift = 0
        for _ in range(times):
            with av.open(str(path)) as source:
                given = source.streams.video[0]
                stream = stream or container.add_stream_from_template(given)
                base = given.time_base or Fraction(1, 1)
                for packet in source.demux(given):
                    if packet.dts is None or packet.pts is None:
                        continue
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    packet.stream = stream
                    container.mux(packet)
                shift += round(60 / base)
    return target


def _parse(path: Path, **options: Any) -> list[Part]:
    given = {"transcriber": "pocketsphinx", **options}
    return list(VideoParser().parse(path, ParseOptions(**given)))


def measure(corpus: Path = CORPUS) -> dict[str, Any]:
    """Every measure, ready for JSON; those that need the corpus are left out without it."""
    folder = corpus / "av"
    with tempfile.TemporaryDirectory() as scratch:
        result: dict[str, Any] = {}
        if folder.is_dir():
            result["subtitles"] = measure_subtitles(folder)
            result["speech"] = measure_speech(folder)
        result["invented_words"] = measure_wordless(folder, Path(scratch))
        result["slides"] = measure_slides(Path(scratch))
        result["hour"] = measure_hour(Path(scratch))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result["peak_rss_mb"] = round(peak * 1024 / 1e6)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    result = measure(options.corpus)
    for measured, rows in result.items():
        print(f"{measured}" if isinstance(rows, dict) else f"{measured}: {rows}")
        for name, row in rows.items() if isinstance(rows, dict) else ():
            told = row.items() if isinstance(row, dict) else [("", row)]
            print(f"    {name:<24}" + "  ".join(f"{key} {value}".strip() for key, value in told))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1), "utf-8")


if __name__ == "__main__":
    main()
