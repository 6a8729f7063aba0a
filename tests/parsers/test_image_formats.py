"""Formats of pictures: each is read and located, says what it is, or is refused."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from pipelines.errors import SourceTooLarge, SourceUnreadable
from pipelines.types import locate
from tests.support.pictures import (
    CORPUS,
    LABEL,
    corpus,
    draw,
    needs_corpus,
    parse,
    region,
    save,
    words,
)


def test_a_quote_is_located_to_the_box_of_its_line(tmp_path: Path) -> None:
    (part,) = parse(save(draw((600, 300), LABEL), tmp_path / "label.png"))
    (segment,) = part.segments
    assert segment.text == "Serial number 4711\nSupply 230 V"
    assert segment.confidence is not None
    assert segment.confidence > 0.9
    assert segment.engine == "rapidocr"
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
@pytest.mark.parametrize("name", ["example.jpg", "image.jpg"])
def test_corpus_photographs_without_text(name: str) -> None:
    (part,) = parse(CORPUS / "image" / name)
    assert [warning.code for warning in part.warnings] == ["no_text"]
