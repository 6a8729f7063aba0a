"""A Word file rewritten, in memory and through python-docx, so that nothing of it is hidden.

unstructured's partitioner passes over tracked insertions, content controls, text boxes, equations,
symbols, foot- and endnotes, comments, numbers in tables and headings of a style of one's own. Here
all of these become plain paragraphs and runs, where a person sees them.
"""

from __future__ import annotations

import re
from typing import IO, Any

from pipelines.parsers.docx_pictures import unread_pictures
from pipelines.parsers.docx_symbols import symbol
from pipelines.parsers.office_math import equation_text, raised
from pipelines.parsers.office_properties import properties
from pipelines.parsers.ooxml import rewritten
from pipelines.types import ParseWarning

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_NOTES = re.compile(r"/(footnote|endnote|comment)s\d*\.xml$")
_WRAPPERS = ("ins", "moveTo", "smartTag", "sdt", "sdtContent", "customXml", "fldSimple")


def whole_docx(file: IO[bytes]) -> tuple[dict[str, Any], IO[bytes], list[ParseWarning]]:
    """Facts, the document with nothing hidden from the partitioner as a new file, and warnings."""
    import docx

    document = docx.Document(file)
    body = document.element.body
    _reveal(body)
    for part in document.part.package.iter_parts():
        if part.content_type.endswith((".header+xml", ".footer+xml")):
            _reveal(part.element)
    _name_headings(document)
    _number_in_tables(document)
    warnings = unread_pictures(document, body)
    _append_notes(document, body)
    return properties(document.core_properties), rewritten(document), warnings


def _reveal(root: Any) -> None:
    """Paragraphs and runs instead of what wraps, hides or replaces them."""
    for node in list(root.iter(f"{_W}del", f"{_W}moveFrom", f"{_MC}Fallback")):
        node.getparent().remove(node)
    _lift_text_boxes(root)
    for control in list(root.iter(f"{_W}sdt")):
        # "Click here to enter text" is nobody's text.
        if control.find(f"{_W}sdtPr/{_W}showingPlcHdr") is not None:
            control.getparent().remove(control)
    for name in ("sdtPr", "sdtEndPr", "customXmlPr", "smartTagPr"):
        for node in list(root.iter(f"{_W}{name}")):
            node.getparent().remove(node)
    for name in _WRAPPERS:
        for node in list(root.iter(f"{_W}{name}")):
            _unwrap(node)
    for node in list(root.iter(f"{_M}oMathPara")):
        _unwrap(node)
    for node in list(root.iter(f"{_M}oMath")):
        node.getparent().replace(node, _run(equation_text(node)))
    for node in list(root.iter(f"{_W}sym")):
        node.getparent().replace(node, _text(symbol(node.get(f"{_W}font"), node.get(f"{_W}char"))))
    for mark in root.iter(f"{_W}vertAlign"):
        if mark.get(f"{_W}val") == "superscript":
            for node in mark.iterancestors(f"{_W}r"):
                for text in node.iter(f"{_W}t"):
                    text.text = raised(text.text or "")


def _run(text: str) -> Any:
    from docx.oxml import OxmlElement

    run = OxmlElement("w:r")
    run.append(_text(text))
    return run


def _text(text: str) -> Any:
    from docx.oxml import OxmlElement

    node = OxmlElement("w:t")
    node.text = text
    return node


def _number_in_tables(document: Any) -> None:
    """Writes out the numbers of lists in tables, which the partitioner counts and leaves out."""
    from docx.text.paragraph import Paragraph
    from unstructured.partition.docx import _ListLabels

    labels = _ListLabels(document)
    for node in document.element.body.iter(f"{_W}p"):
        cell = next(node.iterancestors(f"{_W}tc"), None)
        if cell is not None and cell.vMerge == "continue":
            continue
        label = labels.label(Paragraph(node, document._body))
        if label and cell is not None:
            number = _run(f"{label} ")
            if node.pPr is None:
                node.insert(0, number)
            else:
                node.pPr.addnext(number)


def _unwrap(node: Any) -> None:
    for child in list(node):
        node.addprevious(child)
    node.getparent().remove(node)


def _lift_text_boxes(body: Any) -> None:
    """Paragraphs of text boxes go after the paragraph that the box hangs on."""
    for box in list(body.iter(f"{_W}txbxContent")):
        host = next((a for a in box.iterancestors(f"{_W}p")), None)
        if host is None:
            continue
        for child in reversed(list(box)):
            host.addnext(child)


def _name_headings(document: Any) -> None:
    """Gives a paragraph style with an outline level the name of the built-in heading it acts as."""
    for style in document.styles:
        if getattr(style, "type", None) != 1 or (style.name or "").startswith("Heading "):
            continue
        if style.name in ("Title", "Subtitle", "TOC Heading"):
            continue
        level = _outline_level(style)
        if level is not None and level < 9:
            style.element.get_or_add_name().val = f"heading {level + 1}"


def _outline_level(style: Any) -> int | None:
    seen = set()
    while style is not None and style.style_id not in seen:
        seen.add(style.style_id)
        for value in style.element.xpath("./w:pPr/w:outlineLvl/@w:val"):
            return int(value) if value.isdecimal() else None
        style = getattr(style, "base_style", None)
    return None


def _append_notes(document: Any, body: Any) -> None:
    """Each footnote, endnote or comment becomes a paragraph after the one that refers to it."""
    from docx.oxml import OxmlElement
    from lxml import etree

    safe = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    last: dict[Any, Any] = {}
    for relation in document.part.rels.values():
        found = not relation.is_external and _NOTES.search(str(relation.target_part.partname))
        if not found:
            continue
        root = etree.fromstring(relation.target_part.blob, safe)
        notes = {note.get(f"{_W}id"): _note(note) for note in root.iter(f"{_W}{found[1]}")}
        for reference in list(body.iter(f"{_W}{found[1]}Reference")):
            text = notes.pop(reference.get(f"{_W}id"), "")
            host = next((a for a in reference.iterancestors() if a.getparent() is body), None)
            if not text or host is None:
                continue
            paragraph = OxmlElement("w:p")
            paragraph.append(_run(text))
            last.get(host, host).addnext(paragraph)
            last[host] = paragraph


def _note(note: Any) -> str:
    """Its text; a comment says whose it is."""
    text = " ".join(
        "".join(t.text or "" for t in p.iter(f"{_W}t")) for p in note.iter(f"{_W}p")
    ).strip()
    author = note.get(f"{_W}author")
    return f"Comment by {author}: {text}" if text and author else text
