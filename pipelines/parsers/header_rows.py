"""Which rows of a table name its columns: decided here, once, and carried as `Table.header_rows`.

Exports of instruments begin with lines about the run, and name columns in two rows: groups over
names, or names over units. PDFs show by their type which rows are headers (`pdf_table_rows`);
where they don't, what `looks_like_header` says holds for them too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

SAMPLE = 60
"""Rows that are looked at."""
RUN = 3
"""Rows of nothing but values that are taken for the beginning of measured data."""

_VALUE = re.compile(r"[-+−–~<>≤≥±]?\s*[$€£¥]?\s*\d[\d.,:/\s%-]*\W?")
_YEAR = re.compile(r"(?:19|20)\d\d")
_COMMENT = re.compile(r"#|%|//")
_UNIT = re.compile(r"[(\[].{0,12}[)\]]|.{0,8}[%°µμΩ/²³].{0,8}|[^\W\d_]{1,3}|-")

Rows = Sequence[Sequence[str]]


def is_value(text: str) -> bool:
    """Whether a cell holds a number, an amount, a date or a time and no name."""
    return _VALUE.fullmatch(text) is not None


def looks_like_header(rows: Rows) -> bool:
    """Whether the first row names the columns: names for at least half, no value, rows below.

    A year is a name where what stands below it are no years.
    """
    if len(rows) < 2:
        return False
    names = {at: name for at, cell in enumerate(rows[0]) if (name := " ".join(cell.split()))}
    enough = len(names) >= max(2, len(rows[0]) / 2)
    return enough and all(
        len(name) <= 120 and (not is_value(name) or _is_year_over(rows, at))
        for at, name in names.items()
    )


def _is_year_over(rows: Rows, column: int) -> bool:
    below = [row[column] for row in rows[1:SAMPLE] if column < len(row) and row[column]]
    return (
        _YEAR.fullmatch(rows[0][column].strip()) is not None
        and bool(below)
        and not any(map(_YEAR.fullmatch, below))
    )


def groups_of(header: Rows) -> dict[tuple[int, int], int]:
    """Header cells over a group of columns: (row, column) -> how many columns.

    Such a cell stands over names of a lower header row, and so do the empty cells behind it:
    `| 2024 | | 2025 |` over `| H1 | H2 | H1 |`.
    """
    found = {}
    for number, row in enumerate(header[:-1]):
        for column, name in enumerate(row):
            if not name or not _named_below(header, number, column):
                continue
            stop = column + 1
            while (
                stop < max(map(len, header))
                and not (stop < len(row) and row[stop])
                and _named_below(header, number, stop)
            ):
                stop += 1
            if stop > column + 1:
                found[number, column] = stop - column
    return found


def _named_below(header: Rows, number: int, column: int) -> bool:
    """Whether a lower header row has a name of its own in a column."""
    upper = header[number][column] if column < len(header[number]) else ""
    below = (row[column] for row in header[number + 1 :] if column < len(row))
    return any(name and name != upper for name in below)


def header_of(rows: Rows) -> tuple[int, int]:
    """The first header row and the first row below the header; what stands above tells of the
    whole. Both are the same where no row is a header."""
    rows = rows[:SAMPLE]
    start = _comments(rows)
    start += _facts(rows[start:])
    start += _before_values(rows[start:])
    table = rows[start:]
    if _is_double(table):
        return start, start + 2
    return start, start + int(looks_like_header(table))


def _filled(row: Sequence[str]) -> list[int]:
    return [i for i, cell in enumerate(row) if cell]


def _has_value(row: Sequence[str]) -> bool:
    return any(is_value(cell) for cell in row if cell)


def _comments(rows: Rows) -> int:
    """Lines that are marked as comments; the last may name the columns of the data below."""
    count = 0
    while count < len(rows) and _COMMENT.match(next(filter(None, rows[count]), "")):
        count += 1
    if 0 < count < len(rows) and _has_value(rows[count]):
        names, below = _filled(rows[count - 1]), _filled(rows[count])
        count -= int(names == below and len(names) > 1)
    return count


def _facts(rows: Rows) -> int:
    """Lines of a name and a value above a wider table."""
    widths = Counter(len(_filled(row)) for row in rows)
    usual = max(widths.items(), key=lambda item: (item[1], item[0]), default=(0, 0))[0]
    count = 0
    if usual >= 3:
        while count < len(rows) and max(_filled(rows[count]), default=0) < 2:
            count += 1
    return count if count < len(rows) else 0


def _before_values(rows: Rows) -> int:
    """Lines above the header of columns that hold nothing but values."""
    of_values = [all(is_value(cell) for cell in row if cell) for row in rows]
    if sum(of_values) * 2 < len(rows):
        return 0
    first = next((i for i in range(len(rows)) if all(of_values[i : i + RUN])), 0)
    return max(0, first - (2 if _is_double(rows[first - 2 :]) and first > 1 else 1))


def _is_double(rows: Rows) -> bool:
    """Whether the second row says more of the columns: names under groups, or units."""
    if len(rows) < 3 or _has_value(_without_years(rows)) or _has_value(rows[1]):
        return False
    upper, lower, body = _filled(rows[0]), _filled(rows[1]), rows[2]
    measured = [i for i in lower if i < len(body) and is_value(body[i])]
    if not upper or not measured or len({*upper, *lower}) < 2:
        return False
    are_names = any(i not in upper for i in lower) and len(lower) > 1
    are_units = all(_UNIT.fullmatch(rows[1][i]) for i in measured) and len(measured) * 2 > len(
        [i for i in lower if i > 0]
    )
    return are_names or are_units


def _without_years(rows: Rows) -> list[str]:
    """The first row without the years that stand over names: `2024` over `H1 | H2`."""
    upper, lower = rows[:2]
    return [
        "" if _YEAR.fullmatch(cell) and at < len(lower) and lower[at] else cell
        for at, cell in enumerate(upper)
    ]
