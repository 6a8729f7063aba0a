"""Numbers of sections and steps that are set apart from what they number."""

from __future__ import annotations

import re

from pipelines.types import PageLocator, Segment, SegmentKind

_NUMBER = re.compile(r"\d{1,3}(?:\.\d{1,3})*\.|\d{1,3}(?:\.\d{1,3}){2,}|[A-Za-z][.)]|\(?\d{1,3}\)")
_FAR = 0.04
"""Share of the page's height between a number and its text at most."""


def numbered(segments: list[Segment]) -> list[Segment]:
    """The segments, a number that stands alone made one with the text right after it."""
    found: list[Segment] = []
    for segment in segments:
        if found and _numbers(found[-1], segment):
            found[-1] = _joined(found[-1], segment)
        else:
            found.append(segment)
    return found


def _numbers(number: Segment, text: Segment) -> bool:
    if number.kind != "text" or not _NUMBER.fullmatch(number.text):
        return False
    if text.kind not in ("text", "title") or not any(map(str.isalpha, text.text)):
        return False
    if _NUMBER.match(text.text):
        return False
    above, below = number.locators[0], text.locators[0]
    if not isinstance(above, PageLocator) or not isinstance(below, PageLocator):
        return False
    left, top, _, bottom = above.boxes[0]
    first = below.boxes[0]
    return first[0] >= left and first[1] - top > -_FAR and first[1] - bottom < _FAR


def _joined(number: Segment, text: Segment) -> Segment:
    shift = len(number.text) + 1
    above, below = number.locators[0], text.locators[0]
    assert isinstance(above, PageLocator)
    assert isinstance(below, PageLocator)
    boxes = (*above.boxes, *below.boxes)
    moved = ((a + shift, b + shift, at, box + len(above.boxes)) for a, b, at, box in text.spans)
    kind: SegmentKind = "title" if text.kind == "title" else "list_item"
    return text.model_copy(
        update={
            "text": f"{number.text} {text.text}",
            "kind": kind,
            "locators": (below.model_copy(update={"boxes": boxes}), *text.locators[1:]),
            "spans": (*number.spans, *moved),
        }
    )
