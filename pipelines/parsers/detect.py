"""What kind of file this is, told by its bytes.

A name is a claim anybody can make, so it only decides between text formats that the bytes can't
tell apart: every Markdown file is a text file as well. Nothing here decodes, extracts or imports
anything heavy, so that the API can ask before anything is queued.
"""

from __future__ import annotations

import codecs
import json
import re
import struct
from pathlib import Path, PurePath

from pipelines.media.containers import container_by_header

WINDOW = 64 * 1024
"""Bytes of either end of a file that `detect` looks at."""

UNKNOWN = "application/octet-stream"

_OFFICE = "application/vnd.openxmlformats-officedocument."
DOCX = f"{_OFFICE}wordprocessingml.document"
PPTX = f"{_OFFICE}presentationml.presentation"
XLSX = f"{_OFFICE}spreadsheetml.sheet"

_OOXML_NAMES = {".docx": DOCX, ".pptx": PPTX, ".xlsx": XLSX}
_OOXML_FOLDERS = {"word/": DOCX, "ppt/": PPTX, "xl/": XLSX}

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"II+\x00", "image/tiff"),
    (b"MM\x00+", "image/tiff"),
    (b"fLaC", "audio/flac"),
    (b"AT&TFORM", "image/vnd.djvu"),
    (b"%!", "application/postscript"),
    (b"\x04%!", "application/postscript"),
    (b"\xc5\xd0\xd3\xc6", "application/postscript"),
    (b"{\\rtf", "application/rtf"),
    (b"\x7fELF", "application/x-executable"),
    (b"\xcf\xfa\xed\xfe", "application/x-executable"),
    (b"\xce\xfa\xed\xfe", "application/x-executable"),
    (b"\xca\xfe\xba\xbe", "application/x-executable"),
    (b"\x00asm", "application/wasm"),
    (b"\x1f\x8b", "application/gzip"),
    (b"BZh", "application/x-bzip2"),
    (b"\xfd7zXZ\x00", "application/x-xz"),
    (b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "application/vnd.rar"),
)
_RIFF = {b"WEBP": "image/webp", b"AVI ": "video/x-msvideo", b"WAVE": "audio/wav"}
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"})
_BMP_HEADERS = frozenset({12, 40, 52, 56, 64, 108, 124})

_TEXT_NAMES = {
    ".txt": "text/plain",
    ".text": "text/plain",
    ".log": "text/plain",
    ".md": "text/markdown",
    ".markdown": "text/markdown",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
}
BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    # UTF-32 little endian begins with the mark of UTF-16: it is asked first.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_EMAIL_HEADER = re.compile(
    r"^(from|to|subject|date|message-id|received|mime-version|return-path): ", re.I | re.M
)
_CUE = re.compile(r"(\A|\n)\d+\s*\n\d{1,2}:\d\d:\d\d[,.]\d{3}\s+-->")
_HTML_TAG = re.compile(r"<(html|head|body|title|div|p|table|ul|ol|h[1-6]|a|span|article)\b", re.I)
_PDF_LATER = re.compile(rb"(?:\A|[\r\n\x00])%PDF-\d")


def detect(head: bytes, filename: str, tail: bytes = b"") -> str:
    """The media type of a file; `application/octet-stream` when it is none we know.

    `head` is up to the first 64 KiB, `tail` up to the last 64 KiB (a zip lists its members at its
    end; may be left out for a file that `head` holds whole). `filename` breaks ties between text
    formats only, and tells which office format an encrypted container holds.
    """
    return _binary(head, filename, tail or head) or _text(head, filename) or UNKNOWN


def detect_path(path: Path, filename: str | None = None) -> str:
    """`detect` for a file on disk; `filename` as the user called it, where that differs."""
    with path.open("rb") as file:
        head = file.read(WINDOW)
        file.seek(max(0, path.stat().st_size - WINDOW))
        tail = file.read(WINDOW)
    return detect(head, filename or path.name, tail)


