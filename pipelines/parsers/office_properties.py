"""What an office file says of itself: title, author, language and dates."""

from __future__ import annotations

from typing import Any

from pipelines.parsers.located_text import facts_of


def properties(core: Any) -> dict[str, Any]:
    """Title, author, language and dates; a property that is damaged is as good as absent."""
    known: dict[str, Any] = {}
    for name in ("title", "author", "created", "modified", "language"):
        try:
            known[name] = getattr(core, name)
        except (ValueError, KeyError, AttributeError):
            continue
    if known.get("author") in ("python-docx", "python-pptx", "Steve Canny"):
        del known["author"]
    if known.get("language"):
        known["language"] = known["language"].split("-")[0].lower()
    return facts_of(**known)
