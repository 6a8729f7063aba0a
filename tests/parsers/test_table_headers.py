"""The same table in every kind of file: its header rows, their levels, what names it."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from pipelines.tables import Row
from tests.support.parsed_documents import check_places, parse, segments_of

HEADLESS = [
    ["Hose H1", "2.5 m", "rubber"],
    ["Hose H2", "7 m", "steel braid"],
    ["Hose H3", "12 m", "nylon"],
]
GROUPED = [
    ["Region", "2023", "", "2024", ""],
    ["", "H1", "H2", "H1", "H2"],
    ["North", "411", "422", "433", "444"],
    ["South", "511", "522", "533", "544"],
]
CAPTION = "Table 3: Fuses"
FUSES = [["Fuse", "Rating"], ["F1", "16 A"], ["F2", "10 A"]]
FORMATS = ["csv", "html", "md", "docx", "xlsx", "pptx"]


def rows_of(path: Path) -> list[Row]:
    tables = [segment for segment in segments_of(parse(path)) if segment.table]
    return [row for segment in tables for row in segment.table.rows_of(segment.text)]


def html_table(rows: list[list[str]], spans: dict[tuple[int, int], int] | None = None) -> str:
    lines = []
    for number, row in enumerate(rows):
        cells, skipped = "", 0
        for at, text in enumerate(row):
            if skipped:
                skipped -= 1
                continue
            columns = (spans or {}).get((number, at), 1)
            cells += f'<td colspan="{columns}">{text}</td>'
            skipped = columns - 1
        lines.append(f"<tr>{cells}</tr>")
    return f"<table>{''.join(lines)}</table>"


def write_table(
    folder: Path, kind: str, rows: list[list[str]], spans: dict[tuple[int, int], int] | None = None
) -> Path:
    """A file of that kind with the table; (row, column) of cells -> columns that are merged."""
    path = folder / f"table.{kind}"
    spans = spans or {}
    if kind == "csv":
        with path.open("w", newline="") as file:
            csv.writer(file).writerows(rows)
    elif kind == "html":
        path.write_text(f"<html><body><p>Parts</p>{html_table(rows, spans)}</body></html>")
    elif kind == "md":
        blank = "|" + " |" * len(rows[0])
        lines = [blank, "|" + "---|" * len(rows[0]), *(f"| {' | '.join(row)} |" for row in rows)]
        path.write_text("# Parts\n\n" + "\n".join(lines) + "\n")
    elif kind == "xlsx":
        import openpyxl

        book = openpyxl.Workbook()
        for row in rows:
            book.active.append([cell or None for cell in row])
        for (row, column), columns in spans.items():
            book.active.merge_cells(
                start_row=row + 1,
                end_row=row + 1,
                start_column=column + 1,
                end_column=column + columns,
            )
        book.save(path)
    elif kind == "docx":
        import docx

        document = docx.Document()
        document.add_paragraph("Parts")
        fill(document.add_table(len(rows), len(rows[0])), rows, spans)
        document.save(path)
    else:
        import pptx
        from pptx.util import Inches

        show = pptx.Presentation()
        slide = show.slides.add_slide(show.slide_layouts[5])
        shape = slide.shapes.add_table(len(rows), len(rows[0]), 0, Inches(2), Inches(8), Inches(3))
        fill(shape.table, rows, spans)
        show.save(path)
    return path


def fill(table: object, rows: list[list[str]], spans: dict[tuple[int, int], int]) -> None:
    for number, row in enumerate(rows):
        for column, text in enumerate(row):
            if text:
                table.cell(number, column).text = text  # type: ignore[attr-defined]
    for (row, column), columns in spans.items():
        first = table.cell(row, column)  # type: ignore[attr-defined]
        first.merge(table.cell(row, column + columns - 1))  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", FORMATS)
def test_the_first_row_of_a_table_without_a_header_is_a_row(tmp_path: Path, kind: str) -> None:
    rows = rows_of(write_table(tmp_path, kind, HEADLESS))

    assert [list(row.cells) for row in rows] == HEADLESS
    assert not any(row.is_header or any(row.headers) for row in rows)


@pytest.mark.parametrize("kind", ["html", "docx", "xlsx", "pptx"])
def test_a_cell_over_columns_heads_each_of_them(tmp_path: Path, kind: str) -> None:
    rows = rows_of(write_table(tmp_path, kind, GROUPED, {(0, 1): 2, (0, 3): 2}))

    assert [row.is_header for row in rows] == [True, True, False, False]
    south = rows[-1]
    assert dict(zip(south.headers, south.cells, strict=True)) == {
        ("Region",): "South",
        ("2023", "H1"): "511",
        ("2023", "H2"): "522",
        ("2024", "H1"): "533",
        ("2024", "H2"): "544",
    }


@pytest.mark.parametrize("kind", ["html", "docx", "xlsx", "pptx"])
def test_groups_over_columns_of_words(tmp_path: Path, kind: str) -> None:
    table = [
        ["Product", "Small", "", "Large", ""],
        ["", "Lid", "Body", "Lid", "Body"],
        ["Cup", "cork", "clay", "tin", "glass"],
        ["Jar", "tin", "glass", "cork", "clay"],
    ]
    cup = rows_of(write_table(tmp_path, kind, table, {(0, 1): 2, (0, 3): 2}))[2]

    assert cup.headers[1:] == (
        ("Small", "Lid"),
        ("Small", "Body"),
        ("Large", "Lid"),
        ("Large", "Body"),
    )


@pytest.mark.parametrize("below", [False, True])
@pytest.mark.parametrize("kind", ["html", "md", "docx"])
def test_a_caption_beside_a_table_is_told_with_its_rows(
    tmp_path: Path, kind: str, below: bool
) -> None:
    path = tmp_path / f"captioned.{kind}"
    if kind == "docx":
        import docx

        document = docx.Document()
        if not below:
            document.add_paragraph(CAPTION)
        fill(document.add_table(3, 2), FUSES, {})
        if below:
            document.add_paragraph(CAPTION)
        document.add_paragraph("The next paragraph.")
        document.save(path)
    else:
        if kind == "html":
            parts = [f"<p>{CAPTION}</p>", html_table(FUSES), "<p>The next paragraph.</p>"]
        else:
            rows = "\n".join(f"| {a} | {b} |" for a, b in FUSES[1:])
            parts = [CAPTION, f"| Fuse | Rating |\n|---|---|\n{rows}", "The next paragraph."]
        if below:
            parts[:2] = parts[1::-1]
        path.write_text("\n\n".join(parts))

    parts = parse(path)

    assert [segment.kind for segment in segments_of(parts)] == ["table", "text"]
    rows = rows_of(path)
    assert all(row.header.startswith(CAPTION) for row in rows)
    assert rows[1].headers == (("Fuse",), ("Rating",))
    check_places(parts)


def test_captions_above_tables_that_follow_each_other(tmp_path: Path) -> None:
    path = tmp_path / "two.html"
    path.write_text(
        f"<p>Table 1: Fuses</p>{html_table(FUSES)}<p>Table 2: Old fuses</p>{html_table(FUSES)}"
    )

    leads = [
        segment.text[slice(*segment.table.lead)]
        for segment in segments_of(parse(path))
        if segment.table
    ]
    assert leads == ["Table 1: Fuses", "Table 2: Old fuses"]


def test_a_sentence_that_speaks_of_a_table_stays_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "spoken.html"
    path.write_text(f"<p>Table 3 lists the fuses of the lathe.</p>{html_table(FUSES)}")

    assert [segment.kind for segment in segments_of(parse(path))] == ["text", "table"]


def test_a_row_over_all_columns_and_a_line_above_a_sheets_table_name_it(tmp_path: Path) -> None:
    wide = [["Fuses of the lathe", ""], *FUSES]
    for path in (
        write_table(tmp_path, "html", wide, {(0, 0): 2}),
        write_table(tmp_path, "docx", wide, {(0, 0): 2}),
        write_table(tmp_path, "xlsx", wide, {(0, 0): 2}),
    ):
        rows = rows_of(path)
        assert [row.is_header for row in rows] == [True, False, False], path
        assert rows[1].header.startswith("Fuses of the lathe"), path
        check_places(parse(path))


def test_a_label_merged_over_rows_names_each_of_them(tmp_path: Path) -> None:
    path = tmp_path / "labels.html"
    path.write_text(
        "<table><tr><th>Pump</th><th>Port</th><th>Pressure</th></tr>"
        "<tr><th rowspan=2>P1</th><th>Inlet</th><td>5 bar</td></tr>"
        "<tr><th>Outlet</th><td>7 bar</td></tr></table>"
    )

    rows = rows_of(path)

    assert [row.cells for row in rows[1:]] == [("P1", "Inlet", "5 bar"), ("P1", "Outlet", "7 bar")]
    assert {row.header_columns for row in rows} == {2}