def _binary(head: bytes, filename: str, tail: bytes) -> str | None:
    for magic, media_type in _MAGIC:
        if head.startswith(magic):
            return media_type
    if container := container_by_header(head):
        return container.media_type
    if head.startswith(b"RIFF"):
        return _RIFF.get(head[8:12], UNKNOWN)
    if head[4:8] == b"ftyp" or head[4:8] in (b"moov", b"mdat", b"wide"):
        return _iso_media(head, tail)
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return _matroska(head)
    if head.startswith(b"OggS"):
        return "video/ogg" if b"\x80theora" in head[:WINDOW] else "audio/ogg"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip(head, tail)
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _compound(head + tail, filename)
    if head.startswith(b"MZ") and b"\x00" in head[:64]:
        return "application/vnd.microsoft.portable-executable"
    if head.startswith(b"BM") and len(head) >= 26:
        return "image/bmp" if struct.unpack_from("<I", head, 14)[0] in _BMP_HEADERS else None
    if head[257:262] == b"ustar":
        return "application/x-tar"
    # Some writers put a mail header or a few bytes of junk before a PDF, and readers put up with
    # it. A text that only talks about "%PDF-1.4" has no objects.
    if _PDF_LATER.search(head[:1024]) and (b"%%EOF" in tail or re.search(rb"\d obj\b", head)):
        return "application/pdf"
    return _mpeg_audio(head)


def _iso_media(head: bytes, tail: bytes) -> str:
    """MP4, QuickTime, M4A, HEIC and AVIF share one container (ISO/IEC 14496-12, 23008-12)."""
    if head[4:8] == b"ftyp":
        size = struct.unpack(">I", head[:4])[0]
        brand = head[8:12]
        brands = {brand, *(head[i : i + 4] for i in range(16, min(size, len(head), 512), 4))}
        if brand in _HEIC_BRANDS or brand in (b"avif", b"avis"):
            return "image/avif" if brands & {b"avif", b"avis"} else "image/heic"
        if brand in (b"M4A ", b"M4B "):
            return "audio/mp4"
        if brand == b"qt  ":
            return "video/quicktime"
        tracks = set(re.findall(rb"hdlr.{8}(vide|soun)", head + tail, re.S))
        return "audio/mp4" if tracks == {b"soun"} else "video/mp4"
    return "video/quicktime"


def _matroska(head: bytes) -> str:
    """WebM is Matroska with the document type `webm`; a file without a video codec is sound."""
    kind = "webm" if b"webm" in head[:256] else "x-matroska"
    sound_only = b"A_" in head and not re.search(rb"V_(VP|AV1|MPEG|MS|REAL|THEORA|UNC)", head)
    return f"audio/{kind}" if sound_only else f"video/{kind}"


def _mpeg_audio(head: bytes) -> str | None:
    if head.startswith(b"ID3"):
        return "audio/mpeg"
    # FF FE would be a frame of MPEG layer I, which nobody has; it is a text's byte order mark.
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0 or head[1] == 0xFE:
        return None
    if head[1] & 0xF6 == 0xF0:
        return "audio/aac"
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bitrate, rate = head[2] >> 4, head[2] >> 2 & 3
    known = version != 1 and layer != 0 and 0 < bitrate < 15 and rate != 3
    return "audio/mpeg" if known else None


def _zip_names(head: bytes, tail: bytes) -> set[str]:
    """Names of a zip's members: those the two windows show of its directory and local headers."""
    names = set()
    for window, signature, at, header in (
        (head, b"PK\x03\x04", 26, 30),
        (tail, b"PK\x01\x02", 28, 46),
    ):
        start = window.find(signature)
        while start != -1 and start + header <= len(window):
            length = struct.unpack_from("<H", window, start + at)[0]
            names.add(window[start + header : start + header + length].decode("utf-8", "replace"))
            start = window.find(signature, start + header)
    return names


