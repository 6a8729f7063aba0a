"""What documents say, and where, as their parsers tell it."""

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pptx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from pipelines.errors import (
    PasswordRequired,
    SourceTooLarge,
    SourceUnreadable,
    UnsupportedType,
    WrongPassword,
)
from pipelines.parsers import parser_for
from pipelines.parsers.detect import DOCX, PPTX, XLSX, detect_path, source_type_of
from pipelines.types import ParseOptions, Part, Segment

CORPUS = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
needs_corpus = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the third-party corpus is not beside the checkout"
)


def parse(path: Path, **options: Any) -> list[Part]:
    return list(parser_for(detect_path(path)).parse(path, ParseOptions(**options)))


def segments_of(parts: list[Part]) -> list[Segment]:
    return [segment for part in parts for segment in part.segments]


def told(parts: list[Part]) -> list[tuple[str, int | None, str]]:
    return [(s.kind, s.level, s.text) for s in segments_of(parts)]


def check_places(parts: list[Part]) -> None:
    """Locators and spans point at exactly their text in the plain text."""
    segments = segments_of(parts)
    plain = "\n\n".join(s.text for s in segments)
    for segment in segments:
        first, last = segment.locators[0], segment.locators[-1]
        assert plain[first.start : last.end] == segment.text
        for start, end, index, _ in segment.spans:
            where = segment.locators[index]
            assert plain[where.start : where.end] == segment.text[start:end]
    assert parts[-1].facts["characters"] == len(plain)
    assert [part.start for part in parts] == list(range(len(parts)))
    assert sum(part.counts["words"] for part in parts) == len(plain.split())


def check_resumes(path: Path, parts: list[Part]) -> None:
    assert parse(path) == parts
    for part in parts:
        assert parse(path, start=part.stop) == parts[part.stop :]
    assert parse(path, start=0, stop=1) == parts[:1]


def add_member(path: Path, name: str, data: bytes | str) -> None:
    """Replaces or adds one member of an office file."""
    with zipfile.ZipFile(path) as package:
        members = {n: package.read(n) for n in package.namelist() if n != name}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for member, content in members.items():
            package.writestr(member, content)
        package.writestr(name, data)


@pytest.fixture
def word(tmp_path: Path) -> Path:
    document = docx.Document()
    document.core_properties.title = "Pump manual"
    document.core_properties.author = "A. Writer"
    document.sections[0].header.paragraphs[0].text = "Document no. PM-7"
    document.add_heading("Pump", level=1)
    document.add_paragraph("-40 to 85 °C is the range in which the pump may be used.")
    document.add_heading("Start", level=2)
    document.add_paragraph("Open the valve", style="List Number")
    document.add_paragraph("Press start", style="List Number")
    table = document.add_table(3, 2)
    for row, cells in enumerate((("Part", "Torque"), ("Bolt", "12 Nm"), ("Nut", "9 Nm"))):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    path = tmp_path / "pump.docx"
    document.save(path)
    return path


def test_docx_keeps_headings_lists_and_tables(word: Path) -> None:
    parts = parse(word)
    assert told(parts) == [
        ("metadata", None, "Document no. PM-7"),
        ("title", 1, "Pump"),
        ("text", None, "-40 to 85 °C is the range in which the pump may be used."),
        ("title", 2, "Start"),
        ("list_item", None, "1. Open the valve"),
        ("list_item", None, "2. Press start"),
        ("table", None, "Part | Torque\nBolt | 12 Nm\nNut | 9 Nm"),
    ]
    facts = parts[0].facts
    assert (facts["title"], facts["author"], facts["language"]) == (
        "Pump manual",
        "A. Writer",
        "en",
    )
    assert parts[0].unit == "sections"
    check_places(parts)


