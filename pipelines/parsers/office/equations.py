"""Equations of office files as one line of text (OMML, ECMA-376, 22.1)."""

from __future__ import annotations

import re
from typing import Any

from pipelines.text.raised_digits import raised

_M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_PLAIN = re.compile(r"\w*")


def equation_text(node: Any) -> str:
    """What an `oMath` says, written on one line the way Word's linear format does."""
    name = node.tag.removeprefix(_M) if isinstance(node.tag, str) else ""
    if name == "t":
        return node.text or ""
    if name == "f":
        return f"{_grouped(node, 'num')}/{_grouped(node, 'den')}"
    if name == "rad":
        degree = _of(node, "deg")
        return f"√({f'{degree}&' if degree else ''}{_of(node, 'e')})"
    if name in ("sSup", "sSub", "sSubSup"):
        low, high = _grouped(node, "sub"), _grouped(node, "sup")
        return _of(node, "e") + (f"_{low}" if low else "") + _power(high)
    if name == "nary":
        sign = next((s.get(f"{_M}val") for s in node.iter(f"{_M}chr")), None) or "∫"
        low, high = _grouped(node, "sub"), _grouped(node, "sup")
        limits = (f"_{low}" if low else "") + (f"^{high}" if high else "")
        return f"{sign}{limits} {_of(node, 'e')}"
    if name == "d":
        begin, end = (
            next((s.get(f"{_M}val") for s in node.findall(f"{_M}dPr/{_M}{side}")), default)
            for side, default in (("begChr", "("), ("endChr", ")"))
        )
        inner = ", ".join(equation_text(e) for e in node.findall(f"{_M}e"))
        return f"{begin or ''}{inner}{end or ''}"
    if name == "mr":
        return ", ".join(equation_text(e) for e in node.findall(f"{_M}e"))
    between = "; " if name in ("m", "eqArr") else ""
    return between.join(filter(None, map(equation_text, node)))


def _of(node: Any, child: str) -> str:
    found = node.find(f"{_M}{child}")
    return equation_text(found) if found is not None else ""


def _grouped(node: Any, child: str) -> str:
    text = _of(node, child)
    return text if _PLAIN.fullmatch(text) else f"({text})"


def _power(text: str) -> str:
    bare = text.strip("()")
    high = raised(bare)
    return high if high != bare else f"^{text}" if text else ""
