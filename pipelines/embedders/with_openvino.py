"""The encoder compiled by OpenVINO for one thread, in the fastest form that keeps its quality.

Several one-thread processes beat several threads of one. Where the processor multiplies bf16
matrices by itself (AMX) that is the fastest form; where it adds up 8-bit products by itself
(VNNI), 8-bit weights and activations are, by half again and more. Without either, 8-bit
arithmetic is slower than fp32 (20.9 against 26.2 Fragments a second on a Zen 3).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pipelines.cancellation import Stop
from pipelines.embedders.model_facts import ModelFacts
from pipelines.embedders.model_files import Tokenizer, prefix_tokens

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Form = Literal["bf16", "int8", "fp32"]

BATCH = 4
WIDTH = 16
"""Batches are padded to a multiple of this many tokens: compiled code is kept for each width."""
QUESTION_WIDTH = 8
"""The same for less than a batch, a question: half a WIDTH of nothing costs it a quarter."""
VNNI = frozenset({"avx512_vnni", "avx_vnni"})


def best_form(converted: Path, capabilities: Sequence[str]) -> Form:
    """The form to run of what lies in `converted`, given OpenVINO's view of the processor."""
    if wants_int8() and (converted / "int8.xml").is_file():
        return "int8"
    return "bf16" if "BF16" in capabilities else "fp32"


def wants_int8() -> bool:
    """Whether 8-bit arithmetic is the fastest that this processor does: VNNI without AMX."""
    flags = _processor_flags()
    return "amx_bf16" not in flags and not flags.isdisjoint(VNNI)


class OpenVinoEmbedder:
    """The encoder compiled by OpenVINO for one thread."""

    notice: str | None = None

    def __init__(
        self,
        tokens: Tokenizer,
        converted: Path,
        name: str,
        facts: ModelFacts | None = None,
        *,
        form: Form | None = None,
    ) -> None:
        """`converted` is what `pipelines.embedders.conversion` wrote; `form` None: the best."""
        import openvino

        self.name = name
        self.facts = facts or ModelFacts()
        self._tokens = tokens
        self.max_tokens = tokens.max_tokens - prefix_tokens(tokens, self.facts)
        core = openvino.Core()
        capabilities = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        self.form: str = form or best_form(converted, capabilities)
        file = converted / ("int8.xml" if self.form == "int8" else "encoder.xml")
        settings = {
            "INFERENCE_NUM_THREADS": "1",
            # Pinning would put every process on the first core.
            "ENABLE_CPU_PINNING": "NO",
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_PRECISION_HINT": "f32"
            if self.form == "fp32"
            else rest_precision(capabilities),
        }
        self._compiled: Any = core.compile_model(str(file), "CPU", settings)
        # One for all threads, in turn: with one thread of its own the model does no two at once,
        # and OpenVINO's Python side hangs where one thread makes a request while another begins.
        self._request = self._compiled.create_infer_request()
        self._turn = threading.Lock()
        self.dimension = int(self._compiled.output(0).partial_shape[1].get_length())

    @property
    def additive(self) -> bool:
        return self._tokens.additive

    def offsets(self, texts: Sequence[str]) -> list[list[tuple[int, int]]]:
        return self._tokens.offsets(texts)

    def counts(self, texts: Sequence[str]) -> list[int]:
        return self._tokens.counts(texts)

    def embed(
        self,
        texts: Sequence[str],
        *,
        asked: bool = False,
        stop: Stop | None = None,  # noqa: ARG002 - nothing here waits
    ) -> NDArray[np.float32]:
        import numpy as np

        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        prefix = self.facts.prefix(asked=asked)
        ids = self._tokens.ids([prefix + text for text in texts] if prefix else texts)
        order = sorted(range(len(ids)), key=lambda i: len(ids[i]))
        for at in range(0, len(order), BATCH):
            batch = order[at : at + BATCH]
            longest = len(ids[batch[-1]])
            step = QUESTION_WIDTH if len(texts) < BATCH else WIDTH
            width = min(self._tokens.max_tokens, -(-longest // step) * step)
            tokens = np.zeros((len(batch), width), dtype=np.int64)
            mask = np.zeros((len(batch), width), dtype=np.int64)
            for row, i in enumerate(batch):
                tokens[row, : len(ids[i])] = ids[i]
                mask[row, : len(ids[i])] = 1
            with self._turn:
                result = self._request.infer({"input_ids": tokens, "attention_mask": mask})
                vectors[batch] = result[0]
        return vectors


def rest_precision(capabilities: Sequence[str]) -> str:
    """Arithmetic of what is not 8-bit."""
    return "bf16" if "BF16" in capabilities else "f32"


def _processor_flags() -> frozenset[str]:
    """What Linux says the processor can do; nothing elsewhere."""
    try:
        return frozenset(Path("/proc/cpuinfo").read_text().split())
    except OSError:
        return frozenset()
