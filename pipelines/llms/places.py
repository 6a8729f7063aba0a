"""Where a passage stands, in a few words for a language model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pipelines.types import CellLocator, MessageLocator, PageLocator, TimeLocator


def place_of(locators: Iterable[Any]) -> str:
    """ "page 3", "pages 3-5", "time 1:02:03-1:02:40", "message 8 by Ada"; "" where the Locators
    say nothing that a person would name.

    One range, however many Locators there are: from the first page, second or message to the last.
    """
    pages, seconds, messages, cells = [], [], [], []
    for locator in locators:
        match locator:
            case PageLocator():
                pages.append(locator.page)
            case TimeLocator():
                seconds += [locator.t_start, locator.t_end]
            case MessageLocator():
                messages.append(locator)
            case CellLocator():
                cells.append(locator)
    told = []
    if pages:
        told.append(_range("page", min(pages), max(pages)))
    if seconds:
        told.append(f"time {_clock(min(seconds))}-{_clock(max(seconds))}")
    if messages:
        positions = [message.position + 1 for message in messages]
        authors = dict.fromkeys(message.author for message in messages)
        by = f" by {next(iter(authors))}" if len(authors) == 1 else ""
        told.append(_range("message", min(positions), max(positions)) + by)
    if cells:
        told.append(f"report {cells[0].module}")
    return ", ".join(told)


def _range(word: str, first: int, last: int) -> str:
    return f"{word} {first}" if first == last else f"{word}s {first}-{last}"


def _clock(seconds: float) -> str:
    """ "0:12", "1:02:03"."""
    minutes, left = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"
