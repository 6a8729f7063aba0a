"""Which rows of a table name its columns: decided here, once, and carried as `Table.header_rows`.

A row is compared with those below it, column by column: a name is seldom of the kind that its
column holds, and a row of data nearly always is. Where kinds don't tell (words over words), names
of attributes, capitals and lengths do. What the file itself marks as headers is believed; PDFs show
by their type which rows are headers (`pdf/table_rows.py`), and ask here about the first alone.

Exports of instruments begin with lines about the run, and name columns in two rows: groups over
names, or names over units.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median

from pipelines.parsers.attribute_names import ATTRIBUTES, HEADINGS
from pipelines.parsers.cell_kinds import VALUES, is_value, kind_of, pattern_of, unit_of

SAMPLE = 60
"""Rows that are looked at."""
RUN = 3
"""Rows of nothing but values that are taken for the beginning of measured data."""

_WORD = re.compile(r"[^\W\d_]+")
_IDEOGRAPH = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]")
_NAMES = HEADINGS | ATTRIBUTES
_COMMENT = re.compile(r"#|%|//")
_UNIT = re.compile(r"[(\[].{0,12}[)\]]|.{0,8}[%°µμΩ/²³].{0,8}|[^\W\d_]{1,3}|-")

Rows = Sequence[Sequence[str]]

MAX_HEADER_ROWS = 4
MOST_CHARACTERS = 120
"""Of the name of a column."""
SHORT_WORDS = 3
LEAST_LETTERS = 5
"""Of a name at the end of a compound; two ideographs."""

Reaching = Mapping[tuple[int, int], int]
"""(row, column) -> how many columns the cell there reaches over."""


def header_rows(
    rows: Rows,
    *,
    marked: int = 0,
    reaching: Reaching | None = None,
    bold: Sequence[bool] = (),
) -> int:
    """How many of the first rows name the columns; 0 where the first is like the others.

    `marked`: how many the file says are headers. `bold`: for the first rows whether all that they
    hold is bold. Names under a cell that reaches over some of the columns are headers too.
    """
    marked = min(marked, MAX_HEADER_ROWS, len(rows))
    count = _under_groups(rows, marked, reaching or {})
    if count or marked:
        return max(count, marked)
    rows = rows[:SAMPLE]
    if _is_double(rows):
        return 2
    set_apart = len(bold) > 1 and bold[0] and not all(bold)
    return int(names_columns(rows, set_apart=set_apart))


def names_columns(rows: Rows, *, set_apart: bool = False, least: int = 0) -> bool:
    """Whether the first row names the columns of the others; `set_apart` where its type differs
    from theirs, `least` how much must speak for it."""
    if len(rows) < 2:
        return False
    names = {at: name for at, cell in enumerate(rows[0]) if (name := " ".join(cell.split()))}
    columns = max(map(len, rows))
    if len(names) < max(2, columns / 2) or any(len(n) > MOST_CHARACTERS for n in names.values()):
        return False
    told = _told(rows)
    if None in told:
        return set_apart and not any(map(is_value, names.values()))
    told.append(_of_first_column(rows, columns))
    # Of two columns the first is more often a name and the second its value.
    least = max(least, 1) if columns == 2 else least
    return set_apart or sum(one or 0 for one in told) >= least


def is_one_of(rows: Rows) -> bool:
    """Whether a cell of the first row is plainly one of its column's: 49 g over 50 g."""
    return len(rows) > 1 and None in _told(rows)


def _told(rows: Rows) -> list[int | None]:
    """What each cell of the first row tells."""
    columns = max(map(len, rows))
    is_headed = _is_headed(rows, columns)
    return [
        1
        if is_headed and kind_of(name) == "code"
        else _evidence(name, _below(rows, at), at, columns)
        for at, cell in enumerate(rows[0])
        if (name := " ".join(cell.split()))
    ]


def _is_headed(rows: Rows, columns: int) -> bool:
    """Whether the first column is called by a word for what it lists, as in `Item | XR-1 | XR-2`:
    then codes beside it name columns."""
    label, *below = (row[0] if row else "" for row in rows)
    return (
        columns > 2
        and kind_of(label) == "words"
        and not pattern_of(label)
        and _has_one_of(HEADINGS, label)
        and not any(_has_one_of(HEADINGS, other) for other in below)
    )


def _below(rows: Rows, column: int) -> list[str]:
    return [" ".join(row[column].split()) for row in rows[1:] if column < len(row) and row[column]]


