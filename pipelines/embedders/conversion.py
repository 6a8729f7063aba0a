"""Converts an embedding model to OpenVINO's format, in a process of its own.

python -m pipelines.embedders.conversion MODEL TARGET_DIRECTORY [--int8]

MODEL is a sentence-transformers directory or the file of a packed model. Writes encoder.xml
(fp32), a packed model's tokenizer and, where asked for, int8.xml with what it measured of it. The
8-bit form is calibrated on English prose that every Python carries (the language reference), never
on anyone's sources.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.embedders import unigram_tokens
from pipelines.embedders.model_files import Tokenizer, Tokens, weights
from pipelines.embedders.packed_model import PackedModel, is_packed
from pipelines.embedders.unigram_tokens import UnigramTokens
from pipelines.embedders.with_openvino import rest_precision, wants_int8

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SECONDS = 600
CALIBRATION = 128
CHECKED = 32
LEAST_COSINE = 0.98
"""Least mean cosine of 8-bit vectors to fp32, on texts they were not calibrated with."""
NOT_QUANTIZED = "not-quantized.txt"
"""Says why there is no 8-bit form."""
PASSAGE = 800
"""Characters of a calibration text: about 200 tokens, as a Fragment has."""


def converted(model: Path, target: Path) -> Path:
    """`target` with the converted model in it, made when first asked for.

    Made in a process that then gives back torch's memory; a half-made one is never seen: it is
    renamed into place, and who comes second waits for who was first. Raises OSError and
    subprocess.SubprocessError.
    """
    if (target / "encoder.xml").is_file():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (target / "encoder.xml").is_file():
            making = Path(tempfile.mkdtemp(dir=target.parent, prefix="converting-"))
            try:
                _run(model, making)
                making.rename(target)
            finally:
                shutil.rmtree(making, ignore_errors=True)
    return target


def _run(model: Path, making: Path) -> None:
    command = [sys.executable, "-m", "pipelines.embedders.conversion", model, making]
    subprocess.run(
        [*map(str, command), *(["--int8"] if wants_int8() else [])],
        check=True,
        timeout=SECONDS,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        # Neither a model hub nor anyone's telemetry is asked for anything.
        env={**os.environ, "HF_HUB_OFFLINE": "1", "CI": "true"},
        cwd=Path(__file__).parent.parent.parent,
    )


def convert(model: Path, target: Path) -> None:
    """Write `target`/encoder.xml and .bin: input_ids, attention_mask -> unit vectors [n, d]."""
    import openvino
    import torch

    example = torch.ones(2, 16, dtype=torch.int64)
    with torch.no_grad():
        made = openvino.convert_model(
            _encoder(model).eval(), example_input={"input_ids": example, "attention_mask": example}
        )
    openvino.save_model(made, str(target / "encoder.xml"), compress_to_fp16=False)


def _encoder(model: Path) -> Any:
    """A torch module: input_ids, attention_mask -> unit vectors [n, d]."""
    import torch

    if model.is_file():
        from pipelines.embedders.with_torch import packed_encoder

        return packed_encoder(PackedModel(model))
    from sentence_transformers import SentenceTransformer

    class Encoder(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = SentenceTransformer(str(model), device="cpu", local_files_only=True)

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            features = self.model({"input_ids": input_ids, "attention_mask": attention_mask})
            return torch.nn.functional.normalize(features["sentence_embedding"], p=2, dim=1)

    return Encoder()


def source_of(file: Path) -> Path:
    """What is converted, given a model's weights: a packed one's file, else its directory."""
    return file if is_packed(file) else file.parent


def tokenizer_of(file: Path, converted: Path) -> Tokenizer:
    """The tokenizer of the model with weights in `file`, which was converted to there."""
    if is_packed(file):
        return UnigramTokens(converted / unigram_tokens.FILE, PackedModel(file).sizes.positions)
    return Tokens(file.parent)


def quantize(tokens: Tokenizer, target: Path) -> None:
    """Write `target`/int8.xml and .bin: static 8-bit with SmoothQuant (Xiao et al., 2023).

    Raises ValueError when its vectors lie too far from fp32; then nothing is left of it.
    """
    import nncf
    import openvino

    inputs = list(_inputs(tokens, CALIBRATION + CHECKED))
    # Every fifth is kept for the check, so that both see all kinds of text.
    every = 1 + CALIBRATION // CHECKED
    checked = inputs[::every]
    calibrating = [each for at, each in enumerate(inputs) if at % every]
    core = openvino.Core()
    model = core.read_model(target / "encoder.xml")
    small = nncf.quantize(
        model,
        nncf.Dataset(calibrating),
        model_type=nncf.ModelType.TRANSFORMER,
        subset_size=len(calibrating),
    )
    openvino.save_model(small, str(target / "int8.xml"), compress_to_fp16=False)
    # As it will run: what is not 8-bit has an arithmetic of its own.
    rest = rest_precision(core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"))
    exact = _vectors(core, target / "encoder.xml", "f32", checked)
    approximate = _vectors(core, target / "int8.xml", rest, checked)
    cosine = float((exact * approximate).sum(axis=1).mean())
    if cosine < LEAST_COSINE:
        for name in ("int8.xml", "int8.bin"):
            (target / name).unlink()
        raise ValueError(f"8-bit vectors have a mean cosine of {cosine:.3f} to fp32")


def _vectors(
    core: Any, path: Path, precision: str, inputs: list[dict[str, Any]]
) -> NDArray[np.float32]:
    import numpy as np

    compiled = core.compile_model(str(path), "CPU", {"INFERENCE_PRECISION_HINT": precision})
    return np.concatenate([compiled(each)[0] for each in inputs])


def _inputs(tokens: Tokenizer, count: int) -> Iterator[dict[str, Any]]:
    """`count` passages as the encoder reads them, evenly taken from all there are."""
    import numpy as np

    passages = list(_passages())
    step = max(1, len(passages) // count)
    for passage in passages[::step][:count]:
        ends = [end for _, end in tokens.offsets([passage])[0][: tokens.max_tokens - 2]]
        (ids,) = tokens.ids([passage[: ends[-1]]])
        row = np.array([ids], dtype=np.int64)
        yield {"input_ids": row, "attention_mask": np.ones_like(row)}


def _passages() -> Iterator[str]:
    from pydoc_data.topics import topics

    passage = ""
    for _, topic in sorted(topics.items()):
        for paragraph in re.split(r"\n\s*\n", topic):
            words = " ".join(paragraph.split())
            if passage and len(passage) + len(words) > PASSAGE:
                yield passage
                passage = ""
            passage = f"{passage}\n{words}".strip()


def main(model: Path, target: Path, *options: str) -> None:
    if model.is_file():
        unigram_tokens.write(PackedModel(model).pieces, target / unigram_tokens.FILE)
    convert(model, target)
    if "--int8" in options:
        try:
            file = model if model.is_file() else weights(model)
            quantize(tokenizer_of(file, target), target)
        except Exception as error:  # noqa: BLE001 - whatever it is, the model serves without
            (target / NOT_QUANTIZED).write_text(str(error)[-300:])


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:])
