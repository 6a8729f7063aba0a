"""Lines of a table -> its rows: headers of several lines, wrapped labels, cells by column."""

from __future__ import annotations

import re
from bisect import bisect
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

from pipelines.parsers.cell_kinds import is_measure, kind_of
from pipelines.parsers.header_rows import is_one_of, names_columns
from pipelines.parsers.pdf.cells import YEAR, Cell, Column, is_over, parted, place
from pipelines.parsers.pdf.column_headers import column_headers
from pipelines.parsers.pdf.line_pieces import Piece
from pipelines.parsers.pdf.rows import Row
from pipelines.parsers.pdf.ruling_lines import Rules

_BRACKETED = re.compile(r"^\(\d?\.\d+\)$")


@dataclass(slots=True)
class TableCell:
    """What stands in one column of one row, "" for nothing, and the pieces that it is made of."""

    text: str = ""
    pieces: list[Piece] = field(default_factory=list)


@dataclass(slots=True)
class Table:
    """A cell for each column of each row. A row of one cell names the rows that follow.

    The first of the `rows` names the columns where `has_header` says so: header lines over each
    other are one row, those over groups of columns told with each of them.
    """

    rows: list[list[TableCell]]
    has_header: bool


@dataclass(slots=True)
class _Line:
    row: Row
    cells: list[list[Cell]]
    """By column."""

    @property
    def label(self) -> Cell | None:
        return self.cells[0][0] if self.cells[0] else None

    @property
    def alone(self) -> bool:
        """Whether nothing but a label stands on the line."""
        return bool(self.cells[0]) and not any(self.cells[1:])


def header_length(rows: list[Row], cells: list[list[Cell]]) -> int:
    """How many rows from the first on are headers.

    Above amounts, all that hold words or years beside the first column; else the first row, with
    those below it that are bold as it is when the table is not.
    """
    amounts = next((i for i, own in enumerate(cells) if _has_amounts(own)), None)
    if amounts is None:
        bold = next((i for i, row in enumerate(rows) if not row.bold), len(rows))
        return bold if 1 < bold <= 3 and bold < len(rows) else 1
    edge = min(cell.x0 for cell in cells[amounts][1:]) - 2 * rows[amounts].size
    headers = [
        i for i in range(amounts) if len(cells[i]) > 1 or cells[i][0].x0 + cells[i][0].x1 > 2 * edge
    ]
    if not headers or headers[-1] > 11:
        return 0
    for index in headers:
        if _is_named_value(cells[index]):
            return index
        if index != headers[0] and (
            _is_first_of_words(rows, cells, index) or _are_of_codes(cells[index : index + 2])
        ):
            return index
    # Words in the cells of a table that also holds amounts are no headers.
    short = all(len(cell.text) <= 60 for i in headers for cell in cells[i])
    return headers[-1] + 1 if len(headers) <= (9 if short else 3) else 1


def _is_named_value(own: list[Cell]) -> bool:
    """Whether a row says `Weight: | 5 kg`, or has a measure beside its label."""
    return len(own) > 1 and (
        own[0].text.endswith((":", "：")) or any(is_measure(cell.text) for cell in own[1:])
    )


def _are_of_codes(rows: list[list[Cell]]) -> bool:
    """Whether two rows hold nothing but codes beside their labels: no header has two of those."""
    return len(rows) > 1 and all(
        len(own) > 1 and all(kind_of(cell.text) in ("code", "flag", "number") for cell in own[1:])
        for own in rows
    )


