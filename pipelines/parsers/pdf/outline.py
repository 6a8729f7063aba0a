"""The outline that a PDF file carries beside its pages, as titles to look for on them."""

from __future__ import annotations

from itertools import islice
from typing import Any

_MAX_ENTRIES = 5_000
_MAX_LENGTH = 300

Outline = dict[int, dict[str, int]]
"""Page index -> what the page's outline entries say, by `key` -> their level from 1 on."""


def read_outline(document: Any) -> Outline:
    """The outline of a pypdfium2 document; entries that lead to no page are left out."""
    import pypdfium2 as pdfium

    found: Outline = {}
    try:
        for entry in islice(document.get_toc(), _MAX_ENTRIES):
            target = entry.get_dest()
            index = target.get_index() if target else None
            name = key(entry.get_title()[:_MAX_LENGTH])
            if index is not None and name:
                found.setdefault(index, {}).setdefault(name, min(6, entry.level + 1))
    except (pdfium.PdfiumError, ValueError):
        # A broken outline tells nothing; the pages are read without it.
        return found
    return found


def key(text: str) -> str:
    """A title's letters and digits: spaces, dots and case differ between outline and page."""
    return "".join(filter(str.isalnum, text)).casefold()
