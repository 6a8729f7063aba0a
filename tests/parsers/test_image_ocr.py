"""Text in pictures: its order, its blocks and boxes, on large sheets and small slivers."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageFont

from pipelines.errors import ModelUnavailable
from pipelines.ocr import OcrLine, block_text, engine_name, group_lines, read_picture
from tests.support.pictures import (
    CORPUS,
    LABEL,
    corpus,
    draw,
    each_engine,
    needs_corpus,
    parse,
    region,
    save,
)

LEFT = ("Before the first run of", "the day the rotor must be", "cleaned with a dry cloth,",
        "and the lid must be shut.")  # fmt: skip
RIGHT = ("Samples are weighed in", "pairs, and each pair may", "differ by half a gram at",
         "most before it is loaded.")  # fmt: skip


@each_engine
def test_columns_are_read_one_after_the_other(engine: Any) -> None:
    texts = [(180, 40, "Instructions for the operator of the machine")]
    texts += [(40, 140 + 38 * row, text) for row, text in enumerate(LEFT)]
    texts += [(540, 140 + 38 * row, text) for row, text in enumerate(RIGHT)]
    texts += [(180, 380, "Keep this sheet beside the machine at all times")]
    lines = read_picture(draw((1000, 480), texts), engine=engine)
    assert [line.text for line in lines] == [texts[0][2], *LEFT, *RIGHT, texts[-1][2]]
    blocks = group_lines(lines)
    assert [len(block) for block in blocks] == [1, 4, 4, 1]


def test_columns_with_a_narrow_gap_are_parted(tmp_path: Path) -> None:
    """The engine reads some rows straight across; their paper shows that they are two."""
    font = ImageFont.load_default(size=28)
    texts = [(540 - 16 - int(font.getlength(text)), 140 + 38 * row, text)
             for row, text in enumerate(LEFT + LEFT)]  # fmt: skip
    texts += [(540, 140 + 38 * row, text) for row, text in enumerate(RIGHT + RIGHT)]
    lines = read_picture(draw((1000, 500), texts), engine="rapidocr")
    text = " ".join(line.text for line in lines)
    assert text == " ".join(LEFT + LEFT + RIGHT + RIGHT)


def test_a_leaning_page_keeps_its_columns() -> None:
    texts = [(40, 140 + 45 * row, text) for row, text in enumerate(LEFT)]
    texts += [(500, 140 + 45 * row, text) for row, text in enumerate(RIGHT)]
    leaning = draw((1000, 480), texts).rotate(4, fillcolor="white")
    lines = read_picture(leaning, engine="rapidocr")
    assert [line.text for line in lines] == [*LEFT, *RIGHT]


def test_rows_of_a_receipt_stay_together() -> None:
    rows = [("Tea, green, 100 g", "4.20"), ("Milk", "1.10"), ("Bread, rye", "3.75"),
            ("TOTAL", "9.05")]  # fmt: skip
    texts = [(40, 40 + 48 * n, label) for n, (label, _) in enumerate(rows)]
    texts += [(480, 40 + 48 * n, price) for n, (_, price) in enumerate(rows)]
    lines = read_picture(draw((620, 280), texts), engine="rapidocr")
    text = "\n".join(block_text(block)[0] for block in group_lines(lines))
    assert text.split("\n") == [f"{label} {price}" for label, price in rows]


def test_a_long_strip_is_read_whole_and_once() -> None:
    texts = [(30, 60 + 150 * n, f"Message number {n + 100}") for n in range(40)]
    lines = read_picture(draw((420, 6100), texts), engine="rapidocr")
    assert [line.text for line in lines] == [text for _, _, text in texts]
    middles = [(line.box[1] + line.box[3]) / 2 * 6100 for line in lines]
    assert max(abs(m - (y + 16)) for m, (_, y, _) in zip(middles, texts, strict=True)) < 12


def test_large_pages_of_a_tiff_are_each_read(tmp_path: Path) -> None:
    pages = [draw((700, 600), [(60, 80, f"Sheet {n}")]).resize((4900, 4200)) for n in (1, 2)]
    path = save(pages[0], tmp_path / "big.tiff", save_all=True, append_images=pages[1:])
    assert [part.segments[0].text for part in parse(path)] == ["Sheet 1", "Sheet 2"]


@pytest.mark.slow
def test_small_type_on_a_large_picture_is_read_across_tiles(tmp_path: Path) -> None:
    """A drawing of 6000 x 4200 pixels: shrunk to what OCR looks at, its type is 9 pixels high."""
    rows = [(900, 700), (2500, 2040), (4200, 3900)]
    sentence = "The rotor nut is tightened with a torque of 5.5 Nm by hand"
    texts = [(x, y, f"{sentence} {n}") for n, (x, y) in enumerate(rows)]
    (part,) = parse(save(draw((6000, 4200), texts), tmp_path / "drawing.png"))
    lines = [line for segment in part.segments for line in segment.text.split("\n")]
    assert ["".join(line.split()) for line in lines] == [
        "".join(text.split()) for _, _, text in texts
    ]
    boxes = [box for segment in part.segments for box in region(segment).boxes]
    for (x, y, _), box in zip(texts, boxes, strict=True):
        assert abs(box[0] * 6000 - x) < 30
        assert abs((box[1] + box[3]) / 2 * 4200 - y - 17) < 30


@pytest.mark.parametrize("size", [(1, 1), (7, 4000), (4000, 12), (30, 3000)])
def test_slivers_hold_no_text_and_little_memory(size: tuple[int, int]) -> None:
    assert read_picture(Image.new("RGB", size, "grey"), engine="rapidocr") == []


def test_an_engine_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert engine_name() == "rapidocr"
    with pytest.raises(ModelUnavailable, match="tesseract"):
        read_picture(draw((600, 300), LABEL), engine="tesseract")


def test_lines_of_another_size_or_far_below_start_a_block() -> None:
    def line(text: str, top: float, height: float) -> OcrLine:
        return OcrLine(text, (0.1, top, 0.6, top + height), 0.9)

    lines = [line("Heading", 0.1, 0.06), line("a", 0.18, 0.03), line("b", 0.22, 0.03),
             line("far", 0.5, 0.03)]  # fmt: skip
    assert [[each.text for each in block] for block in group_lines(lines)] == [
        ["Heading"],
        ["a", "b"],
        ["far"],
    ]


@corpus
@needs_corpus
@pytest.mark.parametrize("name", ["032", "245", "363"])
def test_corpus_receipts_have_their_words_in_their_boxes(name: str) -> None:
    picture = CORPUS / "image" / "sroie" / f"{name}.jpg"
    (part,) = parse(picture)
    width, height = part.facts["width"], part.facts["height"]
    lines = [
        (segment.text[start:end], region(segment).boxes[box])
        for segment in part.segments
        for start, end, _, box in segment.spans
    ]
    table = picture.with_suffix(".box.csv").read_text(encoding="utf-8", errors="replace")
    total = found = 0
    for row in csv.reader(io.StringIO(table)):
        numbers = [int(number) for number in row[:8]]
        gold = (min(numbers[::2]), min(numbers[1::2]), max(numbers[::2]), max(numbers[1::2]))
        there: set[str] = set()
        for text, (x0, y0, x1, y1) in lines:
            box = (x0 * width, y0 * height, x1 * width, y1 * height)
            if shared(gold, box) > 0.5 * min(shared(gold, gold), shared(box, box)):
                there |= set(re.findall(r"[a-z0-9]+", text.lower()))
        said = re.findall(r"[a-z0-9]+", ",".join(row[8:]).lower())
        total += len(said)
        found += sum(word in there for word in said)
    assert found / total >= 0.85


def shared(one: tuple[float, ...], two: tuple[float, ...]) -> float:
    width = min(one[2], two[2]) - max(one[0], two[0])
    height = min(one[3], two[3]) - max(one[1], two[1])
    return max(0.0, width) * max(0.0, height)


@corpus
@needs_corpus
def test_corpus_two_columns_in_order() -> None:
    (part,) = parse(CORPUS / "image" / "double-column-A.jpg")
    text = " ".join(segment.text for segment in part.segments)
    told = ("apply to all positions", "(b) Competitive position", "(c) Competitive status")
    assert sorted(text.index(each) for each in told) == [text.index(each) for each in told]


@corpus
@needs_corpus
def test_corpus_a_script_that_cannot_be_read_is_told() -> None:
    """PP-OCR's models in the wheel know Latin, Chinese and Japanese, and no Korean."""
    (part,) = parse(CORPUS / "image" / "english-and-korean.png")
    assert [(w.code, w.place) for w in part.warnings] == [("low_confidence", None)]
    assert "RULES AND INSTRUCTIONS" in part.segments[0].text
    (chinese,) = parse(CORPUS / "image" / "chi_sim_image.jpeg")
    assert chinese.warnings == ()
    assert "新鲜甘草黄酮养分" in chinese.segments[0].text
