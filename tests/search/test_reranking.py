"""A cross-encoder on disk ranks what was found; one that is not there is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.embedders.embedder import BUILT_IN, model_directory
from pipelines.errors import ModelUnavailable
from pipelines.retrieval.reranking import Reranker
from pipelines.types import Hit, PageLocator

TEXTS = ["The pump holds 4 litres.", "Oil", "Never open the valve under pressure.", "Bolts: M6"]


def hit(text: str) -> Hit:
    place = PageLocator(page=1, boxes=((0.1, 0.1, 0.9, 0.2),), page_width=612, page_height=792)
    return Hit(
        fragment_id=text,
        version_id="v",
        source_id="s",
        title="Pump",
        filename="pump.pdf",
        source_type="pdf",
        score=0.5,
        ordinal=0,
        text=text,
        kind="text",
        locators=(place,),
    )


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real, small, untrained cross-encoder: its scores mean nothing but are always the same."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification

    torch.manual_seed(7)
    folder = tmp_path_factory.mktemp("cross-encoder")
    tokenizer = AutoTokenizer.from_pretrained(model_directory(BUILT_IN))
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        num_labels=1,
        initializer_range=0.3,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_hits_are_ordered_by_the_model(model: Path) -> None:
    from sentence_transformers import CrossEncoder

    question = "How much does the pump hold?"
    ranked = Reranker(str(model)).rerank(question, [hit(text) for text in TEXTS])
    plain = CrossEncoder(str(model), device="cpu").predict([(question, text) for text in TEXTS])
    expected = [text for _, text in sorted(zip(plain, TEXTS, strict=True), reverse=True)]
    assert [found.text for found in ranked] == expected
    scores = [found.score for found in ranked]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert len(set(scores)) > 1


def test_nothing_found_is_nothing_to_rank(model: Path) -> None:
    assert Reranker(str(model)).rerank("?", []) == []


def test_a_directory_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="RERANKER"):
        Reranker(str(tmp_path))