def _is_first_of_words(rows: list[Row], cells: list[list[Cell]], index: int) -> bool:
    """Whether a row of words is one of the table's body: `Colour | red` above `Speed | 3000`.

    Such a row has a label. Headers above it are bold where it is not, or there is one over every
    column and the row stands as far below them as rows of the body stand apart: the second line
    of a header stands closer.
    """
    row, above, own = rows[index], rows[index - 1], cells[index]
    if len(own) < 2 or own[0].x0 > min(first.x0 for first, *_ in cells) + row.size:
        return False
    if not own[0].text[0].isalnum() or own[0].text[0].islower():
        return False
    if all(YEAR.match(cell.text) or cell.text[0] in "(%" for cell in own[1:]):
        return False
    if above.bold and not row.bold:
        return True
    gaps = [
        rows[below].top - rows[below - 1].bottom
        for below in range(index + 1, len(rows))
        if len(cells[below]) > 1 and len(cells[below - 1]) > 1
    ]
    headed = max(map(len, cells[:index])) == max(map(len, cells))
    return headed and bool(gaps) and row.top - above.bottom > 0.8 * median(gaps)


def _has_amounts(cells: list[Cell]) -> bool:
    """Whether a row holds amounts beside its label; one alone in brackets remarks on a header."""
    amounts = [cell for cell in cells[1:] if cell.is_value]
    return len(amounts) > 1 or (bool(amounts) and not _BRACKETED.match(amounts[0].text))


def build(
    rows: list[Row],
    cells: list[list[Cell]],
    columns: list[Column],
    lines: list[float],
    rules: Rules,
) -> Table:
    """The table that rows form. `lines` are the heights of lines ruled between them."""
    size = float(median(row.size for row in rows))
    cells = [parted(own, columns, size) for own in cells]
    first = _first_body_row(rows, cells, columns)
    while 0 < first < len(rows) - 1 and len(lines) >= 3:
        before, after = ((r.top + r.bottom) / 2 for r in rows[first - 1 : first + 1])
        own = cells[first]
        over = len(own) > 1 or is_over(own[0], columns, size)
        if not over or any(cell.is_value for cell in own[1:]):
            break
        if bisect(lines, before) != bisect(lines, after) or bisect(lines, before) > 1:
            break
        first += 1
    table = Table([], has_header=False)
    if first:
        headers = column_headers(rows, cells[:first], columns, size, rules)
        table.rows.append([_joined(column) for column in headers])
    body = [
        _Line(row, _placed(own, columns, size))
        for row, own in zip(rows[first:], cells[first:], strict=True)
    ]
    for group in _groups(body, lines, columns, size):
        merged = [[cell for line in group for cell in line.cells[n]] for n in range(len(columns))]
        table.rows.append([_joined(column) for column in merged])
    if first:
        texts = [[cell.text for cell in row] for row in table.rows]
        table.has_header = first > 1 or (
            not is_one_of(texts)
            and (
                any(map(_has_amounts, cells[1:]))
                or names_columns(texts, set_apart=rows[0].bold and not rows[1].bold)
            )
        )
    return table


def _placed(cells: list[Cell], columns: list[Column], size: float) -> list[list[Cell]]:
    """The cells of a row by column; the heading of a section, centred, is a label."""
    if len(cells) == 1 and not cells[0].is_value:
        off = (cells[0].x0 + cells[0].x1 - columns[0].x0 - columns[-1].x1) / 2
        if abs(off) < 1.5 * size:
            return [cells, *([] for _ in columns[1:])]
    return place(cells, columns)


def _first_body_row(rows: list[Row], cells: list[list[Cell]], columns: list[Column]) -> int:
    """As `header_length`, with rows above that stand over the later columns alone counted in."""
    above = 0
    size = rows[0].size
    while above < len(rows) and len(cells[above]) == 1 and is_over(cells[above][0], columns, size):
        above += 1
    if above >= len(rows):
        return 0
    return above + header_length(rows[above:], cells[above:])


def _joined(cells: list[Cell]) -> TableCell:
    # A word hyphenated at the end of a cell's line is left as it is: codes end in hyphens.
    return TableCell(
        " ".join(cell.text for cell in cells), [piece for cell in cells for piece in cell.pieces]
    )


