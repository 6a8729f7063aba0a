"""E-books: chapters in the order of the spine, under their headings; hostile ones end clearly."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from pipelines.errors import SourceTooLarge, SourceUnreadable
from pipelines.parsers.detect import detect_path
from tests.support.client import Client
from tests.support.parsed_documents import check_places, check_resumes, parse, segments_of, told

CONTAINER = """<?xml version="1.0"?><container version="1.0"
 xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
 <rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/>
</rootfiles></container>"""
OPF = """<?xml version="1.0"?>{doctype}<package xmlns="http://www.idpf.org/2007/opf" version="3.0">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title>
<dc:creator>A. Writer</dc:creator><dc:language>en-GB</dc:language></metadata><manifest>
<item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>
<item id="b" href="text/second.xhtml" media-type="application/xhtml+xml"/>
<item id="a" href="text/first%20one.xhtml" media-type="application/xhtml+xml"/>
<item id="m" href="{missing}" media-type="application/xhtml+xml"/>
<item id="i" href="plate.png" media-type="image/png"/></manifest>
<spine><itemref idref="a"/><itemref idref="i"/><itemref idref="b"/>{more}</spine></package>"""
NAV = """<html xmlns="http://www.w3.org/1999/xhtml"><body><nav><ol>
<li><a href="text/first%20one.xhtml">Safety first</a></li>
<li><a href="text/second.xhtml#start">Second</a></li></ol></nav></body></html>"""
FIRST = """<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml">
<head><title>x</title></head><body><p>Unplug the device before you open it.</p></body></html>"""
SECOND = """<html xmlns="http://www.w3.org/1999/xhtml"><body><h1 id="start">Cleaning</h1>
<p>Rinse the bowl with warm water.</p><ul><li>every day</li></ul>
<table><tr><th>Part</th><th>Torque</th></tr><tr><td>Nut</td><td>5.5 Nm</td></tr></table>
</body></html>"""


def book(tmp_path: Path, **changed: str | bytes | None) -> Path:
    """An e-book; `changed` replaces, adds or (None) removes members, or fills in the OPF."""
    fill = {"doctype": "", "title": "The bowl", "missing": "x.xhtml", "more": ""}
    opf = OPF.format(**{name: changed.pop(name, default) for name, default in fill.items()})
    members: dict[str, str | bytes | None] = {
        "META-INF/container.xml": CONTAINER,
        "OEBPS/book.opf": opf,
        "OEBPS/nav.xhtml": NAV,
        "OEBPS/text/first one.xhtml": FIRST,
        "OEBPS/text/second.xhtml": SECOND,
        **changed,
    }
    path = tmp_path / "book.epub"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("mimetype", "application/epub+zip")
        for name, data in members.items():
            if data is not None:
                package.writestr(name, data, zipfile.ZIP_DEFLATED)
    return path


def test_chapters_come_in_the_order_of_the_spine(tmp_path: Path) -> None:
    path = book(tmp_path)
    assert detect_path(path) == "application/epub+zip"
    parts = parse(path)
    assert told(parts) == [
        ("title", 1, "Safety first"),
        ("text", None, "Unplug the device before you open it."),
        ("title", 1, "Cleaning"),
        ("text", None, "Rinse the bowl with warm water."),
        ("list_item", None, "• every day"),
        ("table", None, "Part | Torque\nNut | 5.5 Nm"),
    ]
    assert segments_of(parts)[3].locators[0].anchor == "OEBPS/text/second.xhtml#start"
    facts = parts[0].facts
    assert (facts["title"], facts["author"], facts["language"]) == ("The bowl", "A. Writer", "en")
    check_places(parts)
    check_resumes(path, parts)


def test_a_long_chapter_is_several_parts(tmp_path: Path) -> None:
    long = "".join(f"<p>Paragraph number {n} of the chapter.</p>" for n in range(500))
    path = book(tmp_path, **{"OEBPS/text/second.xhtml": f"<html><body>{long}</body></html>"})
    parts = parse(path)
    assert len(parts) == 4
    check_places(parts)
    check_resumes(path, parts)


def test_names_of_chapters_in_an_older_book(tmp_path: Path) -> None:
    ncx = """<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel>
    <text>Caution</text></navLabel><content src="text/first%20one.xhtml"/>
    </navPoint></navMap></ncx>"""
    opf = OPF.format(doctype="", title="t", missing="x", more="").replace(
        'href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"',
        'href="toc.ncx" media-type="application/x-dtbncx+xml"',
    )
    path = book(tmp_path, **{"OEBPS/toc.ncx": ncx, "OEBPS/book.opf": opf})
    assert told(parse(path))[0] == ("title", 1, "Caution")


@pytest.mark.parametrize("href", ["gone.xhtml", "../../../etc/passwd", "/etc/passwd"])
def test_a_chapter_that_is_not_in_the_book_is_told(href: str, tmp_path: Path) -> None:
    path = book(tmp_path, missing=href, more='<itemref idref="m"/>')
    parts = parse(path)
    assert [(w.code, w.place) for p in parts for w in p.warnings] == [
        ("chapter_missing", "chapter 3")
    ]
    assert "root:" not in " ".join(s.text for s in segments_of(parts))
    assert "warm water" in " ".join(s.text for s in segments_of(parts))


def test_entities_of_an_xml_file_read_nothing(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    doctype = f'<!DOCTYPE package [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'
    parts = parse(book(tmp_path, doctype=doctype, title="a &x; b"))
    assert "secret" not in str(parts[0].facts)
    lol = "".join(f'<!ENTITY l{n + 1} "{f"&l{n};" * 10}">' for n in range(9))
    doctype = f'<!DOCTYPE package [<!ENTITY l0 "{"lol" * 10}">{lol}]>'
    with pytest.raises(SourceUnreadable):
        parse(book(tmp_path, doctype=doctype, title="&l9;"))


def test_a_chapter_that_unpacks_to_too_much(tmp_path: Path) -> None:
    with pytest.raises(SourceTooLarge):
        parse(book(tmp_path, **{"OEBPS/text/second.xhtml": b" " * (17 * 2**20)}))


@pytest.mark.parametrize(
    "changed",
    [
        {"META-INF/container.xml": None},
        {"META-INF/container.xml": "<nothing/>"},
        {"OEBPS/book.opf": None},
        {"OEBPS/book.opf": "not xml"},
        {"OEBPS/book.opf": "<package/>"},
        {
            "META-INF/encryption.xml": '<e xmlns:n="urn:x"><n:EncryptionMethod '
            'Algorithm="http://www.w3.org/2001/04/xmlenc#aes256-cbc"/></e>'
        },
    ],
)
def test_a_book_that_can_not_be_read_says_so(
    changed: dict[str, str | None], tmp_path: Path
) -> None:
    with pytest.raises(SourceUnreadable):
        parse(book(tmp_path, **changed))


def test_a_damaged_archive(tmp_path: Path) -> None:
    path = book(tmp_path)
    data = bytearray(path.read_bytes())
    at = data.index(b"OEBPS/text/second.xhtml") + 30
    data[at : at + 60] = bytes(60)
    path.write_bytes(data)
    with pytest.raises(SourceUnreadable):
        parse(path)


def test_an_uploaded_book_answers(admin: Client, instrument: str, tmp_path: Path) -> None:
    data = book(tmp_path, title=instrument).read_bytes()
    source = admin.add_bytes(instrument, "bowl.epub", data)
    assert (source["type"], source["media_type"]) == ("document", "application/epub+zip")
    turn = admin.ask(instrument, "What is the bowl rinsed with?")
    assert "warm water" in turn["citations"][0]["quote"]
    assert turn["citations"][0]["locator"]["anchor"] == "OEBPS/text/second.xhtml#start"