def test_docx_hides_no_text(tmp_path: Path) -> None:
    document = docx.Document()
    style = document.styles.add_style("Kapitel", 1)
    style.element.get_or_add_pPr().append(parse_xml(f'<w:outlineLvl {nsdecls("w")} w:val="1"/>'))
    document.add_paragraph("Own heading", style="Kapitel")
    paragraph = document.add_paragraph("before ")
    for xml in (
        '<w:ins w:id="1"><w:r><w:t>inserted</w:t></w:r></w:ins>',
        '<w:del w:id="2"><w:r><w:delText>deleted</w:delText></w:r></w:del>',
        "<w:sdt><w:sdtPr/><w:sdtContent><w:r><w:t> controlled</w:t></w:r></w:sdtContent></w:sdt>",
    ):
        tag, rest = xml.split(">", 1)
        paragraph._p.append(parse_xml(f"{tag} {nsdecls('w')}>{rest}".replace("/ xml", " xml")))
    block = parse_xml(
        f"<w:sdt {nsdecls('w')}><w:sdtContent><w:p><w:r><w:t>A block control.</w:t></w:r></w:p>"
        "</w:sdtContent></w:sdt>"
    )
    document.element.body.insert(2, block)
    box = parse_xml(
        f"<w:r {nsdecls('w')}><w:pict><w:txbxContent><w:p><w:r><w:t>In a box.</w:t></w:r></w:p>"
        "</w:txbxContent></w:pict></w:r>"
    )
    document.add_paragraph("Host")._p.append(box)
    path = tmp_path / "hidden.docx"
    document.save(path)
    assert told(parse(path)) == [
        ("title", 2, "Own heading"),
        ("text", None, "before inserted controlled"),
        ("text", None, "A block control."),
        ("text", None, "Host"),
        ("text", None, "In a box."),
    ]


def test_docx_footnotes_follow_their_paragraph(word: Path) -> None:
    add_member(
        word,
        "word/footnotes.xml",
        f'<w:footnotes {nsdecls("w")}><w:footnote w:id="2"><w:p><w:r><w:t>Measured at sea level.'
        "</w:t></w:r></w:p></w:footnote></w:footnotes>",
    )
    with zipfile.ZipFile(word) as package:
        body = package.read("word/document.xml").decode()
        rels = package.read("word/_rels/document.xml.rels").decode()
        types = package.read("[Content_Types].xml").decode()
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    rel = f'<Relationship Id="rId99" Type="{office}/footnotes" Target="footnotes.xml"/>'
    add_member(word, "word/_rels/document.xml.rels", rels.replace("</Rel", rel + "</Rel", 1))
    kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
    override = f'<Override PartName="/word/footnotes.xml" ContentType="{kind}"/>'
    add_member(word, "[Content_Types].xml", types.replace("</Types>", override + "</Types>"))
    reference = '</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r>'
    body = body.replace("may be used.</w:t></w:r>", f"may be used.{reference}")
    add_member(word, "word/document.xml", body)
    texts = [text for _, _, text in told(parse(word))]
    at = texts.index("Measured at sea level.")
    assert texts[at - 1].startswith("-40 to 85")


def test_a_long_docx_goes_on_where_it_was_left(tmp_path: Path) -> None:
    document = docx.Document()
    for number in range(700):
        if number % 60 == 0:
            document.add_heading(f"Chapter {number // 60}", level=1)
        document.add_paragraph(f"Paragraph {number} says something of its own.")
    path = tmp_path / "long.docx"
    document.save(path)
    parts = parse(path)
    assert len(parts) >= 4
    assert {part.total for part in parts} == {len(parts)}
    assert all(part.segments[0].kind == "title" for part in parts)
    check_places(parts)
    check_resumes(path, parts)


