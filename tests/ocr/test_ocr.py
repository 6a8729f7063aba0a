"""The promises about text in pictures, measured over the third-party corpus."""

from __future__ import annotations

import shutil

import pytest

from benchmarks import ocr

pytestmark = [
    pytest.mark.corpus,
    pytest.mark.slow,
    pytest.mark.skipif(
        not (ocr.CORPUS / "pdf").exists(),
        reason="the third-party corpus is not beside this checkout",
    ),
]


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("engine", "least"), [("tesseract", 0.97), ("rapidocr", 0.93)])
def test_each_page_is_read_in_order(engine: ocr.Engine, least: float) -> None:
    if engine == "tesseract" and shutil.which("tesseract") is None:
        pytest.skip("tesseract is not installed")
    rows = ocr.measure_pages(ocr.CORPUS, engine)
    assert {name: row["accuracy"] for name, row in rows.items() if row["accuracy"] < least} == {}


@pytest.mark.timeout(900)
def test_words_of_receipts_are_found_in_their_boxes() -> None:
    assert ocr.measure_receipts(ocr.CORPUS / "image" / "sroie")["share"] >= 0.85
