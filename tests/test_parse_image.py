"""Pictures in, Parts out: the text, its regions, and what a picture without text says."""

from __future__ import annotations

import csv
import io
import re
import shutil
import struct
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from pipelines.errors import ModelUnavailable, SourceTooLarge, SourceUnreadable
from pipelines.ocr import OcrLine, block_text, engine_name, group_lines, read_picture
from pipelines.ocr.upright import read_upright
from pipelines.parsers.image import ImageParser
from pipelines.types import ParseOptions, Part, RegionLocator, Segment, locate

CORPUS = Path(__file__).parent.parent / ".." / "shared" / "data"
HAS_TESSERACT = shutil.which("tesseract") is not None

corpus = pytest.mark.corpus
needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus is not beside the checkout"
)
each_engine = pytest.mark.parametrize(
    "engine",
    [
        "rapidocr",
        pytest.param(
            "tesseract",
            marks=pytest.mark.skipif(not HAS_TESSERACT, reason="tesseract is not installed"),
        ),
    ],
)

Placed = tuple[int, int, str]


def draw(size: tuple[int, int], texts: Iterable[Placed], mode: str = "RGB") -> Image.Image:
    """Black text at (x, y) on white, or on nothing in mode RGBA."""
    image = Image.new(mode, size, (0, 0, 0, 0) if mode == "RGBA" else "white")
    pen = ImageDraw.Draw(image)
    for x, y, text in texts:
        pen.text((x, y), text, fill="black", font=ImageFont.load_default(size=28))
    return image


LABEL = ((60, 80, "Serial number 4711"), (60, 130, "Supply 230 V"))


def parse(path: Path, **options: Any) -> list[Part]:
    return list(ImageParser().parse(path, ParseOptions(**options)))


def save(image: Image.Image, path: Path, **options: Any) -> Path:
    image.save(path, **options)
    return path


def words(segments: Iterable[Segment]) -> list[str]:
    return re.findall(r"\w+", " ".join(segment.text for segment in segments))


def region(segment: Segment) -> RegionLocator:
    (locator,) = segment.locators
    assert isinstance(locator, RegionLocator)
    return locator


def test_a_quote_is_located_to_the_box_of_its_line(tmp_path: Path) -> None:
    (part,) = parse(save(draw((600, 300), LABEL), tmp_path / "label.png"))
    (segment,) = part.segments
    assert segment.text == "Serial number 4711\nSupply 230 V"
    assert segment.confidence is not None
    assert segment.confidence > 0.9
    at = segment.text.index("230")
    (found,) = locate(segment.locators, segment.spans, at, at + 3)
    ((x0, y0, x1, y1),) = found.boxes
    assert (found.width, found.height) == (600, 300)
    # Drawn from (60, 130), 28 pixels high; an engine's box keeps a few pixels of margin.
    assert abs(x0 * 600 - 60) < 12
    assert 122 < y0 * 300 < 142
    assert 150 < y1 * 300 < 172
    assert 200 < x1 * 600 < 260
    assert part.warnings == ()
    assert part.counts == {"pages_read": 1, "pages_ocr": 1, "words": 6}
    assert part.facts["format"] == "PNG"
    assert part.facts["engine"] == "rapidocr"


@pytest.mark.parametrize("kind", ["jpeg", "webp", "bmp", "gif", "tiff", "avif"])
def test_formats(tmp_path: Path, kind: str) -> None:
    (part,) = parse(save(draw((600, 300), LABEL), tmp_path / f"label.{kind}"))
    assert words(part.segments) == ["Serial", "number", "4711", "Supply", "230", "V"]
    assert part.facts["format"] == kind.upper()


def test_sixteen_bit_grey(tmp_path: Path) -> None:
    grey = np.asarray(draw((600, 300), LABEL).convert("L"), dtype=np.uint16) * 200
    (part,) = parse(save(Image.fromarray(grey), tmp_path / "scan.png"))
    assert "4711" in words(part.segments)


@pytest.mark.parametrize("inks", [("black", "black"), ("white", "white"), ("black", "white")])
def test_transparency_is_read_on_paper_that_shows_it(tmp_path: Path, inks: tuple[str, str]) -> None:
    logo = Image.new("RGBA", (600, 300), (0, 0, 0, 0))
    pen = ImageDraw.Draw(logo)
    for ink, (x, y, text) in zip(inks, LABEL, strict=True):
        pen.text((x, y), text, fill=ink, font=ImageFont.load_default(size=28))
    (part,) = parse(save(logo, tmp_path / "logo.png"))
    assert "".join(words(part.segments)) == "Serialnumber4711Supply230V"


