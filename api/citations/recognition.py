"""How it is shown that a text was recognised (OCR, speech) rather than read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from api.models import FragmentRow
from pipelines.text.recognition import Recognition, recognition
from pipelines.types import RecognisedSpan


class RecognitionSchema(Schema):
    engine = fields.String(metadata={"description": "what recognised the text"})
    confidence = fields.Float(
        allow_none=True, metadata={"description": "0 to 1; null where the engine tells none"}
    )


def of_row(row: FragmentRow, start: int = 0, end: int | None = None) -> Recognition | None:
    """Of characters start..end of a stored Fragment; None when they were read from text."""
    recognised = [RecognisedSpan.model_validate(each) for each in row.recognised]
    return recognition(recognised, start, len(row.text) if end is None else end)


def said(shown: Mapping[str, Any]) -> str:
    """As a person says it, for example "recognised by tesseract, confidence 0.62"."""
    engine, confidence = shown["engine"], shown["confidence"]
    return f"recognised by {engine}" + ("" if confidence is None else f", confidence {confidence}")
