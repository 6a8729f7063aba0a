"""Text in pictures: one file per engine, and what turns their words into lines in reading order."""

from pipelines.ocr.layout import OcrLine, block_text, group_lines
from pipelines.ocr.pictures import Engine, Reading, engine_name, flatten, read, read_picture

__all__ = [
    "Engine",
    "OcrLine",
    "Reading",
    "block_text",
    "engine_name",
    "flatten",
    "group_lines",
    "read",
    "read_picture",
]
