"""Which questions ask about a source itself, and for what of it."""

from __future__ import annotations

from typing import Literal

from pipelines.quoting.question_forms import forms

Wanted = Literal[
    "pages", "author", "date", "language", "version", "chapters", "duration", "subject", "sources"
]
_KINDS = (
    "document|documentation|manual|handbook|guide|file|pdf|book|booklet|brochure|leaflet|paper"
    "|report|article|sheet|sop|page|website|source|text|presentation|slide|spreadsheet|video|film"
    "|recording|publication|instruction"
)
_ANY = (
    "this|the|that|your|our|these|all|each|user|operating|service|instruction|product|quick|start"
)
SOURCE = rf"(?:(?:{_ANY})\s+)*(?:{_KINDS})s?\b"
"""A source as a question, or the source itself, calls it."""
_ASKS: tuple[tuple[Wanted, str], ...] = (
    (
        "pages",
        rf"""
        \bhow (?:many pages|long is {SOURCE})
        \bnumber of pages\b|\bpage count\b
        wie ?viele seiten|combien de pages|cuántas páginas|quante pagine|多少页|几页
        """,
    ),
    ("duration", r"\bhow long (?:is|does) (?:this|the) (?:video|film|recording|audio|clip)"),
    (
        "author",
        rf"""
        \bwho (?:wrote|authored|created|prepared|compiled|drew up) {SOURCE}
        \bauthors? of {SOURCE}|\bwho is the author\b
        wer hat .*geschrieben|\bautor|\bauteur|作者
        """,
    ),
    ("language", rf"\b(?:what|which) language\b.*{SOURCE}|\blanguage (?:of|is) {SOURCE}"),
    (
        "chapters",
        rf"""
        \b(?:list|show|name|what are|which)\b.*\b(?:chapters|sections|headings|outline|contents)\b
        \btable of contents\b
        \bhow (?:is|are) {SOURCE} (?:structured|organi[sz]ed)
        kapitel (?:gibt|hat)|quels chapitres|qué capítulos|哪些章
        """,
    ),
    (
        "subject",
        rf"""
        \bwhat (?:is|are|does|do) {SOURCE} (?:about|covers?|describes?|deals? with|for)\b
        \bwhat(?:'s| is) it about\b
        \bsummari[sz]e\b|\b(?:a|the) summary\b|\boverview of {SOURCE}|\btell me about {SOURCE}
        worum geht|wovon handelt|fasse .*zusammen
        de quoi (?:parle|traite|s'agit)|de qué (?:trata|habla)|di cosa (?:parla|tratta)
        关于什么|讲(?:的是)?什么|什么内容
        """,
    ),
    (
        "sources",
        r"""
        \b(?:which|what|list)\b.*\b(?:documents|manuals|files|sources)\b.*\b(?:are there|exist)\b
        \bwhat (?:documents|manuals|files|sources)\b.*\b(?:do (?:we|you|i) have|available)\b
        \bwhich (?:documents|manuals|files|sources)\b.*\b(?:do (?:we|you|i) have|available)\b
        \blist (?:all |the )*(?:documents|manuals|files|sources)\b
        """,
    ),
    (
        "date",
        rf"""
        \bwhen was {SOURCE} (?:written|published|created|made|issued|printed)\b
        \bwhen was {SOURCE} last (?:changed|modified|updated)\b
        \bdate of {SOURCE}|\bhow old is {SOURCE}
        """,
    ),
    (
        "version",
        rf"""
        \b(?:which|what) (?:version|revision|issue|edition)\b.*{SOURCE}
        \b(?:version|revision|issue|edition) of {SOURCE}
        """,
    ),
)
_PATTERNS = tuple((wanted, forms(text)) for wanted, text in _ASKS)
_PAGE = forms(
    r"""
    \b(?:on|of) page (\d{1,5})\b
    \bauf seite (\d{1,5})\b
    \bpage (\d{1,5}) (?:say|about)
    第\s?(\d{1,5})\s?页
    """
)
_CHAPTER = forms(
    r"\b(?:chapter|section|part|appendix|kapitel|abschnitt|chapitre|capítulo)\s+"
    r"(?:on |about |called |titled |über )?[\"'“‘„]?([^\"'”’?]{2,80}?)[\"'”’“]?\s*"
    r"(?:says?|about|covers?|contains?|describes?|tells?|deals?|states?|explains?|means?|\?|$)"
)


def asks_about(question: str) -> frozenset[Wanted]:
    """What a question asks of a source itself; empty when it asks of its subject."""
    return frozenset(wanted for wanted, pattern in _PATTERNS if pattern.search(question))


def page_asked(question: str) -> int | None:
    """The page whose contents are asked for."""
    match = _PAGE.search(question)
    return int(next(filter(None, match.groups()))) if match else None


def chapter_asked(question: str) -> str:
    """The heading whose contents are asked for; "" when none is."""
    match = _CHAPTER.search(question)
    return match[1].strip() if match else ""
