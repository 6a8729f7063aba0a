"""Spellings that are made one before a sentence is read."""

from __future__ import annotations

import re

from pipelines.claims.wordlists.equivalents import PHRASES

_MARKDOWN = re.compile(r"[*`]+|(?<!\w)_+|_+(?!\w)|^\s*(?:#{1,6}\s+|>\s*|[-+•]\s+)")
_SHORT_NOT = re.compile(
    r"\b(ca|wo|sha|do|does|did|is|are|was|were|has|have|had|would|could|should|"
    r"might|must|need|dare|may)n['’]?t\b",
    re.IGNORECASE,
)
_FULL = {"ca": "can", "wo": "will", "sha": "shall"}
_NUMBERED = re.compile(r"\b[Nn]os?\.(?=\s?\w*\d|\s+[a-z])")
_PHRASE = re.compile(
    "|".join(rf"(?<!\w){re.escape(p)}(?!\w)" for p in sorted(PHRASES, key=len, reverse=True)),
    re.IGNORECASE,
)
_ABOUT = re.compile(r"\b(?:about|around|approx\.|ca\.|some)(?=\s+[€$£]?\d)", re.IGNORECASE)


def spelt_out(text: str) -> str:
    """`text` without Markdown, with "n't" as "not", "No. 5" no longer looking like a denial, and
    phrases as the words that they stand for. Offsets are not kept."""
    text = _MARKDOWN.sub("", text.replace("\u00ad", ""))
    text = _SHORT_NOT.sub(lambda m: f"{_FULL.get(m[1].lower(), m[1])} not", text)
    text = re.sub(r"\bcannot\b", "can not", text, flags=re.IGNORECASE)
    text = _NUMBERED.sub("number", text)
    text = _ABOUT.sub("approximately", text)
    return _PHRASE.sub(lambda m: PHRASES[m[0].lower()], text)
