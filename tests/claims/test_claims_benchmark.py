"""The check holds its bars on the corpus."""

import random
from pathlib import Path

import pytest

from benchmarks import claims


@pytest.mark.corpus
def test_altered_sentences_are_seen_through_and_true_ones_left(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "PER_COLLECTION", 40)
    few = {"pdf": ("pdf/redp5110_sampled.pdf",), "manuals": ("qa/manuals/docs/xcell.pdf",)}
    monkeypatch.setattr(claims, "FILES", few)
    found = claims.measure(claims.draw(corpus, random.Random(1), "b"), random.Random(1))
    for name, bar in claims.BARS.items():
        assert found["reached"][name] >= bar - 0.01, found["kinds"]
    assert all(row["sentences"] > 3 for row in found["kinds"].values())
