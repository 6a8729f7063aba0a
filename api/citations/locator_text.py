"""A Locator in words: where a person would look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def describe_locators(locators: Sequence[Mapping[str, Any]]) -> str:
    """Where `locators` (as JSON) are, for example "page 3" or "00:12-00:17"; "" for none."""
    pages = sorted({locator["page"] for locator in locators if locator["type"] == "page"})
    described = [_pages(pages)] if pages else []
    described += [_describe(locator) for locator in locators if locator["type"] != "page"]
    return "; ".join(dict.fromkeys(part for part in described if part))


def _pages(pages: Sequence[int]) -> str:
    """ "page 3", "pages 3 and 4", "pages 3, 4 and 7"."""
    if len(pages) == 1:
        return f"page {pages[0]}"
    return f"pages {', '.join(map(str, pages[:-1]))} and {pages[-1]}"


def _describe(locator: Mapping[str, Any]) -> str:
    match locator["type"]:
        case "time":
            return f"{_clock(locator['t_start'])}-{_clock(locator['t_end'])}"
        case "region":
            return "in the picture"
        case "text":
            anchor = str(locator.get("anchor") or "").lstrip("#")
            where = f"characters {locator['start']} to {locator['end']}"
            return f"section {anchor}, {where}" if anchor else where
        case "message":
            return f"message {locator['position'] + 1} by {locator['author']}"
        case "cell":
            return f"{locator['module']}: row {locator['sample']}, column {locator['column']}"
    return ""


def _clock(seconds: float) -> str:
    """ "00:12", "1:02:03"."""
    minutes, left = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes:02}:{left:02}"
