"""What a sheet's XML says beside its cells, and openpyxl does not hand on while it streams: cells
that reach over others, and formulas without a result."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from pipelines.types import ParseWarning

MAX_MERGED = 1_000
"""Cells that reach into one row; more are nobody's sheet."""

_UNCOMPUTED = re.compile(rb"</f>\s*(?:<v\s*/>|<v></v>)?\s*</c>")
_MERGED = re.compile(rb'mergeCell ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')


@dataclass
class Merged:
    """Cells that reach over rows and columns, of which a file holds the text in the first only."""

    ranges: list[tuple[int, int, int, int]]
    """First and last row, and first and last column, all from 1; the uppermost last."""
    open: list[tuple[int, int, int, str]] = field(default_factory=list)
    """Last row, column from 0, columns and text of those that reach into the current row."""

    def fill(self, number: int, values: list[str]) -> tuple[list[str], dict[int, int]]:
        """The values of a row with the texts that reach into it, and the columns, from 0, whose
        cell reaches over further ones -> over how many; a blank row stays blank."""
        self.open = [one for one in self.open if one[0] >= number]
        if any(values):
            for _, column, _, text in self.open:
                values += [""] * (column + 1 - len(values))
                values[column] = values[column] or text
        while self.ranges and self.ranges[-1][0] <= number:
            _, last, left, right = self.ranges.pop()
            text = values[left - 1] if left <= len(values) else ""
            if text and last >= number and len(self.open) < MAX_MERGED:
                self.open.append((last, left - 1, right - left + 1, text))
        return values, {column: columns for _, column, columns, _ in self.open if columns > 1}


def read_beside_cells(sheet: Any, book: Any) -> tuple[Merged, list[ParseWarning]]:
    """What the sheet's XML says that openpyxl does not hand on while it streams."""
    from openpyxl.utils import column_index_from_string

    count, ranges = 0, set()
    with book._archive.open(sheet._worksheet_path) as stream:
        carried = b""
        while block := stream.read(1 << 20):
            window = carried + block
            ends = [match.end() for match in _UNCOMPUTED.finditer(window)]
            count += len(ends)
            for left, first, right, last in _MERGED.findall(window):
                columns = (column_index_from_string(name.decode()) for name in (left, right))
                ranges.add((int(first), int(last), *columns))
            carried = window[max(ends[-1] if ends else 0, len(window) - 64) :]
    return Merged(sorted(ranges, reverse=True)), _uncomputed(count, sheet)


def _uncomputed(count: int, sheet: Any) -> list[ParseWarning]:
    """Warns of formulas without a stored result: what such a cell shows is not in the file."""
    if not count:
        return []
    return [
        ParseWarning(
            code="formulas_not_computed",
            message=f"{count} formulas have no stored result and were read as empty. "
            "Open the workbook in a spreadsheet program, save it and upload it again.",
            place=f"sheet {sheet.title}",
        )
    ]
