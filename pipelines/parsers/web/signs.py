"""Formulas and raised digits of a page, which a browser draws in ways that are no text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pipelines.text.raised_digits import raised

_TEX = ("application/x-tex", "tex")
_DEEPEST = 50
"""What is nested deeper in a formula is read without its structure."""
_HIDDEN = ("hidden", "aria-hidden", "style")


def write_out_signs(root: Any) -> None:
    """Each formula as its TeX where the page has it, else its signs; 10⁵ for a raised 5.

    Pages often hold a formula twice, once hidden for those who can't see it: that one is shown
    here, for the other is a picture or letters laid out one by one.
    """
    for math in list(root.iter("math")):
        if next(math.iterancestors("math"), None) is not None:
            continue
        text = _formula(math)
        shown = math
        for above in _wrappers(math):
            if any(name in above.attrib for name in _HIDDEN):
                shown = above
        for name in ("class", *_HIDDEN):
            shown.attrib.pop(name, None)
        for child in list(shown):
            shown.remove(child)
        shown.tag, shown.text = "span", f" {text} "
    for node in root.iter("sup"):
        if len(node) == 0:
            node.text = raised(node.text or "")


def _wrappers(math: Any) -> Iterator[Any]:
    """What holds the formula and nothing else, from the inside out."""
    inner = math
    for above in math.iterancestors():
        is_wrapper = above.tag == "span" or str(above.tag).startswith("mjx-")
        is_alone = inner.getprevious() is None and inner.getnext() is None
        beside = f"{above.text or ''}{inner.tail or ''}".strip()
        if not is_wrapper or not is_alone or beside:
            return
        yield above
        inner = above


def _formula(math: Any) -> str:
    for note in math.iter("annotation"):
        if (note.get("encoding") or "").strip().lower() in _TEX and (note.text or "").strip():
            return str(note.text).strip()
    if told := (math.get("alttext") or "").strip():
        return told
    for note in list(math.iter("annotation", "annotation-xml")):
        note.getparent().remove(note)
    return _signs(math)


def _signs(node: Any, depth: int = 0) -> str:
    if depth == _DEEPEST:
        return "".join(node.itertext()).strip()
    parts = [_signs(child, depth + 1) for child in node if isinstance(child.tag, str)]
    if node.tag == "mfrac" and len(parts) == 2:
        return "/".join(part if len(part) == 1 or part.isalnum() else f"({part})" for part in parts)
    if node.tag in ("msup", "msub") and len(parts) == 2:
        sign = "^" if node.tag == "msup" else "_"
        power = raised(parts[1]) if node.tag == "msup" else parts[1]
        if power != parts[1]:
            return parts[0] + power
        return parts[0] + sign + (power if power.isalnum() else f"({power})")
    if node.tag == "msqrt":
        return f"√({''.join(parts)})"
    return (node.text or "").strip() + "".join(parts)
