"""The services outside that are set, asked on behalf of one file."""

from __future__ import annotations

from pipelines.cancellation import Stop
from pipelines.external.contract import Endpoint, OutsideUnavailable
from pipelines.external.vision import Describer
from pipelines.media.subtitles import Cue
from pipelines.speech.remote import Listener


class OutsideServices:
    """An Outside of OpenAI-compatible endpoints; one without a model serves nothing."""

    def __init__(self, *, vision: Endpoint, transcriber: Endpoint, stop: Stop) -> None:
        self._describer = Describer(vision, stop) if vision.model else None
        self._listener = Listener(transcriber, stop) if transcriber.model else None
        self.vision = self._describer.name if self._describer else None
        self.transcriber = self._listener.name if self._listener else None

    def describe(self, jpeg: bytes) -> str:
        if self._describer is None:
            raise OutsideUnavailable("No vision model is set.")
        return self._describer.describe(jpeg)

    def transcribe(self, flac: bytes, seconds: float) -> list[Cue]:
        if self._listener is None:
            raise OutsideUnavailable("No transcriber outside is set.")
        return self._listener.transcribe(flac, seconds)
