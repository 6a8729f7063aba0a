"""Pictures: the text in them with its regions, and what the file says of itself."""

from __future__ import annotations

import warnings
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pipelines.errors import SourceTooLarge, SourceUnreadable
from pipelines.ordered_pool import Later, in_order, threads_each, worker_count
from pipelines.parsers.contract import ParseOptions
from pipelines.types import ParseWarning, Part, RegionLocator, Segment, SourceType, Span

if TYPE_CHECKING:
    from PIL.Image import Image

    from pipelines.ocr import OcrLine, Reading

_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "HEIF", "AVIF")
"""The only decoders that run: Pillow also has ones that start Ghostscript or follow links."""
_ENGINE: Literal["rapidocr"] = "rapidocr"
"""On photographs RapidOCR finds 0.95 of the words in their place where tesseract finds 0.70
(twelve receipts with human boxes); tesseract is for page scans."""
_LONGEST = 4000
"""Pixels of the longer side that a picture is shrunk to; OCR looks at no more, in four tiles."""
_STRIP = 3.0
"""Pictures longer than this many times their width keep their size: shrinking loses their text."""
_LOW_CONFIDENCE = 0.6
_DATE, _MAKE, _MODEL, _TAKEN = 0x0132, 0x010F, 0x0110, 0x9003


@dataclass(frozen=True)
class _Frame:
    """A page, its full size as a person sees it, and what the file tells of it."""

    index: int
    frames: int
    width: int
    height: int
    told: dict[str, Any]
    place: str | None
    moving: bool
    """Whether more frames follow that show the same picture later."""


@dataclass(frozen=True)
class _FrameRead:
    """A page and its text, or why that could not be read."""

    frame: _Frame
    reading: Reading
    failed: str | None
    picture: Image | None


class ImageParser:
    source_type: SourceType = "image"
    media_types = frozenset(
        {
            "image/png",
            "image/jpeg",
            "image/webp",
            "image/tiff",
            "image/bmp",
            "image/gif",
            "image/heic",
            "image/heif",
            "image/avif",
        }
    )

    def parse(self, path: Path, options: ParseOptions) -> Iterator[Part]:
        with _open(path, options) as picture:
            # Frames of a TIFF are pages; those of a GIF or WEBP are the same picture, moving.
            frames = getattr(picture, "n_frames", 1) if picture.format == "TIFF" else 1
            if frames > options.max_pages:
                raise SourceTooLarge(
                    f"The picture has more than {options.max_pages} pages; split it."
                )
            stop = frames if options.stop is None else min(frames, options.stop)
            indexes = range(max(0, options.start), stop)
            workers = worker_count(len(indexes))
            pages = _frames(picture, indexes, frames, options, threads_each(workers))
            ordered: Generator[Part | _FrameRead, None, None] = in_order(pages, workers)
            with closing(ordered):
                for page in ordered:
                    yield page if isinstance(page, Part) else _described(page, options)


@contextmanager
def _open(path: Path, options: ParseOptions) -> Iterator[Image]:
    """The picture, undecoded."""
    from pi_heif import register_heif_opener
    from PIL import Image as pillow

    register_heif_opener()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pillow.DecompressionBombWarning)
        try:
            picture = pillow.open(path, formats=_FORMATS)
        except pillow.DecompressionBombError as exc:
            raise _too_large(options) from exc
        except (OSError, ValueError, SyntaxError, KeyError, TypeError, EOFError) as exc:
            raise SourceUnreadable(
                "This is not a picture that can be read, or it is broken; export it again as PNG "
                "or JPEG."
            ) from exc
        with picture:
            yield picture


def _frames(
    picture: Image, indexes: range, frames: int, options: ParseOptions, threads: int
) -> Generator[Part | _FrameRead | Later[Part | _FrameRead], None, None]:
    """Pages are decoded here, one at a time; their text is read later, with so many threads.

    A page that can't be decoded is a Part already, with a warning.
    """
    moving = frames == 1 and getattr(picture, "n_frames", 1) > 1
    for index in indexes:
        place = f"page {index + 1}" if frames > 1 else None
        try:
            shown, width, height = _decode(picture, index, options)
        except (OSError, ValueError, SyntaxError, EOFError, MemoryError) as exc:
            if frames == 1:
                raise SourceUnreadable(
                    "The picture is broken and can't be decoded; export it again."
                ) from exc
            message = "This page of the picture is broken and was left out."
            yield _part(index, frames, warnings=(_warning("page_unreadable", message, place),))
            continue
        frame = _Frame(index, frames, width, height, _told(picture), place, moving)
        keep = options.outside is not None and options.outside.vision is not None
        yield Later(partial(_read_frame, frame, shown, threads, keep=keep))


def _read_frame(frame: _Frame, shown: Image, threads: int, *, keep: bool) -> _FrameRead:
    """`keep` keeps the picture, small, for a model that describes it."""
    from pipelines.external.vision import LONGEST_SIDE
    from pipelines.ocr import Reading
    from pipelines.ocr.upright import read_upright

    reading, failed = Reading([], 0, _ENGINE), None
    try:
        reading = read_upright(shown, _ENGINE, threads)
    except SourceUnreadable as exc:
        if frame.frames == 1:
            raise
        failed = f"The text of this page was not read: {exc}"
    if keep:
        shown.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return _FrameRead(frame, reading, failed, shown if keep else None)


