"""The number or bullet of each list item, as a browser shows it."""

from __future__ import annotations

import re
from typing import Any

from pipelines.parsers.list_marks import BULLET, number_as

_UNMARKED = re.compile(r"list-style(-type)?\s*:[^;]*none", re.I)


def marks_of(root: Any) -> dict[Any, str]:
    """`li` element -> its number, such as `3.` or `b.`, or its bullet; one without is left out."""
    marks: dict[Any, str] = {}
    for bulleted in root.iter("ul"):
        for item in bulleted.findall("li"):
            if not _is_unmarked(bulleted, item):
                marks[item] = BULLET
    for ordered in root.iter("ol"):
        items = ordered.findall("li")
        step = -1 if ordered.get("reversed") is not None else 1
        number = _whole(ordered.get("start"), len(items) if step < 0 else 1)
        for item in items:
            number = _whole(item.get("value"), number)
            if not _is_unmarked(ordered, item):
                marks[item] = f"{number_as(number, ordered.get('type'))}."
            number += step
    return marks


def _is_unmarked(of: Any, item: Any) -> bool:
    return _UNMARKED.search(f"{of.get('style')};{item.get('style')}") is not None


def _whole(text: str | None, default: int) -> int:
    found = re.fullmatch(r"\s*([+-]?\d{1,6})\s*", text or "", re.ASCII)
    return int(found[1]) if found else default
