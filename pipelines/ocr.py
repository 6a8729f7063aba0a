"""Text in pictures: lines with their boxes, in reading order.

Two engines give the same answer: the `tesseract` program where it is installed, which reads page
scans several times faster, and RapidOCR, whose models come in its wheel.
"""

from __future__ import annotations

import csv
import functools
import io
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any, Literal

from pipelines.errors import ModelUnavailable, ParserStalled
from pipelines.ocr_layout import OcrLine, block_text, group_lines, reading_order

if TYPE_CHECKING:
    import numpy as np
    from PIL.Image import Image

__all__ = [
    "Engine",
    "OcrLine",
    "block_text",
    "engine_name",
    "flatten",
    "group_lines",
    "read_picture",
]

Engine = Literal["auto", "tesseract", "rapidocr"]
Recognised = tuple[str, "np.ndarray", float]
"""A line's text, its corners (float [4, 2], pixels, from top left clockwise), its confidence."""

_SMALLEST = 8
"""Pixels of the shorter side below which no letter fits."""

_LONGEST = {"tesseract": 4000, "rapidocr": 2000}
"""Pixels of the longer side that an engine is given; more costs time and gains nothing."""
_BAND_SHAPE = 2.0
"""A picture longer than this many times its width (a receipt, a scrolled screenshot) is read in
bands, because shrinking it to the longest side would make its text unreadable."""
_BANDS = 16
_OVERLAP = 0.1
"""Of a band's length that it shares with the next, so that no line is cut in both."""
_TESSERACT_SECONDS = 60
_WORD_CONFIDENCE = 30.0
"""Tesseract's words below this (of 100) are specks and textures."""
_WIDEST_SPACE = 2.0
"""Heights of a line that a gap between two of its words may have."""
_LINE_CONFIDENCE = 0.5
_LONE_CONFIDENCE = 0.95

_rapidocr_lock = threading.Lock()


def engine_name() -> str:
    """`tesseract` or `rapidocr`: what `auto` means on this machine."""
    return "tesseract" if shutil.which("tesseract") else "rapidocr"


def read_picture(image: Image, engine: Engine = "auto") -> list[OcrLine]:
    """Lines of text in `image`, which stands as a person sees it, in reading order.

    Raises ModelUnavailable when an engine is asked for that is not installed, ParserStalled when
    tesseract does not finish.
    """
    import numpy as np

    chosen = engine_name() if engine == "auto" else engine
    if min(image.size) < _SMALLEST:
        return []
    read = _tesseract if chosen == "tesseract" else _rapidocr
    picture = flatten(image)
    along = 1 if picture.height >= picture.width else 0
    found: list[Recognised] = []
    for band, offset, scale, (first, last) in _bands(picture, _LONGEST[chosen]):
        for text, quad, confidence in read(band):
            placed = quad * scale + np.array(offset)
            middle = float(placed[:, along].mean())
            if first <= middle < last and _is_text(text.strip(), confidence):
                found.append((text.strip(), placed, confidence))
    return [_line(*found[index], *picture.size) for index in _read_order(found)]