def _described(read: _FrameRead, options: ParseOptions) -> Part:
    """The page's Part. A service outside is asked here, on the consumer's thread, one at a time."""
    from pipelines.external.vision import Look, look
    from pipelines.ocr import group_lines

    frame, lines = read.frame, read.reading.lines
    width, height, place = frame.width, frame.height, frame.place
    found: tuple[ParseWarning, ...] = ()
    if read.failed:
        found += (_warning("ocr_failed", read.failed, place),)
    seen = Look()
    if read.picture is not None:
        seen = look(read.picture, width, height, options.outside)
    segments = (
        *(_segment(block, width, height) for block in group_lines(lines)),
        *seen.segments,
    )
    if frame.moving:
        message = "The picture moves; only what its first frame shows was read."
        found += (_warning("first_frame_only", message, place),)
    if not segments:
        segments = (_metadata(frame.told, width, height),)
        message = "No text was found in the picture; only its metadata is searchable."
        if not seen.degraded:
            message = (
                "No text was found in the picture and no vision model is set to describe it; "
                "only its metadata is searchable."
            )
        found += (_warning("no_text", message, place),)
    if read.reading.is_partial:
        message = (
            "Some lines of this picture could not be read: they are blurred, or in a script that "
            "OCR does not know."
        )
        found += (_warning("low_confidence", message, place),)
    elif lines and _sureness(lines) < _LOW_CONFIDENCE:
        message = "The text is hard to read in this picture; some of it may be wrong."
        found += (_warning("low_confidence", message, place),)
    if seen.degraded:
        found += (_warning("degraded", seen.degraded, place),)
    facts = {"width": width, "height": height, "pages": frame.frames, "engine": _ENGINE}
    counts = {
        "pages_read": 1,
        "pages_ocr": 1,
        "words": sum(len(line.text.split()) for line in lines),
    }
    facts |= frame.told | (seen.facts if frame.index == 0 else {})
    return _part(frame.index, frame.frames, segments, found, facts, counts)


def _part(
    index: int,
    frames: int,
    segments: tuple[Segment, ...] = (),
    warnings: tuple[ParseWarning, ...] = (),
    facts: dict[str, Any] | None = None,
    counts: dict[str, int] | None = None,
) -> Part:
    return Part(
        start=index,
        stop=index + 1,
        total=frames,
        unit="pages",
        segments=segments,
        warnings=warnings,
        facts=facts or {},
        counts=counts or {},
    )


def _warning(code: str, message: str, place: str | None) -> ParseWarning:
    return ParseWarning(code=code, message=message, place=place)


def _sureness(lines: list[OcrLine]) -> float:
    """Mean confidence of the letters, 0..1."""
    letters = sum(len(line.text) for line in lines)
    return sum(line.confidence * len(line.text) for line in lines) / letters


def _decode(picture: Image, index: int, options: ParseOptions) -> tuple[Image, int, int]:
    """Frame `index` as a person sees it, shrunk if very large, and its full width and height."""
    from PIL import ImageOps

    if index:
        picture.seek(index)
    width, height = picture.size
    if width * height > options.max_pixels:
        raise _too_large(options)
    longest = max(width, height)
    if longest > _LONGEST and longest < _STRIP * min(width, height):
        # A JPEG decodes straight to a half, a quarter or an eighth of its size. Shrinking comes
        # before turning, which copies the picture.
        picture.draft("RGB", (width * _LONGEST // longest, height * _LONGEST // longest))
        picture.thumbnail((_LONGEST, _LONGEST), reducing_gap=2.0)
    shown = ImageOps.exif_transpose(picture) or picture
    turned = (shown.width > shown.height) != (width > height)
    return (shown, height, width) if turned else (shown, width, height)


def _too_large(options: ParseOptions) -> SourceTooLarge:
    return SourceTooLarge(
        f"The picture has more than {options.max_pixels // 1_000_000} million pixels; "
        "upload it smaller."
    )


def _segment(block: list[OcrLine], width: int, height: int) -> Segment:
    """One segment per block, one box and one span per line."""
    from pipelines.ocr import block_text

    text, places = block_text(block)
    spans: list[Span] = [(start, end, 0, box) for box, (start, end) in enumerate(places)]
    letters = sum(len(line.text) for line in block)
    return Segment(
        text=text,
        locators=(
            RegionLocator(boxes=tuple(line.box for line in block), width=width, height=height),
        ),
        spans=tuple(spans),
        engine=_ENGINE,
        confidence=round(sum(line.confidence * len(line.text) for line in block) / letters, 3),
    )


def _metadata(told: dict[str, Any], width: int, height: int) -> Segment:
    parts = ["Picture", told["format"], f"{width} x {height} pixels"]
    if "created" in told:
        parts.append(f"taken {told['created']}")
    if "camera" in told:
        parts.append(f"with {told['camera']}")
    return Segment(
        text=", ".join(parts),
        kind="metadata",
        locators=(RegionLocator(boxes=((0.0, 0.0, 1.0, 1.0),), width=width, height=height),),
    )


def _told(picture: Image) -> dict[str, Any]:
    """Format, and date and camera as the EXIF data say (CIPA DC-008)."""
    from PIL.ExifTags import IFD

    told: dict[str, Any] = {"format": picture.format or "unknown"}
    exif = picture.getexif()
    taken = _clean(exif.get_ifd(IFD.Exif).get(_TAKEN) or exif.get(_DATE))
    if taken[:10].count(":") == 2:
        told["created"] = taken[:10].replace(":", "-") + taken[10:]
    make, model = _clean(exif.get(_MAKE)), _clean(exif.get(_MODEL))
    camera = model if model.startswith(make) else f"{make} {model}".strip()
    if camera:
        told["camera"] = camera
    return told


def _clean(value: Any) -> str:
    """A tag as one short line: whoever made the file wrote it."""
    text = value if isinstance(value, str) else ""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:80]
