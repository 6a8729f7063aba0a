"""The promises about text and boxes of PDFs, measured over the third-party corpus."""

from __future__ import annotations

import pytest

from benchmarks import locate

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.skipif(
        not (locate.CORPUS / "pdf").exists(),
        reason="the third-party corpus is not beside this checkout",
    ),
]


@pytest.mark.slow
def test_text_is_at_least_as_true_as_that_of_the_best_extractor() -> None:
    means = locate.measure_text(locate.CORPUS / "pdf")["mean"]
    beside = [name for name in means if name != "vouch"]
    assert "pypdfium2" in beside
    for metric in locate.METRICS:
        best = max(means[name][metric] for name in beside)
        assert means["vouch"][metric] >= best, (metric, means)


def test_nine_in_ten_gold_items_are_covered_by_the_lines_that_carry_their_text() -> None:
    rows = locate.measure_boxes(locate.CORPUS / "pdf")
    assert rows["all"]["items"] > 300
    assert rows["all"]["share"] >= 0.90, rows


@pytest.mark.slow
def test_answers_are_located_on_the_lines_they_were_drawn_on() -> None:
    for row in locate.measure_answers(locate.CORPUS / "qa" / "xquad").values():
        assert row["found"] >= 0.95 * row["answers"]
        assert row["exact"] == row["found"]
