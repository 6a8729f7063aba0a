"""Which transcriber serves, and a recording's cues by it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import ModelUnavailable
from pipelines.external.contract import Outside, OutsideUnavailable
from pipelines.media.recordings import Sound
from pipelines.media.subtitles import Cue
from pipelines.speech.contract import Transcriber
from pipelines.speech.remote import RemoteTranscriber
from pipelines.speech.sphinx import SphinxTranscriber
from pipelines.speech.utterances import utterances
from pipelines.speech.whisper import WhisperTranscriber, find_model


def open_transcriber(setting: str, outside: Outside | None = None) -> Transcriber | None:
    """The transcriber for `auto`, `whisper:<model directory>`, `openai:<model>`, `pocketsphinx`;
    None for `none`.

    Models are loaded when first used; `outside` is asked for `openai`. Raises ModelUnavailable for
    an unknown setting, a directory without a model or a service that is not there to be asked.
    """
    if setting == "none":
        return None
    if setting == "pocketsphinx":
        return SphinxTranscriber()
    if setting.startswith("whisper:"):
        return WhisperTranscriber(Path(setting.removeprefix("whisper:")).expanduser())
    if setting.startswith("openai:"):
        if outside is None or outside.transcriber is None:
            raise ModelUnavailable(f"There is no service to ask for TRANSCRIBER={setting}.")
        return RemoteTranscriber(outside)
    if setting == "auto":
        model = find_model()
        return WhisperTranscriber(model) if model else SphinxTranscriber()
    raise ModelUnavailable(
        f"Unknown transcriber {setting!r}; use auto, whisper:<directory>, openai:<model>, "
        "pocketsphinx or none."
    )


@dataclass(frozen=True)
class Missed:
    """Speech that was not transcribed, from `start` to `end` seconds, and why."""

    start: float
    end: float
    reason: str


def transcribe(
    sound: Sound,
    transcriber: Transcriber,
    start: float = 0.0,
    stop: float | None = None,
    missed: list[Missed] | None = None,
    heartbeat: Callable[[], None] = lambda: None,
) -> Iterator[Cue]:
    """Cues that begin at `start` seconds or later and before `stop`, in order.

    A cue without text says that up to then nothing was understood. `heartbeat` is called after
    each utterance.

    What a service outside did not transcribe is added to `missed`; without it, that raises
    OutsideUnavailable.

    The sound is always listened to from its beginning, which is cheap, because where utterances
    begin depends on it; only those that reach past `start` are transcribed, which is not.
    """
    for utterance in utterances(sound, transcriber.pause, transcriber.longest):
        if stop is not None and utterance.start >= stop:
            return
        if utterance.end <= start:
            continue
        try:
            cues = transcriber.transcribe(utterance)
        except OutsideUnavailable as error:
            if missed is None:
                raise
            missed.append(Missed(max(start, utterance.start), utterance.end, str(error)))
            cues = []
        heartbeat()
        if not cues:
            cues = [Cue(max(start, utterance.start), utterance.end, "")]
        for cue in cues:
            if cue.t_start >= start and (stop is None or cue.t_start < stop):
                yield cue