@pytest.mark.parametrize(
    ("mode", "kind"), [("CMYK", "jpeg"), ("P", "png"), ("1", "png"), ("LA", "png")]
)
def test_colour_modes(tmp_path: Path, mode: str, kind: str) -> None:
    label = draw((600, 300), LABEL)
    label = label.convert("L").convert(mode) if mode == "LA" else label.convert(mode)
    (part,) = parse(save(label, tmp_path / f"label.{kind}"))
    assert words(part.segments) == ["Serial", "number", "4711", "Supply", "230", "V"]


@pytest.mark.parametrize("kind", ["gif", "webp"])
def test_of_a_moving_picture_the_first_frame_is_read_and_told(tmp_path: Path, kind: str) -> None:
    frames = [draw((500, 200), [(40, 80, f"Step number {n}")]) for n in (1, 2)]
    path = save(
        frames[0],
        tmp_path / f"moving.{kind}",
        save_all=True,
        append_images=frames[1:],
        duration=500,
    )
    (part,) = parse(path)
    assert [segment.text for segment in part.segments] == ["Step number 1"]
    assert [warning.code for warning in part.warnings] == ["first_frame_only"]


TURNS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""EXIF orientation (CIPA DC-008) -> how a camera stores what stands upright."""


@pytest.mark.parametrize("orientation", TURNS)
def test_each_orientation_is_shown_upright(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    seen, turn = draw((600, 300), LABEL), TURNS[orientation]
    stored = seen.transpose(turn) if turn is not None else seen
    (part,) = parse(save(stored, tmp_path / "camera.jpeg", exif=exif))
    assert words(part.segments) == ["Serial", "number", "4711", "Supply", "230", "V"]
    where = region(part.segments[0])
    assert (where.width, where.height) == (600, 300)
    ((x0, y0, _, y1), _) = where.boxes
    assert abs(x0 * 600 - 60) < 12
    assert 60 < y0 * 300 < y1 * 300 < 125


NOTICE = ("Lock the rotor before you lift it out", "Serial number 4711, supply 230 V",
          "Clean the chamber with a dry cloth", "Weigh the samples in pairs of two",
          "Shut the lid until it clicks twice")  # fmt: skip


@each_engine
@pytest.mark.parametrize("turn", [TURNS[1], TURNS[6], TURNS[3], TURNS[8]])
def test_a_sheet_scanned_sideways_or_upside_down_is_read(
    turn: Image.Transpose | None, engine: Any
) -> None:
    sheet = draw((700, 420), [(40, 60 + 60 * n, text) for n, text in enumerate(NOTICE)])
    lying = sheet.transpose(turn) if turn is not None else sheet
    lines = read_upright(lying, engine).lines
    assert [line.text for line in lines] == list(NOTICE)
    x = (lines[0].box[0] + lines[0].box[2]) / 2
    y = (lines[0].box[1] + lines[0].box[3]) / 2
    first = {None: y, Image.Transpose.ROTATE_90: x, Image.Transpose.ROTATE_180: 1 - y,
             Image.Transpose.ROTATE_270: 1 - x}[turn]  # fmt: skip
    assert abs(first - 76 / 420) < 0.05


def test_columns_with_a_narrow_gap_are_parted(tmp_path: Path) -> None:
    """The engine reads some rows straight across; their paper shows that they are two."""
    font = ImageFont.load_default(size=28)
    texts = [(540 - 16 - int(font.getlength(text)), 140 + 38 * row, text)
             for row, text in enumerate(LEFT + LEFT)]  # fmt: skip
    texts += [(540, 140 + 38 * row, text) for row, text in enumerate(RIGHT + RIGHT)]
    lines = read_picture(draw((1000, 500), texts), engine="rapidocr")
    text = " ".join(line.text for line in lines)
    assert text == " ".join(LEFT + LEFT + RIGHT + RIGHT)


def test_a_large_picture_is_located_in_its_full_size(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    large = draw((600, 900), [(60, 780, "Near the end")]).resize((4800, 7200))
    lying = large.transpose(Image.Transpose.ROTATE_90)
    (part,) = parse(save(lying, tmp_path / "large.jpeg", exif=exif))
    where = region(part.segments[0])
    assert part.segments[0].text == "Near the end"
    assert (where.width, where.height) == (4800, 7200)
    assert 0.84 < where.boxes[0][1] < where.boxes[0][3] < 0.93


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


@pytest.mark.parametrize("kind", ["jpeg", "tiff"])
def test_boxes_stand_in_the_picture_as_seen(tmp_path: Path, kind: str) -> None:
    """A camera held upright stores the picture lying and says so in EXIF orientation 6."""
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = draw((400, 700), [(40, 600, "Bottom of it")]).transpose(Image.Transpose.ROTATE_90)
    (part,) = parse(save(lying, tmp_path / f"upright.{kind}", exif=exif))
    (segment,) = part.segments
    assert segment.text == "Bottom of it"
    where = region(segment)
    assert (where.width, where.height) == (400, 700)
    assert 0.8 < where.boxes[0][1] < where.boxes[0][3] < 0.95


def test_pages_of_a_tiff_are_parts_and_resume(tmp_path: Path) -> None:
    pages = [draw((500, 200), [(40, 80, f"Sheet number {n}")]) for n in (1, 2, 3)]
    path = save(pages[0], tmp_path / "fax.tiff", save_all=True, append_images=pages[1:])
    parts = parse(path)
    assert [(part.start, part.stop, part.total) for part in parts] == [
        (0, 1, 3),
        (1, 2, 3),
        (2, 3, 3),
    ]
    assert [part.segments[0].text for part in parts] == [f"Sheet number {n}" for n in (1, 2, 3)]
    assert parse(path, start=1, stop=2) == parts[1:2]
    with pytest.raises(SourceTooLarge):
        parse(path, max_pages=2)


def test_a_picture_without_text_says_what_it_is(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Acme", "Snap 3"
    exif[0x0132] = "2024:05:06 07:08:09"
    slope = np.tile(np.linspace(60, 180, 640, dtype=np.uint8), (356, 1))
    (part,) = parse(save(Image.fromarray(slope), tmp_path / "sky.jpg", exif=exif))
    (segment,) = part.segments
    assert segment.kind == "metadata"
    assert segment.text == (
        "Picture, JPEG, 640 x 356 pixels, taken 2024-05-06 07:08:09, with Acme Snap 3"
    )
    assert region(segment).boxes == ((0.0, 0.0, 1.0, 1.0),)
    assert [warning.code for warning in part.warnings] == ["no_text"]


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 99))


@pytest.mark.parametrize("size", [(11_000, 11_000), (60_000, 60_000)])
def test_a_bomb_is_refused_by_its_header(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "bomb.png"
    path.write_bytes(png_header(*size))
    with pytest.raises(SourceTooLarge, match="million pixels"):
        parse(path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a picture",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        png_header(40, 40),
        b"\xff\xd8\xff\xe0" + b"\0" * 40,
    ],
)
def test_what_is_no_picture_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(content)
    with pytest.raises(SourceUnreadable, match="picture"):
        parse(path)


def test_a_broken_page_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    pages = [draw((300, 120), [(20, 40, f"Sheet {n}")]) for n in (1, 2)]
    path = save(pages[0], tmp_path / "fax.tiff", save_all=True, append_images=pages[1:])
    data = bytearray(path.read_bytes())
    with Image.open(path) as picture:
        picture.seek(1)
        second = picture.tag_v2[273][0]
        entry = data.index(struct.pack("<HHII", 273, 4, 1, second))
    data[entry + 8 : entry + 12] = struct.pack("<I", len(data) + 9_000_000)
    path.write_bytes(data)
    parts = parse(path)
    assert parts[0].segments[0].text == "Sheet 1"
    assert parts[1].segments == ()
    assert [(w.code, w.place) for w in parts[1].warnings] == [("page_unreadable", "page 2")]


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
def test_corpus_heic_reads_as_its_jpeg() -> None:
    (heic,) = parse(CORPUS / "image" / "DA-1p.heic")
    assert heic.facts["format"] == "HEIF"
    text = words(heic.segments)
    assert len(text) > 450
    assert {"Abomination", "maleficar", "Creatures".upper()} <= set(text)


@corpus
@needs_corpus
@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("exiftool_djvu.jpg", True),
        ("ghostscript_rce.jpg", True),
        ("imagetragick2.jpg", True),
        ("svg_read_etc_passwd.svg", True),
        ("gif_payload.gif", False),
        ("php_polyglot.jpg", False),
        ("xss_in_metadata.png", False),
    ],
)
def test_corpus_hostile_pictures(name: str, refused: bool) -> None:
    path = CORPUS / "hostile" / name
    if refused:
        with pytest.raises(SourceUnreadable):
            parse(path)
        return
    (part,) = parse(path)
    assert "root:" not in str(part)
    assert [segment.kind for segment in part.segments] == ["metadata"]


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


@corpus
@needs_corpus
@pytest.mark.parametrize("name", ["example.jpg", "image.jpg"])
def test_corpus_photographs_without_text(name: str) -> None:
    (part,) = parse(CORPUS / "image" / name)
    assert [warning.code for warning in part.warnings] == ["no_text"]
