"""The tree of a Word file (WordprocessingML, ECMA-376, 17) as a reader sees it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"

BOX = f"{W}txbxContent"

_WRAPPERS = frozenset(
    f"{W}{name}"
    for name in ("ins", "moveTo", "smartTag", "sdt", "sdtContent", "customXml", "fldSimple")
) | {f"{W}hyperlink", f"{W}dir", f"{W}bdo", f"{M}oMathPara"}
_UNSEEN = frozenset((f"{W}del", f"{W}moveFrom", f"{_MC}Fallback"))


def children(node: Any) -> Iterator[Any]:
    """What stands in `node`: wrappers are looked through, and of alternatives the first is taken;
    what was deleted, and placeholders such as "Click to enter text", are nobody's text."""
    for child in node:
        if child.tag in _WRAPPERS:
            if child.find(f"{W}sdtPr/{W}showingPlcHdr") is None:
                yield from children(child)
        elif child.tag == f"{_MC}AlternateContent":
            choice = child.find(f"{_MC}Choice")
            if choice is not None:
                yield from children(choice)
        elif child.tag not in _UNSEEN:
            yield child


def descendants(node: Any) -> Iterator[Any]:
    """All that stands in `node`, a text box but not what is written in it."""
    for child in children(node):
        yield child
        if child.tag != BOX:
            yield from descendants(child)


def val(node: Any, *path: str) -> str | None:
    """The `w:val` at the end of a path of names; None when there is none."""
    found = node.find("/".join(f"{W}{name}" for name in path)) if node is not None else None
    return None if found is None else found.get(f"{W}val")


def whole(text: str | None) -> int | None:
    """A number of up to six digits; None for anything else."""
    is_number = text is not None and text.isascii() and text.isdecimal() and len(text) <= 6
    return int(text) if text is not None and is_number else None


def is_on(node: Any, *path: str) -> bool:
    """Whether a switch, which need not say `true`, is there and not off."""
    found = node.find("/".join(f"{W}{name}" for name in path)) if node is not None else None
    return found is not None and found.get(f"{W}val") not in ("0", "false", "off", "none")


def related(part: Any, kind: str) -> Iterator[Any]:
    """Roots of the parts that `part` refers to as `kind`, such as `footnotes`."""
    from lxml import etree

    safe = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    for relation in part.rels.values():
        if not relation.is_external and relation.reltype.rpartition("/")[2] == kind:
            target = relation.target_part
            element = getattr(target, "element", None)
            yield etree.fromstring(target.blob, safe) if element is None else element
