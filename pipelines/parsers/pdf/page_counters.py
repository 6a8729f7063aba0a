"""Numbers in a line that stands on many pages: do they count pages, or is each page's its own?"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"^#$|\b(?:page|pages|p|pg|seite|s|blatt|sheet|página|pág|pagina|pag|side|sida|str|slide)\b\W*#",
    re.IGNORECASE,
)
"""The number of a page, digits masked: alone, or after the word for page."""
_AT_AN_END = re.compile(r"^[^\w#]*#(?!\w)|(?:[|–—·•,/]|\s-)\s*#\W*$")
"""A number that may be the page's, parted from the words of a line. In `Sample #` it is no more
than the name of what the page tells of."""
_WORD = re.compile(r"[^\W\d_]{2}")
_FALLS = 0.2
"""Share of pages whose number may be less than the one before: a new part may begin at 1 again."""


def numbers_of(text: str) -> tuple[int, ...]:
    """The numbers in a line, which must be short: nine digits of each count."""
    return tuple(int(digits[:9]) for digits in DIGITS.findall(text))


def is_counted(pages: Sequence[tuple[int, ...]]) -> bool:
    """Whether the numbers of a line stay the same or grow from page to page.

    A serial number, a reading or a time of day goes up and down: it is told nowhere else.

    For scans: OCR gives neither the signs that part a page's number from words nor each number
    rightly, which `goes_with_pages` needs.
    """
    if len(pages) < 2:
        return True
    usual = Counter(map(len, pages)).most_common(1)[0][0]
    alike = [numbers for numbers in pages if len(numbers) == usual]
    return all(
        sum(after < before for before, after in pairwise(column)) <= _FALLS * (len(column) - 1)
        for column in zip(*alike, strict=True)
    )


def goes_with_pages(masked: str, pages: Sequence[tuple[int, tuple[int, ...]]]) -> bool:
    """Whether the order of pages tells the numbers of a line, given by index of their page.

    They stay the same from page to page, as the number of a chapter does, or count the pages.
    `masked` is the line, # for its numbers. Other numbers are the page's own, such as those of
    parts in a list, of which each page has many, or of samples, of which each page has one.
    """
    if len(pages) < 2:
        return True
    usual = Counter(len(numbers) for _, numbers in pages).most_common(1)[0][0]
    alike = [(index, numbers) for index, numbers in pages if len(numbers) == usual]
    numbered = bool(_PAGE_NUMBER.search(masked))
    may_count = numbered or bool(_AT_AN_END.search(masked)) or not _WORD.search(masked)
    for column in range(usual):
        steps = [
            (index - before, numbers[column] - earlier[column])
            for (before, earlier), (index, numbers) in pairwise(alike)
        ]
        # Two pages may be printed on one sheet, and pages of an excerpt are left out in between.
        strays = sum(step < 0 or (step > 2 * apart and not numbered) for apart, step in steps)
        if strays > _FALLS * len(steps):
            return False
        if not may_count and sum(step > 0 for _, step in steps) * 2 > len(steps):
            return False
    return True
