"""The media type of a file is what its bytes say; names only part text formats."""

import io
import os
import struct
import zipfile
from pathlib import Path

import pytest

from pipelines.parsers import PARSERS, source_type_of
from pipelines.parsers.detect import DOCX, PPTX, XLSX, detect, detect_path

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "data"
needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the third-party corpus is not beside the checkout"
)


def zipped(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        for name in names:
            package.writestr(name, "application/epub+zip" if name == "mimetype" else "x")
    return buffer.getvalue()


def iso(brand: bytes, *compatible: bytes, handler: bytes = b"") -> bytes:
    brands = brand + bytes(4) + b"".join(compatible)
    track = b"hdlr" + bytes(8) + handler if handler else b""
    return struct.pack(">I", len(brands) + 8) + b"ftyp" + brands + track


def compound(stream: str) -> bytes:
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + stream.encode("utf-16-le") + bytes(64)


BINARY = [
    (b"%PDF-1.7\n", "application/pdf"),
    (b"\x00junk\n%PDF-1.4\n1 0 obj\n", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n\x00", "image/png"),
    (b"\xff\xd8\xff\xe0<?php phpinfo(); ?>", "image/jpeg"),
    (b"GIF89a\x01\x00", "image/gif"),
    (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
    (b"II*\x00\x08\x00", "image/tiff"),
    (b"MM\x00*\x00\x00", "image/tiff"),
    (b"BM" + bytes(12) + struct.pack("<I", 40) + bytes(20), "image/bmp"),
    (iso(b"heic", b"mif1"), "image/heic"),
    (iso(b"mif1", b"avif"), "image/avif"),
    (iso(b"isom", handler=b"vide"), "video/mp4"),
    (iso(b"isom", handler=b"soun"), "audio/mp4"),
    (iso(b"M4A "), "audio/mp4"),
    (iso(b"qt  "), "video/quicktime"),
    (b"\x1a\x45\xdf\xa3\x42\x82\x88matroska V_MPEG4/ISO/AVC A_AAC", "video/x-matroska"),
    (b"\x1a\x45\xdf\xa3\x42\x82\x84webm V_VP9 A_OPUS", "video/webm"),
    (b"\x1a\x45\xdf\xa3\x42\x82\x84webm A_OPUS", "audio/webm"),
    (b"RIFF\x00\x00\x00\x00AVI LIST", "video/x-msvideo"),
    (b"RIFF\x00\x00\x00\x00WAVEfmt ", "audio/wav"),
    (b"ID3\x04\x00", "audio/mpeg"),
    (b"\xff\xfb\x90\x00", "audio/mpeg"),
    (b"fLaC\x00", "audio/flac"),
    (b"OggS\x00\x02", "audio/ogg"),
    (b"#!AMR-WB\n\x44", "audio/amr-wb"),
    ((b"G\x40\x00\x10" + bytes(184)) * 3, "video/mp2t"),
    ((bytes(4) + b"G\x40\x00\x10" + bytes(184)) * 9, "video/mp2t"),
    ((b"G\x40\x00\x10" + bytes(184)) * 3 + bytes(188), "application/octet-stream"),
    (zipped("[Content_Types].xml", "word/document.xml"), DOCX),
    (zipped("[Content_Types].xml", "ppt/presentation.xml"), PPTX),
    (zipped("[Content_Types].xml", "xl/workbook.xml"), XLSX),
    (zipped("mimetype", "OEBPS/a.xhtml"), "application/epub+zip"),
    (zipped("META-INF/container.xml", "OEBPS/a.opf"), "application/epub+zip"),
    (zipped("notes/word/document.xml"), "application/zip"),
    (compound("EncryptedPackage"), DOCX),
    (compound("WordDocument"), "application/msword"),
    (b"MZ\x90\x00\x03", "application/vnd.microsoft.portable-executable"),
    (b"\x7fELF\x02", "application/x-executable"),
    (b"AT&TFORM\x00\x00", "image/vnd.djvu"),
    (b"%!PS-Adobe-3.0\n", "application/postscript"),
    (b"", "application/octet-stream"),
    (bytes(range(256)), "application/octet-stream"),
]


@pytest.mark.parametrize(("data", "media_type"), BINARY)
def test_a_wrong_name_never_wins_over_bytes(data: bytes, media_type: str) -> None:
    for name in ("a.jpg", "a.pdf", "a.mp4", "a.txt", "a.html", "../../etc/passwd", "a"):
        assert detect(data, name) == media_type


TEXTS = [
    ("plain words", "a.txt", "text/plain"),
    ("plain words", "a.jpg", "text/plain"),
    ("# Title", "a.md", "text/markdown"),
    ("a,b\n1,2\n", "a.csv", "text/csv"),
    ("a\tb\n", "a.tsv", "text/tab-separated-values"),
    ("<!-- made by hand -->\n<!DOCTYPE html><title>x</title>", "a.txt", "text/html"),
    ("<p>a <b>fragment</b></p>", "a.html", "text/html"),
    ("<p>a <b>fragment</b></p>", "a.md", "text/markdown"),
    ('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "a.png", "image/svg+xml"),
    ('<?xml version="1.0"?>\n<html xmlns="x"><body/></html>', "a.xml", "text/html"),
    ('<?xml version="1.0"?><!DOCTYPE r [<!ENTITY svg "x">]><r/>', "a.txt", "application/xml"),
    ('{"cells": []}', "a.ipynb", "application/json"),
    ('{"a": 1}', "a", "application/json"),
    ('{"a": 1', "a.json.txt", "text/plain"),
    ("1\n00:00:01,000 --> 00:00:02,000\nHello\n", "a.srt", "application/x-subrip"),
    ("WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n", "a.vtt", "text/vtt"),
    ("From: a@b.c\nTo: d@e.f\nSubject: x\n\nHello", "a.eml", "message/rfc822"),
    ("Get(1);" + "\n" * 181, "a.ts", "text/plain"),
    (f"{'G001':187}\n" * 9, "a.ts", "text/plain"),
    ("FORM: three copies", "a.aiff", "text/plain"),
    ("caffeine", "a.caf", "text/plain"),
    ("A note on the header %PDF-1.4 of a file.", "a.txt", "text/plain"),
]


@pytest.mark.parametrize(("text", "name", "media_type"), TEXTS)
def test_text_formats_are_told_by_content_then_by_name(
    text: str, name: str, media_type: str
) -> None:
    assert detect(text.encode(), name) == media_type


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1"])
def test_text_in_any_encoding(encoding: str) -> None:
    assert detect("können wir über Öl reden".encode(encoding), "a.txt") == "text/plain"


def test_a_character_cut_at_the_windows_end_is_still_text() -> None:
    assert detect(("ä" * 40_000).encode()[: 64 * 1024 - 1], "a.txt") == "text/plain"


def test_an_office_file_is_known_by_its_directory(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("docProps/thumbnail.bin", os.urandom(200_000))
        package.writestr("[Content_Types].xml", "x")
        package.writestr("xl/workbook.xml", "x")
    assert detect_path(path) == XLSX


def test_every_parser_is_found_by_the_types_it_reads() -> None:
    for parser in PARSERS:
        for media_type in parser.media_types:
            assert source_type_of(media_type) == parser.source_type
    assert source_type_of("application/zip") is None
    assert source_type_of("image/svg+xml") is None


EXPECTED = {
    "pdf/*.pdf": {"application/pdf"},
    "hostile/*.pdf": {"application/pdf"},
    "hostile/*.svg": {"image/svg+xml"},
    "hostile/*.xml": {"application/xml"},
    "hostile/*.zip": {"application/zip"},
    "hostile/*.txt": {"text/plain"},
    "hostile/*.md": {"text/markdown"},
    "hostile/*.ipynb": {"application/json"},
    "hostile/*.png": {"image/png"},
    "hostile/gif_payload.gif": {"image/gif"},
    "hostile/exiftool_djvu.jpg": {"image/vnd.djvu"},
    "hostile/ghostscript_rce.jpg": {"application/postscript"},
    "hostile/imagetragick2.jpg": {"application/postscript"},
    "hostile/php_polyglot.jpg": {"image/jpeg"},
    "hostile/ffmpeg_hls_*": {"video/x-msvideo"},
    "html/*.html": {"text/html"},
    "image/*.jpg": {"image/jpeg"},
    "image/*.jpeg": {"image/jpeg"},
    "image/*.png": {"image/png"},
    "image/*.tif": {"image/tiff"},
    "image/*.heic": {"image/heic"},
    "av/*.mp3": {"audio/mpeg"},
    "av/*.wav": {"audio/wav"},
    "av/*.ogg": {"audio/ogg"},
    "av/*.flac": {"audio/flac"},
    "av/*.m4a": {"audio/mp4"},
    "av/*.mp4": {"video/mp4"},
    "av/*.mkv": {"video/x-matroska"},
    "av/p001.webm": {"audio/webm"},
    "av/*.vtt": {"text/vtt"},
    "av/*.srt": {"application/x-subrip"},
}


@needs_corpus
@pytest.mark.corpus
@pytest.mark.parametrize("pattern", EXPECTED)
def test_files_of_the_corpus(pattern: str) -> None:
    paths = list(CORPUS.glob(pattern))
    assert paths
    assert {detect_path(path) for path in paths} == EXPECTED[pattern]
