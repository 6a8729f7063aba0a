"""A presentation rewritten, in memory and through python-pptx, so that nothing of it is hidden.

unstructured's partitioner reads the words of a paragraph, but neither the number that PowerPoint
puts before it, nor equations, nor that digits are raised. Here all of these become plain runs.
"""

from __future__ import annotations

import re
from typing import IO, Any

from pipelines.parsers.list_numbers import number_as
from pipelines.parsers.office_math import equation_text, raised
from pipelines.parsers.ooxml import rewritten

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_A14 = "{http://schemas.microsoft.com/office/drawing/2010/main}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_SCHEME = re.compile(r"(arabic|alphaLc|alphaUc|romanLc|romanUc)(Period|ParenR|ParenBoth|Plain)")
_KINDS = {"alphaLc": "a", "alphaUc": "A", "romanLc": "i", "romanUc": "I"}
_FRAMES = {"Period": "{}.", "ParenR": "{})", "ParenBoth": "({})", "Plain": "{}"}


def whole_pptx(presentation: Any) -> IO[bytes]:
    """The presentation as a new file, in which nothing is hidden from the partitioner."""
    for slide in presentation.slides:
        for paragraph in list(slide.element.iter(f"{_A}p")):
            _reveal(paragraph)
        for body in slide.element.iter("{*}txBody"):
            _number(body)
    return rewritten(presentation)


def _reveal(paragraph: Any) -> None:
    for math in list(paragraph.iter(f"{_A14}m")):
        text = "".join(equation_text(one) for one in math.iter(f"{_M}oMath"))
        whole = next(math.iterancestors(f"{_MC}AlternateContent"), math)
        if paragraph in whole.iterancestors():
            whole.getparent().replace(whole, _run(text))
    for run in paragraph.iter(f"{_A}r"):
        look, text = run.find(f"{_A}rPr"), run.find(f"{_A}t")
        baseline = look.get("baseline", "") if look is not None else ""
        if text is not None and baseline not in ("", "0") and not baseline.startswith("-"):
            text.text = raised(text.text or "")


def _number(body: Any) -> None:
    """Writes out the numbers of paragraphs; one that is not numbered ends the lists it parts."""
    counts: dict[int, tuple[str, int]] = {}
    for paragraph in body.findall(f"{_A}p"):
        properties = paragraph.find(f"{_A}pPr")
        if not "".join(text.text or "" for text in paragraph.iter(f"{_A}t")).strip():
            continue
        told = properties.get("lvl", "0") if properties is not None else "0"
        level = int(told) if told.isdecimal() else 0
        counts = {deep: count for deep, count in counts.items() if deep <= level}
        numbering = properties.find(f"{_A}buAutoNum") if properties is not None else None
        scheme = _SCHEME.fullmatch(numbering.get("type", "")) if numbering is not None else None
        if numbering is None or scheme is None:
            counts.pop(level, None)
            continue
        first = numbering.get("startAt", "1")
        begin = int(first) if first.isdecimal() else 1
        before = counts.get(level)
        number = before[1] + 1 if before and before[0] == scheme[0] else begin
        counts[level] = scheme[0], number
        shown = _FRAMES[scheme[2]].format(number_as(number, _KINDS.get(scheme[1])))
        properties.addnext(_run(f"{shown} "))


def _run(text: str) -> Any:
    from lxml import etree

    run = etree.Element(f"{_A}r")
    etree.SubElement(run, f"{_A}t").text = text
    return run
