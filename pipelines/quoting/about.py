"""Questions about a source itself: its pages, author, date, language, chapters, what it is about.

What is known of a source stands in its properties, not in its text: they are shown as a Hit of
their own, a line each, that points to the source's beginning. So they are quoted, cited and
checked like anything else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pipelines.chunking import ORDINALS_PER_UNIT
from pipelines.quoting.chosen import Choice, Chosen, bounded, of
from pipelines.quoting.meaning import Meaning
from pipelines.quoting.source_questions import (
    SOURCE,
    Wanted,
    asks_about,
    chapter_asked,
    page_asked,
)
from pipelines.quoting.things import FEW, Piece, Thing
from pipelines.retrieval.index_words import index_words
from pipelines.types import Hit, PageLocator

MOST_CHAPTERS = 40
MOST_LENGTH = 300
MOST_SOURCES = 8
MOST_SENTENCES = 6
_CONTACT = re.compile(r"@|www\.|https?:|(?:\d[\s()-]?){6}")
MOST_OPENING = 8
"""Fragments that a source begins with, among which what it is about is looked for."""
OPENING = 3
"""Lines of a title page, and sentences of the first paragraph and one more, that tell what a source
is about."""
_LABELS = {
    "title": "Title",
    "author": "Author",
    "pages": "Pages",
    "slides": "Slides",
    "sheets": "Sheets",
    "language": "Language",
    "created": "Created",
    "modified": "Last changed",
    "published": "Published",
    "site": "Site",
    "url": "Address",
}
"""Facts of a source, as its report names them -> what a reader sees."""
_LINE_OF: Mapping[Wanted, tuple[str, ...]] = {
    "pages": ("Pages", "Slides", "Sheets"),
    "author": ("Author", "Site"),
    "date": ("Published", "Last changed", "Created"),
    "language": ("Language",),
    "chapters": ("Chapters",),
    "duration": ("Duration",),
    "sources": ("File",),
}
"""What is wanted -> the lines that tell it, the best first."""
_OF_ITSELF = re.compile(
    rf"\b{SOURCE}\W+(?:\w+\W+)?(?:describes?|explains?|covers?|contains?|provides?|gives?"
    r"|shows?|is for|is about|tells?)\b",
    re.IGNORECASE,
)
"""A source that says what it is about."""


def properties(first: Hit, facts: Mapping[str, Any], chapters: Sequence[str]) -> Hit:
    """What is known of a source as a Hit, by its first Fragment: a line for each property."""
    lines = [f"File: {first.filename}"]
    known = {"title": first.title, **{key: value for key, value in facts.items() if value}}
    for name, label in _LABELS.items():
        value = known.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool):
            text = " ".join(str(value).split())[:MOST_LENGTH]
            lines.append(f"{label}: {_dated(text)}")
    seconds = known.get("duration")
    if isinstance(seconds, int | float):
        lines.append(f"Duration: {int(seconds) // 60} min {int(seconds) % 60} s")
    if chapters:
        shown = "; ".join(" ".join(each.split()) for each in chapters[:MOST_CHAPTERS])
        lines.append(f"Chapters: {shown}")
    return first.model_copy(
        update={
            "text": "\n".join(lines), "kind": "metadata", "locators": first.locators[:1],
            "spans": (), "tables": (), "recognised": (), "heading_path": (),
        }
    )  # fmt: skip


def _dated(text: str) -> str:
    """A moment as the day that a reader wants."""
    return text[:10] if re.fullmatch(r"\d{4}-\d\d-\d\dT.*", text) else text


def choose(
    question: str, every: Sequence[Thing], hits: Sequence[Hit], meaning: Meaning
) -> Choice | None:
    """What answers a question about the sources themselves; None for any other question, or where
    nothing is known of it."""
    if page_asked(question) is not None or chapter_asked(question):
        return _in_order(question, every, hits)
    wanted = asks_about(question)
    chosen: list[Chosen] = []
    if "subject" in wanted:
        chosen += _subject(every, hits, meaning)
    elif wanted:
        chosen += _lines(wanted, every, hits)
    return Choice(tuple(chosen), "yes") if chosen else None


def _lines(wanted: frozenset[Wanted], every: Sequence[Thing], hits: Sequence[Hit]) -> list[Chosen]:
    """The properties that tell what is wanted: of each kind the first label that there is."""
    found: list[Chosen] = []
    for each in sorted(wanted):
        for label in _LINE_OF.get(each, ()):
            some = [
                of(thing, [piece], piece, piece.start, piece.end)
                for thing in every
                if hits[thing.hit].kind == "metadata"
                for piece in thing.pieces
                if piece.text.startswith(f"{label}: ")
            ]
            if some:
                found += bounded(some)
                break
    return found


def _subject(every: Sequence[Thing], hits: Sequence[Hit], meaning: Meaning) -> list[Chosen]:
    """Of each source what its first page is headed, and the paragraph that is most like all of its
    first ones."""
    found: list[Chosen] = []
    sources = dict.fromkeys(hit.version_id for hit in hits if hit.kind == "metadata")
    for version in list(sources)[:MOST_SOURCES]:
        own = {
            n: hit
            for n, hit in enumerate(hits)
            if hit.version_id == version and hit.kind != "metadata"
        }
        order = list(
            {
                hit.fragment_id: n
                for n, hit in sorted(own.items(), key=lambda each: -each[1].ordinal)
            }.values()
        )[::-1]
        first = [
            n
            for n in order
            if own[n].ordinal // ORDINALS_PER_UNIT == own[order[0]].ordinal // ORDINALS_PER_UNIT
        ]
        left = OPENING - 1
        for number in first[:OPENING]:
            if left and (pieces := _title_lines(own[number].text)[:left]):
                left -= len(pieces)
                thing = Thing(number, "paragraph", pieces[0].start, pieces[-1].end, tuple(pieces))
                found.append(of(thing, pieces, pieces[0]))
        texts = [
            t
            for t in every
            if t.hit in order[:MOST_OPENING]
            and t.kind == "paragraph"
            and len(t.pieces[0].text.split()) > FEW / 2
        ]
        own_words = [t for t in texts if any(_OF_ITSELF.search(p.text) for p in t.pieces)]
        if own_words:
            found.append(_about_itself(own_words[0]))
        elif texts:
            vectors = meaning.vectors(
                [" ".join(piece.text for piece in t.pieces[:OPENING]) for t in texts]
            )
            central = texts[int((vectors @ vectors.mean(axis=0)).argmax())]
            found.append(of(central, central.pieces[: OPENING - 1], central.pieces[0]))
    return found


def _about_itself(thing: Thing) -> Chosen:
    at = next(at for at, piece in enumerate(thing.pieces) if _OF_ITSELF.search(piece.text))
    return of(thing, thing.pieces[at : at + OPENING - 1], thing.pieces[at])


def _title_lines(text: str) -> list[Piece]:
    """Lines of words before the first sentence: no addresses, no numbers alone."""
    found: list[Piece] = []
    for match in re.finditer(r"[^\n]*[^\W\d_]{3}[^\n]*", text):
        line = match[0].strip()
        if line.endswith(".") and len(line.split()) > FEW:
            break
        if not _CONTACT.search(line) and 1 < len(line.split()) <= FEW and line[-1] not in ":.":
            start = match.start() + len(match[0]) - len(match[0].lstrip())
            found.append(Piece(start, start + len(line), line))
    return found


def _in_order(question: str, every: Sequence[Thing], hits: Sequence[Hit]) -> Choice | None:
    """What stands on the page, or under the heading, that is asked for, from its beginning on."""
    chapter = frozenset(index_words(chapter_asked(question)))
    there = [
        thing
        for thing in every
        if hits[thing.hit].kind != "metadata"
        and (
            not chapter
            or any(
                chapter <= frozenset(index_words(heading))
                for heading in (*hits[thing.hit].heading_path, thing.under)
            )
        )
    ]
    if (page := page_asked(question)) is not None:
        there = [thing for thing in there if _page(hits[thing.hit]) == page]
    there.sort(key=lambda thing: (hits[thing.hit].version_id, hits[thing.hit].ordinal, thing.start))
    shown: list[Chosen] = []
    said = 0
    for thing in there:
        room = MOST_SENTENCES - said
        if room <= 0:
            break
        pieces = thing.pieces[:room]
        shown.append(of(thing, pieces, pieces[0]))
        said += len(pieces)
    if not shown:
        return None
    left = sum(len(thing.pieces) for thing in there) - said
    shown[-1] = replace(shown[-1], left_out=left)
    return Choice(tuple(shown), "partly" if left else "yes")


def _page(hit: Hit) -> int | None:
    return next((each.page for each in hit.locators if isinstance(each, PageLocator)), None)
