"""Charts of slides as what they are drawn from: a title, names of axes, and a table of values."""

from __future__ import annotations

from typing import Any

from pipelines.parsers.chart_captions import chart_captions
from pipelines.parsers.located_text import PlainText, number_text
from pipelines.types import Segment

_C = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"


def chart_segments(chart: Any, plain: PlainText, anchor: str) -> list[Segment]:
    """Title and axes as captions, then the values: categories by series, or points of a series.

    Raises ValueError when no values are found; python-pptx raises more on a damaged chart.
    """
    tables = [rows for plot in chart.plots if (rows := _points(plot) or _categories(plot))]
    if not tables:
        raise ValueError("a chart without values")
    segments: list[Segment] = []
    for caption in chart_captions(chart._chartSpace):
        segments += plain.add(caption, "caption", anchor=anchor)
    for rows in tables:
        segments += plain.add_table(rows, header_rows=1, anchors=anchor)
    return segments


def _categories(plot: Any) -> list[list[str]]:
    series = list(plot.series)
    names = [" ".join(labels) for labels in plot.categories.flattened_labels]
    columns = [list(one.values) for one in series]
    if not names or not columns:
        return []
    rows = [["", *(one.name or "" for one in series)]]
    for index, name in enumerate(names):
        values = [column[index] if index < len(column) else None for column in columns]
        rows.append([name, *(_text(value) for value in values)])
    return rows


def _points(plot: Any) -> list[list[str]]:
    """Of a scatter or bubble chart, whose series have an x of their own for each y."""
    rows: list[list[str]] = []
    for one in plot.series:
        xs, ys = (_values(one._element.find(f"{_C}{name}")) for name in ("xVal", "yVal"))
        if xs:
            name = one.name or ""
            rows += [[name, xs.get(i, ""), ys.get(i, "")] for i in sorted({*xs, *ys})]
    return [["Series", "x", "y"], *rows] if rows else []


def _values(axis: Any) -> dict[int, str]:
    """By the index that each point tells: one may be missing."""
    if axis is None:
        return {}
    return {int(p.get("idx")): _stored(p.findtext(f"{_C}v") or "") for p in axis.iter(f"{_C}pt")}


def _stored(text: str) -> str:
    try:
        return number_text(float(text))
    except ValueError:
        return text


def _text(value: float | None) -> str:
    return "" if value is None else number_text(value)
