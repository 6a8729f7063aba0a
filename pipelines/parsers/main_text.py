"""Which pieces of a web page are its text, and which are navigation, banners and the like.

trafilatura (Apache-2.0) reads the page and says what its main text is. Its words are looked up in
our pieces, so that headings, lists, tables, code and anchors stay as the page has them. Where it
finds too little, and where a page is a discussion, the whole page is kept; the report says so.
"""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pipelines.parsers.pieces import Piece
from pipelines.types import ParseWarning

log = logging.getLogger(__name__)

SHORT_CHARACTERS = 1_200
"""A page of no more than this is kept whole: there is little to leave out."""
SMALL_CHARACTERS, LITTLE_LEFT = 2_500, 0.25
"""So is a small page of which no more than this share would be left out: what stands beside its
text are often labels, as on a data sheet."""
MAX_MARKUP = 4 * 2**20
"""Characters of a page; a larger one is kept whole, for trafilatura takes seconds per megabyte."""
SHINGLE = 4
MOST = 0.7
"""Share of a piece's shingles that must be in the main text."""
PROSE_WORDS = 15
"""A piece of no fewer words is prose; shorter ones are often labels and teasers."""
LINKED, LITTLE_LINKED = 0.7, 0.3
"""Share of links from which a piece is a teaser, and below which it is prose."""
NEAR = 4
"""Pieces that may stand between a heading and the main text it introduces."""

_WORD = re.compile(r"\w+")
_DISCUSSION = re.compile(
    r"schema\.org/(?:QAPage|DiscussionForumPosting)|\"@type\"\s*:\s*\"(?:QAPage|DiscussionForum"
    r"Posting)\"|<meta[^>]+generator[^>]+(?:discourse|phpbb|vbulletin|nodebb|flarum|xenforo)",
    re.I,
)
Shingles = Counter[tuple[str, ...]]


@dataclass(frozen=True)
class MainText:
    """The pieces to keep; facts and warnings for the report."""

    pieces: Sequence[Piece]
    facts: dict[str, Any] = field(default_factory=dict)
    warnings: Sequence[ParseWarning] = ()


def main_text(markup: str, pieces: Sequence[Piece]) -> MainText:
    """What of `pieces`, all those of the page `markup`, is its main text."""
    characters = _characters(pieces)
    if characters <= SHORT_CHARACTERS or _DISCUSSION.search(markup):
        return _whole(pieces)
    if len(markup) > MAX_MARKUP:
        return _whole(pieces, "The page is too large to tell its main text from menus and notices")
    text = _found(markup)
    if text is None:
        return _whole(pieces, "The page's main text could not be told from menus and notices")
    chosen = _structure(pieces, _without_teasers(_matching(pieces, text)))
    if characters <= SMALL_CHARACTERS and _characters(chosen) >= (1 - LITTLE_LEFT) * characters:
        return _whole(pieces)
    left = _prose_left_out(pieces, chosen)
    if _count(left) > _count(chosen):
        comments = _shingles(_WORD.findall(_comments(markup)))
        said = [piece for piece in left if _is_among(piece, comments)]
        if _count(left) - _count(said) > _count(chosen):
            return _whole(pieces, "Most of the page's text would have been left out as a side note")
        return MainText(chosen, {"main_text": "found"}, [_comments_left_out(_count(said))])
    return MainText(chosen, {"main_text": "found"})


def _whole(pieces: Sequence[Piece], why: str | None = None) -> MainText:
    warnings = []
    if why:
        message = f"{why}, so all of it was read; menus and notices may be among it."
        warnings = [ParseWarning(code="main_text_not_found", message=message)]
    return MainText(pieces, {"main_text": "whole page"}, warnings)


def _comments_left_out(words: int) -> ParseWarning:
    return ParseWarning(
        code="comments_left_out",
        message=f"{words:,} words of readers' comments below the text were not read.",
    )


def _found(markup: str) -> str | None:
    import trafilatura

    try:
        return trafilatura.extract(markup, include_comments=False) or None
    except Exception as error:  # noqa: BLE001 - its failure costs the choice, never the page
        log.warning("main text finder failed: %s", type(error).__name__)
        return None


def _comments(markup: str) -> str:
    import trafilatura

    found = trafilatura.bare_extraction(markup, include_comments=True)
    return (getattr(found, "comments", None) or "") if found else ""


def _matching(pieces: Sequence[Piece], text: str) -> list[Piece]:
    """Pieces whose words are in `text`, each as often as it is there."""
    lines = Counter(tuple(_WORD.findall(line)) for line in text.splitlines())
    left = _shingles(_WORD.findall(text))
    kept = []
    for piece in pieces:
        words = tuple(piece.words)
        if not words:
            continue
        # A few words may stand anywhere by chance: they must be a line of their own.
        if lines[words] > 0 if len(words) <= SHINGLE else _is_among(piece, left):
            left.subtract(_shingles(piece.words))
            lines[words] -= 1
            kept.append(piece)
    return kept


def _shingles(words: Sequence[str]) -> Shingles:
    return Counter(tuple(words[i : i + SHINGLE]) for i in range(len(words) - SHINGLE + 1))


def _is_among(piece: Piece, shingles: Shingles) -> bool:
    own = _shingles(piece.words)
    return bool(own) and (own & shingles).total() >= MOST * own.total()


def _without_teasers(pieces: list[Piece]) -> list[Piece]:
    """Less what leads elsewhere at either end, and headings that nothing follows."""
    begin, end = 0, len(pieces)
    while begin < end and pieces[begin].linked >= LINKED and pieces[begin].kind != "title":
        begin += 1
    while begin < end and (
        pieces[end - 1].linked >= LINKED or pieces[end - 1].kind in ("title", "caption")
    ):
        end -= 1
    return pieces[begin:end]


def _structure(pieces: Sequence[Piece], chosen: Sequence[Piece]) -> list[Piece]:
    """`chosen` with the page's headline, and the tables, code and headings that stand between."""
    ids = {id(piece) for piece in chosen}
    places = [i for i, piece in enumerate(pieces) if id(piece) in ids]
    if not places:
        return []
    above = [p for p in pieces[: places[0]] if p.kind == "title" and p.level == 1 and p.words]
    headline = above[-1:] if not any(p.kind == "title" and p.level == 1 for p in chosen) else []
    between = range(places[0], places[-1] + 1)
    return headline + [
        pieces[i]
        for i in between
        if id(pieces[i]) in ids
        or pieces[i].kind in ("table", "code")
        or (pieces[i].kind == "title" and _introduces(pieces, i, ids))
    ]


def _introduces(pieces: Sequence[Piece], at: int, ids: set[int]) -> bool:
    """Whether main text follows the heading before another heading does."""
    if pieces[at].linked >= LINKED:
        return False
    for piece in pieces[at + 1 : at + NEAR]:
        if piece.kind == "title":
            return False
        if id(piece) in ids:
            return True
    return False


def _prose_left_out(pieces: Sequence[Piece], chosen: Sequence[Piece]) -> list[Piece]:
    ids = {id(piece) for piece in chosen}
    return [
        piece
        for piece in pieces
        if id(piece) not in ids
        and piece.kind not in ("title", "caption")
        and len(piece.words) >= PROSE_WORDS
        and piece.linked < LITTLE_LINKED
    ]


def _count(pieces: Sequence[Piece]) -> int:
    return sum(len(piece.words) for piece in pieces)


def _characters(pieces: Sequence[Piece]) -> int:
    return sum(piece.characters for piece in pieces)
