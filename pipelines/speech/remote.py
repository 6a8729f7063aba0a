"""Speech to text by a service outside, over OpenAI's audio transcriptions.

`RemoteTranscriber` is the parser's half: it cuts at silences, packs and shifts times back.
`Listener` is the parent's: it talks to the service and judges what came.
"""

from __future__ import annotations

import io
import json
import math
from typing import TYPE_CHECKING, Any

from pipelines.cancellation import Stop
from pipelines.external.contract import Endpoint, Outside, OutsideUnavailable, plain
from pipelines.external.openai import OpenAIService
from pipelines.media.recordings import SAMPLE_RATE
from pipelines.media.subtitles import Cue
from pipelines.providers.errors import Vendor
from pipelines.speech.languages import code_of

if TYPE_CHECKING:
    import numpy as np
    import openai

    from pipelines.speech.utterances import Utterance

_NO_SPEECH = 0.6
_COMPRESSED = 2.4
"""Above the first a segment is taken for an invention, above the second for a loop of the same
words (Radford et al. 2022, section 4.5)."""
_MOST_BYTES = 2**20
"""Of one answer; half a minute of speech makes some ten thousand."""
_LONGEST = 2000
"""Characters of one cue."""


class RemoteTranscriber:
    low_confidence = False
    pause = 1.5
    longest = 28.0

    def __init__(self, outside: Outside) -> None:
        self.name = str(outside.transcriber)
        self._outside = outside

    def transcribe(self, utterance: Utterance) -> list[Cue]:
        """Raises OutsideUnavailable."""
        length = len(utterance.samples) / SAMPLE_RATE
        cues = self._outside.transcribe(flac(utterance.samples), length)
        return [
            Cue(
                t_start=round(utterance.start + min(cue.t_start, length), 2),
                t_end=round(utterance.start + min(cue.t_end, length), 2),
                text=cue.text,
                confidence=cue.confidence,
                language=cue.language,
            )
            for cue in cues
        ]


def flac(samples: np.ndarray) -> bytes:
    """int16 [n] at SAMPLE_RATE as a FLAC file: no loss, about half the bytes."""
    import av

    packed = io.BytesIO()
    with av.open(packed, "w", format="flac") as container:
        stream = container.add_stream("flac", rate=SAMPLE_RATE, layout="mono", format="s16")
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return packed.getvalue()


class Listener:
    """Asks one transcription model while one file is read."""

    def __init__(self, endpoint: Endpoint, stop: Stop) -> None:
        self.name = f"openai:{endpoint.model}"
        vendor = Vendor(
            f"The transcriber {endpoint.model!r}",
            key_setting="TRANSCRIBER_API_KEY or OPENAI_API_KEY",
            url_setting="TRANSCRIBER_BASE_URL or OPENAI_BASE_URL",
            model_setting="TRANSCRIBER",
        )
        self._service = OpenAIService(vendor, endpoint, stop)
        self._format = "verbose_json"

    def transcribe(self, flac: bytes, seconds: float) -> list[Cue]:
        """Cues of `seconds` of sound. Raises OutsideUnavailable, Cancelled."""
        import openai

        while True:
            try:
                body = self._service.ask(lambda client: self._heard(client, flac))
            except openai.BadRequestError as error:
                if self._format == "json":
                    raise OutsideUnavailable(
                        f"The transcriber {self._service.model!r} did not accept the sound; check "
                        "that TRANSCRIBER names a model that hears."
                    ) from error
                # Newer models write the words without their seconds.
                self._format = "json"
                continue
            return _cues(body, seconds)

    def _heard(self, client: openai.OpenAI, flac: bytes) -> dict[str, Any]:
        asked: dict[str, Any] = {
            "model": self._service.model,
            "file": ("speech.flac", flac, "audio/flac"),
            "response_format": self._format,
        }
        if self._format == "verbose_json":
            asked["timestamp_granularities"] = ["segment"]
        with client.audio.transcriptions.with_streaming_response.create(**asked) as response:
            data = b""
            for chunk in response.iter_bytes():
                data += chunk
                if len(data) > _MOST_BYTES:
                    raise OutsideUnavailable(self._nonsense())
        try:
            body = json.loads(data)
        except ValueError as error:
            raise OutsideUnavailable(self._nonsense()) from error
        if not isinstance(body, dict):
            raise OutsideUnavailable(self._nonsense())
        return body

    def _nonsense(self) -> str:
        return f"The transcriber {self._service.model!r} answered with something else than words."


def _cues(body: dict[str, Any], seconds: float) -> list[Cue]:
    """Cues in order within `seconds`; without segments, all the words as one over all the time."""
    segments, language = body.get("segments"), code_of(body.get("language"))
    if not isinstance(segments, list):
        text = plain(str(body.get("text") or ""), _LONGEST)
        return [Cue(0.0, seconds, text, language=language)] if text else []
    found = []
    for segment in segments:
        if not isinstance(segment, dict) or _is_invented(segment):
            continue
        start, end = _number(segment, "start", 0.0), _number(segment, "end", seconds)
        start = min(max(0.0, start), seconds)
        text = plain(str(segment.get("text") or ""), _LONGEST)
        if text:
            found.append(
                Cue(
                    t_start=start,
                    t_end=min(max(start, end), seconds),
                    text=text,
                    confidence=_confidence(segment),
                    language=language,
                )
            )
    return sorted(found, key=lambda cue: (cue.t_start, cue.t_end))


def _confidence(segment: dict[str, Any]) -> float | None:
    """0..1 by the mean log probability; None where the service does not tell it as a number."""
    told = _number(segment, "avg_logprob", math.nan)
    return None if math.isnan(told) else round(math.exp(min(0.0, max(-50.0, told))), 3)


def _is_invented(segment: dict[str, Any]) -> bool:
    return (
        _number(segment, "no_speech_prob", 0.0) >= _NO_SPEECH
        or _number(segment, "compression_ratio", 0.0) > _COMPRESSED
    )


def _number(segment: dict[str, Any], name: str, default: float) -> float:
    value = segment.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return default
    return float(value)
