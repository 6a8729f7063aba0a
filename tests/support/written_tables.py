"""Tables as tests write them: lines with bars, the first of them the header."""

from __future__ import annotations

from pipelines.tables import Table


def table_in(text: str, *, header_rows: int = 1) -> Table | None:
    """The cells of the lines from the first to the last that has a bar; None without bars."""
    rows: list[list[tuple[int, int]]] = []
    at, length = 0, 0
    for line in text.split("\n"):
        if rows or "|" in line:
            row, start = [], at
            for cell in line.split("|"):
                left = start + len(cell) - len(cell.lstrip())
                row.append((left, max(left, start + len(cell.rstrip()))))
                start += len(cell) + 1
            rows.append(row)
            length = len(rows) if "|" in line else length
        at += len(line) + 1
    if not rows:
        return None
    rows = rows[:length]
    columns = max(map(len, rows))
    ends = [row[-1][1] for row in rows]
    return Table(
        rows=tuple(
            (*row, *[(end, end)] * (columns - len(row)))
            for row, end in zip(rows, ends, strict=True)
        ),
        header_rows=header_rows,
    )


def tables_in(text: str) -> tuple[Table, ...]:
    table = table_in(text)
    return (table,) if table else ()
