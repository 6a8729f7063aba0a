"""Numbers in a line that stands on many pages: do they count pages, or is each page's its own?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

DIGITS = re.compile(r"\d+")
_FALLS = 0.2
"""Share of pages whose number may be less than the one before: a new part may begin at 1 again."""


def numbers_of(text: str) -> tuple[int, ...]:
    """The numbers in a line, which must be short: nine digits of each count."""
    return tuple(int(digits[:9]) for digits in DIGITS.findall(text))


def is_counted(pages: Sequence[tuple[int, ...]]) -> bool:
    """Whether the numbers of a line stay the same or grow from page to page.

    A serial number, a reading or a time of day goes up and down: it is told nowhere else.
    """
    if len(pages) < 2:
        return True
    usual = Counter(map(len, pages)).most_common(1)[0][0]
    alike = [numbers for numbers in pages if len(numbers) == usual]
    return all(
        sum(after < before for before, after in pairwise(column)) <= _FALLS * (len(column) - 1)
        for column in zip(*alike, strict=True)
    )
