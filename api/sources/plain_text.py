"""A source's text and transcript, put together again from its fragments."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from api.models import FragmentRow


def plain_text(fragments: Iterable[FragmentRow]) -> str:
    """The text that TextLocators count in: pieces at their offsets, parted by blank lines."""
    pieces: dict[int, str] = {}
    for fragment in fragments:
        for start, end, index, _ in fragment.spans:
            place = fragment.locators[index]
            if place["type"] == "text":
                pieces.setdefault(place["start"], fragment.text[start:end])
    text = ""
    for start in sorted(pieces):
        if start < len(text):
            continue
        gap = start - len(text)
        text += "\n" * min(gap, 2) + " " * max(0, gap - 2) + pieces[start]
    return text


def transcript(fragments: Iterable[FragmentRow]) -> list[dict[str, Any]]:
    """[{t_start, t_end, text}] of what is said in a recording, one per cue, in order of time."""
    said = [line for line in _timed(fragments) if line["frame"] is None]
    return [{key: line[key] for key in ("t_start", "t_end", "text")} for line in said]


def shown_text(fragments: Iterable[FragmentRow]) -> list[dict[str, Any]]:
    """[{t_start, t_end, text, frame}] of what is written in a film's pictures, in order of time;
    `frame` is the line's box."""
    return [line for line in _timed(fragments) if line["frame"] is not None]


def _timed(fragments: Iterable[FragmentRow]) -> list[dict[str, Any]]:
    lines = []
    for fragment in fragments:
        for start, end, index, _ in fragment.spans:
            place = fragment.locators[index]
            if place["type"] == "time":
                lines.append(
                    {
                        "t_start": place["t_start"],
                        "t_end": place["t_end"],
                        "text": fragment.text[start:end],
                        "frame": place.get("frame"),
                    }
                )
    return sorted(lines, key=lambda line: (line["t_start"], line["t_end"]))