def _zip(head: bytes, tail: bytes) -> str:
    names = _zip_names(head, tail)
    if "[Content_Types].xml" in names:
        for folder, media_type in _OOXML_FOLDERS.items():
            if any(name.startswith(folder) for name in names):
                return media_type
    # OpenDocument and EPUB name themselves in a first member that is stored, not deflated.
    if head[30:38] == b"mimetype":
        claim = re.match(rb"[a-z.+/-]{1,80}", head[38:128])
        if claim and claim[0].startswith((b"application/epub", b"application/vnd.oasis")):
            return claim[0].removesuffix(b"PK").decode("ascii")
    if "META-INF/container.xml" in names and any(name.endswith(".opf") for name in names):
        return "application/epub+zip"
    if "META-INF/MANIFEST.MF" in names:
        return "application/java-archive"
    return "application/zip"


def _compound(window: bytes, filename: str) -> str:
    """OLE compound files hold old office formats, or a new one under a password ([MS-OFFCRYPTO]).

    The members' names may lie outside the windows, and the encrypted bytes don't say which of
    the new formats they are: the name does.
    """
    suffix = PurePath(filename).suffix.lower()
    for stream, media_type in (
        ("WordDocument", "application/msword"),
        ("PowerPoint Document", "application/vnd.ms-powerpoint"),
        ("Workbook", "application/vnd.ms-excel"),
        ("__properties_version", "application/vnd.ms-outlook"),
    ):
        if stream.encode("utf-16-le") in window:
            return media_type
    if "EncryptedPackage".encode("utf-16-le") in window:
        return _OOXML_NAMES.get(suffix, DOCX)
    return _OOXML_NAMES.get(suffix, "application/x-ole-storage")


def _decode(head: bytes) -> str | None:
    """`head` as text, None when it is binary. A character cut by the window's end is left out."""
    encoding = next((name for bom, name in BOMS if head.startswith(bom)), None)
    if encoding is None:
        if re.search(rb"[\x00-\x07\x0e-\x1a\x1c-\x1f]", head):
            return None
        encoding = "utf-8"
    try:
        return codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError:
        return head.decode("latin-1") if encoding == "utf-8" else None


def _text(head: bytes, filename: str) -> str | None:
    text = _decode(head)
    if not text:
        return None
    content = re.sub(r"\A(\s|\ufeff|<!--.*?-->)+", "", text, flags=re.S)
    suffix = PurePath(filename).suffix.lower()
    if markup := _markup(content, suffix):
        return markup
    if suffix in _TEXT_NAMES:
        return _TEXT_NAMES[suffix]
    if content.startswith("WEBVTT"):
        return "text/vtt"
    if _CUE.match(content):
        return "application/x-subrip"
    if content.startswith(("{", "[")) and (
        suffix in (".json", ".ipynb") or _is_json(content, whole=len(head) < WINDOW)
    ):
        return "application/json"
    headers = {name.lower() for name in _EMAIL_HEADER.findall(content[:4096])}
    if len(headers) >= (1 if suffix == ".eml" else 3) and re.match(r"[A-Za-z-]+:", content):
        return "message/rfc822"
    if suffix in ("", ".html", ".htm", ".xhtml") and _HTML_TAG.search(content):
        return "text/html"
    return "text/plain"


def _markup(content: str, suffix: str) -> str | None:
    """HTML, SVG or XML that says so at its very start; None for anything else."""
    start = content[:4096].lower()
    if start.startswith(("<!doctype html", "<html")):
        return "text/html"
    if not start.startswith(("<?xml", "<!doctype", "<!entity", "<svg")):
        return "application/xml" if suffix == ".xml" and "<" in start else None
    # An internal subset in brackets may name elements of its own before the root.
    root = re.search(r"<(?:\w+:)?([a-z][\w.-]*)", re.sub(r"<!doctype[^[>]*(\[.*?\])?", "", start))
    name = root[1] if root else ""
    return {"svg": "image/svg+xml", "html": "text/html"}.get(name, "application/xml")


def _is_json(content: str, *, whole: bool) -> bool:
    if not whole:
        return re.match(r'[{\[]\s*["{\[\d]', content) is not None
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True
