"""faster-whisper with a model directory on disk; nothing is ever downloaded."""

from __future__ import annotations

import math
import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import ModelUnavailable
from pipelines.media.recordings import SAMPLE_RATE
from pipelines.media.subtitles import Cue
from pipelines.speech.languages import code_of

if TYPE_CHECKING:
    from pipelines.speech.utterances import Utterance

_NO_SPEECH = 0.6
"""Probability of no speech above which a segment is taken for an invention (Radford et al. 2022,
section 4.5: together with a low mean log probability)."""
_LOW_LOGPROB = -1.0


def find_model() -> Path | None:
    """The largest faster-whisper model in the Hugging Face cache of this machine, if any."""
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    found = (home / "hub").glob("models--*faster-whisper*/snapshots/*/model.bin")
    sizes = [(path.stat().st_size, path.parent) for path in found]
    return max(sizes)[1] if sizes else None


class WhisperTranscriber:
    low_confidence = False
    pause = 1.5
    longest = 28.0

    def __init__(self, model: Path) -> None:
        if not (model / "model.bin").is_file():
            raise ModelUnavailable(
                f"{model.name!r} holds no faster-whisper model (model.bin); "
                "set TRANSCRIBER to whisper:<directory> of one, or to auto."
            )
        self.model = model
        self.name = f"whisper:{model.name}"

    @cached_property
    def _whisper(self) -> Any:
        try:
            from faster_whisper import WhisperModel

            return WhisperModel(
                str(self.model), device="auto", compute_type="default", local_files_only=True
            )
        except (ImportError, RuntimeError, ValueError, OSError) as exc:
            raise ModelUnavailable(
                f"The speech model {self.model.name!r} can't be loaded: {exc}"
            ) from exc

    def transcribe(self, utterance: Utterance) -> list[Cue]:
        import numpy as np

        samples = utterance.samples.astype(np.float32) / 32768.0
        segments, about = self._whisper.transcribe(
            samples,
            beam_size=5,
            temperature=0.0,
            condition_on_previous_text=False,
            no_speech_threshold=_NO_SPEECH,
            log_prob_threshold=_LOW_LOGPROB,
        )
        length = len(samples) / SAMPLE_RATE
        language = code_of(about.language)
        return [
            Cue(
                t_start=round(utterance.start + min(segment.start, length), 2),
                t_end=round(utterance.start + min(segment.end, length), 2),
                text=segment.text.strip(),
                confidence=round(min(1.0, math.exp(segment.avg_logprob)), 3),
                language=language,
            )
            for segment in segments
            if segment.text.strip() and segment.no_speech_prob < _NO_SPEECH
        ]
