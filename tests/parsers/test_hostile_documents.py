"""Documents that are broken, locked or made to do harm: a clear error, or text and nothing more."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import docx
import pytest

from pipelines.errors import (
    PasswordRequired,
    SourceTooLarge,
    SourceUnreadable,
    UnsupportedType,
    WrongPassword,
)
from pipelines.parsers import parser_for, source_type_of
from pipelines.parsers.contract import ParseOptions
from pipelines.parsers.detect import DOCX, PPTX, XLSX, detect_path
from tests.support.office_files import add_member, save_manual, save_parts
from tests.support.parsed_documents import (
    CORPUS,
    check_places,
    needs_corpus,
    parse,
    segments_of,
    told,
)


@pytest.fixture
def word(tmp_path: Path) -> Path:
    return save_manual(tmp_path / "pump.docx")


@pytest.fixture
def workbook(tmp_path: Path) -> Path:
    return save_parts(tmp_path / "parts.xlsx")


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
        if path.suffix == ".xml":
            with pytest.raises(SourceUnreadable, match=r"entities|well-formed"):
                parse(path)
            continue
        parts = parse(path)
        check_places(parts)
        text = "".join(s.text for s in segments_of(parts))
        assert text
        assert "root:x:0:0" not in text
        assert "\x00" not in text
