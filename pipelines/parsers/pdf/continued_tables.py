"""Tables that go on at the top of the next page: their rows know the header of the first part.

What is known of the table at the end of a page is told to the next one. It derives from the pages
themselves, so that parsing which goes on in the middle looks back and yields the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from pipelines.parsers.header_rows import is_one_of, names_columns
from pipelines.tables import Range, Table, laid_out
from pipelines.types import Box, PageLocator, Segment, Span

MAX_PAGES = 20
"""After its header's page that a table is followed, and pages looked back for a header."""
MARGIN = 0.1
"""Share of the page's height, at its top and bottom, in which headers and footers stand."""
SHORT = 160
"""Characters of a header or footer."""
SAMPLE = 30
"""Rows that tell what a table's columns hold."""

Side = tuple[float, float]
"""Left and right, as shares of the page's width."""


@dataclass(frozen=True)
class OpenTable:
    """The table that a page ends with."""

    lead: str
    header: list[list[str]]
    reaching: dict[tuple[int, int], int]
    """(row, column) of header cells over several columns -> how many."""
    body: list[list[str]]
    columns: list[Side | None]
    """None for one that holds nothing."""
    page_size: tuple[float, float]
    pages: int = 0
    """Since the one that its header stands on."""


def go_on(
    before: OpenTable | None, segments: list[Segment]
) -> tuple[list[Segment], OpenTable | None]:
    """The segments of a page, a table at its top told the header of the one that it goes on with,
    and the table that the page ends with, if that has a header."""
    first, last = _first(segments), _last(segments)
    pages = 0
    if before and before.pages < MAX_PAGES:
        segments = list(segments)
        for at in range(len(segments) if first is None else first + 1):
            found = _continued(before, segments[at])
            if found is not None:
                segments[at] = found
                if at == first == last and _is_headed_elsewhere(found):
                    pages = before.pages + 1
    ends = _open(segments[last]) if last is not None else None
    return segments, replace(ends, pages=pages) if ends else None


def _is_headed_elsewhere(segment: Segment) -> bool:
    """Whether the first row of a table has no place on its page."""
    return not segment.spans or segment.spans[0][0] > 0


def depends_on_page_before(segments: Sequence[Segment]) -> bool:
    """Whether the table that a page ends with is also what it begins with."""
    first = _first(segments)
    return first is not None and first == _last(segments)


def table_before(pages: Iterable[list[Segment] | None]) -> OpenTable | None:
    """The table that goes on after some pages, the last of which comes first; as many are looked
    at as it takes. None stands for a page whose tables are not known."""
    seen: list[list[Segment]] = []
    for number, segments in enumerate(pages):
        if segments is None or number > MAX_PAGES:
            break
        seen.append(segments)
        if not depends_on_page_before(segments):
            break
    ends = None
    for segments in reversed(seen):
        _, ends = go_on(ends, segments)
    return ends


def _boxes(segment: Segment) -> tuple[Box, ...]:
    locator = segment.locators[0]
    return locator.boxes if isinstance(locator, PageLocator) else ()


def _is_in_margin(segment: Segment, *, top: bool) -> bool:
    boxes = _boxes(segment)
    if not boxes or segment.kind == "table" or len(segment.text) > SHORT:
        return False
    if top:
        return max(box[3] for box in boxes) < MARGIN
    return min(box[1] for box in boxes) > 1 - MARGIN


def _first(segments: Sequence[Segment]) -> int | None:
    """The first segment below the page's header."""
    return next((i for i, s in enumerate(segments) if not _is_in_margin(s, top=True)), None)


def _last(segments: Sequence[Segment]) -> int | None:
    """The table that nothing but the page's footer follows."""
    for at in range(len(segments) - 1, -1, -1):
        if not _is_in_margin(segments[at], top=False):
            return at if segments[at].table else None
    return None


def _open(segment: Segment) -> OpenTable | None:
    table, locator = segment.table, segment.locators[0]
    if table is None or not isinstance(locator, PageLocator):
        return None
    if not table.header_rows:
        return None
    rows = table.rows_of(segment.text)
    header = [["" if r else c for c, r in zip(row.cells, row.reaches, strict=True)] for row in rows]
    reaching = {}
    for number, row in enumerate(rows[: table.header_rows]):
        for column in range(table.columns):
            stop = column + 1
            while stop < table.columns and row.reaches[stop]:
                stop += 1
            if stop > column + 1 and not row.reaches[column]:
                reaching[number, column] = stop - column
    return OpenTable(
        lead=segment.text[slice(*table.lead)],
        header=header[: table.header_rows],
        reaching=reaching,
        body=[list(row.cells) for row in rows[table.header_rows :][:SAMPLE]],
        columns=_columns(segment, table, table.header_rows),
        page_size=(locator.page_width, locator.page_height),
    )


