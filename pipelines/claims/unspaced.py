"""Chinese, Japanese and other scripts without spaces between words; and Korean, whose words carry
their particles: what of them is content and what decides on it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from pipelines.claims.wordlists.function_words import FUNCTION_CHARACTERS, FUNCTION_ENDINGS
from pipelines.claims.wordlists.operators import CHARACTERS, KOREAN, NO_CUES
from pipelines.claims.wordlists.opposites import CHARACTER_OPPOSITES

UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
    r"\U00020000-\U0003ffff]+"
)
_KOREAN = {name: re.compile(pattern) for name, pattern in KOREAN.items()}


JOINT = "joint"


class Piece(NamedTuple):
    """A pair of characters, which stands for a word; the cue of an operator, with its name; or a
    JOINT, the pair that would stand there without a function character between."""

    text: str
    operator: str = ""


def pieces(run: str, code: str) -> Iterator[Piece]:
    """The pairs of characters of a run between cues and function characters, in order."""
    at = 0
    for match in UNSPACED.finditer(run):
        yield from _words(run[at : match.start()])
        yield from _parted(match[0], code)
        at = match.end()
    yield from _words(run[at:])


def opposite_pairs(pair: str) -> Iterator[str]:
    """Pairs of characters that say the opposite of one."""
    for mine, other in _opposites():
        if mine in pair:
            yield pair.replace(mine, other)


def korean_operators(word: str) -> Iterator[str]:
    return (name for name, pattern in _KOREAN.items() if pattern.search(word))


def without_particle(word: str) -> str:
    """A Korean word without the particle that hangs on it."""
    for particle in FUNCTION_ENDINGS["ko"].split():
        if word.endswith(particle) and len(word) - len(particle) >= 2:
            return word[: -len(particle)]
    return word


def _words(text: str) -> Iterator[Piece]:
    yield from (Piece(word) for word in text.split())


def _parted(run: str, code: str) -> Iterator[Piece]:
    between, names = _cues("ja" if code == "ja" else "zh")
    at = 0
    for match in between.finditer(run):
        yield from _pairs(run[at : match.start()])
        at = match.end()
        if match[0] in names:
            yield Piece(match[0], names[match[0]])
        elif match[0] in NO_CUES:
            yield from _pairs(match[0])
        elif match.start() and at < len(run):
            yield Piece(run[match.start() - 1] + run[at], JOINT)
    yield from _pairs(run[at:])


def _pairs(run: str) -> Iterator[Piece]:
    if run:
        yield from (Piece(run[i : i + 2]) for i in range(max(1, len(run) - 1)))


@cache
def _cues(code: str) -> tuple[re.Pattern[str], dict[str, str]]:
    names = {cue: name for name, lists in CHARACTERS.items() for cue in lists.get(code, "").split()}
    cues = sorted({*names, *NO_CUES, *FUNCTION_CHARACTERS[code]}, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, cues))), names


@cache
def _opposites() -> tuple[tuple[str, str], ...]:
    pairs = [tuple(pair.split()) for pair in re.split(r"[|\n]", CHARACTER_OPPOSITES.strip())]
    return tuple((a, b) for one, two in pairs for a, b in ((one, two), (two, one)))
