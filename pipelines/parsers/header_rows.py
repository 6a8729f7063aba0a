"""Which rows of a sheet or CSV table name its columns.

Exports of instruments begin with lines about the run, and name columns in two rows: groups over
names, or names over units.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from pipelines.parsers.documents import is_value, looks_like_header

SAMPLE = 60
"""Rows that are looked at."""
RUN = 3
"""Rows of nothing but values that are taken for the beginning of measured data."""

_COMMENT = re.compile(r"#|%|//")
_UNIT = re.compile(r"[(\[].{0,12}[)\]]|.{0,8}[%°µμΩ/²³].{0,8}|[^\W\d_]{1,3}|-")

Rows = Sequence[Sequence[str]]


def head_of(rows: Rows) -> tuple[int, int]:
    """The first header row and the first row below the header; what stands above tells of the
    whole. Both are the same where no row is a header."""
    rows = rows[:SAMPLE]
    start = _comments(rows)
    start += _facts(rows[start:])
    start += _before_values(rows[start:])
    head = rows[start:]
    if _is_double(head):
        return start, start + 2
    return start, start + int(looks_like_header(head))


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
    if len(rows) < 3 or _has_value(rows[0]) or _has_value(rows[1]):
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
