"""Workbooks and CSV as their parsers read them: rows understood alone, located by their cells."""

from __future__ import annotations

import datetime
import io
import zipfile
from pathlib import Path

import openpyxl
import PIL.Image
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.drawing.image import Image

from pipelines.errors import SourceTooLarge
from pipelines.types import Segment
from tests.support.office_files import add_member, save_parts
from tests.support.parsed_documents import check_places, check_resumes, parse, segments_of


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    return save_parts(tmp_path / "parts.xlsx")


def test_xlsx_rows_are_understood_alone_and_located_by_cells(workbook: Path) -> None:
    parts = parse(workbook)
    assert {part.unit for part in parts} == {"sheets"}
    segments = segments_of(parts)
    assert [(s.kind, s.text) for s in segments[:2]] == [
        ("title", "Parts"),
        ("text", "Spare parts of the pump"),
    ]
    tables = [s for s in segments if s.kind == "table" and s.locators[0].anchor.startswith("Parts")]
    rows = {}
    for table in tables:
        lines = table.text.split("\n")
        assert lines[0] == "Name | Qty | Share"
        assert len(table.text) <= 700
        for line, locator in zip(lines[1:], table.locators[1:], strict=True):
            rows[line] = locator.anchor
    assert len(rows) == 1200
    assert rows["bolt 1 | 1.5 | 12.5%"] == "Parts!A4:C4"
    assert rows["bolt 1200 | 1200.5 | 12.5%"] == "Parts!A1203:C1203"
    last = segments[-1]
    assert (last.text, last.locators[0].anchor) == ("k | 5", "'Q1 ''draft'''!C3:D3")
    check_places(parts)
    check_resumes(workbook, parts)


def test_formulas_without_results_are_told(workbook: Path) -> None:
    warnings = [w for part in parse(workbook) for w in part.warnings]
    assert [(w.code, w.place) for w in warnings] == [("formulas_not_computed", "sheet Q1 'draft'")]


