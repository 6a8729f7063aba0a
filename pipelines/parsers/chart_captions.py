"""What is written around a chart of an office file (DrawingML, ECMA-376, 21.2)."""

from __future__ import annotations

from typing import Any

_AXES = ("{*}catAx", "{*}valAx", "{*}dateAx", "{*}serAx")


def chart_captions(space: Any) -> list[str]:
    """The title of a `chartSpace`, then those of its axes, which often hold the unit."""
    captions = [_title(chart) for chart in space.iter("{*}chart")]
    captions += [f"Axis: {title}" for axis in space.iter(*_AXES) if (title := _title(axis))]
    return list(filter(None, captions))


def _title(node: Any) -> str:
    """Its words, or what the cell shows that it refers to."""
    title = node.find("{*}title")
    if title is None:
        return ""
    lines = ["".join(t.text or "" for t in p.iter("{*}t")) for p in title.iter("{*}p")]
    lines += [value.text or "" for value in title.iter("{*}v")]
    return " ".join(" ".join(lines).split())
