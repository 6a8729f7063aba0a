"""A warning that holds for many places of a source is told once, with all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pipelines.types import ParseWarning

_CLOCK = r"\d{2,}:\d\d:\d\d"
_STRETCH = re.compile(rf"({_CLOCK}) to ({_CLOCK})")
_NUMBERED = re.compile(r"(page|slide|sheet|section|frame) (\d+)")
_NAMED = 12
"""Places that one warning names."""
_KEPT = 500
"""Places that are remembered to be joined."""


def fold(known: list[dict[str, Any]], new: Iterable[ParseWarning]) -> list[dict[str, Any]]:
    """`known` with `new` after it, as JSON: code, message, place, and all `places` behind it.

    One that was told of other places grows.
    """
    folded = list(known)
    for warning in new:
        told = warning.model_dump()
        index = next((i for i, each in enumerate(folded) if _is_same(each, told)), None)
        before = folded[index].get("places", []) if index is not None else []
        places = _joined([*before, *([told["place"]] if told["place"] else [])])
        entry = {**told, "place": _said(places), "places": places[:_KEPT]}
        if index is None:
            folded.append(entry)
        else:
            folded[index] = entry
    return folded


def _is_same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return (one["code"], one["message"]) == (other["code"], other["message"])


def _joined(places: list[str]) -> list[str]:
    """A stretch of time that touches the one before continues it; nothing is named twice."""
    last = _STRETCH.fullmatch(places[-2]) if len(places) > 1 else None
    this = _STRETCH.fullmatch(places[-1]) if places else None
    if last and this and last[2] == this[1]:
        return [*places[:-2], f"{last[1]} to {this[2]}"]
    return list(dict.fromkeys(places))


def _said(places: list[str]) -> str | None:
    """Places as a person would say them: "pages 3 to 5, 9", "00:00:00 to 00:02:00"."""
    numbered = [_NUMBERED.fullmatch(place) for place in places]
    if len(places) > 1 and all(numbered) and len({match[1] for match in numbered if match}) == 1:
        unit = numbered[0][1]  # type: ignore[index]
        said = [f"{unit}s {first}" for first in _runs(int(match[2]) for match in numbered if match)]
        said[1:] = [each.removeprefix(f"{unit}s ") for each in said[1:]]
    else:
        said = places
    more = f", and {len(said) - _NAMED} more" if len(said) > _NAMED else ""
    return ", ".join(said[:_NAMED]) + more if said else None


def _runs(numbers: Iterable[int]) -> list[str]:
    """3, 4, 5, 9 as "3 to 5" and "9"."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return [str(first) if first == last else f"{first} to {last}" for first, last in runs]