def flatten(image: Image) -> Image:
    """`image` as RGB: transparency on white, 16 bits and floats brought into 0..255."""
    import numpy as np
    from PIL import Image as pillow

    if image.mode == "RGB":
        return image
    if image.mode.startswith(("I", "F")):
        values = np.asarray(image, dtype=np.float32)
        low, high = float(values.min()), float(values.max())
        values = (values - low) * (255.0 / max(high - low, 1e-6))
        return pillow.fromarray(values.astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        paper = pillow.new("RGB", image.size, "white")
        paper.paste(layered, mask=layered.getchannel("A"))
        return paper
    return image.convert("RGB")


def _bands(
    picture: Image, longest: int
) -> Iterator[tuple[Image, tuple[float, float], float, tuple[float, float]]]:
    """Pieces of `picture` of a size and shape the engines read well.

    Each with its offset (x, y) in the picture, the picture's pixels per pixel of the piece, and
    the range along the longer side whose lines this piece reports: bands overlap so that no line
    is cut in all of them, and each line is reported once.
    """
    width, height = picture.size
    short, long = min(width, height), max(width, height)
    length = float(long)
    if long > longest and long > _BAND_SHAPE * short:
        length = max(min(_BAND_SHAPE * short, long), long / _BANDS, float(longest) / 2)
    count = max(1, round(long / length))
    step = long / count
    margin = step * _OVERLAP if count > 1 else 0.0
    for index in range(count):
        first = index * step if index else -1.0
        last = (index + 1) * step if index < count - 1 else long + 1.0
        start, stop = max(0, int(first - margin)), min(long, int(last + margin) + 1)
        box = (0, start, width, stop) if height >= width else (start, 0, stop, height)
        piece = picture.crop(box) if count > 1 else picture
        scale = max(1.0, max(piece.size) / longest)
        yield _fit(piece, scale), (float(box[0]), float(box[1])), scale, (first, last)


def _fit(piece: Image, scale: float) -> Image:
    """`piece` shrunk by `scale`, and padded with white when it is a strip.

    RapidOCR's detector enlarges the shorter side to 736 pixels, so a strip of 20 x 2000 would
    become 736 x 73600.
    """
    from PIL import Image as pillow

    if scale > 1.0:
        size = (max(1, round(piece.width / scale)), max(1, round(piece.height / scale)))
        piece = piece.resize(size, pillow.Resampling.LANCZOS, reducing_gap=2.0)
    least = max(piece.size) // 4
    if min(piece.size) >= least:
        return piece
    paper = pillow.new("RGB", (max(piece.width, least), max(piece.height, least)), "white")
    paper.paste(piece)
    return paper


def _read_order(found: list[Recognised]) -> list[int]:
    """Our own order, on boxes turned level: a photographed page leans."""
    import numpy as np

    if not found:
        return []
    quads = np.stack([quad for _, quad, _ in found])
    along = quads[:, 1] - quads[:, 0]
    wide = np.abs(along[:, 0]) > 3 * np.abs(quads[:, 3, 1] - quads[:, 0, 1])
    angle = float(np.median(np.arctan2(along[wide, 1], along[wide, 0]))) if wide.any() else 0.0
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    level = quads @ turn
    boxes = np.concatenate([level.min(axis=1), level.max(axis=1)], axis=1)
    return reading_order(boxes, np.array([_letters(text) for text, _, _ in found]))


def _is_text(text: str, confidence: float) -> bool:
    """Whether to believe it: a drawing often looks like one ideograph."""
    lone = len(text) == 1 and not text.isascii()
    return bool(text) and confidence >= (_LONE_CONFIDENCE if lone else _LINE_CONFIDENCE)


def _letters(text: str) -> int:
    """Letters, an ideograph counting as two: how much of running text a line is."""
    return sum(1 + (character >= "\u2e80") for character in text if character.isalpha())


def _line(text: str, quad: np.ndarray, confidence: float, width: int, height: int) -> OcrLine:
    import numpy as np

    left, top = quad.min(axis=0)
    right, bottom = quad.max(axis=0)
    box = np.clip([left / width, top / height, right / width, bottom / height], 0.0, 1.0)
    x0, y0, x1, y1 = (round(float(edge), 5) for edge in box)
    return OcrLine(text=text, box=(x0, y0, x1, y1), confidence=round(float(confidence), 3))


def _rapidocr(image: Image) -> list[Recognised]:
    import numpy as np

    pixels = np.ascontiguousarray(np.asarray(image)[:, :, ::-1])
    with _rapidocr_lock:
        result = _rapidocr_engine()(pixels)
    if not result.txts:
        return []
    quads = np.asarray(result.boxes, dtype=np.float64)
    return list(zip(result.txts, quads, result.scores, strict=True))


@functools.cache
def _rapidocr_engine() -> Any:
    """RapidOCR with the models of its wheel by path: it downloads only what it has to look for.

    Its classifier of lines standing on their head is left off: it turns more upright lines over
    than it puts right (in-order accuracy 0.81 with it, 0.84 without, measured on page renders).
    """
    try:
        import rapidocr
    except ImportError as exc:
        raise ModelUnavailable(
            "No OCR engine: install tesseract, or the rapidocr package."
        ) from exc
    models = Path(rapidocr.__file__).parent / "models"
    paths = {}
    for stage in ("det", "rec"):
        path = next(iter(sorted(models.glob(f"*_{stage}_*.onnx"))), None)
        if path is None:
            raise ModelUnavailable(
                f"RapidOCR's {stage} model is missing; install the rapidocr wheel again."
            )
        paths[f"{stage.capitalize()}.model_path"] = str(path)
    return rapidocr.RapidOCR(
        params={
            "Global.use_cls": False,
            "Global.log_level": "error",
            "EngineConfig.onnxruntime.intra_op_num_threads": 2,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            **paths,
        }
    )


def _tesseract(image: Image) -> list[Recognised]:
    program = shutil.which("tesseract")
    if program is None:
        raise ModelUnavailable("tesseract is not installed; leave the engine at `auto`.")
    encoded = io.BytesIO()
    image.save(encoded, "PPM")
    try:
        done = subprocess.run(
            [program, "stdin", "stdout", "--psm", "3", "tsv"],
            input=encoded.getvalue(),
            capture_output=True,
            timeout=_TESSERACT_SECONDS,
            check=True,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )
    except subprocess.TimeoutExpired as exc:
        raise ParserStalled(
            f"Reading the text of a picture took longer than {_TESSERACT_SECONDS} s."
        ) from exc
    except subprocess.CalledProcessError as exc:
        reason = exc.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise ModelUnavailable(f"tesseract failed: {' '.join(reason) or exc.returncode}") from exc
    return _tesseract_lines(done.stdout.decode("utf-8", "replace"))


def _tesseract_lines(table: str) -> list[Recognised]:
    words: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        if row["level"] == "5" and row["text"].strip() and float(row["conf"]) >= _WORD_CONFIDENCE:
            words.setdefault((row["block_num"], row["par_num"], row["line_num"]), []).append(row)
    return [_joined(piece) for line in words.values() for piece in _pieces(line)]


def _pieces(line: list[dict[str, str]]) -> list[list[dict[str, str]]]:
    """A line parted where a gap is too wide for a space: tesseract runs short columns together."""
    widest = _WIDEST_SPACE * median(int(word["height"]) for word in line)
    pieces = [line[:1]]
    for before, word in pairwise(line):
        if int(word["left"]) - int(before["left"]) - int(before["width"]) > widest:
            pieces.append([])
        pieces[-1].append(word)
    return pieces


def _joined(words: list[dict[str, str]]) -> Recognised:
    import numpy as np

    text = " ".join(word["text"] for word in words)
    confidence = sum(float(word["conf"]) for word in words) / len(words) / 100
    left = min(int(word["left"]) for word in words)
    top = min(int(word["top"]) for word in words)
    right = max(int(word["left"]) + int(word["width"]) for word in words)
    bottom = max(int(word["top"]) + int(word["height"]) for word in words)
    quad = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=float)
    return text, quad, confidence
