"""Which transcriber serves, and a recording's cues by it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pipelines.errors import ModelUnavailable
from pipelines.media import Sound
from pipelines.speech.contract import Transcriber
from pipelines.speech.sphinx import SphinxTranscriber
from pipelines.speech.utterances import utterances
from pipelines.speech.whisper import WhisperTranscriber, find_model
from pipelines.subtitles import Cue


def open_transcriber(setting: str) -> Transcriber | None:
    """The transcriber for `auto`, `whisper:<model directory>`, `pocketsphinx`; None for `none`.

    Models are loaded when first used. Raises ModelUnavailable for an unknown setting or a
    directory without a model.
    """
    if setting == "none":
        return None
    if setting == "pocketsphinx":
        return SphinxTranscriber()
    if setting.startswith("whisper:"):
        return WhisperTranscriber(Path(setting.removeprefix("whisper:")).expanduser())
    if setting == "auto":
        model = find_model()
        return WhisperTranscriber(model) if model else SphinxTranscriber()
    raise ModelUnavailable(
        f"Unknown transcriber {setting!r}; use auto, whisper:<directory>, pocketsphinx or none."
    )


def transcribe(
    sound: Sound, transcriber: Transcriber, start: float = 0.0, stop: float | None = None
) -> Iterator[Cue]:
    """Cues that begin at `start` seconds or later and before `stop`, in order.

    The sound is always listened to from its beginning, which is cheap, because where utterances
    begin depends on it; only those that reach past `start` are transcribed, which is not.
    """
    for utterance in utterances(sound, transcriber.pause, transcriber.longest):
        if stop is not None and utterance.start >= stop:
            return
        if utterance.end <= start:
            continue
        for cue in transcriber.transcribe(utterance):
            if cue.t_start >= start and (stop is None or cue.t_start < stop):
                yield cue
