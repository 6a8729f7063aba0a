"""Paragraphs of slides (DrawingML, ECMA-376, 21.1.2) with their bullets and numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from pipelines.parsers.list_marks import is_bulleted, number_as
from pipelines.parsers.office.equations import equation_text
from pipelines.parsers.office.symbols import bullet
from pipelines.text.raised_digits import raised

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_A14 = "{http://schemas.microsoft.com/office/drawing/2010/main}"
_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"

_SCHEME = re.compile(r"(arabic|alphaLc|alphaUc|romanLc|romanUc)(Period|ParenR|ParenBoth|Plain)")
_KINDS = {"alphaLc": "a", "alphaUc": "A", "romanLc": "i", "romanUc": "I"}
_FRAMES = {"Period": "{}.", "ParenR": "{})", "ParenBoth": "({})", "Plain": "{}"}


def shown_children(node: Any) -> Iterator[Any]:
    """The children of `node`; of alternatives the first."""
    for child in node:
        if child.tag == f"{_MC}AlternateContent":
            choice = child.find(f"{_MC}Choice")
            if choice is not None:
                yield from shown_children(choice)
        else:
            yield child


def paragraphs_of(body: Any) -> Iterator[tuple[str, str]]:
    """(bullet or number, text) of the paragraphs of a `txBody` that say something.

    A paragraph that is not numbered ends the lists that it parts.
    """
    counts: dict[int, tuple[str, int]] = {}
    for paragraph in body.iterchildren(f"{A}p"):
        text = _text(paragraph).strip()
        if not text:
            continue
        properties = paragraph.find(f"{A}pPr")
        level = _whole(properties, "lvl", 0)
        counts = {deep: count for deep, count in counts.items() if deep <= level}
        numbering = properties.find(f"{A}buAutoNum") if properties is not None else None
        scheme = _SCHEME.fullmatch(numbering.get("type", "")) if numbering is not None else None
        if scheme is None:
            counts.pop(level, None)
            yield "" if is_bulleted(text) else _bullet(properties), text
            continue
        before = counts.get(level)
        goes_on = before is not None and before[0] == scheme[0]
        number = before[1] + 1 if before and goes_on else _whole(numbering, "startAt", 1)
        counts[level] = scheme[0], number
        yield _FRAMES[scheme[2]].format(number_as(number, _KINDS.get(scheme[1]))), text


def _text(paragraph: Any) -> str:
    parts = []
    for node in shown_children(paragraph):
        if node.tag == f"{A}br":
            parts.append("\n")
        elif node.tag == f"{_A14}m":
            parts += map(equation_text, node.iter(f"{_M}oMath"))
        elif node.tag in (f"{A}r", f"{A}fld"):
            look, text = node.find(f"{A}rPr"), node.findtext(f"{A}t") or ""
            baseline = look.get("baseline", "") if look is not None else ""
            is_raised = baseline not in ("", "0") and not baseline.startswith("-")
            parts.append(raised(text) if is_raised else text)
    return "".join(parts)


def _bullet(properties: Any | None) -> str:
    sign = properties.find(f"{A}buChar") if properties is not None else None
    if sign is None or properties is None:
        return ""
    font = properties.find(f"{A}buFont")
    return bullet(font.get("typeface") if font is not None else None, sign.get("char", ""))


def _whole(node: Any | None, name: str, default: int) -> int:
    told = node.get(name, "") if node is not None else ""
    return int(told) if told.isascii() and told.isdecimal() and len(told) <= 6 else default
