"""Answers with the sources' own sentences: no model, no key, no network, nothing invented."""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.cancellation import Stop
from pipelines.errors import ModelUnavailable
from pipelines.llms.contract import Cite, LLMSettings, Prompt, Usage
from pipelines.llms.prompts import NOT_FOUND
from pipelines.quoting.choosing import choose
from pipelines.quoting.chosen import Chosen
from pipelines.quoting.saying import said


class Extractive:
    name = "extractive"

    @classmethod
    def load(cls, model: str, settings: LLMSettings) -> Extractive:  # noqa: ARG003
        return cls()

    def stream(self, prompt: Prompt, usage: Usage, stop: Stop) -> Iterator[str | Cite]:
        """What answers, sentence by sentence, each with its place; items have a line each."""
        question = prompt.alone or prompt.question
        if prompt.meaning is None:
            raise ModelUnavailable("LLM=extractive needs the embedding model.")
        choice = choose(question, prompt.hits, prompt.meaning)
        usage.answered = choice.answered
        usage.related = [_cite(chosen) for chosen in choice.related]
        if not choice.chosen:
            yield NOT_FOUND
            return
        left_out = sum(chosen.left_out for chosen in choice.chosen)
        if left_out:
            usage.notices.append(f"{left_out} more lines of the source were left out.")
        if choice.lead and not stop.is_set():
            yield choice.lead
        for at, each in enumerate(said(choice, question)):
            if stop.is_set():
                return
            between = "\n" if each.on_line else " "
            yield f"{between if at or choice.lead else ''}{each.text}"
            yield _cite(each.chosen)


def _cite(chosen: Chosen) -> Cite:
    return Cite(chosen.hit, chosen.start, chosen.end, chosen.focus)
