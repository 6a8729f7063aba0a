"""Replies read from a Markdown file, parted by lines `--- message`, in turn, wrapping around.

For demonstrations and for trying a client against answers that never change.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

from pipelines.cancellation import Stop
from pipelines.errors import ModelUnavailable
from pipelines.llms.contract import LLMSettings, Prompt, Usage
from pipelines.llms.reasoning import without_reasoning

_WORD = re.compile(r"\s*\S+\s*")


class Mock:
    def __init__(self, path: Path) -> None:
        replies = re.split(r"^--- message[ \t]*\n", path.read_text(), flags=re.MULTILINE)
        kept = [reply.strip() for reply in replies if reply.strip()]
        if not kept:
            raise ModelUnavailable(f"{path.name} holds no reply for LLM=mock:FILE.")
        self.name = f"mock:{path.name}"
        self._replies = itertools.cycle(kept)

    @classmethod
    def load(cls, model: str, settings: LLMSettings) -> Mock:  # noqa: ARG003
        path = Path(model)
        if not path.is_file():
            raise ModelUnavailable(f"There is no file {model!r} for LLM=mock:FILE.")
        return cls(path)

    def stream(
        self,
        prompt: Prompt,  # noqa: ARG002
        usage: Usage,
        stop: Stop,
    ) -> Iterator[str]:
        return without_reasoning(self._words(stop), usage, stop)

    def _words(self, stop: Stop) -> Iterator[str]:
        for word in _WORD.findall(next(self._replies)):
            if stop.is_set():
                return
            yield word
