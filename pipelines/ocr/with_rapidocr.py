"""RapidOCR: PP-OCR's models on onnxruntime, all from its wheel."""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import ModelUnavailable, SourceUnreadable
from pipelines.ocr.layout import Recognised

if TYPE_CHECKING:
    from PIL.Image import Image

_lock = threading.Lock()
_idle: dict[int, list[Any]] = {}
"""Engines that nobody uses just now, by their number of threads. An engine reads one picture at a
time; two with one thread each read more pages in a minute than one with two threads, and read
them the same."""

_detecting = threading.Lock()
"""Looking for lines takes several hundred MB for a moment, and a quarter of the time; reading
them takes little memory."""


def recognise(image: Image, threads: int) -> list[Recognised]:
    """Lines in the RGB picture `image`, in no order that can be relied on.

    A line without text is one that was seen and could not be read.

    Raises ModelUnavailable without the rapidocr package, SourceUnreadable when it fails.
    """
    import cv2
    import numpy as np

    pixels = np.ascontiguousarray(np.asarray(image)[:, :, ::-1])
    with _engine(threads) as engine:
        from rapidocr.inference_engine.onnxruntime.main import ONNXRuntimeError

        try:
            result = engine(pixels, return_word_box=True)
        except (ONNXRuntimeError, cv2.error, ValueError, IndexError) as exc:
            reason = str(exc).strip().splitlines()[-1:] or [type(exc).__name__]
            raise SourceUnreadable(f"OCR failed on this picture: {reason[0][:200]}") from exc
        unread = [Recognised("", quad, 0.0) for quad in engine.unread]
    if not result.txts:
        return unread
    quads = np.asarray(result.boxes, dtype=np.float64)
    words = result.word_results
    if not words or len(words) != len(quads):
        words = ((),) * len(quads)
    return unread + [
        Recognised(text, quad, float(score), _words(own, text))
        for text, quad, score, own in zip(result.txts, quads, result.scores, words, strict=True)
    ]


def _words(words: Any, text: str) -> tuple[tuple[str, float, float], ...]:
    """Words of the line `text` with their edges; none when they are not that line's.

    RapidOCR leaves out the words of a line that has none, so that those of the lines after it
    would pass for another's.
    """
    if "".join(word for word, _, _ in words).replace(" ", "") != text.replace(" ", ""):
        return ()
    edges = [(word, [float(x) for x, _ in corners]) for word, _, corners in words]
    return tuple((word, min(across), max(across)) for word, across in edges)


@contextmanager
def _engine(threads: int) -> Iterator[Any]:
    with _lock:
        idle = _idle.setdefault(threads, [])
        engine = idle.pop() if idle else None
    engine = engine or _load(threads)
    try:
        yield engine
    finally:
        with _lock:
            idle.append(engine)


def _load(threads: int) -> Any:
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
    return _telling(rapidocr.RapidOCR)(
        params={
            "Global.use_cls": False,
            # What is too unsure is counted, and left out later.
            "Global.text_score": 0.0,
            "Global.log_level": "error",
            "EngineConfig.onnxruntime.intra_op_num_threads": threads,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            **paths,
        }
    )


@functools.cache
def _telling(engine: type[Any]) -> type[Any]:
    """RapidOCR that also keeps the boxes of lines it saw and read nothing in, as `unread`.

    It drops them silently, which is what becomes of scripts that its models do not know.
    """
    import numpy as np
    from rapidocr.main import map_boxes_to_original

    class Telling(engine):  # type: ignore[misc]
        unread: tuple[Any, ...] = ()

        def __call__(self, *args: Any, **options: Any) -> Any:
            self.unread = ()
            return super().__call__(*args, **options)

        def detect_and_crop(self, *steps: Any) -> Any:
            with _detecting:
                return super().detect_and_crop(*steps)

        def build_final_output(self, picture: Any, *steps: Any) -> Any:
            found, _, read, _, changes = steps
            if found.boxes is not None and read.txts is not None:
                boxes = [box for box, text in zip(found.boxes, read.txts, strict=True)
                         if not text.strip()]  # fmt: skip
                if boxes:
                    size = picture.shape[:2]
                    self.unread = tuple(map_boxes_to_original(np.array(boxes), changes, *size))
            return super().build_final_output(picture, *steps)

    return Telling
