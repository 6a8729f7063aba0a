"""Vectors are the same whatever they are embedded with, and a form that fails is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipelines.embedders import conversion, with_openvino
from pipelines.embedders.embedder import (
    BUILT_IN,
    Embedder,
    embed_whole,
    fitting,
    load_embedder,
    model_directory,
)
from pipelines.embedders.model_files import Tokens, sha256, weights
from pipelines.embedders.with_openvino import OpenVinoEmbedder
from tests.conftest import ROOT

TEXTS = [
    "The rotor nut takes 5.5 Nm.",
    "Rinse the steel bowl with warm water after every batch, and never use chlorine on seals. " * 4,
    "E204",
    "Les joints du couvercle se changent tous les deux ans.",
    "Check the oil. " * 60,
]


@pytest.fixture(scope="module")
def cache(pytestconfig: pytest.Config) -> Path:
    """Shared with the stack's: the model is converted once."""
    return Path(str(pytestconfig.cache.mkdir("models")))


@pytest.fixture(scope="module")
def embedder(cache: Path) -> Embedder:
    return load_embedder(BUILT_IN, cache=cache)


def _files(cache: Path) -> tuple[Tokens, Path]:
    directory = model_directory(BUILT_IN)
    return Tokens(directory), cache / sha256(weights(directory))[:16]


def test_vectors_are_those_of_the_model_itself(embedder: Embedder, cache: Path) -> None:
    from sentence_transformers import SentenceTransformer

    reference = SentenceTransformer(str(model_directory(BUILT_IN)), device="cpu")
    expected = reference.encode(TEXTS, normalize_embeddings=True)
    cosines = (embedder.embed(TEXTS) * expected).sum(axis=1)
    assert embedder.notice is None
    assert cosines.min() > (0.95 if embedder.form == "int8" else 0.999)
    exact = OpenVinoEmbedder(*_files(cache), BUILT_IN, form="fp32").embed(TEXTS)
    assert (exact * expected).sum(axis=1).min() > 0.99999


def test_a_vector_does_not_depend_on_its_neighbours(embedder: Embedder) -> None:
    together = embedder.embed(TEXTS)
    alone = np.concatenate([embedder.embed([text]) for text in TEXTS])
    assert (together * alone).sum(axis=1).min() > 0.999
    assert np.abs(np.linalg.norm(together, axis=1) - 1).max() < 0.01


def test_nothing_is_cut_silently(embedder: Embedder) -> None:
    long = "The pump is primed before each start of the plant. " * 60
    with pytest.raises(ValueError, match="the model reads 256"):
        embedder.embed([long])
    assert len(embedder.embed([fitting(embedder, long)])) == 1
    (whole,) = embed_whole(embedder, [long])
    assert whole @ embedder.embed([fitting(embedder, long)])[0] > 0.8
    assert abs(np.linalg.norm(whole) - 1) < 1e-3
    (end,) = embed_whole(embedder, [long + "Xenon lamps are recycled in Bergen. " * 60])
    assert end @ whole < 0.95, "the end of a long text counts as well"


def test_a_model_that_cannot_be_converted_serves_in_its_slow_form(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise subprocess.CalledProcessError(1, "convert", stderr=b"no such operator")

    monkeypatch.setattr(conversion, "_run", fail)
    slow = load_embedder(BUILT_IN, cache=tmp_path)
    assert slow.form == "torch cpu"
    assert slow.notice is not None
    assert "slow one serves" in slow.notice
    assert slow.embed(TEXTS[:1]).shape == (1, 384)


@pytest.mark.slow
def test_eight_bits_keep_the_vectors(cache: Path, tmp_path: Path) -> None:
    tokens, files = _files(cache)
    load_embedder(BUILT_IN, cache=cache)
    for name in ("encoder.xml", "encoder.bin"):
        (tmp_path / name).write_bytes((files / name).read_bytes())
    conversion.quantize(tokens, tmp_path)
    small = OpenVinoEmbedder(tokens, tmp_path, BUILT_IN, form="int8")
    exact = OpenVinoEmbedder(tokens, tmp_path, BUILT_IN, form="fp32")
    assert (small.embed(TEXTS) * exact.embed(TEXTS)).sum(axis=1).mean() > conversion.LEAST_COSINE


@pytest.mark.parametrize(
    ("flags", "capabilities", "form"),
    [
        ("avx2", ["FP32", "INT8"], "fp32"),
        ("avx2 avx_vnni", ["FP32", "INT8"], "int8"),
        ("avx2 avx512_vnni avx512_bf16", ["FP32", "INT8", "BF16"], "int8"),
        ("avx2 avx512_vnni avx512_bf16 amx_bf16", ["FP32", "INT8", "BF16"], "bf16"),
    ],
)
def test_a_processor_gets_the_form_it_is_fastest_in(
    flags: str, capabilities: list[str], form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(with_openvino, "_processor_flags", lambda: frozenset(flags.split()))
    (tmp_path / "int8.xml").touch()
    assert with_openvino.best_form(tmp_path, capabilities) == form


FIRST_QUESTIONS = """
import sys, threading
from pathlib import Path
from pipelines.embedders.embedder import load_embedder

model = load_embedder("all-MiniLM-L6-v2", cache=Path(sys.argv[1]))
together = threading.Barrier(8)

def ask(first):
    together.wait()
    for words in range(first, 64, 8):
        model.embed(["oil " * words])

threads = [threading.Thread(target=ask, args=(first,)) for first in range(1, 9)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_many_first_questions_at_once_do_not_hang(cache: Path, embedder: Embedder) -> None:
    # A model that compiles for several lengths at once hung in one process out of six or so.
    command = [sys.executable, "-c", FIRST_QUESTIONS, str(cache)]
    running = [subprocess.Popen(command, cwd=ROOT) for _ in range(4)]
    try:
        assert [process.wait(timeout=120) for process in running] == [0] * 4
    finally:
        for process in running:
            process.kill()
