"""Which questions ask about a source itself, and for what of it."""

from __future__ import annotations

import re
from typing import Literal

from pipelines.quoting.question_forms import forms

Wanted = Literal[
    "pages", "author", "date", "language", "chapters", "duration", "subject", "sources"
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
_END = r"\W*$"
"""A question that goes on may ask of something else: "how long is the guide rail?"."""
_ASKS: tuple[tuple[Wanted, str], ...] = (
    (
        "pages",
        rf"""
        \bhow many pages are there(?: in {SOURCE})?{_END}
        \bhow many pages (?:does|do|has|have) (?:it|{SOURCE})(?: have)?{_END}
        \bhow many pages (?:are|is) (?:in )?(?:it|{SOURCE})
        \bhow long is {SOURCE}{_END}
        \b(?:number of pages|page count) (?:of|in) {SOURCE}
        wie ?viele seiten hat|combien de pages (?:a|y a|compte)
        cuántas páginas tiene|quante pagine ha
        (?:有|共)(?:多少|几)页
        """,
    ),
    ("duration", r"\bhow long (?:is|does) (?:this|the) (?:video|film|recording|audio|clip)\b"),
    (
        "author",
        rf"""
        \bwho (?:wrote|authored|prepared|compiled|drew up) {SOURCE}
        \bauthors? of {SOURCE}|\bwho is the author\b
        \bwer hat .*\bgeschrieben
        \b(?:autor|autorin|auteur|autore) (?:von|des|der|de|du|del|di)\b|作者是
        """,
    ),
    ("language", rf"\b(?:what|which) language\b.*{SOURCE}|\blanguage (?:of|is) {SOURCE}"),
    (
        "chapters",
        rf"""
        \b(?:list|show|name|what are)\b (?:me |all |the |its )*(?:chapters|headings)\b
        \b(?:what|which) (?:chapters|sections) (?:are there|does {SOURCE} have|has {SOURCE})
        \b(?:chapters|sections|headings|outline|contents) (?:of|in) {SOURCE}
        \btable of contents\b
        \bhow (?:is|are) {SOURCE} (?:structured|organi[sz]ed)
        welche kapitel|quels chapitres|qué capítulos|哪些章
        """,
    ),
    (
        "subject",
        rf"""
        \bwhat (?:is|are) {SOURCE} (?:about|for){_END}
        \bwhat (?:does|do) {SOURCE} (?:cover|describe|deal with){_END}
        \bwhat(?:'s| is) it about{_END}
        ^\W*(?:please )?summari[sz]e(?: {SOURCE}| it)?{_END}
        \b(?:summary|overview) of {SOURCE}{_END}|\btell me about {SOURCE}{_END}
        worum geht es in|wovon handelt
        fasse (?:das|dieses|die|diese) (?:dokument|handbuch|anleitung)
        de quoi (?:parle|traite|s'agit)|de qué (?:trata|habla)|di cosa (?:parla|tratta)
        关于什么|讲(?:的是)?什么
        """,
    ),
    (
        "sources",
        r"""
        \b(?:which|what) (?:documents|manuals|files|sources) (?:are there|exist)\b
        \b(?:which|what) (?:documents|manuals|files|sources) do (?:we|you|i) have\b
        \b(?:which|what) (?:documents|manuals|files|sources) (?:are )?available\b
        \blist (?:all |the )*(?:documents|manuals|files|sources)\b
        """,
    ),
    (
        "date",
        rf"""
        \bwhen was {SOURCE} (?:written|published|issued|printed){_END}
        \bwhen was {SOURCE} last (?:changed|modified|updated){_END}
        \bdate of {SOURCE}{_END}|\bhow old is {SOURCE}{_END}
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
_PART = r"\b(?:chapter|section|appendix|kapitel|abschnitt|chapitre|capítulo)\s+"
_NAMED = r"(?:on |about |called |titled |über )?[\"'“‘„]?([^\"'”’?.]{1,80}?)[\"'”’“]?\s*"
_CHAPTER = re.compile(
    rf"{_PART}{_NAMED}\b(?:says?|covers?|contains?|describes?|tells?|deals?|states?|explains?|about)\b"
    r"|^\W*(?:please )?(?:summari[sz]e|explain|show(?: me)?|what(?: is|'s) in)\b.*?"
    rf"{_PART}{_NAMED}\W*$",
    re.IGNORECASE,
)
"""What a chapter says, by its heading or number."""


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
    return next(filter(None, match.groups()), "").strip() if match else ""
