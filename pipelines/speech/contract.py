"""What a transcriber is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pipelines.media.subtitles import Cue

if TYPE_CHECKING:
    from pipelines.speech.utterances import Utterance


class Transcriber(Protocol):
    """Turns an utterance into Cues, the same whatever it heard before.

    `name` goes into the report; `low_confidence` says that all its words need a warning, not only
    the Cues that it doubts itself. `pause` is the silence in seconds that ends an utterance,
    `longest` the seconds after which one is cut.
    No words are a fine answer: sound in which nothing is understood yields no Cue. `transcribe`
    raises OutsideUnavailable where a service outside is asked and gives no answer.
    """

    name: str
    low_confidence: bool
    pause: float
    longest: float

    def transcribe(self, utterance: Utterance) -> list[Cue]: ...
