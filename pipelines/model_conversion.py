"""Converts a sentence-transformers model to OpenVINO's format, in a process of its own.

python -m pipelines.model_conversion MODEL_DIRECTORY TARGET_DIRECTORY
"""

from __future__ import annotations

import sys
from pathlib import Path


def convert(directory: Path, target: Path) -> None:
    """Write `target`/encoder.xml and .bin: input_ids, attention_mask -> unit vectors [n, d]."""
    import openvino
    import torch
    from sentence_transformers import SentenceTransformer

    class Encoder(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = SentenceTransformer(str(directory), device="cpu", local_files_only=True)

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            features = self.model({"input_ids": input_ids, "attention_mask": attention_mask})
            return torch.nn.functional.normalize(features["sentence_embedding"], p=2, dim=1)

    example = torch.ones(2, 16, dtype=torch.int64)
    with torch.no_grad():
        model = openvino.convert_model(
            Encoder().eval(), example_input={"input_ids": example, "attention_mask": example}
        )
    openvino.save_model(model, str(target / "encoder.xml"), compress_to_fp16=False)


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
