"""A warning of many places is told once, with all of them."""

from __future__ import annotations

from typing import Any

from pipelines.parsers.report_warnings import fold
from pipelines.types import ParseWarning


def warning(place: str | None, message: str = "Often wrong.") -> ParseWarning:
    return ParseWarning(code="low_confidence", message=message, place=place)


def stretch(number: int) -> str:
    """Twenty seconds, the `number`-th of a recording."""
    begin, end = (f"00:{n // 3:02}:{n % 3 * 20:02}" for n in (number, number + 1))
    return f"{begin} to {end}"


def places(folded: list[dict[str, Any]]) -> list[str | None]:
    return [each["place"] for each in folded]


def test_stretches_that_touch_become_one_and_others_are_named() -> None:
    numbers = [0, 1, 2, 5, 6, 9]
    folded = fold([], [warning(stretch(n)) for n in numbers])
    assert places(folded) == [
        "00:00:00 to 00:01:00, 00:01:40 to 00:02:20, 00:03:00 to 00:03:20",
    ]


def test_it_does_not_matter_in_how_many_batches_they_come() -> None:
    numbers = [0, 1, 3, 4, 5, 8]
    together = fold([], [warning(stretch(n)) for n in numbers])
    one_by_one: list[dict[str, Any]] = []
    for n in numbers:
        one_by_one = fold(one_by_one, [warning(stretch(n))])
    assert one_by_one == together


def test_only_so_many_stretches_are_named() -> None:
    folded = fold([], [warning(stretch(n)) for n in range(0, 60, 2)])
    (place,) = places(folded)
    assert place is not None
    assert place.count(" to ") == 12
    assert place.endswith(", and 18 more")


def test_pages_are_named_in_runs() -> None:
    folded = fold([], [warning(f"page {n}") for n in (12, 3, 4, 5, 9, 5)])
    assert places(folded) == ["pages 3 to 5, 9, 12"]
    assert places(fold([], [warning("page 3"), warning("page 3")])) == ["page 3"]
    assert places(fold([], [warning("sheet Parts"), warning("page 3")])) == ["sheet Parts, page 3"]


def test_other_warnings_stay_apart() -> None:
    told = [warning(stretch(0)), warning(stretch(1), "Too faint."), warning(None), warning(None)]
    assert [(each["message"], each["place"]) for each in fold([], told)] == [
        ("Often wrong.", stretch(0)),
        ("Too faint.", stretch(1)),
    ]
