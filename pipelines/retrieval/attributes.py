"""Questions for one attribute of one thing, such as "What colour is PN-1079?".

What tells of another part number, or of another attribute of the same one, looks much like the
answer to meaning and words, and is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.claims.quantities import quantities
from pipelines.retrieval.index_words import index_words

_BE = r"is|are|was|were"
_HAVE = r"has|have|had"
_ATTRIBUTE = re.compile(
    rf"\W*(?:what|which)\s+(?P<attribute>(?:(?!(?:{_BE}|{_HAVE}|do|does|did|and|or|of)\s)[\w-]+\s+){{1,3}})"
    rf"(?:(?:{_BE})\s+(?P<is>.+?)|(?P<verb>{_HAVE})\s+(?P<has>.+?)"
    r"|(?:do|does|did)\s+(?P<does>.+?)\s+have)\W*",
    re.IGNORECASE,
)
_CODE = re.compile(r"([^\W\d_]+)\d\w*")
_SPELLINGS = {"color": "colour", "colour": "color"}
_OTHER_MEASURES = {"weight": "mass", "width": "length", "height": "length", "diameter": "length"}


@dataclass(frozen=True)
class Attribute:
    """What is asked of what, both as the keyword index knows their words."""

    words: frozenset[str]
    thing: frozenset[str]
    is_code: bool
    """Whether the thing is a code and nothing else."""
    name: str
    """The attribute as the question says it, in lower case."""

    def is_about(self, words: Iterable[str]) -> bool:
        """Whether a sentence names the code that is asked about."""
        return self.is_code and self.thing <= set(words)

    def is_told_by(self, text: str, words: Iterable[str], around: frozenset[str]) -> bool:
        """Whether a sentence, or what it stands under, names the attribute or has a measure of
        it."""
        return self.named_in({*words, *around}) or self.measured_in(text)

    def comes_later(self, words: Iterable[str]) -> bool:
        """Whether another code of the same letters comes first, as in "PN-2 replaces PN-1"."""
        mine = codes(self.thing)
        alike = [code for code, letters in codes(words).items() if letters in mine.values()]
        return bool(alike) and alike[0] not in mine

    def named_in(self, words: Iterable[str]) -> bool:
        return self.words <= spelled(words)

    def measured_in(self, text: str) -> bool:
        """Whether a quantity of its dimension stands in `text`."""
        noun = self.name.split()[-1]
        dimension = _OTHER_MEASURES.get(noun, noun)
        return any(found.dimension == dimension for found in quantities(text))


def attribute(question: str) -> Attribute | None:
    """The attribute that is asked for; None when the question asks something else."""
    match = _ATTRIBUTE.fullmatch(question)
    if match is None:
        return None
    thing = match["is"] or match["has"] or match["does"]
    words, of = index_words(match["attribute"]), index_words(thing)
    # "Which rotor has the maximum speed" asks for the thing, not for an attribute of it.
    if not words or not of or (match["verb"] and not codes(of)):
        return None
    is_code = bool(codes(of)) and len(re.sub(r"^the\s", "", thing, flags=re.I).split()) == 1
    name = match["attribute"].strip().lower()
    return Attribute(frozenset(words), frozenset(of), is_code, name)


def spelled(words: Iterable[str]) -> frozenset[str]:
    """`words`, and how they are written elsewhere."""
    given = frozenset(words)
    return given | {_SPELLINGS[word] for word in given & _SPELLINGS.keys()}


def codes(words: Iterable[str]) -> dict[str, str]:
    """The codes among words of the index, such as "pn1079", with the letters each begins with."""
    found = (_CODE.fullmatch(word) for word in words)
    return {match[0]: match[1] for match in found if match}


def is_another(asked: Iterable[str], own: Iterable[str], around: Iterable[str]) -> bool:
    """Whether text with the words `own`, standing in `around`, is of another code of the same
    letters than those that are asked for."""
    wanted = codes(asked)
    if not wanted or wanted.keys() & {*own, *around}:
        return False
    return bool(set(wanted.values()) & set(codes(own).values()))
