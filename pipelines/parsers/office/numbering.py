"""Numbers and bullets of a Word file's lists (`numbering.xml`, ECMA-376, 17.9).

The file holds how lists count; a program counts when it shows them. So do we: paragraphs have to be
asked for in the order of the document.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pipelines.parsers.list_marks import number_as
from pipelines.parsers.office.symbols import bullet
from pipelines.parsers.office.word_styles import Style
from pipelines.parsers.office.word_xml import W, is_on, val, whole

LEVELS = 9
MAX_LABEL = 40
"""Characters of a level's text that are taken."""

_KINDS = {"lowerLetter": "a", "upperLetter": "A", "lowerRoman": "i", "upperRoman": "I"}
_ENDINGS = {1: "st", 2: "nd", 3: "rd"}


@dataclass(frozen=True)
class _Level:
    kind: str
    text: str
    """Such as `%1.%2)`."""
    start: int
    begins_anew: bool
    """Whether its list starts it again, though the list counts on from another."""
    restarts_after: int
    """Levels from 1 to this one start it again: all above it, some, or none (0)."""
    is_legal: bool
    """Whether all numbers in it are digits."""
    style: str | None
    font: str | None


class Numbering:
    """The lists of one file, and how far each has counted."""

    def __init__(self, root: Any | None) -> None:
        self._lists = _lists(root) if root is not None else {}
        self._counts: dict[str, list[int | None]] = {}
        self._begun: set[tuple[str, int]] = set()

    def label(self, style: Style) -> str:
        """Counts a paragraph of `style`; its number or bullet, empty when it has none."""
        list_id = style.list_id or ""
        counted_as, levels = self._lists.get(list_id, ("", {}))
        at = style.list_level
        if at is None:
            named = style.list_style
            at = next((i for i, one in levels.items() if named and one.style == named), 0)
        level = levels.get(at)
        if level is None:
            return ""
        counts = self._counts.setdefault(counted_as, [None] * LEVELS)
        before = counts[at]
        if before is None or (level.begins_anew and (list_id, at) not in self._begun):
            counts[at] = level.start
        else:
            counts[at] = before + 1
        self._begun.add((list_id, at))
        for deeper in range(at + 1, LEVELS):
            if deeper not in levels or at < levels[deeper].restarts_after:
                counts[deeper] = None
        return _written(levels, at, counts)


def _written(levels: dict[int, _Level], at: int, counts: list[int | None]) -> str:
    level = levels[at]
    if level.kind == "bullet":
        return bullet(level.font, level.text.strip())

    def number(match: re.Match[str]) -> str:
        one = int(match[1]) - 1
        if one > at or one not in levels:
            return ""
        count = counts[one]
        count = levels[one].start if count is None else count
        return str(count) if level.is_legal else _number(count, levels[one].kind)

    return "" if level.kind == "none" else re.sub(r"%([1-9])", number, level.text).strip()


def _number(number: int, kind: str) -> str:
    """Digits also where the file counts in a script that is not among ours."""
    if kind.endswith("Letter") and number > 26:
        again, letter = divmod(number - 1, 26)
        return number_as(letter + 1, _KINDS.get(kind)) * min(again + 1, MAX_LABEL)
    if kind == "decimalZero":
        return f"{number:02d}"
    if kind == "ordinal":
        is_teen = 10 <= number % 100 <= 20
        return f"{number}{'th' if is_teen else _ENDINGS.get(number % 10, 'th')}"
    return number_as(number, _KINDS.get(kind))


def _lists(root: Any) -> dict[str, tuple[str, dict[int, _Level]]]:
    """List -> the definition that it counts by, and its levels."""
    definitions = {node.get(f"{W}abstractNumId"): node for node in root.iter(f"{W}abstractNum")}
    lists: dict[str, tuple[str, dict[int, _Level]]] = {}
    for node in root.iter(f"{W}num"):
        counted_as = val(node, "abstractNumId") or ""
        changes = {_at(change): change for change in node.findall(f"{W}lvlOverride")}
        levels = {}
        for one in definitions.get(counted_as, ()):
            if one.tag == f"{W}lvl" and 0 <= (at := _at(one)) < LEVELS:
                levels[at] = _level(one, changes.get(at))
        lists.setdefault(node.get(f"{W}numId"), (counted_as, levels))
    return lists


def _at(node: Any) -> int:
    at = whole(node.get(f"{W}ilvl"))
    return -1 if at is None else at


def _level(node: Any, change: Any | None) -> _Level:
    """The level of a definition, with what one list changes of it."""
    changed = change.find(f"{W}lvl") if change is not None else None
    node = node if changed is None else changed
    begins_at, restart = whole(val(change, "startOverride")), whole(val(node, "lvlRestart"))
    start = whole(val(node, "start")) if begins_at is None else begins_at
    fonts = node.find(f"{W}rPr/{W}rFonts")
    return _Level(
        kind=val(node, "numFmt") or "decimal",
        text=(val(node, "lvlText") or "")[:MAX_LABEL],
        start=1 if start is None else start,
        begins_anew=begins_at is not None,
        restarts_after=LEVELS if restart is None else restart,
        is_legal=is_on(node, "isLgl"),
        style=val(node, "pStyle"),
        font=fonts.get(f"{W}ascii") if fonts is not None else None,
    )
