"""What names a table or a figure: its caption, the line that leads to it, the title over it."""

from __future__ import annotations

import re

from pipelines.parsers.pdf.column_headers import UNIT
from pipelines.parsers.pdf.ruling_lines import Rules
from pipelines.types import Box, Segment

_FAR = 3.5
"""Heights of a line between a table and what names it at most."""
_MAX_LEAD = 180
"""Characters of a line that leads to a table. It is told again with each part of a long table."""
_MAX_TITLE = 200
_SHORT = 80
_TABLE = re.compile(r"^tab(?:le|elle|leau|la)?\b", re.I)
_FIGURE_GAP = 0.06
"""Share of the page's height between a figure and its caption at most."""
_SMALLEST = 0.01
"""Share of the page that a figure takes at least."""


def name_table(above: Segment, table: Segment, level: int) -> tuple[Segment | None, Segment]:
    """The segment above a table, and the table, with what names the table put where it tells.

    A caption, a line that ends in a colon and a remark on units become the table's lead, which is
    told with each of its rows; the segment above is then None. A line centred over
    the table, or short, becomes a title of `level`.
    """
    over, below = _place(above), _place(table)
    height = (over[3] - over[1]) / len(above.spans or (1,))
    if above.kind == "table" or not -height < below[1] - over[3] < _FAR * height:
        return above, table
    text = above.text
    lead = UNIT.match(text) or (text.endswith(":") and above.kind != "list_item")
    captioned = above.kind == "caption" and _TABLE.match(text)
    if (lead or captioned) and len(text) <= _MAX_LEAD:
        return None, _led(above, table)
    titled = text[0] != "(" and text[-1] not in ".:;,"
    if above.kind == "text" and titled and len(text) <= _MAX_TITLE:
        lines = above.locators[0].boxes  # type: ignore[union-attr]
        middle, width = (below[0] + below[2]) / 2, below[2] - below[0]
        centred = all(abs((box[0] + box[2]) / 2 - middle) < 0.05 * width for box in lines)
        if centred or (len(lines) == 1 and len(text) <= _SHORT):
            return above.model_copy(update={"kind": "title", "level": level}), table
    return above, table


def _place(segment: Segment) -> Box:
    boxes = segment.locators[0].boxes  # type: ignore[union-attr]
    return (
        min(box[0] for box in boxes),
        min(box[1] for box in boxes),
        max(box[2] for box in boxes),
        max(box[3] for box in boxes),
    )


def _led(lead: Segment, table: Segment) -> Segment:
    """The table with the lead before its first row, told with each of its rows; each line keeps
    its box."""
    first, cells = lead.locators[0], table.table
    assert cells is not None
    glue = ". "
    if not cells.cell(table.text, 0, 0):
        glue = ""
    elif lead.text[-1] in ":).":
        glue = " "
    shift, lines = len(lead.text) + len(glue), len(first.boxes)  # type: ignore[union-attr]
    locator = table.locators[0]
    boxes = (*first.boxes, *locator.boxes)  # type: ignore[union-attr]
    moved = tuple((a + shift, b + shift, where, box + lines) for a, b, where, box in table.spans)
    return table.model_copy(
        update={
            "text": lead.text + glue + table.text,
            "locators": (locator.model_copy(update={"boxes": boxes}),),
            "spans": (*lead.spans, *moved),
            "table": cells.moved(shift).model_copy(update={"lead": (0, len(lead.text))}),
        }
    )


def with_figures(segments: list[Segment], rules: Rules) -> list[Segment]:
    """The segments of a page, each caption of a figure also placed where the figure is.

    The figure's box is in a Locator of its own, which no span points to: a quote from the caption
    marks the caption.
    """
    captions = [
        number
        for number, segment in enumerate(segments)
        if segment.kind == "caption" and not _TABLE.match(segment.text)
    ]
    if not captions:
        return segments
    figures = _figures(rules)
    out = list(segments)
    for number in captions:
        figure = _nearest(_place(out[number]), figures)
        if figure is not None:
            locator = out[number].locators[0]
            own = locator.model_copy(update={"boxes": (figure,)})
            out[number] = out[number].model_copy(update={"locators": (locator, own)})
    return out


def _figures(rules: Rules) -> list[Box]:
    """Pictures and drawings of a page as fractions of it, parts that touch made one."""
    merged: list[list[float]] = []
    for box in rules.drawn().tolist():
        while True:
            touching = next((m for m in merged if _touch(m, box)), None)
            if touching is None:
                break
            merged.remove(touching)
            box = [
                min(touching[0], box[0]),
                min(touching[1], box[1]),
                max(touching[2], box[2]),
                max(touching[3], box[3]),
            ]
        merged.append(box)
    found: list[Box] = []
    for x0, y0, x1, y1 in merged:
        if (x1 - x0) * (y1 - y0) >= _SMALLEST:
            found.append((round(x0, 5), round(y0, 5), round(x1, 5), round(y1, 5)))
    return found


def _touch(a: list[float], b: list[float]) -> bool:
    near = 0.005
    return min(a[2], b[2]) - max(a[0], b[0]) > -near and min(a[3], b[3]) - max(a[1], b[1]) > -near


def _nearest(caption: Box, figures: list[Box]) -> Box | None:
    """The figure right over the caption, or else right under it."""
    best, least = None, _FIGURE_GAP
    for figure in figures:
        if min(caption[2], figure[2]) - max(caption[0], figure[0]) <= 0:
            continue
        over, under = caption[1] - figure[3], figure[1] - caption[3]
        # Captions stand under their figures more often than over them.
        gap = over if over > -0.02 else under * 1.5
        if -0.02 < gap < least:
            best, least = figure, gap
    return best