def _columns(segment: Segment, table: Table, header_rows: int) -> list[Side | None]:
    """Where the cells of each column stand."""
    boxes = _boxes(segment)
    box_of: dict[Range, Box] = {}
    for start, end, _, box in segment.spans:
        if 0 <= box < len(boxes):
            box_of[start, end] = boxes[box]
    found: list[Side | None] = []
    for column in range(table.columns):
        sides = [
            box_of[row[column]]
            for number, row in enumerate(table.rows)
            if column < len(row)
            and row[column] in box_of
            # A header centred over a wide column stands where the column's cells stand, or not.
            and (number >= header_rows or len(table.rows) == header_rows)
        ]
        found.append((min(b[0] for b in sides), max(b[2] for b in sides)) if sides else None)
    return found


def _continued(before: OpenTable, segment: Segment) -> Segment | None:
    """The segment as a further part of the table; None where it is something else."""
    locator = segment.locators[0]
    if not isinstance(locator, PageLocator):
        return None
    if (locator.page_width, locator.page_height) != before.page_size:
        return None
    table = segment.table
    if table is None:
        return _of_lines(before, segment)
    places = _fitting(before.columns, _columns(segment, table, 0))
    if places is None or table.lead[0] < table.lead[1]:
        return None
    rows = [list(row.cells) for row in table.rows_of(segment.text)]
    own = rows[: table.header_rows]
    if own and _same(own, before.header, places):
        return segment.model_copy(update={"table": table.model_copy(update={"is_continued": True})})
    if own and names_columns([_placed(own[0], places, before), *before.body], least=1):
        return None
    if len(own) > 1:
        return None
    return _headed(before, segment, table, places)


def _fitting(above: list[Side | None], columns: list[Side | None]) -> list[int] | None:
    """For each column the one above that it stands under; None where any stands elsewhere."""
    places: list[int] = []
    for side in columns:
        under = [
            (min(side[1], over[1]) - max(side[0], over[0]), at)
            for at, over in enumerate(above)
            if side and over
        ]
        shared, at = max(under, default=(0.0, -1))
        if shared <= 0 or (places and at <= places[-1]):
            return None
        places.append(at)
    return places if len(places) >= 2 and 2 * len(places) >= len(above) else None


def _same(own: list[list[str]], header: list[list[str]], places: list[int]) -> bool:
    """Whether header rows repeat those of the page before."""

    def key(cells: Iterable[str]) -> str:
        return "".join("".join(cells).split()).casefold()

    mine = key(cell for row in own for cell in row)
    return mine in (
        key(c for row in header for c in row),
        key(row[p] for row in header for p in places),
    )


def _placed(cells: list[str], places: list[int], before: OpenTable) -> list[str]:
    row = [""] * len(before.columns)
    for place, cell in zip(places, cells, strict=False):
        row[place] = cell
    return row


def _headed(before: OpenTable, segment: Segment, table: Table, places: list[int]) -> Segment:
    """The segment with the header, which stands on another page, told before its rows."""
    header = [[row[place] if place < len(row) else "" for place in places] for row in before.header]
    reaching = before.reaching if places == list(range(len(before.columns))) else {}
    text, head = laid_out(header, header_rows=len(header), reaching=reaching)
    lead = f"{before.lead}\n" if before.lead else ""
    head = head.moved(len(lead))
    shift = len(lead) + len(text) + 1
    body = table.moved(shift)
    whole = Table(
        rows=(*head.rows, *body.rows),
        header_rows=len(header),
        header_columns=table.header_columns,
        lead=(0, len(before.lead)),
        is_continued=True,
    )
    spans = tuple((a + shift, b + shift, where, box) for a, b, where, box in segment.spans)
    return segment.model_copy(
        update={"text": f"{lead}{text}\n{segment.text}", "spans": spans, "table": whole}
    )


def _of_lines(before: OpenTable, segment: Segment) -> Segment | None:
    """Lines too few to be told for a table by themselves, which stand in the table's columns."""
    if segment.kind != "text" or len(segment.spans) < 2:
        return None
    boxes = _boxes(segment)
    rows: list[list[Span]] = []
    for span in segment.spans:
        if rows and abs(boxes[span[3]][1] - boxes[rows[-1][-1][3]][1]) < 0.01:
            rows[-1].append(span)
        else:
            rows.append([span])
    placed = []
    for row in rows:
        places = _fitting(before.columns, [(boxes[s[3]][0], boxes[s[3]][2]) for s in row])
        if places is None:
            return None
        cells = [segment.text[slice(*span[:2])] for span in row]
        if not is_one_of([_placed(cells, places, before), *before.body]):
            return None
        placed.append(dict(zip(places, row, strict=True)))
    return _headed_lines(before, segment, placed)


def _headed_lines(before: OpenTable, segment: Segment, placed: list[dict[int, Span]]) -> Segment:
    count = len(before.columns)
    cells = [
        [segment.text[slice(*row[at][:2])] if at in row else "" for at in range(count)]
        for row in placed
    ]
    text, table = laid_out(cells)
    spans = tuple(
        (*table.rows[number][at], span[2], span[3])
        for number, row in enumerate(placed)
        for at, span in sorted(row.items())
    )
    lines = segment.model_copy(
        update={"text": text, "kind": "table", "spans": spans, "table": table}
    )
    return _headed(before, lines, table, list(range(count)))


def looking_back(index: int) -> Iterator[int]:
    """Indexes of the pages before one, as far back as a table is followed."""
    return iter(range(index - 1, max(-1, index - 2 - MAX_PAGES), -1))
