"""Dates as people write them, in order of a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_MONTHS = (
    "january jan januar janvier enero января январь",
    "february feb februar février febrero февраля февраль",
    "march mar märz mars marzo марта март",
    "april apr avril abril апреля апрель",
    "may mai mayo мая май",
    "june jun juni juin junio июня июнь",
    "july jul juli juillet julio июля июль",
    "august aug août agosto августа август",
    "september sep sept septembre septiembre сентября сентябрь",
    "october oct oktober octobre octubre октября октябрь",
    "november nov novembre noviembre ноября ноябрь",
    "december dec dezember décembre diciembre декабря декабрь",
)
MONTHS = {name: i for i, names in enumerate(_MONTHS, start=1) for name in names.split()}
_NAME = "|".join(sorted(MONTHS, key=len, reverse=True))
_DATE = re.compile(
    rf"""(?<![A-Za-z0-9_.])(?:
      (?P<iso>(?P<y1>[12]\d{{3}})[-/.](?P<m1>0?[1-9]|1[0-2])[-/.](?P<d1>3[01]|[12]\d|0?[1-9]))
    | (?P<d2>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th|er|\.)?\s+(?:of\s+|de\s+)?
        (?P<m2>{_NAME})\b\.?(?:,?\s+(?:de\s+)?(?P<y2>[12]\d{{3}}))?
    | (?P<m3>{_NAME})\b\.?\s+(?P<d3>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?(?!\d)
        (?:,?\s+(?P<y3>[12]\d{{3}}))?
    | (?P<m4>{_NAME})\b\.?,?\s+(?:of\s+|de\s+)?(?P<y4>[12]\d{{3}})
    | (?P<a>3[01]|[12]\d|0?[1-9])(?P<sep>[./])(?P<b>3[01]|[12]\d|0?[1-9])(?P=sep)(?P<y5>[12]\d{{3}})
    | (?P<y6>[12]\d{{3}})\s*年(?:\s*(?P<m6>1[0-2]|0?[1-9])\s*月(?:\s*(?P<d6>3[01]|[12]\d|0?[1-9])
        \s*日)?)?
    )(?!\d)""",
    re.VERBOSE | re.IGNORECASE,
)


class Date(NamedTuple):
    """A day, a month or a day of the year; 0 where the text doesn't say.

    `readings` holds (year, month, day); two where day and month can't be told apart.
    """

    start: int
    end: int
    readings: tuple[tuple[int, int, int], ...]

    def carries(self, other: Date) -> bool:
        """Whether this date says all that `other` says: a day says its month."""
        return any(
            all(theirs in (0, mine) for mine, theirs in zip(one, two, strict=True))
            for one in self.readings
            for two in other.readings
        )


def dates(text: str) -> Iterator[Date]:
    """The dates of `text`; "03/04/2023" has two readings, "03.04.2023" is the third of April."""
    for match in _DATE.finditer(text):
        part = match.groupdict(default="")
        if part["a"]:
            a, b, year = int(part["a"]), int(part["b"]), int(part["y5"])
            possible = [(year, b, a)] if part["sep"] == "." else [(year, a, b), (year, b, a)]
            readings = tuple(dict.fromkeys(date for date in possible if date[1] <= 12))
            if not readings:
                continue
        else:
            form = next(n for n in "12346" if part.get(f"y{n}") or part.get(f"m{n}"))
            name = part[f"m{form}"].lower()
            month = MONTHS.get(name) or int(name or 0)
            day = int(part.get(f"d{form}") or 0)
            readings = ((int(part.get(f"y{form}") or 0), month, day),)
        yield Date(match.start(), match.end(), readings)
