"""Answers with the sources' own sentences: no model, no key, no network, nothing invented."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from pipelines.cancellation import Stop
from pipelines.errors import ModelUnavailable
from pipelines.llms.contract import LLMSettings, Prompt, Usage
from pipelines.llms.prompts import NOT_FOUND
from pipelines.quoting.candidates import item
from pipelines.quoting.choosing import choose

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ENDS = ".!?。！？؟۔।:：;"


class Extractive:
    name = "extractive"

    def __init__(self, embed: Callable[[Sequence[str]], NDArray[np.float32]]) -> None:
        self._embed = embed

    @classmethod
    def load(cls, model: str, settings: LLMSettings) -> Extractive:  # noqa: ARG003
        if settings.embed is None:
            raise ModelUnavailable("LLM=extractive needs the embedding model.")
        return cls(settings.embed)

    def stream(
        self,
        prompt: Prompt,
        usage: Usage,  # noqa: ARG002
        stop: Stop,
    ) -> Iterator[str]:
        """The quotes that answer, each with the number of its Hit; a list has a line per item."""
        choice = choose(prompt.alone or prompt.question, prompt.hits, self._embed)
        if not choice.quotes:
            yield NOT_FOUND
            return
        for i, quote in enumerate(choice.quotes):
            if stop.is_set():
                return
            text = quote.text
            if not choice.is_list:
                # The number of a step says nothing away from its list.
                text = text.removeprefix(item(text)).lstrip() or text
            between = "\n" if choice.is_list and quote.is_item else " "
            end = "" if quote.text[-1] in _ENDS else "."
            yield f"{between if i else ''}{text}{end}"
            yield f" [{quote.hit + 1}]"
