"""Word documents as their parser reads them: headings, lists, tables, notes, and no text hidden."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls
from docx.shared import Inches
from PIL import Image

from tests.support.office_files import add_member, save_manual
from tests.support.parsed_documents import check_places, check_resumes, parse, told


@pytest.fixture
def word(tmp_path: Path) -> Path:
    return save_manual(tmp_path / "pump.docx")


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
    assert (facts["title"], facts["author"]) == ("Pump manual", "A. Writer")
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


def test_a_picture_in_a_docx_is_told_unless_it_is_a_logo(word: Path) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (300, 200)).save(picture, "PNG")
    document = docx.Document(word)
    document.add_picture(picture, width=Inches(0.5))
    document.add_picture(picture, width=Inches(4))
    document.save(word)
    warnings = [w for part in parse(word) for w in part.warnings]
    assert [(w.code, w.place) for w in warnings] == [("pictures_not_read", 'under "Start"')]


VML = 'xmlns:v="urn:schemas-microsoft-com:vml"'
MC = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'


@pytest.mark.parametrize(
    ("style", "wrap", "is_told"),
    [
        ("width:468pt;height:300pt", "{}", True),
        ("position:absolute; width:4in ;height: 2.5in;z-index:1", "{}", True),
        ("width:30pt;height:20pt", "{}", False),
        ("max-width:900pt;width:50%", "{}", False),
        ("", "{}", False),
        (
            "width:468pt;height:300pt",
            "<mc:AlternateContent {mc}><mc:Fallback>{}</mc:Fallback></mc:AlternateContent>",
            False,
        ),
    ],
)
def test_a_picture_of_an_old_word_is_told_too(
    word: Path, style: str, wrap: str, is_told: bool
) -> None:
    shape = f'<v:shape {VML} style="{style}"><v:imagedata/></v:shape>'
    picture = f"<w:pict {nsdecls('w')}>{shape}</w:pict>"
    document = docx.Document(word)
    run = f"<w:r {nsdecls('w')}>{wrap.format(picture, mc=MC)}</w:r>"
    document.add_paragraph("Here:")._p.append(parse_xml(run))
    document.save(word)
    codes = [w.code for part in parse(word) for w in part.warnings]
    assert codes == ["pictures_not_read"] * is_told


MATH = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'


RAISED = (
    f"<w:r {nsdecls('w')}><w:rPr><w:vertAlign w:val='superscript'/></w:rPr><w:t>{{}}</w:t></w:r>"
)


def fraction(above: str, below: str) -> str:
    parts = (
        (name, f"<m:r><m:t>{text}</m:t></m:r>") for name, text in (("num", above), ("den", below))
    )
    return f"<m:f>{''.join(f'<m:{name}>{run}</m:{name}>' for name, run in parts)}</m:f>"


@pytest.mark.parametrize(
    ("xml", "text"),
    [
        (f"<m:oMath {MATH}>{fraction('a', 'b+c')}</m:oMath>", "a/(b+c)"),
        (
            f"<m:oMathPara {MATH}><m:oMath><m:r><m:t>F=m</m:t></m:r><m:sSup><m:e><m:r><m:t>a</m:t>"
            "</m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup></m:oMath></m:oMathPara>",
            "F=ma²",
        ),
        (
            f"<m:oMath {MATH}><m:rad><m:deg/><m:e><m:r><m:t>2</m:t></m:r></m:e></m:rad></m:oMath>",
            "√(2)",
        ),
        (f'<w:r {nsdecls("w")}><w:sym w:font="Symbol" w:char="F06D"/><w:t>m</w:t></w:r>', "μm"),
        (f'<w:r {nsdecls("w")}><w:sym w:font="Wingdings" w:char="F0FE"/></w:r>', "☑"),
        (RAISED.format("-3"), "⁻³"),
        (RAISED.format("st"), "st"),
    ],
)
def test_equations_symbols_and_exponents_are_read(tmp_path: Path, xml: str, text: str) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("It is 10")
    paragraph._p.append(parse_xml(xml))
    paragraph.add_run(" here.")
    path = tmp_path / "signs.docx"
    document.save(path)
    assert told(parse(path)) == [("text", None, f"It is 10{text} here.")]


def test_comments_follow_their_paragraph(tmp_path: Path) -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("The limit is 5 bar.")
    document.add_comment(paragraph.runs, text="Should it be 6?", author="A. Reviewer")
    document.add_paragraph("End.")
    path = tmp_path / "comments.docx"
    document.save(path)
    assert [text for _, _, text in told(parse(path))] == [
        "The limit is 5 bar.",
        "Comment by A. Reviewer: Should it be 6?",
        "End.",
    ]


def test_numbers_of_steps_in_a_table_are_read(tmp_path: Path) -> None:
    document = docx.Document()
    document.add_paragraph("Unpack", style="List Number")
    table = document.add_table(3, 2)
    for row, texts in enumerate((("No.", "Action"), ("", "Open"), ("", "Close"))):
        for cell, text in zip(table.rows[row].cells, texts, strict=True):
            cell.text = text
        if row:
            table.cell(row, 0).paragraphs[0].style = "List Number"
    document.add_paragraph("Pack", style="List Number")
    path = tmp_path / "steps.docx"
    document.save(path)
    assert [text for _, _, text in told(parse(path))] == [
        "1. Unpack",
        "No. | Action\n2. | Open\n3. | Close",
        "4. Pack",
    ]


@pytest.mark.parametrize(
    ("text", "is_read"), [("QA-7", True), ("2024-03-05", True), ("3 / 12", False)]
)
def test_a_running_foot_hides_no_number_of_the_document(
    tmp_path: Path, text: str, is_read: bool
) -> None:
    document = docx.Document()
    document.add_paragraph("Body.")
    foot = document.sections[0].footer.paragraphs[0]
    run = f"<w:r><w:t>{text}</w:t></w:r>"
    control = f"<w:sdt {nsdecls('w')}><w:sdtContent>{run}</w:sdtContent></w:sdt>"
    foot._p.append(parse_xml(control))
    path = tmp_path / "foot.docx"
    document.save(path)
    found = [text for kind, _, text in told(parse(path)) if kind == "metadata"]
    assert found == ([text] if is_read else [])