def test_a_sheet_that_lies_about_its_size_is_read_whole(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for number in range(5):
        book.active.append([f"row {number}", number])
    path = tmp_path / "lie.xlsx"
    book.save(path)
    with zipfile.ZipFile(path) as package:
        sheet = package.read("xl/worksheets/sheet1.xml").decode()
    add_member(path, "xl/worksheets/sheet1.xml", sheet.replace('ref="A1:B5"', 'ref="A1"'))
    assert "row 4 | 4" in segments_of(parse(path))[-1].text


def test_csv_dialect_header_and_rows(tmp_path: Path) -> None:
    path = tmp_path / "values.csv"
    rows = "\r\n".join(f'"pump; {n}";{n},5;ok' for n in range(1, 1101))
    path.write_bytes(f"Gerät;Wert;Zustand\r\n{rows}\r\n".encode("utf-8-sig"))
    parts = parse(path)
    assert len(parts) == 3
    assert {part.total for part in parts} == {3}
    segments = segments_of(parts)
    assert all(s.text.startswith("Gerät | Wert | Zustand\n") for s in segments)
    assert segments[-1].text.endswith("pump; 1100 | 1100,5 | ok")
    assert segments[-1].locators[-1].anchor == "#row=1101"
    check_places(parts)
    check_resumes(path, parts)


def test_a_csv_may_tell_its_separator_first(tmp_path: Path) -> None:
    path = tmp_path / "told.csv"
    path.write_text("sep=;\nName;Share, in %\nbolt;1,5\nnut;2,5\n")
    parts = parse(path)
    assert [(s.kind, s.text) for s in segments_of(parts)] == [
        ("table", "Name | Share, in %\nbolt | 1,5\nnut | 2,5")
    ]
    assert [locator.anchor for locator in segments_of(parts)[0].locators] == [
        "#row=2",
        "#row=3",
        "#row=4",
    ]


def test_csv_with_a_quote_that_never_ends(tmp_path: Path) -> None:
    path = tmp_path / "quote.csv"
    path.write_text('size,n\n5",1\n"6,2\n' + "x,3\n" * 9000)
    parts = parse(path)
    assert [w.code for part in parts for w in part.warnings] == ["csv_quotes_ignored"]
    assert segments_of(parts)[0].text.startswith('size | n\n5" | 1\n"6 | 2\nx | 3')
    assert parts[0].facts["rows"] == 9003


def save_noted(path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Parts"
    for row in (["Name", "Qty"], ["bolt", 7], ["nut", 9]):
        sheet.append(row)
    sheet["B2"].comment = Comment("Order two more\nfor the spare kit.", "A. Writer")
    sheet["D900"].comment = Comment("[Threaded comment]\n\nBuy Excel.\n\nComment:\n    Done?", "x")
    book.save(path)
    return path


def test_notes_are_read_beside_their_cells(tmp_path: Path) -> None:
    path = save_noted(tmp_path / "noted.xlsx")
    parts = parse(path)
    assert [(s.text, s.locators[0].anchor) for s in segments_of(parts)[1:]] == [
        ("Name | Qty\nbolt | 7\nnut | 9", "Parts!A1:B1"),
        ("Note on B2 (bolt | 7): Order two more\nfor the spare kit.", "Parts!B2"),
        ("Note on D900: Done?", "Parts!D900"),
    ]
    check_places(parts)
    check_resumes(path, parts)


def test_damaged_notes_do_not_take_the_cells_with_them(tmp_path: Path) -> None:
    path = save_noted(tmp_path / "noted.xlsx")
    add_member(path, "xl/comments/comment1.xml", "<comments><comment ref=")
    parts = parse(path)
    assert [s.text for s in segments_of(parts)[1:]] == ["Name | Qty\nbolt | 7\nnut | 9"]
    assert [w.code for part in parts for w in part.warnings] == ["notes_not_read"]


def test_a_text_box_is_read_where_it_begins(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Plan"
    book.active.append(["Name", "Qty"])
    book.active.append(["bolt", 7])
    picture = io.BytesIO()
    PIL.Image.new("RGB", (9, 9)).save(picture, "PNG")
    book.active.add_image(Image(picture), "B2")
    path = tmp_path / "box.xlsx"
    book.save(path)
    with zipfile.ZipFile(path) as package:
        drawing = package.read("xl/drawings/drawing1.xml").decode()
    end = next(end for end in ("<clientData", "<xdr:clientData") if end in drawing)
    box = (
        '<x:sp xmlns:x="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><x:txBody><a:p><a:r><a:t>'
        "Order early</a:t></a:r></a:p></x:txBody></x:sp>"
    )
    add_member(path, "xl/drawings/drawing1.xml", drawing.replace(end, box + end))
    parts = parse(path)
    last = segments_of(parts)[-1]
    text = "Text box on B2 (bolt | 7): Order early"
    assert (last.text, last.locators[0].anchor) == (text, "Plan!B2")
    check_places(parts)


def test_titles_of_charts_are_read_on_a_sheet_and_on_one_of_their_own(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Flows"
    for row in (["Pump", "Flow"], ["A", 1], ["B", 2]):
        book.active.append(row)
    for title, sheet in (("Flow of each pump", None), ("Drift", book.create_chartsheet("Drift 2"))):
        chart = BarChart()
        chart.add_data(
            Reference(book.active, min_col=2, min_row=1, max_row=3), titles_from_data=True
        )
        chart.title, chart.y_axis.title = title, "ml/min"
        book.active.add_chart(chart, "B2") if sheet is None else sheet.add_chart(chart)
    path = tmp_path / "charts.xlsx"
    book.save(path)
    parts = parse(path)
    assert [(s.text, s.locators[0].anchor) for s in segments_of(parts)[2:]] == [
        ("Chart on B2 (A | 1): Flow of each pump\nAxis: ml/min", "Flows!B2"),
        ("Drift 2", "'Drift 2'"),
        ("Chart: Drift\nAxis: ml/min", "'Drift 2'"),
    ]
    check_places(parts)
    check_resumes(path, parts)


def test_a_damaged_chart_sheet_does_not_take_the_cells_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Pump", "Flow"])
    book.active.append(["A", 1])
    chart = BarChart()
    chart.add_data(Reference(book.active, min_col=2, min_row=1, max_row=2), titles_from_data=True)
    book.create_chartsheet("Drift").add_chart(chart)
    path = tmp_path / "chart.xlsx"
    book.save(path)

    def fail(_: BarChart) -> None:
        raise TypeError("a title of no text")

    monkeypatch.setattr(BarChart, "_write", fail)
    parts = parse(path)
    assert segments_of(parts)[-1].text == "Pump | Flow\nA | 1"
    assert [w.code for part in parts for w in part.warnings] == ["chart_not_read"]


@pytest.mark.parametrize(("size", "is_told"), [((400, 300), True), ((90, 90), False)])
def test_a_picture_on_a_sheet_is_told_unless_it_is_a_logo(
    tmp_path: Path, size: tuple[int, int], is_told: bool
) -> None:
    book = openpyxl.Workbook()
    book.active.title = "Plan"
    book.active.append(["Floor plan", "of the hall"])
    picture = io.BytesIO()
    PIL.Image.new("RGB", size).save(picture, "PNG")
    book.active.add_image(Image(picture), "B3")
    path = tmp_path / "plan.xlsx"
    book.save(path)
    warnings = [(w.code, w.place) for part in parse(path) for w in part.warnings]
    assert warnings == ([("pictures_not_read", "sheet Plan")] if is_told else [])


@pytest.mark.parametrize(
    ("above", "told"),
    [
        ("", []),
        ("Instrument,HPLC-1\nSerial,00123\n", ["Instrument | HPLC-1\nSerial | 00123"]),
        ("# By Lab 2.1,build 7\n# At 9:30\n", ["# By Lab 2.1 | build 7\n# At 9:30"]),
    ],
)
@pytest.mark.parametrize(
    "header",
    [
        "Time,Signal",
        "Time,Signal\ns,mAU",
        "Time,Signal,Temp",
        "Time,Signal,Temp\ns,mAU,°C",
        ",Run 1,,Run 2\nSample,pH,mg/L,pH",
    ],
)
def test_exports_of_instruments_keep_the_names_of_their_columns(
    tmp_path: Path, above: str, told: list[str], header: str
) -> None:
    path = tmp_path / "run.csv"
    width = max(line.count(",") for line in header.splitlines())
    rows = "".join(f"{n}{f',{n}.25' * width}\n" for n in range(200))
    path.write_text(f"{above}{header}\n{rows}")
    parts = parse(path)
    texts = [s.text for s in segments_of(parts)]
    begin = header.replace(",", " | ") + "\n"
    assert [text for text in texts if not text.startswith(begin)] == told
    assert len(texts) > 3
    tables = [s for s in segments_of(parts) if s.text.startswith(begin)]
    names = [[path[-1] for path in _header_paths(segment)] for segment in tables]
    assert names == [header.splitlines()[-1].split(",")] * len(tables)
    assert [s.table is not None and s.table.is_continued for s in tables] == [
        at > 0 for at in range(len(tables))
    ]
    check_places(parts)
    check_resumes(path, parts)


def _header_paths(segment: Segment) -> list[tuple[str, ...]]:
    assert segment.table is not None
    columns = range(segment.table.columns)
    return [segment.table.header_path(segment.text, column) for column in columns]


def test_a_name_over_a_group_of_columns_is_the_name_of_each(tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    path.write_text(",Run 1,,Run 2\nSample,pH,mg/L,pH\nA,7,1.5,8\nB,6,2.5,9\nC,5,3.5,7\n")
    (table,) = segments_of(parse(path))
    assert _header_paths(table) == [
        ("Sample",),
        ("Run 1", "pH"),
        ("Run 1", "mg/L"),
        ("Run 2", "pH"),
    ]


def test_merged_cells_stand_in_each_of_their_columns(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["Part", "2024", None, "Note"], [None, "H1", "H2", None],
                ["Pump", 1.5, 2.5, "new"], ["Hose", "sold out", None, "old"]):  # fmt: skip
        book.active.append(row)
    for cells in ("A1:A2", "B1:C1", "D1:D2", "B4:C4"):
        book.active.merge_cells(cells)
    path = tmp_path / "merged.xlsx"
    book.save(path)
    (table,) = [segment for segment in segments_of(parse(path)) if segment.kind == "table"]
    assert _header_paths(table) == [("Part",), ("2024", "H1"), ("2024", "H2"), ("Note",)]
    assert table.table is not None
    assert table.table.rows_of(table.text)[-1].cells == ("Hose", "sold out", "sold out", "old")
    assert table.text.count("sold out") == 1


def test_a_bar_in_a_cell_parts_no_cell(tmp_path: Path) -> None:
    path = tmp_path / "states.csv"
    path.write_text("Valve,States,Rest\nV1,OPEN | CLOSED,OPEN\nV2,ON,OFF\n")
    (table,) = segments_of(parse(path))
    assert table.table is not None
    assert table.table.rows_of(table.text)[1].cells == ("V1", "OPEN | CLOSED", "OPEN")


def test_rows_below_a_blank_one_keep_the_header_whose_columns_they_fill(tmp_path: Path) -> None:
    path = tmp_path / "gaps.csv"
    path.write_text("Name,Qty\nbolt,1\n\nnut,2\n\nOperator,A. B.\n")
    assert [s.text for s in segments_of(parse(path))] == [
        "Name | Qty\nbolt | 1",
        "Name | Qty\nnut | 2",
        "Operator | A. B.",
    ]


VALUES = [
    (42, "00000", "00042"),
    (4006381333931, "0", "4006381333931"),
    (1234.5, '#,##0.00\\ "€"', "1234.5 €"),
    (-1234.5, "$#,##0.00_);[Red]($#,##0.00)", "-$1234.5"),
    (7, "_-[$€-407]* #,##0.00_-", "€7"),
    (5, '0.0 "bar";-0.0 "bar"', "5 bar"),
    (-5, "0.0;(0.0)", "-5"),
    (12.299999999999999, "General", "12.3"),
    (0.1235, "0.0%", "12.35%"),
    (datetime.timedelta(hours=26, minutes=5), "[h]:mm", "26:05:00"),
]


@pytest.mark.parametrize(("value", "number_format", "text"), VALUES)
def test_a_cell_tells_the_unit_and_the_zeros_that_it_shows(
    tmp_path: Path, value: object, number_format: str, text: str
) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Value", value])
    book.active["B1"].number_format = number_format
    path = tmp_path / "value.xlsx"
    book.save(path)
    assert segments_of(parse(path))[-1].text == f"Value | {text}"


def test_a_cell_merged_over_rows_stands_in_each(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (
        ["Group", "Item", "Qty"],
        ["Pumps", "P1", 1],
        [None, "P2", 2],
        [],
        ["Total", "all", 3],
    ):
        sheet.append(row)
    sheet.merge_cells("A2:A4")
    sheet.merge_cells("E1:F9")
    path = tmp_path / "merged.xlsx"
    book.save(path)
    with zipfile.ZipFile(path) as package:
        xml = package.read("xl/worksheets/sheet1.xml").decode()
    assert "E1:F9" in xml
    # openpyxl would make a cell of each.
    add_member(path, "xl/worksheets/sheet1.xml", xml.replace("E1:F9", "E1:F900000"))
    parts = parse(path)
    assert [s.text for s in segments_of(parts)[1:]] == [
        "Group | Item | Qty\nPumps | P1 | 1\nPumps | P2 | 2",
        "Group | Item | Qty\nTotal | all | 3",
    ]
    check_places(parts)


def test_a_cell_merged_far_to_the_right_is_counted_in_every_row_that_it_fills(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in range(1, 41):
        sheet.cell(row, 1, f"valve {row}")
    sheet.cell(1, 500, "far away")
    sheet.merge_cells(start_row=1, end_row=40, start_column=500, end_column=500)
    path = tmp_path / "wide.xlsx"
    book.save(path)
    monkeypatch.setattr("pipelines.parsers.sheets.parser.MAX_CELLS", 40 * 100)
    with pytest.raises(SourceTooLarge, match="more than 4,000 cells"):
        parse(path)
