"""Any model, on any device torch knows: through sentence-transformers, or as a packed model."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.cancellation import Stop
from pipelines.embedders import unigram_tokens
from pipelines.embedders.model_facts import ModelFacts
from pipelines.embedders.model_files import Tokens, prefix_tokens
from pipelines.embedders.packed_model import BLOCK, PackedModel
from pipelines.errors import ModelUnavailable

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

BATCH = 8


class TorchEmbedder:
    """Any sentence-transformers model, on any device torch knows."""

    def __init__(self, directory: Path, name: str, *, device: str | None) -> None:
        try:
            from sentence_transformers import SentenceTransformer

            self._model = SentenceTransformer(str(directory), device=device, local_files_only=True)
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            raise ModelUnavailable(f"The embedding model can't be loaded: {error}") from error
        self.name = name
        self.form = f"torch {self._model.device}"
        self.notice: str | None = None
        self._tokens = Tokens(directory)
        self.max_tokens = int(self._model.max_seq_length or self._tokens.max_tokens)
        self.dimension = int(self._model.get_embedding_dimension() or 0)
        self.facts = ModelFacts()

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
        prefix = self.facts.prefix(asked=asked)
        texts = [prefix + text for text in texts]
        self._tokens.ids(texts)
        return self._model.encode(
            texts, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False
        )


class TorchPacked:
    """A packed model, on any device torch knows."""

    def __init__(self, file: Path, name: str, facts: ModelFacts, *, device: str | None) -> None:
        import torch

        packed = PackedModel(file)
        self.name = name
        self.notice: str | None = None
        self.facts = facts
        with tempfile.TemporaryDirectory() as folder:
            unigram_tokens.write(packed.pieces, Path(folder) / unigram_tokens.FILE)
            tokens = unigram_tokens.UnigramTokens(
                Path(folder) / unigram_tokens.FILE, packed.sizes.positions
            )
        self._tokens = tokens
        try:
            where = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
            self._encoder = packed_encoder(packed).eval().to(where)
        except (ImportError, OSError, RuntimeError, ValueError) as error:
            raise ModelUnavailable(f"The embedding model can't be loaded: {error}") from error
        self._device = where
        self.form = f"torch {where}"
        self.additive = tokens.additive
        self.max_tokens = tokens.max_tokens - prefix_tokens(tokens, facts)
        self.dimension = packed.sizes.hidden

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
        import torch

        prefix = self.facts.prefix(asked=asked)
        ids = self._tokens.ids([prefix + text for text in texts])
        vectors = np.empty((len(ids), self.dimension), dtype=np.float32)
        for at in range(0, len(ids), BATCH):
            batch = ids[at : at + BATCH]
            rows = torch.zeros(len(batch), max(map(len, batch)), dtype=torch.int64)
            mask = torch.zeros_like(rows)
            for row, some in enumerate(batch):
                rows[row, : len(some)] = torch.tensor(some)
                mask[row, : len(some)] = 1
            with torch.no_grad():
                made = self._encoder(rows.to(self._device), mask.to(self._device))
            vectors[at : at + BATCH] = made.float().cpu().numpy()
        return vectors


def packed_encoder(packed: PackedModel) -> torch.nn.Module:
    """input_ids, attention_mask -> unit vectors [n, d], the mean of the tokens' vectors. The table
    of tokens stays at 4 bits, and is exact."""
    import torch
    from transformers import BertConfig, BertModel

    sizes = packed.sizes

    class Table(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            halves, scales = packed.blocks("emb.word")
            blocks = sizes.hidden // BLOCK
            self.halves = torch.from_numpy(halves.reshape(-1, blocks * BLOCK // 2))
            self.scales = torch.from_numpy(scales.reshape(-1, blocks)).half()

        def _apply(self, fn: Any, recurse: bool = True) -> Any:
            self.halves, self.scales = fn(self.halves), fn(self.scales)
            return super()._apply(fn, recurse)

        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            both = self.halves[ids].float().unflatten(-1, (-1, BLOCK // 2))
            upper = torch.floor(both / 16)
            weights = torch.cat((both - 16 * upper, upper), dim=-1) - 8
            return (weights * self.scales[ids].float().unsqueeze(-1)).flatten(-2)

    class Encoder(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            config = BertConfig(
                # The table is another one; this one is thrown away.
                vocab_size=1,
                pad_token_id=None,
                hidden_size=sizes.hidden,
                num_hidden_layers=sizes.layers,
                num_attention_heads=sizes.heads,
                intermediate_size=sizes.intermediate,
                max_position_embeddings=sizes.positions,
                type_vocab_size=sizes.types,
                layer_norm_eps=sizes.epsilon,
            )
            self.model = BertModel(config, add_pooling_layer=False)
            with torch.no_grad():
                for name, parameter in self.model.named_parameters():
                    if (stored := _stored(name)) is not None:
                        values = torch.from_numpy(packed.floats(stored).copy())
                        parameter.copy_(values.reshape(parameter.shape))
            self.model.set_input_embeddings(Table())

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            states = self.model(input_ids=input_ids, attention_mask=attention_mask)[0]
            mask = attention_mask.unsqueeze(-1).float()
            mean = (states * mask).sum(1) / mask.sum(1)
            return torch.nn.functional.normalize(mean, p=2, dim=1)

    return Encoder()


_NAMES = {
    "attention.self.query": "q",
    "attention.self.key": "k",
    "attention.self.value": "v",
    "attention.output.dense": "ao",
    "attention.output.LayerNorm": "aln",
    "intermediate.dense": "fi",
    "output.dense": "fo",
    "output.LayerNorm": "oln",
}
_OUTSIDE = {
    "embeddings.position_embeddings.weight": "emb.pos",
    "embeddings.token_type_embeddings.weight": "emb.type",
    "embeddings.LayerNorm.weight": "emb.ln.w",
    "embeddings.LayerNorm.bias": "emb.ln.b",
}


def _stored(parameter: str) -> str | None:
    """A BERT parameter's name in a packed model; None for the table of tokens."""
    if not parameter.startswith("encoder.layer."):
        return _OUTSIDE.get(parameter)
    layer, _, rest = parameter.removeprefix("encoder.layer.").partition(".")
    module, _, kind = rest.rpartition(".")
    return f"l{layer}.{_NAMES[module]}.{kind[0]}"