def test_pptx_tells_the_slide(tmp_path: Path) -> None:
    deck = pptx.Presentation()
    for number in (1, 2, 3):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = f"Step {number}"
        slide.placeholders[1].text = f"-{number} V"
        slide.notes_slide.notes_text_frame.text = f"Say this at {number}."
    grid = slide.shapes.add_table(2, 2, 0, Inches(5), Inches(4), Inches(1)).table
    for index, text in enumerate(("Part", "Price", "Bolt", "2 EUR")):
        grid.cell(index // 2, index % 2).text = text
    data = CategoryChartData()
    data.categories = ["Q1", "Q2"]
    data.add_series("Sold", (1234567, 0.5))
    slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, 0, 0, Inches(3), Inches(3), data)
    path = tmp_path / "deck.pptx"
    deck.save(path)
    parts = parse(path)
    assert [(part.start, part.stop, part.total, part.unit) for part in parts] == [
        (0, 1, 3, "slides"),
        (1, 2, 3, "slides"),
        (2, 3, 3, "slides"),
    ]
    assert told(parts[2:]) == [
        ("title", 1, "Step 3"),
        ("text", None, "-3 V"),
        ("table", None, "Part | Price\nBolt | 2 EUR"),
        ("table", None, " | Sold\nQ1 | 1234567\nQ2 | 0.5"),
        ("text", None, "Say this at 3."),
    ]
    for number, part in enumerate(parts, start=1):
        anchors = {locator.anchor for s in part.segments for locator in s.locators}
        assert anchors == {f"#slide-{number}"}
    check_places(parts)
    check_resumes(path, parts)


def test_a_slide_of_pictures_says_that_they_were_not_read(tmp_path: Path) -> None:
    from PIL import Image

    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    deck = pptx.Presentation()
    deck.slides.add_slide(deck.slide_layouts[6]).shapes.add_picture(picture, 0, 0)
    path = tmp_path / "picture.pptx"
    deck.save(path)
    (part,) = parse(path)
    assert part.segments == ()
    assert [(w.code, w.place) for w in part.warnings] == [("pictures_not_read", "slide 1")]


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Parts"
    sheet.append(["Spare parts of the pump"])
    sheet.append([])
    sheet.append(["Name", "Qty", "Share"])
    for number in range(1, 1201):
        sheet.append([f"bolt {number}", number + 0.5, 0.125])
        sheet.cell(number + 3, 3).number_format = "0.0%"
    other = book.create_sheet("Q1 'draft'")
    other["C3"], other["D3"] = "k", 5
    other["C4"] = "=D3*2"
    path = tmp_path / "parts.xlsx"
    book.save(path)
    return path


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


def test_csv_with_a_quote_that_never_ends(tmp_path: Path) -> None:
    path = tmp_path / "quote.csv"
    path.write_text('size,n\n5",1\n"6,2\n' + "x,3\n" * 9000)
    parts = parse(path)
    assert [w.code for part in parts for w in part.warnings] == ["csv_quotes_ignored"]
    assert segments_of(parts)[0].text.startswith('size | n\n5" | 1\n"6 | 2\nx | 3')
    assert parts[0].facts["rows"] == 9003


PAGE = """<!doctype html><html lang="de-AT"><head><title>The page</title>
<meta name="author" content="A. Writer"><style>p {color: red}</style></head><body>
<nav>Home</nav><main><h1 id="top">Main <b>title</b></h1><p>First<br>line, H<sub>2</sub>O.</p>
<script>steal()</script><h2><a name="setup"></a>Setup</h2>
<ol><li>Open<ul><li>slowly</li></ul></li><li>Close</li></ol>
<table><caption>Values</caption><tr><th>Name</th><th>Min</th><th>Max</th></tr>
<tr><td rowspan="2">Pump</td><td>1</td><td>2</td></tr><tr><td colspan="2">none</td></tr></table>
<table><tr><td><h3>In a layout</h3><p>7</p></td></tr></table>
<figure><img src="file:///etc/passwd" alt="A pump"><figcaption>The pump</figcaption></figure>
<details><summary>More</summary>Hidden at first</details>
<pre>if x:
    y()</pre><p style="display: none">unseen</p></main><footer>Imprint</footer></body></html>"""


