"""Finding a quote again among another version's Fragments: the same words, or not at all.

White space, hyphens at line ends, kinds of quotation marks and dashes, ligatures and full-width
letters make no difference. Nearly the same is a heading set in capitals, a comma before "and",
another full stop. Every word, number, unit and sign must be there, in order, and nothing else
within its sentences: a quote that stands in a longer sentence may be denied there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pipelines.text.sentences import sentences

MAX_QUOTE = 20_000
"""Characters beyond which nothing is looked for."""
APART = 2
"""Fragments that the parts of a quote may be apart."""

_UNSEGMENTED = (
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
    r"\U00020000-\U0003ffff]"
)
_LETTER = rf"(?:(?!{_UNSEGMENTED})[^\W\d_][\u0300-\u036f]*)"
_TOKEN = re.compile(
    rf"\d+(?:[.,]\d+)*|{_LETTER}+(?:[-\u2010\u2011\u00ad]\s*{_LETTER}+)*|\.\.\.|\S", re.UNICODE
)
_HYPHEN = re.compile(r"[-\u2010\u2011\u00ad]\s*")
_SAME = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u02bc`\u00b4", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
        "\u2026": "...",
    }
)
_KEPT_FORMS = ("<super>", "<sub>", "<fraction>", "<circle>")
"""Decompositions that would turn one number into another: 10² is not 102."""
_CONJUNCTIONS = frozenset(["and", "or", "und", "oder", "et", "ou", "y", "e", "o", "ed"])
_NO_WORD = re.compile(r"[\W_]+")
_ENDS = frozenset(".;:!,")
_BEFORE = re.compile(r"[\s•◦▪●·*#]*(?:[-–—]\s+)?(?:(?:\d{1,3}|[a-zA-Z])[.)]\s+)?[\s\"'“”„‘’«»]*")
"""A bullet or number before a sentence. A sign, as in "-5" or "< 5", is part of it."""
_AFTER = re.compile(r"[\s.;:!,…。！\"'”’»)\]]*")
_TERMINATED = re.compile(r"[.!?:;…。！？｡]['\"”’»)\]]*\s*\Z")
_PARTED = re.compile(r"\s*(?:…|\.\.\.|\n)\s*")
_CAPITALS = 4
"""Letters from which a word in capitals is the same word: shorter ones may be units or names."""


@dataclass(frozen=True)
class Piece:
    """Characters `start` to `end` of the Fragment of that ordinal."""

    ordinal: int
    start: int
    end: int


@dataclass(frozen=True)
class Anchor:
    """Where a quote stands: pieces in reading order; `exact` when not only nearly the same."""

    pieces: tuple[Piece, ...]
    exact: bool


@dataclass(frozen=True)
class _Token:
    text: str
    start: int
    end: int


def find(
    quote: str, texts: Mapping[int, str], candidates: Iterable[int], near: int = 0
) -> Anchor | None:
    """Where `quote` stands: as a whole, else by its parts, in order and close together.

    `texts` holds Fragments by ordinal, the candidates' neighbours among them. Of several places
    the exact ones come first, then the one closest to the ordinal `near`.
    """
    if not quote.strip() or len(quote) > MAX_QUOTE:
        return None
    order = sorted(set(candidates), key=lambda ordinal: (abs(ordinal - near), ordinal))
    if whole := _best(quote, texts, order):
        return whole
    parts = parts_of(quote)
    if len(parts) < 2:
        return None
    first = _places(parts[0], texts, order)
    for begun in first:
        found = [begun]
        for part in parts[1:]:
            last = found[-1].pieces[-1]
            close = [o for o in order if last.ordinal <= o <= begun.pieces[0].ordinal + APART]
            later = [
                place
                for place in _places(part, texts, sorted(close))
                if (place.pieces[0].ordinal, place.pieces[0].start) >= (last.ordinal, last.end)
            ]
            if not later:
                break
            found.append(later[0])
        else:
            pieces = tuple(piece for place in found for piece in place.pieces)
            return Anchor(pieces, all(place.exact for place in found))
    return None


def parts_of(quote: str) -> list[str]:
    """The sentences and lines of a quote; a gap ("…") parts them too."""
    lines = [line for line in _PARTED.split(quote) if line.strip()]
    return [line[start:end] for line in lines for start, end in sentences(line)]


def _best(quote: str, texts: Mapping[int, str], order: Sequence[int]) -> Anchor | None:
    places = _places(quote, texts, order)
    return min(places, key=lambda place: not place.exact, default=None)


def _places(quote: str, texts: Mapping[int, str], order: Sequence[int]) -> list[Anchor]:
    """Every place of the quote, in the order of the candidates."""
    wanted = _tokens(quote)
    while wanted and wanted[-1].text in _ENDS:
        wanted = wanted[:-1]
    if not any(token.text[0].isalnum() for token in wanted):
        return []
    # What stands in its quotation marks or behind its bullet is the same quote without them.
    while not wanted[0].text[0].isalnum() and wanted[0].text in "\"'•◦▪●·":
        wanted = wanted[1:]
    near_wanted = _near(wanted)
    squeezed = _squeezed(quote[wanted[0].start : wanted[-1].end])
    found: list[Anchor] = []
    for ordinal in order:
        text, joints = _window(texts, ordinal)
        # Most candidates end here, at a hundredth of the cost.
        if squeezed not in _squeezed(text):
            continue
        tokens = _tokens(text)
        for whole, needle, hay in ((True, wanted, tokens), (False, near_wanted, _near(tokens))):
            for start, end, same in _runs(needle, hay):
                pieces = _pieces(joints, start, end)
                known = any(place.pieces == pieces for place in found)
                here = any(piece.ordinal == ordinal for piece in pieces)
                if here and not known and _stands_alone(text, start, end):
                    found.append(Anchor(pieces, whole and same))
    return found


def _runs(wanted: Sequence[_Token], tokens: Sequence[_Token]) -> list[tuple[int, int, bool]]:
    """Character ranges of the runs of `tokens` that are `wanted`, and whether exactly."""
    folded = [token.text.casefold() for token in tokens]
    needle = [token.text.casefold() for token in wanted]
    size = len(needle)
    found = []
    for at in range(len(folded) - size + 1):
        if folded[at] != needle[0] or folded[at : at + size] != needle:
            continue
        run = tokens[at : at + size]
        in_capitals = _in_capitals(wanted) or _in_capitals(run)
        if all(
            mine.text == theirs.text
            or in_capitals
            or _same(mine, theirs, after_number=i > 0 and wanted[i - 1].text[0].isdigit())
            for i, (mine, theirs) in enumerate(zip(wanted, run, strict=True))
        ):
            exact = all(a.text == b.text for a, b in zip(wanted, run, strict=True))
            found.append((run[0].start, run[-1].end, exact))
    return found


def _in_capitals(tokens: Sequence[_Token]) -> bool:
    """A heading in capitals; where numbers stand, small and large letters may be units."""
    text = "".join(token.text for token in tokens)
    return text.isupper() and not any(character.isdigit() for character in text)


def _same(mine: _Token, theirs: _Token, *, after_number: bool) -> bool:
    """One of two long words in capitals; never what may be a unit."""
    a, b = mine.text, theirs.text
    return len(a) >= _CAPITALS and not after_number and (a.isupper() or b.isupper())


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether the range is whole sentences of the text, but for a number before it."""
    for first, last in _sentences(text):
        if first < start < last and not _BEFORE.fullmatch(text[first:start]):
            return False
        if first < end < last and not _AFTER.fullmatch(text[end:last]):
            return False
    return True


