"""Where a recording's words come from, and its sentences with their seconds.

The best witness there is: subtitles inside the file, else a side-car subtitle file, else speech
to text.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.errors import SourceUnreadable
from pipelines.media.recordings import Recording, Sound, subtitle_packets
from pipelines.media.subtitles import Cue, cues_from_packets, read_subtitles
from pipelines.parsers.contract import ParseOptions
from pipelines.speech.contract import Transcriber
from pipelines.speech.transcripts import Missed, open_transcriber, transcribe
from pipelines.speech.utterances import utterances
from pipelines.types import ParseWarning, Segment, Span, TimeLocator

_WINDOW = 60
"""Seconds of a Part whose words are written already."""
_SPOKEN_WINDOW = 20
"""Seconds of a Part whose words must be recognised first, which on a busy machine takes longer
than it takes to say them: short Parts show that the work goes on."""
_PAUSE = 0.8
"""Seconds of silence that end a sentence when no punctuation does."""
_LONGEST = 400
"""Characters after which a sentence without an end is parted."""
_DOUBTED = 0.5
"""Confidence of a cue below which it is told that its words may be wrong: the transcriber gave what
it wrote less than even odds. At 0.37 Whisper takes its own words for failed (Radford et al. 2022,
section 4.5)."""
_ENDS = (".", "!", "?", "…", "。", "！", "？", "؟", "।")
_CLOSERS = "\"'”’»)]）」』"


@dataclass
class Script:
    """Where a recording's words come from: cues that were written, or sound to transcribe."""

    engine: str | None = None
    language: str | None = None
    """Of the subtitles, or of most that was heard so far."""
    cues: tuple[Cue, ...] = ()
    sound: Sound | None = None
    transcriber: Transcriber | None = None
    warnings: list[ParseWarning] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)
    """Speech that the transcriber gave no answer for, in order."""
    doubted: list[float] = field(default_factory=list)
    """Where cues begin whose words the transcriber itself doubts (seconds), in order."""
    heard_in: Counter[str] = field(default_factory=Counter)
    """Characters heard in each language, where the transcriber tells it."""
    heartbeat: Callable[[], None] = lambda: None
    """Called while speech is recognised."""

    @property
    def window(self) -> int:
        """Seconds of a Part."""
        return _WINDOW if self.sound is None else _SPOKEN_WINDOW

    def warn(self, code: str, message: str) -> None:
        self.warnings.append(ParseWarning(code=code, message=message))

    def windows(self, first: int, stop: int | None) -> Iterator[tuple[Segment, ...]]:
        """Sentences by the window in which they begin, from window `first` on, before `stop`
        seconds. Ends after the last window with words, or later."""
        if self.sound is not None and self.transcriber is not None:
            yield from self._spoken(self.sound, self.transcriber, first, stop)
            return
        written: dict[int, list[Segment]] = {}
        for segment in _sentences(self.cues):
            written.setdefault(int(start_of(segment) // self.window), []).append(segment)
        for index in range(first, max(written, default=0) + 1):
            if stop is None or index * self.window < stop:
                yield tuple(written.get(index, ()))

    def _spoken(
        self, sound: Sound, transcriber: Transcriber, first: int, stop: int | None
    ) -> Iterator[tuple[Segment, ...]]:
        """A window is told as soon as the one after it is heard. A transcript is resumed in the
        middle, so no sentence reaches over the border of a window."""
        heard: list[Cue] = []
        index, start = first, first * self.window
        for cue in transcribe(sound, transcriber, start, stop, self.missed, self.heartbeat):
            while cue.t_start >= (index + 1) * self.window:
                yield tuple(_sentences(heard, transcriber.name))
                heard = []
                index += 1
            if cue.text:
                heard.append(cue)
                if cue.confidence is not None and cue.confidence < _DOUBTED:
                    self.doubted.append(cue.t_start)
                if cue.language:
                    self.heard_in[cue.language] += len(cue.text)
                    self.language = self.heard_in.most_common(1)[0][0]
        yield tuple(_sentences(heard, transcriber.name))

    def may_have_words(self, stop: int) -> bool:
        """Whether words begin before `stop` seconds, as far as can be told without recognising
        them again."""
        if self.sound is not None and self.transcriber is not None:
            found = utterances(self.sound, self.transcriber.pause, self.transcriber.longest)
            utterance = next(found, None)
            return utterance is not None and utterance.start < stop
        return any(cue.t_start < stop for cue in self.cues)


def script_of(path: Path, options: ParseOptions, recording: Recording) -> Script:
    """The best script of the recording at `path`.

    Raises ModelUnavailable when speech must be recognised and the transcriber is not there.
    """
    script = Script(heartbeat=options.heartbeat)
    for track in recording.subtitles:
        cues = cues_from_packets(track.codec, subtitle_packets(path, track.index))
        script.cues = _within(cues, recording, script.warnings)
        if script.cues:
            script.engine, script.language = f"subtitles:{track.codec}", track.language
            if options.subtitles:
                script.warn(
                    "subtitles_unused",
                    "The subtitle file was not used: the recording has subtitles of its own.",
                )
            return script
    if options.subtitles:
        _read_beside(Path(options.subtitles), recording, script)
        if script.cues:
            return script
    script.transcriber = open_transcriber(options.transcriber, options.outside)
    if recording.audio is not None and script.transcriber is not None:
        script.engine = script.transcriber.name
        script.sound = Sound(path, options.max_seconds)
    return script


def _read_beside(path: Path, recording: Recording, script: Script) -> None:
    """Takes the cues of a side-car file; what of it can't be used is told."""
    try:
        subtitles = read_subtitles(path)
    except (SourceUnreadable, OSError) as exc:
        reason = str(exc) if isinstance(exc, SourceUnreadable) else "It can't be opened."
        script.warn("subtitles_unreadable", f"The subtitle file was not used. {reason}")
        return
    if subtitles.skipped:
        script.warn(
            "cues_skipped",
            f"{subtitles.skipped} cues of the subtitle file have a time that can't be understood "
            "and were skipped.",
        )
    script.cues = _within(subtitles.cues, recording, script.warnings)
    if script.cues:
        script.engine = f"sidecar:{subtitles.format}"


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


def _sentences(cues: Iterable[Cue], engine: str | None = None) -> Iterator[Segment]:
    """Cues joined to sentences; a speaker's change parts them, and so does a pause.

    `engine` is what recognised them; None where somebody wrote them.
    """
    held: list[Cue] = []
    for cue in cues:
        if held and (
            _ends_sentence(held[-1].text)
            or cue.speaker != held[-1].speaker
            or cue.t_start - held[-1].t_end >= _PAUSE
            or sum(len(each.text) + 1 for each in held) + len(cue.text) > _LONGEST
        ):
            yield _segment(held, engine)
            held = []
        held.append(cue)
    if held:
        yield _segment(held, engine)


def _ends_sentence(text: str) -> bool:
    return text.rstrip(_CLOSERS).endswith(_ENDS)


def _segment(cues: list[Cue], engine: str | None) -> Segment:
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
        engine=engine,
        confidence=round(sum(c * n for c, n in heard) / weight, 3) if weight else None,
    )


def start_of(segment: Segment) -> float:
    first = segment.locators[0]
    assert isinstance(first, TimeLocator)
    return first.t_start
