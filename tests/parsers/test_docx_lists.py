"""Lists, tables and headings of Word documents, where a file only says how to count and merge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from tests.support.parsed_documents import check_places, parse, told

W = nsdecls("w")


def level(at: int, kind: str, text: str, more: str = "") -> str:
    return (
        f'<w:lvl w:ilvl="{at}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/>'
        f'<w:lvlText w:val="{text}"/>{more}</w:lvl>'
    )


def add_list(document: Any, number: int, levels: str, *, override: str = "", of: int = 0) -> None:
    """Defines list `number`, of its own levels or of those of the list `of`."""
    numbering = document.part.numbering_part.element
    if levels:
        definition = f'<w:abstractNum {W} w:abstractNumId="{number}">{levels}</w:abstractNum>'
        numbering.insert(0, parse_xml(definition))
    numbering.append(
        parse_xml(
            f'<w:num {W} w:numId="{number}"><w:abstractNumId w:val="{of or number}"/>{override}'
            "</w:num>"
        )
    )


def add_item(document: Any, text: str, number: int, at: int = 0) -> None:
    properties = document.add_paragraph(text)._p.get_or_add_pPr()
    properties.append(
        parse_xml(f'<w:numPr {W}><w:ilvl w:val="{at}"/><w:numId w:val="{number}"/></w:numPr>')
    )


def read(document: Any, tmp_path: Path) -> list[str]:
    path = tmp_path / "lists.docx"
    document.save(path)
    parts = parse(path)
    check_places(parts)
    return [text for _, _, text in told(parts)]


def test_items_are_numbered_as_word_shows_them(tmp_path: Path) -> None:
    document = docx.Document()
    levels = (
        level(0, "decimal", "%1.") + level(1, "decimal", "%1.%2") + level(2, "upperRoman", "%3)")
    )
    add_list(document, 90, levels)
    for text, at in (("A", 0), ("B", 1), ("C", 1), ("D", 2), ("E", 0), ("F", 1), ("G", 2)):
        add_item(document, text, 90, at)
    shown = ["1. A", "1.1 B", "1.2 C", "I) D", "2. E", "2.1 F", "I) G"]
    assert read(document, tmp_path) == shown


@pytest.mark.parametrize(
    ("kind", "text", "shown"),
    [
        ("lowerLetter", "%1)", ["a) A", "b) B"]),
        ("lowerRoman", "%1.", ["i. A", "ii. B"]),
        ("ordinal", "%1", ["1st A", "2nd B"]),
        ("decimalZero", "Step %1:", ["Step 01: A", "Step 02: B"]),
        ("aiueo", "%1.", ["1. A", "2. B"]),
        ("bullet", "\uf0b7", ["• A", "• B"]),
        ("bullet", "o", ["• A", "• B"]),
        ("bullet", "☐", ["☐ A", "☐ B"]),
        ("none", "", ["A", "B"]),
    ],
)
def test_each_kind_of_number_and_bullet(
    tmp_path: Path, kind: str, text: str, shown: list[str]
) -> None:
    document = docx.Document()
    add_list(document, 90, level(0, kind, text))
    add_item(document, "A", 90)
    add_item(document, "B", 90)
    assert read(document, tmp_path) == shown


def test_a_list_begins_anew_only_where_the_file_says_so(tmp_path: Path) -> None:
    document = docx.Document()
    add_list(document, 90, level(0, "decimal", "%1."))
    add_list(document, 91, "", of=90)
    begin = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride>'
    add_list(document, 92, "", of=90, override=begin)
    for number in (90, 91, 92, 92, 90):
        add_item(document, "x", number)
    assert read(document, tmp_path) == ["1. x", "2. x", "5. x", "6. x", "7. x"]


def test_headings_of_own_styles_and_by_their_outline(tmp_path: Path) -> None:
    document = docx.Document()
    own = document.styles.add_style("Kapitel", 1)
    own.base_style = document.styles["Heading 2"]
    further = document.styles.add_style("Unterkapitel", 1)
    further.base_style = own
    document.add_paragraph("By its base", style="Kapitel")
    document.add_paragraph("By the base of its base", style="Unterkapitel")
    paragraph = document.add_paragraph("By itself")
    paragraph._p.get_or_add_pPr().append(parse_xml(f'<w:outlineLvl {W} w:val="2"/>'))
    paragraph = document.add_paragraph("None", style="Heading 1")
    paragraph._p.get_or_add_pPr().append(parse_xml(f'<w:outlineLvl {W} w:val="9"/>'))
    path = tmp_path / "headings.docx"
    document.save(path)
    assert told(parse(path)) == [
        ("title", 2, "By its base"),
        ("title", 2, "By the base of its base"),
        ("title", 3, "By itself"),
        ("text", None, "None"),
    ]


def test_merged_cells_say_what_holds_for_each_row(tmp_path: Path) -> None:
    document = docx.Document()
    table = document.add_table(4, 3)
    for row, texts in enumerate(
        (("Part", "12", "14"), ("Bolt", "1", "2"), ("", "3", "4"), ("Nut", "none", ""))
    ):
        for cell, text in zip(table.rows[row].cells, texts, strict=True):
            cell.text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    table.cell(3, 1).merge(table.cell(3, 2))
    # The numbers above would be taken for values, were the row not marked.
    table.rows[0]._tr.get_or_add_trPr().append(parse_xml(f"<w:tblHeader {W}/>"))
    deleted = table.add_row()
    deleted.cells[0].text = "gone"
    deleted._tr.get_or_add_trPr().append(parse_xml(f'<w:del {W} w:id="1" w:author="A"/>'))
    inner = table.cell(1, 1).add_table(1, 2)
    inner.cell(0, 0).text, inner.cell(0, 1).text = "in", "side"
    assert read(document, tmp_path) == [
        "Part | 12 | 14\nBolt | 1 in side | 2\nBolt | 3 | 4\nNut | none"
    ]


def test_a_long_table_repeats_the_header_that_the_file_marks(tmp_path: Path) -> None:
    document = docx.Document()
    table = document.add_table(60, 2)
    for number, row in enumerate(table.rows):
        row.cells[0].text, row.cells[1].text = f"{2000 + number}", f"{number} units of the pump"
    table.rows[0]._tr.get_or_add_trPr().append(parse_xml(f"<w:tblHeader {W}/>"))
    texts = read(document, tmp_path)
    assert len(texts) > 1
    assert {text.splitlines()[0] for text in texts} == {"2000 | 0 units of the pump"}


def test_a_box_round_paragraphs_keeps_them(tmp_path: Path) -> None:
    document = docx.Document()
    cell = document.add_table(1, 1).cell(0, 0)
    cell.paragraphs[0].text = "Caution"
    cell.add_paragraph("Unplug it", style="List Number")
    document.add_paragraph("Wait", style="List Number")
    assert read(document, tmp_path) == ["Caution", "1. Unplug it", "2. Wait"]


MC = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'


def test_a_text_box_that_is_drawn_in_two_ways_is_read_once(tmp_path: Path) -> None:
    document = docx.Document()
    box = "<w:txbxContent><w:p><w:r><w:t>In a box.</w:t></w:r></w:p></w:txbxContent>"
    run = (
        f"<w:r {W} {MC}><mc:AlternateContent><mc:Choice Requires='wps'><w:drawing>{box}</w:drawing>"
        f"</mc:Choice><mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent></w:r>"
    )
    document.add_paragraph("Host")._p.append(parse_xml(run))
    document.add_paragraph("After")
    assert read(document, tmp_path) == ["Host", "In a box.", "After"]


def test_fields_are_read_as_they_are_shown(tmp_path: Path) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("See ")
    for xml in (
        '<w:r {}><w:fldChar w:fldCharType="begin"/></w:r>',
        "<w:r {}><w:instrText> REF step </w:instrText></w:r>",
        '<w:r {}><w:fldChar w:fldCharType="separate"/></w:r>',
        "<w:r {}><w:t>step 3</w:t></w:r>",
        '<w:r {}><w:fldChar w:fldCharType="end"/></w:r>',
        '<w:fldSimple {} w:instr="PAGE"><w:r><w:t> on page 2</w:t></w:r></w:fldSimple>',
    ):
        paragraph._p.append(parse_xml(xml.format(W)))
    assert read(document, tmp_path) == ["See step 3 on page 2"]


def test_tables_nested_without_end_are_read(tmp_path: Path) -> None:
    document = docx.Document()
    cell = document.add_table(1, 2).cell(0, 0)
    cell.text = "outside"
    for _ in range(60):
        cell = cell.add_table(1, 2).cell(0, 0)
    cell.text = "the core"
    assert read(document, tmp_path) == ["outside the core"]


def test_running_heads_of_first_and_even_pages_are_read(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("Body.")
    section = document.sections[0]
    section.header.paragraphs[0].text = "PM-7"
    section.first_page_header.paragraphs[0].text = "Draft of May"
    section.even_page_header.paragraphs[0].text = "Even"
    section.different_first_page_header_footer = True
    assert read(document, tmp_path) == ["PM-7", "Draft of May", "Body."]
    document.settings.odd_and_even_pages_header_footer = True
    section.different_first_page_header_footer = False
    assert read(document, tmp_path) == ["PM-7", "Even", "Body."]
