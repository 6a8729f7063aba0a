"""Numbers and bullets of list items as a browser shows them: "Step 3" is only found where 3 is
written, and a list is only told whole where its items are marked."""

from __future__ import annotations

import re
from typing import Any

from pipelines.parsers.list_numbers import number_as

BULLET = "•"
_UNMARKED = re.compile(r"list-style(-type)?\s*:[^;]*none", re.I)


def mark_items(root: Any) -> None:
    """Writes its number, such as `3.` or `b.`, or its bullet into `data-item` of each item."""
    for node in root.xpath("//*[@data-item]"):
        del node.attrib["data-item"]
    for bulleted in root.iter("ul"):
        for item in bulleted.findall("li"):
            if not _UNMARKED.search(f"{bulleted.get('style')};{item.get('style')}"):
                item.set("data-item", BULLET)
    for ordered in root.iter("ol"):
        items = ordered.findall("li")
        step = -1 if ordered.get("reversed") is not None else 1
        number = _whole(ordered.get("start"), len(items) if step < 0 else 1)
        for item in items:
            number = _whole(item.get("value"), number)
            styles = f"{ordered.get('style')};{item.get('style')}"
            if not _UNMARKED.search(styles):
                item.set("data-item", f"{number_as(number, ordered.get('type'))}.")
            number += step


def mark_of(node: Any) -> tuple[Any, str]:
    """The list item that `node` is or stands in, and its number or bullet; else None and ""."""
    item = node if node.tag == "li" else next(node.iterancestors("li"), None)
    return item, item.get("data-item", "") if item is not None else ""


def _whole(text: str | None, default: int) -> int:
    found = re.fullmatch(r"\s*([+-]?\d{1,6})\s*", text or "", re.ASCII)
    return int(found[1]) if found else default