def _near(tokens: Sequence[_Token]) -> list[_Token]:
    """Without quotation marks around words and without commas before a conjunction."""
    kept = []
    for i, token in enumerate(tokens):
        following = tokens[i + 1] if i + 1 < len(tokens) else None
        if token.text == '"':
            continue
        if token.text == "," and following and following.text.lower() in _CONJUNCTIONS:
            continue
        kept.append(token)
    return kept


def _window(texts: Mapping[int, str], ordinal: int) -> tuple[str, list[tuple[int, int, int]]]:
    """A Fragment with its neighbours as one text, and (ordinal, start, end) of each in it."""
    window, joints = "", []
    for each in (ordinal - 1, ordinal, ordinal + 1):
        if each not in texts:
            continue
        text = texts[each]
        if window:
            # A sentence that was cut goes on in lower case.
            goes_on = text[:1].islower() and not _TERMINATED.search(window[-8:])
            window += " " if goes_on else "\n"
        joints.append((each, len(window), len(window) + len(text)))
        window += text
    return window, joints


def _pieces(joints: Sequence[tuple[int, int, int]], start: int, end: int) -> tuple[Piece, ...]:
    return tuple(
        Piece(ordinal, max(start, first) - first, min(end, last) - first)
        for ordinal, first, last in joints
        if start < last and end > first
    )


def _squeezed(text: str) -> str:
    """Letters and digits alone: equal whenever the words are the same."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return _NO_WORD.sub("", text.casefold())


@lru_cache(maxsize=512)
def _tokens(text: str) -> tuple[_Token, ...]:
    found = []
    for match in _TOKEN.finditer(text):
        token = _plain(match[0])
        if token:
            found.append(_Token(token, match.start(), match.end()))
    return tuple(found)


@lru_cache(maxsize=512)
def _sentences(text: str) -> tuple[tuple[int, int], ...]:
    return tuple(sentences(text))


def _plain(written: str) -> str:
    if len(written) > 1 and not written[0].isdigit():
        written = _HYPHEN.sub("", written)
    written = written.translate(_SAME)
    if written.isascii():
        return written
    parts = []
    for character in unicodedata.normalize("NFC", written):
        if unicodedata.category(character) == "Cf":
            continue
        form = unicodedata.decomposition(character)
        keep = not form.startswith("<") or form.startswith(_KEPT_FORMS)
        parts.append(character if keep else unicodedata.normalize("NFKC", character))
    return "".join(parts)
