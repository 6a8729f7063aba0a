"""pocketsphinx with the English model of its wheel: no download, no network, many wrong words.

It always finds some words, also in laughter, music and other languages. Three gates keep
inventions out: words that last far longer than they can be said, words the decoder itself
doubts, and utterances of which too little is left after that.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from pipelines.errors import ModelUnavailable
from pipelines.media.subtitles import Cue

if TYPE_CHECKING:
    from pipelines.speech.utterances import Utterance

_FRAME_RATE = 100
_DOUBTED = 0.02
"""Posterior of a word below which the decoder had no reason to choose it."""
_LEAST_CONFIDENCE = 0.3
"""Mean posterior of an utterance's words."""
_LEAST_SAID = 0.5
"""Of the time between first and last word that kept words must fill."""
_CUE_WORDS = 10
_CUE_PAUSE = 0.3


class SphinxTranscriber:
    name = "pocketsphinx"
    low_confidence = True
    pause = 0.9
    longest = 18.0

    @cached_property
    def _decoder(self) -> Any:
        try:
            from pocketsphinx import Decoder
        except ImportError as exc:
            raise ModelUnavailable(
                "pocketsphinx is not installed; `pip install pocketsphinx`."
            ) from exc
        return Decoder(cmn="batch", loglevel="FATAL")

    def transcribe(self, utterance: Utterance) -> list[Cue]:
        # Forgets the noise and the means of earlier utterances: what is heard here may not depend
        # on whether the transcript was resumed in the middle.
        self._decoder.reinit_feat()
        self._decoder.start_utt()
        self._decoder.process_raw(utterance.samples.tobytes(), full_utt=True)
        self._decoder.end_utt()
        words = [
            _Word(segment, utterance.start)
            for segment in (self._decoder.seg() or ())
            if segment.word[0] not in "<[+"
        ]
        kept = [word for word in words if word.sayable and word.confidence >= _DOUBTED]
        if not kept or sum(word.confidence for word in kept) / len(words) < _LEAST_CONFIDENCE:
            return []
        if sum(w.end - w.start for w in kept) < _LEAST_SAID * sum(w.end - w.start for w in words):
            return []
        return _cues(kept)


class _Word:
    def __init__(self, segment: Any, offset: float) -> None:
        self.text: str = segment.word.split("(")[0]
        self.start: float = offset + segment.start_frame / _FRAME_RATE
        self.end: float = offset + (segment.end_frame + 1) / _FRAME_RATE
        self.confidence = min(1.0, float(segment.prob))

    @property
    def sayable(self) -> bool:
        """A letter takes a tenth of a second at the slowest."""
        return self.end - self.start <= 0.35 + 0.1 * len(self.text)


def _cues(words: list[_Word]) -> list[Cue]:
    groups: list[list[_Word]] = []
    for word in words:
        if groups and len(groups[-1]) < _CUE_WORDS and word.start - groups[-1][-1].end < _CUE_PAUSE:
            groups[-1].append(word)
        else:
            groups.append([word])
    return [
        Cue(
            t_start=round(group[0].start, 2),
            t_end=round(group[-1].end, 2),
            text=" ".join(word.text for word in group),
            confidence=round(sum(word.confidence for word in group) / len(group), 3),
        )
        for group in groups
    ]