def test_html_main_text_with_anchors(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(PAGE)
    parts = parse(path)
    assert told(parts) == [
        ("title", 1, "Main title"),
        ("text", None, "First line, H2O."),
        ("title", 2, "Setup"),
        ("list_item", None, "Open"),
        ("list_item", None, "slowly"),
        ("list_item", None, "Close"),
        ("caption", None, "Values"),
        ("table", None, "Name | Min | Max\nPump | 1 | 2\nPump | none"),
        ("title", 3, "In a layout"),
        ("text", None, "7"),
        ("caption", None, "A pump"),
        ("caption", None, "The pump"),
        ("text", None, "More"),
        ("text", None, "Hidden at first"),
        ("code", None, "if x:\n    y()"),
    ]
    anchors = [s.locators[0].anchor for s in segments_of(parts)]
    assert anchors == ["#top"] * 2 + ["#setup"] * 13
    facts = parts[0].facts
    assert (facts["title"], facts["author"], facts["language"]) == ("The page", "A. Writer", "de")
    check_places(parts)


@pytest.mark.parametrize("declared", ["windows-1251", "iso-8859-5"])
def test_html_in_the_encoding_it_declares(tmp_path: Path, declared: str) -> None:
    path = tmp_path / "page.html"
    text = f'<html><head><meta charset="{declared}"></head><body><p>Насос открыт</p></body></html>'
    path.write_bytes(text.encode(declared))
    parts = parse(path)
    assert told(parts) == [("text", None, "Насос открыт")]
    assert parts[0].warnings == ()


@pytest.mark.parametrize(("depth", "cut"), [(1000, False), (20_000, True)])
def test_a_page_nested_without_end(tmp_path: Path, depth: int, cut: bool) -> None:
    path = tmp_path / "deep.html"
    path.write_text(f"<html><body><p>outside</p>{'<div>' * depth}the core{'</div>' * depth}")
    parts = parse(path)
    texts = [s.text for s in segments_of(parts)]
    assert texts == (["outside"] if cut else ["outside", "the core"])
    assert [w.code for w in parts[0].warnings] == (["nested_too_deep"] if cut else [])


MARKDOWN = """---
title: "The manual"
---
# Set up

Text before a list
- one
- two
  - nested

1. First:
   ```sh
   # no heading
     indented
   ```

| Name | Value |
|------|-------|
| a    | 1     |

## Set up
<script>steal()</script>
"""


def test_markdown_structure(tmp_path: Path) -> None:
    path = tmp_path / "manual.md"
    path.write_text(MARKDOWN)
    parts = parse(path)
    assert told(parts) == [
        ("title", 1, "Set up"),
        ("text", None, "Text before a list"),
        ("list_item", None, "one"),
        ("list_item", None, "two"),
        ("list_item", None, "nested"),
        ("list_item", None, "First:"),
        ("code", None, "# no heading\n  indented"),
        ("table", None, "Name | Value\na | 1"),
        ("title", 2, "Set up"),
    ]
    assert [s.locators[0].anchor for s in segments_of(parts) if s.kind == "title"] == [
        "#set-up",
        "#set-up-1",
    ]
    assert parts[0].facts["title"] == "The manual"
    check_places(parts)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1"])
def test_text_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "note.txt"
    path.write_bytes("Die Pumpe läuft.\r\n\r\n- Öl prüfen\r\n- Ventil öffnen\r\n".encode(encoding))
    parts = parse(path)
    assert told(parts) == [
        ("text", None, "Die Pumpe läuft."),
        ("list_item", None, "- Öl prüfen"),
        ("list_item", None, "- Ventil öffnen"),
    ]
    guessed = [w.code for w in parts[0].warnings]
    assert guessed == (["encoding_guessed"] if encoding == "latin-1" else [])
    check_places(parts)


def test_text_without_a_break_is_parted_without_loss(tmp_path: Path) -> None:
    path = tmp_path / "line.txt"
    words = [f"word{number}" for number in range(400_000)]
    path.write_text(" ".join(words))
    parts = parse(path)
    assert max(len(s.text) for s in segments_of(parts)) <= 4_000
    assert " ".join(s.text for s in segments_of(parts)).split() == words
    check_places(parts)


def test_control_characters_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "bell.md"
    path.write_bytes(b"bell\x1b[31m and more\n")
    assert told(parse(path)) == [("text", None, "bell[31m and more")]


@pytest.mark.parametrize("name", ["empty.md", "blank.txt", "blank.html", "blank.csv"])
def test_nothing_is_invented(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("  \n\n")
    kind = {".md": "text/markdown", ".txt": "text/plain", ".html": "text/html", ".csv": "text/csv"}
    parts = list(parser_for(kind[path.suffix]).parse(path, ParseOptions()))
    assert segments_of(parts) == []


def test_types_nobody_parses() -> None:
    with pytest.raises(UnsupportedType, match="application/zip"):
        parser_for("application/zip")


def external_entity(canary: Path) -> str:
    return f'<!DOCTYPE x [<!ENTITY e SYSTEM "{canary.as_uri()}">]>'


BILLION = (
    "<!DOCTYPE x [<!ENTITY e0 'lol'>"
    + "".join(f"<!ENTITY e{n} '{f'&e{n - 1};' * 10}'>" for n in range(1, 10))
    + "]>"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("attack", ["canary", "billion"])
@pytest.mark.parametrize(
    ("fixture", "member", "spot"),
    [
        ("word", "word/document.xml", "Open the valve"),
        ("word", "docProps/core.xml", "Pump manual"),
        ("workbook", "xl/workbook.xml", "Parts"),
        ("workbook", "xl/worksheets/sheet1.xml", "Spare parts of the pump"),
    ],
)
def test_entities_of_office_xml_are_refused(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    fixture: str,
    member: str,
    spot: str,
    attack: str,
    encoding: str,
) -> None:
    path = request.getfixturevalue(fixture)
    canary = tmp_path / "canary"
    canary.write_text("CANARY-7261")
    with zipfile.ZipFile(path) as package:
        xml = re.sub(r"<\?xml.*?\?>\s*", "", package.read(member).decode())
    doctype, entity = (external_entity(canary), "&e;") if attack == "canary" else (BILLION, "&e9;")
    assert spot in xml
    xml = f'<?xml version="1.0" encoding="{encoding}"?>{doctype}' + xml.replace(spot, entity)
    add_member(path, member, xml.encode(encoding))
    with pytest.raises(SourceUnreadable, match="document type") as caught:
        parse(path)
    assert "CANARY" not in str(caught.value)


def test_word_xml_reads_no_file_even_past_the_check(word: Path, tmp_path: Path) -> None:
    """The library itself must not resolve entities: the check is not the only wall."""
    canary = tmp_path / "canary"
    canary.write_text("CANARY-7261")
    with zipfile.ZipFile(word) as package:
        xml = re.sub(r"<\?xml.*?\?>\s*", "", package.read("word/document.xml").decode())
    add_member(
        word, "word/document.xml", external_entity(canary) + xml.replace("Open the valve", "&e;")
    )
    text = "".join(p.text for p in docx.Document(str(word)).paragraphs)
    assert "Press start" in text
    assert "CANARY" not in text


def test_external_relationships_are_not_followed(word: Path, tmp_path: Path) -> None:
    canary = tmp_path / "canary.xml"
    canary.write_text("<x>CANARY-7261</x>")
    with zipfile.ZipFile(word) as package:
        rels = package.read("word/_rels/document.xml.rels").decode()
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    for number, kind in enumerate(("attachedTemplate", "footnotes", "image")):
        rel = (
            f'<Relationship Id="rId9{number}" Type="{office}/{kind}" Target="{canary.as_uri()}" '
            'TargetMode="External"/>'
        )
        rels = rels.replace("</Rel", rel + "</Rel", 1)
    add_member(word, "word/_rels/document.xml.rels", rels)
    texts = [text for _, _, text in told(parse(word))]
    assert "1. Open the valve" in texts
    assert not any("CANARY" in text for text in texts)


@pytest.mark.parametrize("member", ["word/document.xml", "word/media/image1.bin"])
def test_zip_bombs_are_refused(word: Path, member: str) -> None:
    add_member(word, member, b" " * (300 * 2**20))
    with pytest.raises(SourceTooLarge):
        parse(word)


def test_a_false_size_in_the_zip_is_not_believed(word: Path) -> None:
    add_member(word, "word/document.xml", b"<x>" + b" " * (64 * 2**20) + b"</x>")
    data = bytearray(word.read_bytes())
    directory = data.rindex(b"PK\x01\x02", 0, data.rindex(b"word/document.xml"))
    data[directory + 24 : directory + 28] = (1000).to_bytes(4, "little")
    word.write_bytes(bytes(data))
    with pytest.raises(SourceUnreadable):
        parse(word)


@pytest.mark.parametrize("media_type", [DOCX, PPTX, XLSX])
@pytest.mark.parametrize("damage", ["cut", "no zip", "empty zip", "swapped"])
def test_broken_office_files(
    word: Path, workbook: Path, tmp_path: Path, media_type: str, damage: str
) -> None:
    path = tmp_path / "broken"
    if damage == "cut":
        path.write_bytes(word.read_bytes()[:-900])
    elif damage == "no zip":
        path.write_bytes(b"PK\x03\x04 but nothing more")
    elif damage == "empty zip":
        zipfile.ZipFile(path, "w").close()
    else:
        path.write_bytes((workbook if media_type != XLSX else word).read_bytes())
    with pytest.raises(SourceUnreadable) as caught:
        list(parser_for(media_type).parse(path, ParseOptions()))
    assert str(tmp_path) not in str(caught.value)


def test_an_encrypted_office_file_asks_for_its_password(word: Path, tmp_path: Path) -> None:
    from msoffcrypto.format.ooxml import OOXMLFile

    path = tmp_path / "secret.docx"
    with word.open("rb") as plain, path.open("wb") as encrypted:
        OOXMLFile(plain).encrypt("open sesame", encrypted)
    assert detect_path(path) == DOCX
    with pytest.raises(PasswordRequired):
        parse(path)
    with pytest.raises(WrongPassword):
        parse(path, password="guess")
    assert told(parse(path, password="open sesame")) == told(parse(word))


def test_a_cell_that_claims_millions_of_columns(word: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(word) as package:
        body = package.read("word/document.xml").decode()
    add_member(
        word, "word/document.xml", body.replace("<w:tcPr>", '<w:tcPr><w:gridSpan w:val="9000000"/>')
    )
    assert any("12 Nm" in text for kind, _, text in told(parse(word)) if kind == "table")
    page = tmp_path / "wide.html"
    cell = '<td colspan="99999999" rowspan="99999999">x</td>'
    page.write_text(f"<table>{f'<tr>{cell * 50}</tr>' * 500}</table>")
    with pytest.raises(SourceTooLarge):
        parse(page)


def test_an_old_office_file_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "old.docx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000))
    with pytest.raises(SourceUnreadable):
        parse(path)


@needs_corpus
@pytest.mark.corpus
def test_the_blog_post_says_what_it_must() -> None:
    text = "\n".join(s.text for s in segments_of(parse(CORPUS / "html/test_blog.html")))
    assert "Does Model and Inference Parameter Matter in LLM Applications?" in text
    assert "function gtag" not in text


@needs_corpus
@pytest.mark.corpus
@pytest.mark.parametrize("pattern", ["*.txt", "*.md", "*.xml", "*.svg", "*.zip", "*.ipynb"])
def test_hostile_documents_end_in_text_or_a_clear_error(pattern: str) -> None:
    paths = sorted((CORPUS / "hostile").glob(pattern))
    assert paths
    for path in paths:
        media_type = detect_path(path)
        if source_type_of(media_type) is None:
            with pytest.raises(UnsupportedType):
                parse(path)
            continue
        parts = parse(path)
        check_places(parts)
        text = "".join(s.text for s in segments_of(parts))
        assert text
        assert "root:x:0:0" not in text
        assert "\x00" not in text