def _evidence(name: str, below: list[str], column: int, columns: int) -> int | None:
    """How much speaks for a name of the cells below (against it if negative); None where the cell
    is one of them."""
    kind = kind_of(name)
    if kind in VALUES:
        return 1 if _is_size(kind, below, columns) else None
    kinds: Counter[str] = Counter(map(kind_of, below))
    if kind == "flag":
        # "No" is also the name of a column of numbers.
        is_name = name.isalpha() and sum(kinds[value] for value in VALUES) * 2 > len(below)
        return 0 if is_name else None
    if kind == "code" and (kinds["code"] * 2 >= len(below) or columns == 2) and below:
        return None
    like = pattern_of(name)
    if like and " " in like and sum(pattern_of(cell) == like for cell in below) * 2 >= len(below):
        return None
    if not below:
        return 0
    if name.casefold() in map(str.casefold, below):
        return -2
    own = _of_words(name, below, column)
    others = sum(kinds[value] for value in VALUES) + kinds["code"] + kinds["flag"]
    if others * 2 > len(below) and not (columns == 2 and _are_of_many_units(below)):
        return own + 2
    return own


def _is_size(kind: str, below: list[str], columns: int) -> bool:
    """Whether a value in the first row is a name: a year over what is no year, a number over
    answers or words of one kind in a table of several such columns."""
    kinds = set(map(kind_of, below))
    if kind == "year":
        return bool(below) and not (kinds <= {"year"} or ("words" in kinds and columns == 2))
    return columns > 2 and len(below) > 1 and kinds == {"flag"}


def _are_of_many_units(below: list[str]) -> bool:
    """Whether a column holds amounts of one thing each: 24 V, 3 A, 5 kg."""
    units = Counter(map(unit_of, below))
    return len(units) * 2 > len(below) > 1


def _of_words(name: str, below: list[str], column: int) -> int:
    """What the words of a name tell beside the words below it."""
    count = len(name.split())
    score = 0
    if "_" in name or (count <= SHORT_WORDS and _has_one_of(HEADINGS, name)):
        score = 2
    elif column and _has_one_of(ATTRIBUTES, name):
        score = 1
    capitals = sum(cell[0].isupper() for cell in below)
    if name[0].isupper():
        score += sum(cell[0].islower() for cell in below) * 2 > len(below)
    elif name[0].islower():
        score += 1 if capitals * 2 > len(below) else -1
    if count <= SHORT_WORDS and median(len(cell.split()) for cell in below) >= 2 * count + 2:
        score += 1
    return score - 2 * (name[-1] in ".;!?" and count > SHORT_WORDS)


def _of_first_column(rows: Rows, columns: int) -> int:
    """What the first column tells: an empty corner of a header row; names of attributes one under
    the other, or names with a colon, are the rows' own."""
    labels = [" ".join(row[0].split()) if row else "" for row in rows]
    below = [label for label in labels[1:] if label]
    if not labels[0]:
        return 2 if len(below) * 2 > len(labels) else 0
    if labels[0][-1] in ":：":
        return -3
    named = sum(_has_one_of(_NAMES, label) for label in below)
    is_named = columns == 2 and _has_one_of(_NAMES, labels[0])
    return -3 if is_named and named * 2 >= len(below) > 0 else 0


def _has_one_of(names: frozenset[str], text: str) -> bool:
    """Whether a word is one of the names or ends in one: Bestellnummer, 额定电压."""
    for word in _WORD.findall(text.casefold()):
        least = LEAST_LETTERS if word.isascii() or not _IDEOGRAPH.search(word) else 2
        starts = range(1, len(word) - least + 1)
        if word in names or any(word[start:] in names for start in starts):
            return True
    return False


def _under_groups(rows: Rows, marked: int, reaching: Reaching) -> int:
    """The header rows of a table whose first cells reach over some of the columns."""
    columns = max(map(len, rows), default=0)
    count = 0
    while count < min(MAX_HEADER_ROWS, len(rows) - 1):
        reach = [n for (row, _), n in reaching.items() if row == count]
        if not any(1 < n < columns for n in reach):
            break
        if any(_has_amount(rows[row]) for row in (count, count + 1) if row >= marked):
            break
        count += 1
    return count + 1 if count else 0


def _has_amount(row: Sequence[str]) -> bool:
    return any(kind_of(cell) in ("number", "amount") for cell in row)


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


def header_of(rows: Rows, reaching: Reaching | None = None) -> tuple[int, int]:
    """The first header row and the first row below the header; what stands above tells of the
    whole. Both are the same where no row is a header."""
    rows = rows[:SAMPLE]
    start = _comments(rows)
    start += _facts(rows[start:])
    start += _before_values(rows[start:])
    moved = {(row - start, at): n for (row, at), n in (reaching or {}).items() if row >= start}
    return start, start + header_rows(rows[start:], reaching=moved)


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
        "" if kind_of(cell) == "year" and at < len(lower) and lower[at] else cell
        for at, cell in enumerate(upper)
    ]