def _groups(
    body: list[_Line], lines: list[float], columns: list[Column], size: float
) -> list[list[_Line]]:
    """Lines of the body that make one row each."""
    if not body:
        return []
    bands = [bisect(lines, (line.row.top + line.row.bottom) / 2) for line in body]
    grid = len(set(bands)) >= max(3, 0.3 * len(body))
    widest = max((line.label.x1 for line in body if line.label), default=columns[0].x1)
    pitch = _pitch(body)
    groups = [[body[0]]]
    for index in range(1, len(body)):
        above, line = body[index - 1], body[index]
        same_band = bands[index] == bands[index - 1]
        held = grid and same_band and not _clash(groups[-1], line)
        if held and line.alone and index + 1 < len(body) and bands[index + 1] == bands[index]:
            # The first line of the label of the next row between the same two lines.
            held = not _clash(groups[-1], body[index + 1])
        if held:
            joins = not (above.alone and line.alone) or _wraps(
                groups[-1], above, line, widest, pitch, size
            )
        elif lines and not same_band:
            joins = False
        else:
            joins = _wraps(groups[-1], above, line, widest, pitch, size)
        if joins:
            groups[-1].append(line)
        else:
            groups.append([line])
    return groups


def _pitch(body: list[_Line]) -> float:
    """The usual white space between two rows that both have a label and more."""
    gaps = [
        b.row.top - a.row.bottom
        for a, b in pairwise(body)
        if not a.alone and not b.alone and a.label and b.label
    ]
    return float(median(gaps)) if gaps else 0.0


def _clash(group: list[_Line], line: _Line) -> bool:
    """Whether two lines between the same ruled lines are rows of their own nevertheless."""
    if group[-1].row.text.endswith(":") and group[-1].alone:
        return True
    if group[-1].label and line.label:
        # The heading of a section is centred, or less far indented than what follows.
        apart = line.label.x0 - group[-1].label.x0
        if abs(apart) > 4 * line.row.size and (group[-1].alone or line.alone):
            return True
    for number in range(1, len(line.cells)):
        values = [cell.is_value for other in group for cell in other.cells[number]]
        if any(values) and any(cell.is_value for cell in line.cells[number]):
            return True
    return False


def _wraps(
    group: list[_Line],
    above: _Line,
    line: _Line,
    widest: float,
    pitch: float,
    size: float,
) -> bool:
    """Whether a line goes on with the row above, without ruled lines to tell."""
    gap = line.row.top - above.row.bottom
    if gap < -0.25 * size:
        # Amounts beside the middle of a label of several lines share its height.
        return not _clash(group, line)
    tight = gap < 0.45 * size and (gap <= 0.6 * pitch or pitch < 0.45 * size)
    if not tight:
        return False
    label = line.label
    if label is None:
        return all(
            any(not cell.is_value for other in group for cell in other.cells[n])
            and not any(cell.is_value for cell in column)
            for n, column in enumerate(line.cells)
            if column
        )
    if above.label is None or above.row.text.endswith(":") or above.row.bold != line.row.bold:
        return False
    if label.x0 < above.label.x0 - 0.3 * size:
        return False
    lower = label.text[:1].islower() or label.text[:1] == "("
    distinct = pitch >= 0.45 * size or gap <= 0.6 * pitch
    if above.alone and not line.alone:
        return lower or (distinct and _was_full(above.label, label, widest))
    if line.alone and not above.alone:
        if label.text.endswith(":"):
            return False
        return lower or (distinct and _was_full(above.label, label, widest))
    if above.alone and line.alone:
        return lower or _was_full(above.label, label, widest)
    return False


def _was_full(above: Cell, label: Cell, widest: float) -> bool:
    """Whether the first word of a label had no room at the end of the line above."""
    word = label.text.split(" ", 1)[0]
    width = (label.x1 - label.x0) * (len(word) + 1) / max(1, len(label.text))
    return above.x1 + width > widest
